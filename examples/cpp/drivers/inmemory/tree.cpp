#include "tree.hpp"

#include <vector>

namespace drivers {
namespace {

using namespace storagedriver;

std::vector<std::string_view> names_of(std::string_view path) {
    std::vector<std::string_view> names;
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        if (end > 0) names.push_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return names;
}

}  // namespace

const Node& Tree::find(std::string_view path) const {
    const auto* node = &root_;
    for (const auto name : names_of(path)) {
        const auto* directory = node->directory();
        if (directory == nullptr) throw NotADirectory(path);
        const auto found = directory->find(name);
        if (found == directory->end()) throw PathNotFound(path);
        node = &found->second;
    }
    return *node;
}

SharedObject Tree::find_object(std::string_view path) const {
    const auto* object = find(path).object();
    if (object == nullptr) throw IsADirectory(path);
    return *object;
}

const Directory& Tree::find_directory(std::string_view path) const {
    const auto* directory = find(path).directory();
    if (directory == nullptr) throw NotADirectory(path);
    return *directory;
}

SharedObject Tree::find_replaceable(std::string_view path) const {
    try {
        return find_object(path);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::path_not_found) throw;
        return nullptr;
    }
}

void Tree::place(std::string_view path, Node node) {
    auto* place = &root_;
    for (const auto name : names_of(path)) {
        auto* directory = place->directory();
        if (directory == nullptr) throw NotADirectory(path);
        place = &directory->try_emplace(std::string(name)).first->second;
    }
    *place = std::move(node);
}

Node Tree::remove(std::string_view path) {
    find(path);
    // Nothing of what is found now is missing: `find` has been this way.
    std::vector<std::pair<Directory*, Directory::iterator>> chain;
    auto* node = &root_;
    for (const auto name : names_of(path)) {
        const auto found = node->directory()->find(name);
        chain.emplace_back(node->directory(), found);
        node = &found->second;
    }
    if (chain.empty()) throw InvalidPath(path);
    auto removed = std::move(*node);
    do {
        const auto [directory, entry] = chain.back();
        directory->erase(entry);
        chain.pop_back();
    } while (!chain.empty() && chain.back().second->second.directory()->empty());
    return removed;
}

}  // namespace drivers

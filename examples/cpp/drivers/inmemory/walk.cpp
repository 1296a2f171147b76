#include "inmemory/walk.hpp"

#include <algorithm>

#include "inmemory/store.hpp"

namespace drivers {

using namespace storagedriver;

InMemoryWalk::InMemoryWalk(std::shared_ptr<Store> store, std::string_view path,
                           std::string_view start_after)
    : store_(std::move(store)), start_after_(start_after) {
    enter(path);
}

std::optional<FileInfo> InMemoryWalk::next() {
    while (!visits_.empty()) {
        auto visit = std::move(visits_.back());
        visits_.pop_back();
        if (visit.object) return std::move(visit.object);
        visit.sort_key.pop_back();
        try {
            enter(visit.sort_key);
        } catch (const PathNotFound&) {
            // What vanishes meanwhile is left out.
        }
    }
    return {};
}

void InMemoryWalk::enter(std::string_view path) {
    const auto prefix = std::string(path == "/" ? "" : path) + "/";
    const std::lock_guard lock(store_->mutex);
    const auto before = static_cast<std::ptrdiff_t>(visits_.size());
    for (const auto& [name, node] : store_->tree.find_directory(path)) {
        const auto child = prefix + name;
        if (const auto* object = node.object()) {
            if (child > start_after_) visits_.push_back({child, (*object)->info(child)});
        } else if (child + "0" > start_after_) {
            // All that is below `child` sorts before `child` and "0", as "0" follows "/".
            visits_.push_back({child + "/", {}});
        }
    }
    std::sort(visits_.begin() + before, visits_.end(),
              [](const Visit& one, const Visit& other) { return one.sort_key > other.sort_key; });
}

}  // namespace drivers

#include "filesystem/parents.hpp"

#include <algorithm>
#include <cerrno>

#include "filesystem/removal.hpp"
#include "filesystem/visible.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

/// How often a write goes back: so many meetings in a row are no coincidence.
constexpr int max_attempts = 1'000;

}  // namespace

Parents::Parents(const Root& root, std::string_view path)
    : root_(root), path_(path), names_(split(path)), found_(names_.above.size()) {}

std::optional<Status> Parents::look() {
    if (!find()) return {};
    return shown_status(directory(), leaf(), path_);
}

void Parents::place(const std::function<void(int)>& put) {
    for (int attempt = 0; attempt < max_attempts; ++attempt) {
        try {
            if (make()) {
                put(directory());
                return;
            }
            opened_.clear();
        } catch (const std::system_error& error) {
            switch (error.code().value()) {
                case ENOENT:
                    opened_.clear();
                    break;
                case EISDIR:
                case ENOTEMPTY:
                case EEXIST:
                    remove_leftover();
                    break;
                default:
                    throw_contract_error(error.code().value(), path_);
            }
        }
    }
    throw Internal("Other calls got in the way again and again: " + std::string(path_), true);
}

void Parents::sync() const {
    for (auto depth = found_; depth <= opened_.size(); ++depth) {
        const auto directory = try_open(at(depth), ".", directory_reading);
        // Another call has emptied and removed it by now, and so what was to be synced.
        if (directory.error == ENOENT) continue;
        if (directory.error != 0) throw_errno(directory.error);
        files::sync(directory.value.descriptor());
    }
}

void Parents::prune() const {
    for (auto depth = opened_.size(); depth > 0; --depth) {
        // Something is in it; or it is gone, and whoever removed it goes on upwards; or it may not
        // be removed, and stays out of sight, as empty directories do.
        if (try_remove_directory(at(depth - 1), names_.above[depth - 1]) != 0) return;
    }
}

void Parents::undo() const {
    if (found_ < names_.above.size()) prune();
}

/// The directory so many steps below the root.
int Parents::at(std::size_t depth) const {
    return depth == 0 ? root_.descriptor() : opened_[depth - 1].descriptor();
}

/// Open what is there of the chain; return whether that is all of it.
bool Parents::find() {
    while (opened_.size() < names_.above.size()) {
        const auto& name = names_.above[opened_.size()];
        auto opened = try_open(directory(), name, passing);
        if (opened.error == ENOENT) return false;
        if (opened.error != 0) throw_directory_error(opened.error, directory(), name, path_);
        opened_.push_back(std::move(opened.value));
    }
    return true;
}

/// Open the chain, and make what is missing; return whether none of it vanished meanwhile.
bool Parents::make() {
    while (!find()) {
        const auto depth = opened_.size();
        switch (const auto error = try_make_directory(directory(), names_.above[depth])) {
            case 0:
                found_ = std::min(found_, depth);
                break;
            case EEXIST:
                // Somebody else has made it by now.
                break;
            case ENOENT:
                return false;
            default:
                throw_contract_error(error, path_);
        }
    }
    return true;
}

/// Remove the directory at the leaf, unless it shows. It may have gone meanwhile.
void Parents::remove_leftover() const {
    const auto holds = [&] {
        return about(path_, [&] { return holds_object_in(directory(), leaf()); });
    };
    if (holds()) throw IsADirectory(path_);
    try {
        remove_empty_directories(directory(), leaf());
    } catch (const std::system_error& error) {
        switch (error.code().value()) {
            case ENOENT:
            case ENOTDIR:
                return;
            case ENOTEMPTY:
            case EEXIST:
                // An object that has just come will be seen next time.
                if (holds()) return;
                throw PermissionDenied(
                    path_, "a directory is in the way that holds no object, but something else");
            default:
                throw_contract_error(error.code().value(), path_);
        }
    }
}

}  // namespace drivers::files

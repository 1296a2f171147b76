#include "filesystem/moving.hpp"

#include <cerrno>
#include <string>

#include "filesystem/parents.hpp"
#include "storagedriver/error.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

void check(std::string_view source, std::string_view destination, const Status& moved,
           const std::optional<Status>& replaced) {
    if (is_directory(moved) && destination.starts_with(std::string(source) + "/")) {
        throw InvalidPath(destination, "lies inside what is to move");
    }
    if (replaced && is_directory(*replaced)) throw IsADirectory(destination);
    if (replaced && is_directory(moved)) throw NotADirectory(destination);
}

/// Let the time at the destination not go back. Before the rename, or a crash would leave it in the
/// past; a source that is younger for a moment harms nobody.
void keep_destination_time(const Parents& source, const Status& moved, const Status& replaced) {
    const auto time = mod_time_of(replaced);
    if (mod_time_of(moved) < time) try_keep_time(source.directory(), source.leaf(), time);
}

/// The rename, with errors that tell whose path is meant.
void rename_to(Parents& source, Parents& destination) {
    destination.place([&](int directory) {
        try {
            rename_in(source.directory(), source.leaf(), directory, destination.leaf());
        } catch (const std::system_error& error) {
            if (error.code().value() == EXDEV) {
                throw UnsupportedMethod("Move", "to another file system");
            }
            if (error.code().value() == ENOENT && !source.look()) {
                throw PathNotFound(source.path());
            }
            throw;
        }
    });
}

}  // namespace

void move_in(const Root& root, std::string_view source, std::string_view destination) {
    Parents above_source(root, source);
    Parents above(root, destination);
    const auto moved = above_source.look();
    if (!moved) throw PathNotFound(source);
    if (source == destination) return;
    const auto replaced = above.look();
    check(source, destination, *moved, replaced);
    if (replaced) keep_destination_time(above_source, *moved, *replaced);
    undoing(above, [&] { rename_to(above_source, above); });
    if (replaced && is_same(*moved, *replaced)) {
        // Two names of one file, which only another program makes: the rename did nothing.
        static_cast<void>(try_unlink(above_source.directory(), above_source.leaf()));
    }
    make_durable("Move", destination, [&] {
        above.sync();
        above_source.sync();
    });
    above_source.prune();
}

void make_durable(std::string_view method, std::string_view path,
                  const std::function<void()>& sync) {
    try {
        sync();
    } catch (const std::system_error& error) {
        throw OutcomeUnknown(method, path,
                             std::string("its directory cannot be synced: ") + error.what());
    }
}

}  // namespace drivers::files

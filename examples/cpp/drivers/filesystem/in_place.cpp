#include "filesystem/in_place.hpp"

#include "filesystem/parents.hpp"
#include "storagedriver/error.hpp"

namespace drivers::files {

using namespace storagedriver;

namespace {

void check(const std::optional<Status>& status, std::string_view path, std::uint64_t offset) {
    if (status && is_directory(*status)) throw IsADirectory(path);
    if (status && !is_file(*status)) throw_in_the_way(path);
    if (offset > (status ? size_of(*status) : 0)) throw InvalidOffset(path, offset);
}

/// The object, which comes into being if it is written from its beginning.
File open_object(Parents& parents, std::uint64_t offset) {
    if (offset > 0) {
        check(parents.look(), parents.path(), offset);
        return open_in(parents.directory(), parents.leaf(), writing);
    }
    File file;
    parents.place(
        [&](int directory) { file = open_in(directory, parents.leaf(), writing | O_CREAT); });
    return file;
}

std::uint64_t write(Parents& parents, std::uint64_t offset, Content piece, Reader& reader) {
    const auto opened = open_object(parents, offset);
    const auto file = opened.descriptor();
    const auto old = status_of(file);
    check(old, parents.path(), offset);
    if (size_of(old) > offset) cut(file, offset);
    auto position = offset;
    for (; !piece.empty(); piece = reader.next()) {
        write_at(file, piece.bytes(), position);
        position += piece.size();
    }
    keep_time(file, mod_time_of(old));
    sync(file);
    // The object may be new.
    if (offset == 0) parents.sync();
    return position - offset;
}

}  // namespace

std::uint64_t write_in_place(const Root& root, std::string_view path, std::uint64_t offset,
                             Reader& reader) {
    check(Parents(root, path).look(), path, offset);
    // Nothing is cut or made before the reader has shown that it can read.
    auto first = reader.next();
    Parents parents(root, path);
    return undoing(parents, [&] { return write(parents, offset, std::move(first), reader); });
}

}  // namespace drivers::files

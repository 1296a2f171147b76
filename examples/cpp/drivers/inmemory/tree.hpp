/// A tree of objects by path. There is no lock here.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "inmemory/segments.hpp"
#include "storagedriver/driver.hpp"

namespace drivers {

/// One object as it was written; a write puts another in its place.
struct Object {
    Segments content;
    storagedriver::Time mod_time;
    std::string version;

    storagedriver::FileInfo info(std::string_view path) const {
        return storagedriver::FileInfo::object(path, content.size(), mod_time);
    }
};

using SharedObject = std::shared_ptr<const Object>;

struct Node;

/// What stands directly in a directory, in byte order.
using Directory = std::map<std::string, Node, std::less<>>;

/// An object, or a directory, which is there while something is in it.
struct Node {
    std::variant<Directory, SharedObject> is;

    const SharedObject* object() const { return std::get_if<SharedObject>(&is); }
    const Directory* directory() const { return std::get_if<Directory>(&is); }
    Directory* directory() { return std::get_if<Directory>(&is); }
};

/// Objects and the directories above them.
class Tree {
  public:
    /// PathNotFound, or NotADirectory below an object.
    const Node& find(std::string_view path) const;

    /// As `find`, and IsADirectory.
    SharedObject find_object(std::string_view path) const;

    /// As `find`, and NotADirectory for an object.
    const Directory& find_directory(std::string_view path) const;

    /// The object that one put at `path` would replace, or null. After this `place` succeeds.
    SharedObject find_replaceable(std::string_view path) const;

    /// Put `node` at `path`; directories above it come into being.
    void place(std::string_view path, Node node);

    /// Take away what stands at `path`, and the directories that are empty without it.
    Node remove(std::string_view path);

  private:
    Node root_;
};

}  // namespace drivers

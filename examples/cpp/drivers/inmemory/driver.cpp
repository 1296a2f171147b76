#include "inmemory/driver.hpp"

#include <algorithm>

#include "inmemory/store.hpp"
#include "inmemory/uploads.hpp"
#include "inmemory/walk.hpp"
#include "parameters.hpp"

namespace drivers {
namespace {

using namespace storagedriver;
using Lock = std::lock_guard<std::mutex>;

/// Reads an object as it was when it was opened.
class ObjectStream : public ReadStream {
  public:
    /// From `offset` on, which may lie beyond the end.
    ObjectStream(SharedObject object, std::uint64_t offset)
        : object_(std::move(object)), run_(object_->content.runs().begin()) {
        while (run_ != end() && run_->size() <= offset) offset -= (run_++)->size();
        start_ = offset;
    }

    std::optional<std::uint64_t> size() const override { return object_->content.size(); }
    std::string version() const override { return object_->version; }

    Content read(std::size_t limit) override {
        if (run_ == end()) return {};
        auto piece = run_->part(start_, std::min(limit, run_->size() - start_));
        start_ += piece.size();
        if (start_ == run_->size()) {
            ++run_;
            start_ = 0;
        }
        return piece;
    }

  private:
    std::vector<Content>::const_iterator end() const { return object_->content.runs().end(); }

    SharedObject object_;
    std::vector<Content>::const_iterator run_;
    std::size_t start_ = 0;
};

/// All that a reader gives.
Segments read_all(Reader& reader) {
    Segments content;
    for (auto piece = reader.next(); !piece.empty(); piece = reader.next()) content.append(piece);
    return content;
}

void check_offset(std::string_view path, std::uint64_t offset, const SharedObject& old) {
    if (offset > (old == nullptr ? 0 : old->content.size())) throw InvalidOffset(path, offset);
}

/// Whether the places allow a move; returns what it replaces, or null.
SharedObject check_move(const Tree& tree, std::string_view source, std::string_view destination,
                        bool is_directory) {
    if (is_directory && destination.starts_with(std::string(source) + "/")) {
        throw InvalidPath(destination, "lies inside what is to move");
    }
    auto replaced = tree.find_replaceable(destination);
    if (is_directory && replaced != nullptr) throw NotADirectory(destination);
    return replaced;
}

}  // namespace

void Store::put(std::string_view path, Segments content) {
    const auto old = tree.find_replaceable(path);
    auto mod_time = Time::now().cut_to_microseconds();
    // The time at a path never goes back, although clocks do.
    if (old != nullptr) mod_time = std::max(mod_time, old->mod_time);
    auto version = nonce + std::to_string(writes++);
    tree.place(
        path,
        {std::make_shared<const Object>(Object{std::move(content), mod_time, std::move(version)})});
}

const Features InMemoryDriver::told_features{feature::move_directories, feature::uploads,
                                             feature::is_volatile, feature::walk};

InMemoryDriver::InMemoryDriver(const Parameters& parameters) : store_(std::make_shared<Store>()) {
    check_known(name, parameters, {});
    store_->nonce = random_name();
}

std::unique_ptr<ReadStream> InMemoryDriver::read_stream(std::string_view path,
                                                        std::uint64_t offset) {
    const Lock lock(store_->mutex);
    return std::make_unique<ObjectStream>(store_->tree.find_object(path), offset);
}

void InMemoryDriver::put_content(std::string_view path, Reader& reader) {
    {
        // An answer that is known before the content is all there saves sending it.
        const Lock lock(store_->mutex);
        store_->tree.find_replaceable(path);
    }
    auto content = read_all(reader);
    const Lock lock(store_->mutex);
    store_->put(path, std::move(content));
}

std::uint64_t InMemoryDriver::write_stream(std::string_view path, std::uint64_t offset,
                                           Reader& reader) {
    {
        const Lock lock(store_->mutex);
        check_offset(path, offset, store_->tree.find_replaceable(path));
    }
    const auto written = read_all(reader);
    const Lock lock(store_->mutex);
    const auto old = store_->tree.find_replaceable(path);
    check_offset(path, offset, old);
    auto content = old == nullptr ? Segments() : old->content.first(offset);
    content.append(written);
    store_->put(path, std::move(content));
    return written.size();
}

FileInfo InMemoryDriver::stat(std::string_view path) {
    const Lock lock(store_->mutex);
    const auto* object = store_->tree.find(path).object();
    return object == nullptr ? FileInfo::directory(path) : (*object)->info(path);
}

std::vector<std::string> InMemoryDriver::list(std::string_view path) {
    const Lock lock(store_->mutex);
    std::vector<std::string> names;
    for (const auto& entry : store_->tree.find_directory(path)) names.push_back(entry.first);
    return names;
}

std::unique_ptr<Listing<FileInfo>> InMemoryDriver::walk(std::string_view path,
                                                        std::string_view start_after) {
    return std::make_unique<InMemoryWalk>(store_, path, start_after);
}

void InMemoryDriver::move(std::string_view source, std::string_view destination) {
    const Lock lock(store_->mutex);
    auto& tree = store_->tree;
    const auto is_directory = tree.find(source).directory() != nullptr;
    if (source == destination) return;
    const auto replaced = check_move(tree, source, destination, is_directory);
    auto moved = tree.remove(source);
    if (replaced != nullptr) {
        auto object = **moved.object();
        object.mod_time = std::max(object.mod_time, replaced->mod_time);
        moved = {std::make_shared<const Object>(std::move(object))};
    }
    tree.place(destination, std::move(moved));
}

void InMemoryDriver::remove(std::string_view path) {
    // What is removed is destroyed after the lock.
    Node removed;
    const Lock lock(store_->mutex);
    removed = store_->tree.remove(path);
}

std::unique_ptr<Upload> InMemoryDriver::open_upload(std::string_view path,
                                                    std::optional<std::string_view> upload_id) {
    const auto id = upload_id ? std::string(*upload_id) : random_name();
    const Lock lock(store_->mutex);
    if (!upload_id) {
        store_->uploads[id] = {std::string(path), Time::now().cut_to_microseconds(), {}};
    }
    const auto size = store_->find_upload(path, id).content.size();
    return std::make_unique<InMemoryUpload>(store_, std::string(path), id, size);
}

std::unique_ptr<Listing<UploadInfo>> InMemoryDriver::uploads(std::string_view prefix) {
    const Lock lock(store_->mutex);
    return list_uploads(*store_, prefix);
}

}  // namespace drivers

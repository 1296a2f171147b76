/// Hidden uploads of the inmemory driver, which grow out of its tree.

#pragma once

#include <memory>
#include <string>

#include "storagedriver/driver.hpp"

namespace drivers {

struct Store;

/// One writer of an upload.
class InMemoryUpload : public storagedriver::Upload {
  public:
    /// `size` is what is stored now.
    InMemoryUpload(std::shared_ptr<Store> store, std::string path, std::string id,
                   std::uint64_t size)
        : store_(std::move(store)), path_(std::move(path)), id_(std::move(id)), size_(size) {}

    std::string upload_id() const override { return id_; }
    std::uint64_t size() const override { return size_; }
    void write(const storagedriver::Content& content) override;
    void commit(std::optional<std::uint64_t> size, std::optional<std::string_view> digest) override;
    void cancel() override;
    void close() override {}

  private:
    std::shared_ptr<Store> store_;
    std::string path_;
    std::string id_;
    std::uint64_t size_;
};

/// The uploads to `prefix` and below, in order of path and id. The store is locked.
std::unique_ptr<storagedriver::Listing<storagedriver::UploadInfo>> list_uploads(
    const Store& store, std::string_view prefix);

}  // namespace drivers

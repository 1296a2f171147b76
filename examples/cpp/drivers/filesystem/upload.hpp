/// Hidden uploads: written, checked, and published by one rename.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "filesystem/parents.hpp"
#include "filesystem/root.hpp"
#include "storagedriver/digest.hpp"
#include "storagedriver/driver.hpp"

namespace drivers::files {

/// One writer of an upload. It holds no lock between its calls, and one descriptor.
///
/// A `write` is not synced; `commit` and `close` are.
class FileUpload : public storagedriver::Upload {
  public:
    /// A new upload to `path`, or the one of this id.
    FileUpload(std::shared_ptr<const Root> root, std::string_view path,
               std::optional<std::string_view> id);

    std::string upload_id() const override { return id_; }
    std::uint64_t size() const override { return size_; }
    void write(const storagedriver::Content& content) override;
    void commit(std::optional<std::uint64_t> size, std::optional<std::string_view> digest) override;
    void cancel() override;
    void close() override;

  private:
    /// The upload, held by one for one step; the lock goes with the process, too.
    class Held;

    std::uint64_t stored() const { return size_of(status_of(content_.descriptor())); }
    std::uint64_t held_size() const;
    std::uint64_t check(std::uint64_t size, storagedriver::DigestCheck* digest) const;
    void publish(Parents& parents, std::uint64_t checked) const;
    void sync_content() const;
    void forget(int directory) const;

    /// Run a step; that the upload is gone is then PathNotFound.
    void step(const std::function<void()>& act) const;

    std::shared_ptr<const Root> root_;
    std::string path_;
    std::string id_;
    File content_;
    std::uint64_t size_ = 0;
};

}  // namespace drivers::files

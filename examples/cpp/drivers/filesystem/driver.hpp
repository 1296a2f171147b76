/// The driver that keeps objects as files below one directory.
///
/// An object is a file, its path the path below the root; what others put there by the rules is an
/// object too. How contents get there atomically stands in `staging.hpp`, and why nothing outside
/// the root is reached in `root.hpp`.

#pragma once

#include <memory>

#include "storagedriver/driver.hpp"

namespace drivers {

namespace files {
class Root;
}

/// Objects below a directory, which is made if it is missing.
///
/// Any number of threads and processes may use one root at once, and each may be killed at any
/// moment. What has returned survives a power cut, except for deletions.
class FilesystemDriver : public storagedriver::Driver {
  public:
    static constexpr std::string_view name = "cpp-filesystem";
    static const storagedriver::Features told_features;

    /// Takes `rootdirectory`, an absolute path, and `uploadexpiry`, after how many seconds an
    /// upload that nobody writes to is removed; 0 is never.
    explicit FilesystemDriver(const storagedriver::Parameters& parameters);

    storagedriver::Features features() const override { return told_features; }
    std::unique_ptr<storagedriver::ReadStream> read_stream(std::string_view path,
                                                           std::uint64_t offset) override;
    void put_content(std::string_view path, storagedriver::Reader& reader) override;
    std::uint64_t write_stream(std::string_view path, std::uint64_t offset,
                               storagedriver::Reader& reader) override;
    storagedriver::FileInfo stat(std::string_view path) override;
    std::vector<std::string> list(std::string_view path) override;
    std::unique_ptr<storagedriver::Listing<storagedriver::FileInfo>> walk(
        std::string_view path, std::string_view start_after) override;
    void move(std::string_view source, std::string_view destination) override;
    void remove(std::string_view path) override;
    std::unique_ptr<storagedriver::Upload> open_upload(
        std::string_view path, std::optional<std::string_view> upload_id) override;
    std::unique_ptr<storagedriver::Listing<storagedriver::UploadInfo>> uploads(
        std::string_view prefix) override;

  private:
    // Uploads have it too, and may be closed after the driver.
    std::shared_ptr<const files::Root> root_;
};

}  // namespace drivers

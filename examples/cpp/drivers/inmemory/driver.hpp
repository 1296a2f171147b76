/// The driver that keeps everything in this process's memory, and loses it with the driver.

#pragma once

#include <memory>

#include "storagedriver/driver.hpp"

namespace drivers {

struct Store;

/// A tree of maps. Takes no parameters.
///
/// A write stores what its reader gave only when the reader has ended: after a failure the content
/// is untouched. One lock guards all; no call holds it while it moves content.
class InMemoryDriver : public storagedriver::Driver {
  public:
    static constexpr std::string_view name = "cpp-inmemory";
    static const storagedriver::Features told_features;

    explicit InMemoryDriver(const storagedriver::Parameters& parameters);

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
    std::shared_ptr<Store> store_;
};

}  // namespace drivers

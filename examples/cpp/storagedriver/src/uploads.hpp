/// The uploads that are open in this process, for the calls that name them by id (9.7).

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "storagedriver/driver.hpp"

namespace storagedriver {

/// Holds the writers between calls, which may come on any channel.
class OpenUploads {
  public:
    explicit OpenUploads(Driver& driver) : driver_(driver) {}

    /// Open a new upload to `path`, or that of `upload_id`; return its id and size.
    std::pair<std::string, std::uint64_t> open(std::string_view path,
                                               std::optional<std::string_view> upload_id);

    /// Refuse a write at `offset` before its content is read.
    void check(std::string_view upload_id, std::uint64_t offset);

    /// Append `content`, which the host has for `offset`; return the size afterwards.
    std::uint64_t write(std::string_view upload_id, std::uint64_t offset, const Content& content);

    /// Publish the upload, which is open no more then.
    void commit(std::string_view upload_id, std::optional<std::uint64_t> size,
                std::optional<std::string_view> digest);

    /// Drop the upload, which is open no more then.
    void cancel(std::string_view upload_id);

    /// Close the writer, which keeps the upload. One that is not open is no error.
    void close(std::string_view upload_id);

    /// Close all writers, which keeps their uploads.
    void close_all();

  private:
    struct Open;
    enum class Then { keep, end };

    /// Run a step with the writer, which no other thread uses meanwhile.
    void step(std::string_view upload_id, Then then,
              const std::function<void(const std::string& path, Upload& writer)>& act);
    std::shared_ptr<Open> find(std::string_view upload_id);
    void forget(std::string_view upload_id, const std::shared_ptr<Open>& ended);

    Driver& driver_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Open>, std::less<>> open_;
};

}  // namespace storagedriver

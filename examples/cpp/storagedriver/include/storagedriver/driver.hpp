/// What a driver implements. Every method of a driver may be called from any thread.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storagedriver/content.hpp"
#include "storagedriver/error.hpp"
#include "storagedriver/time.hpp"

namespace storagedriver {

/// What a driver can do beyond the rest (section 14 of the protocol).
namespace feature {
/// `url_for` gives URLs.
inline constexpr std::string_view url_for = "url-for";
/// `walk` does better than listing each directory.
inline constexpr std::string_view walk = "walk";
/// `open_upload` and `uploads` work.
inline constexpr std::string_view uploads = "uploads";
/// `move` takes directories.
inline constexpr std::string_view move_directories = "move-directories";
/// Streams of any size pass without growing the process.
inline constexpr std::string_view constant_memory = "constant-memory";
/// An object and a directory may have one name.
inline constexpr std::string_view flat_namespace = "flat-namespace";
/// All content is lost when the driver ends.
inline constexpr std::string_view is_volatile = "volatile";
/// Control messages are answered while calls run. `serve` adds it.
inline constexpr std::string_view ping = "ping";
}  // namespace feature

using Features = std::vector<std::string_view>;

/// What `stat` and `walk` tell of a path.
struct FileInfo {
    std::string path;
    /// In bytes; 0 for a directory.
    std::uint64_t size = 0;
    /// None for a directory.
    std::optional<Time> mod_time;
    bool is_dir = false;

    static FileInfo directory(std::string_view path) { return {std::string(path), 0, {}, true}; }
    static FileInfo object(std::string_view path, std::uint64_t size, Time mod_time) {
        return {std::string(path), size, mod_time, false};
    }
};

/// What `uploads` tells of a hidden upload.
struct UploadInfo {
    std::string upload_id;
    std::string path;
    /// Stored so far, in bytes.
    std::uint64_t size = 0;
    /// Of the last write.
    Time time;
};

/// The source of a write.
class Reader {
  public:
    virtual ~Reader() = default;

    /// The next piece; empty at the end. What it throws ends the write, and is to be let through.
    virtual Content next() = 0;
};

/// An open read of one object.
class ReadStream {
  public:
    virtual ~ReadStream() = default;

    /// Of the whole object when it was opened, if the backend can say.
    virtual std::optional<std::uint64_t> size() const = 0;

    /// At most 64 bytes that are equal only for the same content; empty if the backend has none.
    virtual std::string version() const { return {}; }

    /// The next bytes, at most `limit` of them; empty only at the end.
    virtual Content read(std::size_t limit) = 0;
};

/// What comes one after another from a listing.
template <class T>
class Listing {
  public:
    virtual ~Listing() = default;

    /// None at the end.
    virtual std::optional<T> next() = 0;
};

/// One writer of a hidden upload. Its destruction keeps the upload.
class Upload {
  public:
    virtual ~Upload() = default;

    /// What `open_upload` takes to go on, also in another process.
    virtual std::string upload_id() const = 0;

    /// Bytes stored, as far as this writer knows.
    virtual std::uint64_t size() const = 0;

    /// Append. If what is stored is not what this writer believes it is InvalidOffset with
    /// `stored`, and nothing is written.
    virtual void write(const Content& content) = 0;

    /// Publish atomically, after `size` and `digest` (`algorithm:hex`) were checked.
    virtual void commit(std::optional<std::uint64_t> size,
                        std::optional<std::string_view> digest) = 0;

    /// Drop the upload and its bytes.
    virtual void cancel() = 0;

    /// Make durable what is there, and keep it.
    virtual void close() = 0;
};

/// Options of a URL.
struct UrlOptions {
    /// GET, HEAD or PUT.
    std::optional<std::string> method;
    /// Until when it is to work.
    std::optional<Time> expiry;
};

/// A storage driver. What each operation means stands in the contract of the project.
///
/// The host has checked the path rule and the types; a driver checks what depends on stored state.
/// An error of the contract is thrown as one of `error.hpp`; whatever else is thrown reaches the
/// caller as `Internal`.
class Driver {
  public:
    virtual ~Driver() = default;

    /// Which of `feature` it has.
    virtual Features features() const = 0;

    /// Open an object for reading, from an offset that may lie beyond the end.
    virtual std::unique_ptr<ReadStream> read_stream(std::string_view path,
                                                    std::uint64_t offset) = 0;

    /// Replace the whole content, atomically. The reader gives all of it, and throws if the call
    /// ends before that: nothing may be published then.
    virtual void put_content(std::string_view path, Reader& reader) = 0;

    /// Store what the reader gives at `offset`, cutting what was behind; return how much it was.
    virtual std::uint64_t write_stream(std::string_view path, std::uint64_t offset,
                                       Reader& reader) = 0;

    /// Size and time of an object, or that it is a directory.
    virtual FileInfo stat(std::string_view path) = 0;

    /// The names of what stands directly in a directory, in byte order.
    virtual std::vector<std::string> list(std::string_view path) = 0;

    /// Every object below `path`, in byte order of the path, of those behind `start_after`.
    virtual std::unique_ptr<Listing<FileInfo>> walk(std::string_view path,
                                                    std::string_view start_after);

    /// Move an object or a tree.
    virtual void move(std::string_view source, std::string_view destination) = 0;

    /// Remove an object or a tree.
    virtual void remove(std::string_view path) = 0;

    /// A URL of an object.
    virtual std::string url_for(std::string_view path, const UrlOptions& options);

    /// A new hidden upload to `path`, or the one of this id.
    virtual std::unique_ptr<Upload> open_upload(std::string_view path,
                                                std::optional<std::string_view> upload_id);

    /// The open uploads to `prefix` and below, in byte order of path and then id.
    virtual std::unique_ptr<Listing<UploadInfo>> uploads(std::string_view prefix);
};

}  // namespace storagedriver

/// Contents that are written out of sight, to appear whole by one rename.
///
/// A staging file has a name that no path rule allows, so that it never shows and never meets an
/// object. Its writer holds a lock on it for as long as it lives: so whoever finds one that is old
/// and not locked knows that it was left by a crash.

#pragma once

#include <optional>
#include <string>

#include "filesystem/root.hpp"
#include "filesystem/system.hpp"

namespace drivers::files {

/// How old a staging file is that a sweep removes. For an instant after it was made a live one is
/// not locked; an hour is beyond that by far.
inline constexpr std::int64_t stale_seconds = 3'600;

/// One staging file, which is gone with this, unless it was renamed.
class StagedFile {
  public:
    explicit StagedFile(const Root& root);
    ~StagedFile();
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;

    /// Append all of `content`.
    void write(storagedriver::Bytes content);

    /// Make it durable. After an error the content is not to be trusted: there is no second try.
    void finish(const std::optional<Status>& replaced) const;

    /// Let it appear, in place of whatever object is there.
    void rename(int directory, const std::string& name);

  private:
    File directory_;
    std::string name_;
    File file_;
    std::uint64_t written_ = 0;
    bool is_renamed_ = false;
};

/// Open a directory of our own in the root, and make it if it is missing.
File open_or_make(const Root& root, const std::string& name);

/// Remove what crashes have left. What cannot be removed stays.
void sweep_staging(const Root& root);

}  // namespace drivers::files

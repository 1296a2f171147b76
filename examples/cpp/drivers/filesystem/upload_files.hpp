/// The files in which hidden uploads are kept, and what crashes leave of them.
///
/// An upload is two files in a directory of the root whose name no path rule allows: its path,
/// written and synced first, and its content, which appears at the path by a rename. It is there
/// while both are. So a crash leaves at most a path without content, which is no upload.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/root.hpp"
#include "filesystem/system.hpp"

namespace drivers::files {

/// The name of the content of an upload.
std::string content_name(const std::string& id);

/// An id that is none of this path, or none any more.
[[noreturn]] void throw_no_such_upload(std::string_view path);

/// The directory of the uploads, opened for each step: somebody may tidy up.
File open_uploads(const Root& root);

/// Make a new upload, which is there after a power cut too; return its id and content.
std::pair<std::string, File> make_upload(const Root& root, std::string_view path);

/// Open the content of an upload that is there. What is no id never comes near the file system.
File find_upload(const Root& root, std::string_view path, const std::string& id);

/// The uploads to `prefix` and below, in no order.
std::vector<storagedriver::UploadInfo> uploads_below(const Root& root, std::string_view prefix);

/// Remove the files of an upload. The content first: without it there is no upload.
void remove_upload(int directory, const std::string& id);

/// Remove uploads that nobody has written to for so many seconds, and what is no upload; 0 keeps
/// the uploads. What cannot be removed stays.
void sweep_uploads(const Root& root, std::int64_t expiry_seconds);

}  // namespace drivers::files

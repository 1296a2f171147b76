/// Uploads as both drivers list them.

#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "storagedriver/driver.hpp"

namespace drivers {

/// Whether `path` is `prefix`, or stands below it.
bool is_at_or_below(std::string_view path, std::string_view prefix);

/// A listing of these, in order of path and id.
std::unique_ptr<storagedriver::Listing<storagedriver::UploadInfo>> listed_uploads(
    std::vector<storagedriver::UploadInfo> uploads);

}  // namespace drivers

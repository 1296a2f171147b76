/// What the inmemory driver, its walks and its uploads share.

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "inmemory/tree.hpp"

namespace drivers {

/// One hidden upload as it is by now.
struct HiddenUpload {
    std::string path;
    storagedriver::Time time;
    Segments content;
};

/// All that the driver holds. Whoever touches it holds `mutex`, and moves no content meanwhile.
struct Store {
    std::mutex mutex;
    Tree tree;
    std::map<std::string, HiddenUpload, std::less<>> uploads;
    // A driver that was started again counts from the beginning, and its versions must not pass
    // for those of the one before.
    std::string nonce;
    std::uint64_t writes = 0;

    /// Put a content at a path, in place of the object that is there.
    void put(std::string_view path, Segments content);

    /// PathNotFound if there is no such upload to `path`.
    HiddenUpload& find_upload(std::string_view path, std::string_view id);
};

}  // namespace drivers

/// Writing an object in place, at an offset: readers see it grow, and what was stored stays when
/// the write fails. So a write of any size needs no second copy, and can be continued.

#pragma once

#include "filesystem/root.hpp"
#include "storagedriver/driver.hpp"

namespace drivers::files {

/// Store what the reader gives; return how much it was.
std::uint64_t write_in_place(const Root& root, std::string_view path, std::uint64_t offset,
                             storagedriver::Reader& reader);

}  // namespace drivers::files

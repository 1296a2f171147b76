/// All that the `main` of a driver needs.

#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "storagedriver/driver.hpp"

namespace storagedriver {

/// Makes the driver from the parameters that the host sends. InvalidParameters that it throws
/// reaches the host's caller.
using Factory = std::function<std::unique_ptr<Driver>(const Parameters&)>;

/// Run this process as the driver that `factory` makes, until the host ends it or is gone. The
/// process then exits in here, without unwinding: its threads may be in the middle of a call.
///
/// Returns an exit status where there is no driver to run: 0 after `--version`, 64 with an
/// explanation when a person has started the program. `name` is what the driver is called, without
/// `registry-storage-`. It and `features` are told by `--version`; the driver that is made tells
/// its own features.
///
/// To be called once, by a program's `main`: it takes over standard input.
int serve(int argc, char** argv, std::string_view name, const Features& features,
          const Factory& factory);

}  // namespace storagedriver

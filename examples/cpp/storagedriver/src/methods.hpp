/// One function for each method of a worker channel (section 9).

#pragma once

#include <memory>
#include <string>

#include "channel.hpp"
#include "storagedriver/driver.hpp"
#include "uploads.hpp"

namespace storagedriver {

/// What all workers of a driver share.
struct Served {
    Served(std::string driver_name, std::unique_ptr<Driver> made)
        : name(std::move(driver_name)), driver(std::move(made)), uploads(*driver) {}

    const std::string name;
    const std::unique_ptr<Driver> driver;
    OpenUploads uploads;
};

/// Run one call, and return the response of its success.
Response run(Served& served, Channel& channel, const Request& request);

}  // namespace storagedriver

/// All of the library that a driver needs.

#pragma once

#include "storagedriver/digest.hpp"
#include "storagedriver/driver.hpp"
#include "storagedriver/log.hpp"
#include "storagedriver/serve.hpp"

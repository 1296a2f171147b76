#include "storagedriver/time.hpp"

#include <chrono>

namespace storagedriver {

Time Time::now() {
    namespace chrono = std::chrono;
    const auto since = chrono::system_clock::now().time_since_epoch();
    const auto whole = chrono::floor<chrono::seconds>(since);
    const auto rest = chrono::duration_cast<chrono::nanoseconds>(since - whole);
    return {whole.count(), static_cast<std::uint32_t>(rest.count())};
}

}  // namespace storagedriver

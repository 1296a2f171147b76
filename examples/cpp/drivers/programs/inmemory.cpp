/// The program registry-storage-cpp-inmemory.

#include "inmemory/driver.hpp"
#include "storagedriver/serve.hpp"

int main(int argc, char** argv) {
    using drivers::InMemoryDriver;
    return storagedriver::serve(
        argc, argv, InMemoryDriver::name, InMemoryDriver::told_features,
        [](const auto& parameters) { return std::make_unique<InMemoryDriver>(parameters); });
}

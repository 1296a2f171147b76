/// The program registry-storage-cpp-filesystem.

#include "filesystem/driver.hpp"
#include "storagedriver/serve.hpp"

int main(int argc, char** argv) {
    using drivers::FilesystemDriver;
    return storagedriver::serve(
        argc, argv, FilesystemDriver::name, FilesystemDriver::told_features,
        [](const auto& parameters) { return std::make_unique<FilesystemDriver>(parameters); });
}

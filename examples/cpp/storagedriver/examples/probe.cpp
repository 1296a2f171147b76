/// The smallest driver, which the tests of the library play with. It keeps nothing.

#include <chrono>
#include <stdexcept>
#include <thread>

#include "storagedriver/storagedriver.hpp"

using namespace storagedriver;

namespace {

class Probe : public Driver {
  public:
    Features features() const override { return {}; }

    std::unique_ptr<ReadStream> read_stream(std::string_view path, std::uint64_t) override {
        throw PathNotFound(path);
    }

    void put_content(std::string_view, Reader& reader) override {
        while (!reader.next().empty()) {
        }
    }

    std::uint64_t write_stream(std::string_view path, std::uint64_t offset, Reader&) override {
        throw InvalidOffset(path, offset);
    }

    FileInfo stat(std::string_view path) override { return FileInfo::object(path, 7, Time::now()); }

    std::vector<std::string> list(std::string_view) override { return {}; }

    void move(std::string_view source, std::string_view) override { throw PathNotFound(source); }

    void remove(std::string_view path) override {
        if (path == "/throw") throw std::logic_error("as it was asked to");
        if (path == "/throw-number") throw 5;
        if (path == "/sleep") std::this_thread::sleep_for(std::chrono::minutes(1));
    }
};

std::unique_ptr<Driver> make(const Parameters& parameters) {
    for (const auto& [name, value] : parameters.entries()) {
        throw InvalidParameters("probe", name, "is not known");
    }
    return std::make_unique<Probe>();
}

}  // namespace

int main(int argc, char** argv) { return serve(argc, argv, "probe", {}, make); }

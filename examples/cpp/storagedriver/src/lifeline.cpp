#include "lifeline.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "json.hpp"

namespace storagedriver {
namespace {

/// How often the parent is looked at, for when somebody else holds the other end of the pipe.
constexpr int parent_milliseconds = 1'000;
/// Parameters are configuration, not data.
constexpr std::size_t max_line_bytes = 16'777'216;

std::system_error failure() { return {errno, std::generic_category(), "standard input"}; }

void wait_for_end(int input, int parent) {
    std::array<char, 4'096> buffer{};
    while (getppid() == parent) {
        pollfd watched{input, POLLIN, 0};
        if (poll(&watched, 1, parent_milliseconds) > 0 &&
            read(input, buffer.data(), buffer.size()) == 0) {
            return;
        }
    }
}

}  // namespace

FirstLine parse_first_line(std::string_view line) {
    const auto value = parse_json(line);
    const auto* object = value ? value->as<Map>() : nullptr;
    if (object == nullptr) {
        throw std::runtime_error("the first line of standard input is not a JSON object");
    }
    const auto token = object->text("token");
    if (!token) throw std::runtime_error("the first line of standard input has no \"token\"");
    FirstLine first{std::string(*token), {}};
    if (const auto* parameters = object->find("parameters")) {
        const auto* map = parameters->as<Map>();
        if (map == nullptr) {
            throw std::runtime_error("\"parameters\" in the first line is not an object");
        }
        first.parameters = *map;
    }
    return first;
}

void Ended::tell() {
    {
        const std::lock_guard lock(mutex_);
        has_ended_ = true;
    }
    told_.notify_all();
}

void Ended::wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    told_.wait_for(lock, time, [this] { return has_ended_; });
}

Lifeline::Lifeline() : input_(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)), parent_(getppid()) {
    if (input_ < 0) throw failure();
    const auto null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) throw failure();
    close(null);
}

FirstLine Lifeline::read_first_line() {
    std::string line;
    std::array<char, 65'536> buffer{};
    // Nothing comes after the line.
    while (!line.ends_with('\n')) {
        const auto count = read(input_, buffer.data(), buffer.size());
        if (count == 0) throw std::runtime_error("standard input ended within the first line");
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw failure();
        line.append(buffer.data(), static_cast<std::size_t>(count));
        if (line.size() > max_line_bytes) {
            throw std::runtime_error("the first line of standard input is too long");
        }
    }
    return parse_first_line(line);
}

void Lifeline::watch(std::function<void()> on_end) {
    std::thread([input = input_, parent = parent_, on_end = std::move(on_end)] {
        wait_for_end(input, parent);
        on_end();
    }).detach();
}

}  // namespace storagedriver

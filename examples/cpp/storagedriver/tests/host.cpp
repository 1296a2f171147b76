#include "host.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace storagedriver::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{20};

struct Pipe {
    int reading = -1;
    int writing = -1;

    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        reading = ends[0];
        writing = ends[1];
    }
};

struct Redirections {
    int input;
    int output = STDOUT_FILENO;
    int error = STDERR_FILENO;
};

pid_t start(const std::vector<std::string>& arguments, std::vector<std::string> environment,
            const Redirections& to) {
    std::vector<std::string> words{STORAGEDRIVER_PROBE};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> all;
        for (auto& text : texts) all.push_back(text.data());
        all.push_back(nullptr);
        return all;
    };
    // What the sanitizers are told goes on to the driver.
    for (const auto* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
        if (const auto* value = std::getenv(name))
            environment.push_back(std::string(name) + "=" + value);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to.input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, to.output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, to.error, STDERR_FILENO);
    pid_t pid = -1;
    const auto error = ::posix_spawn(&pid, STORAGEDRIVER_PROBE, &actions, nullptr,
                                     pointers(words).data(), pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("the probe cannot be started");
    return pid;
}

std::string read_all(int file) {
    std::string text;
    std::array<char, 4'096> buffer{};
    for (ssize_t count = 1; count > 0;) {
        count = ::read(file, buffer.data(), buffer.size());
        if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(file);
    return text;
}

}  // namespace

Line::Line(zmq::socket_t socket) : socket_(std::move(socket)) {
    const auto message = receive();
    const auto* attach = std::get_if<Attach>(&message);
    if (attach == nullptr || attach->token != "t0ken" || attach->version != "0.1") {
        throw std::runtime_error("not the ATTACH that was due");
    }
}

void Line::send_raw(std::string_view header) {
    socket_.send(zmq::buffer(header), zmq::send_flags::none);
}

void Line::send(Message message) {
    const auto frames = encode_message(std::move(message));
    socket_.send(zmq::buffer(frames.header), zmq::send_flags::none);
}

std::uint32_t Line::begin(const std::string& method, Map params) {
    send(Request{++id_, method, std::move(params), {}});
    return id_;
}

Response Line::call(const std::string& method, Map params) {
    begin(method, std::move(params));
    return response();
}

Response Line::response() {
    while (true) {
        auto message = receive();
        if (auto* response = std::get_if<Response>(&message)) return std::move(*response);
    }
}

Message Line::receive() {
    zmq::message_t header;
    if (!socket_.recv(header)) throw std::runtime_error("no message comes");
    Content content;
    if (header.more()) {
        zmq::message_t second;
        static_cast<void>(socket_.recv(second));
        content = Content::copy_of(Bytes(second.data<std::byte>(), second.size()));
    }
    return decode_message({header.data<std::byte>(), header.size()}, content);
}

Ran run_by_hand(const std::vector<std::string>& arguments) {
    const Pipe input;
    const Pipe out;
    const Pipe err;
    const auto pid = start(arguments, {}, {input.reading, out.writing, err.writing});
    for (const auto end : {input.reading, input.writing, out.writing, err.writing}) ::close(end);
    Ran ran{0, read_all(out.reading), read_all(err.reading)};
    int status = 0;
    ::waitpid(pid, &status, 0);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

Host::Host(const std::string& parameters) {
    auto pattern = std::filesystem::temp_directory_path().string() + "/storagedriver-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no directory");
    directory_ = pattern;
    control_ = listen("c");
    const Pipe input;
    pid_ = start({parameters}, {"STORAGEDRIVER_ENDPOINT=" + endpoint("c")}, {input.reading});
    ::close(input.reading);
    input_ = input.writing;
    constexpr std::string_view line = "{\"token\": \"t0ken\"}\n";
    if (::write(input_, line.data(), line.size()) < 0) throw std::runtime_error("not written");
}

Host::~Host() {
    if (!wait()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

Line Host::open_channel(Line& control, unsigned number) {
    const auto name = std::to_string(number);
    auto socket = listen(name);
    const auto response =
        control.call("OpenChannel", {{"channel", number}, {"endpoint", endpoint(name)}});
    if (response.error) throw std::runtime_error("no channel was opened");
    return Line(std::move(socket));
}

Response Host::hello(Line& control) {
    return control.call("Hello",
                        {{"version", "0.1"}, {"features", Array{}}, {"max_chunk", 65'536}});
}

std::optional<int> Host::wait() {
    if (input_ >= 0) ::close(std::exchange(input_, -1));
    const auto deadline = Clock::now() + patience;
    while (pid_ > 0 && Clock::now() < deadline) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = 0;
            return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return pid_ > 0 ? std::nullopt : std::optional(0);
}

std::string Host::endpoint(const std::string& name) const {
    return "ipc://" + directory_ + "/" + name;
}

zmq::socket_t Host::listen(const std::string& name) {
    zmq::socket_t socket(context_, zmq::socket_type::pair);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo,
               static_cast<int>(std::chrono::milliseconds(patience).count()));
    socket.bind(endpoint(name));
    return socket;
}

}  // namespace storagedriver::testing

/// A small host, to play with a driver in a process of its own.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "message.hpp"

namespace storagedriver::testing {

/// A channel as the host sees it, without any rules.
class Line {
  public:
    /// Wait for the ATTACH.
    explicit Line(zmq::socket_t socket);

    void send_raw(std::string_view header);
    void send(Message message);
    std::uint32_t begin(const std::string& method, Map params = {});
    Response call(const std::string& method, Map params = {});
    Response response();

  private:
    Message receive();

    zmq::socket_t socket_;
    std::uint32_t id_ = 0;
};

/// What a program has said and how it ended.
struct Ran {
    int status;
    std::string out;
    std::string err;
};

/// Run examples/probe.cpp to its end, as a person would.
Ran run_by_hand(const std::vector<std::string>& arguments);

/// The process of examples/probe.cpp, and where its channels connect to.
class Host {
  public:
    explicit Host(const std::string& parameters = "{}");
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// The control channel; once.
    Line accept_control() { return Line(std::move(control_)); }
    Line open_channel(Line& control, unsigned number);
    /// Say Hello.
    Response hello(Line& control);
    /// Close standard input, and return the exit status, nothing if there is none in time.
    std::optional<int> wait();

  private:
    std::string endpoint(const std::string& name) const;
    zmq::socket_t listen(const std::string& name);

    zmq::context_t context_;
    std::string directory_;
    zmq::socket_t control_;
    pid_t pid_ = -1;
    int input_ = -1;
};

}  // namespace storagedriver::testing

#include "monitor.hpp"

#include <atomic>
#include <cstring>

#include "text.hpp"

namespace storagedriver {
namespace {

using Clock = std::chrono::steady_clock;

/// How long the closed socket may take to say that its monitor has ended: longer than it lingers.
constexpr std::chrono::seconds close_time{2};

constexpr int watched_events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_CLOSED | ZMQ_EVENT_MONITOR_STOPPED;

}  // namespace

Monitor::Monitor(zmq::context_t& context, zmq::socket_t& socket)
    : events_(context, zmq::socket_type::pair) {
    static std::atomic<unsigned> number = 0;
    const auto endpoint = concat("inproc://monitor-", number++);
    if (zmq_socket_monitor(socket.handle(), endpoint.c_str(), watched_events) != 0) {
        throw zmq::error_t();
    }
    // Without a limit: at the limit ZeroMQ's own thread would wait for this one.
    events_.set(zmq::sockopt::rcvhwm, 0);
    events_.set(zmq::sockopt::linger, 0);
    events_.connect(endpoint);
}

void Monitor::wait(std::chrono::milliseconds time) {
    is_readable(time);
    read();
}

bool Monitor::is_readable(std::chrono::milliseconds time) {
    auto item = poll_item();
    try {
        return zmq::poll(&item, 1, time) > 0;
    } catch (const zmq::error_t& error) {
        if (error.num() == EINTR) return false;
        throw;
    }
}

void Monitor::read() {
    while (const auto event = next()) {
        if (*event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            has_peer_ = true;
        } else {
            // Also CLOSED: nobody was there, and it is not tried again.
            is_lost_ = true;
        }
    }
}

void Monitor::wait_for_end() {
    const auto deadline = Clock::now() + close_time;
    while (Clock::now() < deadline) {
        is_readable(std::chrono::milliseconds(100));
        while (const auto event = next()) {
            if (*event == ZMQ_EVENT_MONITOR_STOPPED) return;
        }
    }
}

std::optional<int> Monitor::next() {
    zmq::message_t event;
    if (!events_.recv(event, zmq::recv_flags::dontwait)) return {};
    std::uint16_t number = 0;
    if (event.size() >= sizeof number) std::memcpy(&number, event.data(), sizeof number);
    // Behind it comes an address.
    while (event.more() && events_.recv(event, zmq::recv_flags::dontwait)) {
    }
    return number;
}

}  // namespace storagedriver

/// The monitor of a socket: ZeroMQ does not tell the socket itself that its peer has gone.

#pragma once

#include <chrono>
#include <optional>
#include <zmq.hpp>

namespace storagedriver {

/// What is known of the peer of a socket that connects.
class Monitor {
  public:
    /// Watch a socket that is not connected yet.
    Monitor(zmq::context_t& context, zmq::socket_t& socket);

    /// The peer has been there.
    bool has_peer() const { return has_peer_; }
    /// The peer is gone, or was never there, and is not sought again.
    bool is_lost() const { return is_lost_; }

    /// To wait for news together with something else.
    zmq::pollitem_t poll_item() { return {events_.handle(), 0, ZMQ_POLLIN, 0}; }

    /// Wait for news.
    void wait(std::chrono::milliseconds time);

    /// Take the news that are here.
    void read();

    /// Wait until the socket, which has been closed, is gone.
    void wait_for_end();

  private:
    bool is_readable(std::chrono::milliseconds time);
    /// The number of the next event that is here.
    std::optional<int> next();

    zmq::socket_t events_;
    bool has_peer_ = false;
    bool is_lost_ = false;
};

}  // namespace storagedriver

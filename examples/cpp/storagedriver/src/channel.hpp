/// One channel: a ZeroMQ socket with its peer, and the session that speaks over it.

#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <string>

#include "session.hpp"
#include "storagedriver/error.hpp"

namespace storagedriver {

/// The host has closed the channel, or is gone: there is nobody to answer.
class HungUp : public std::exception {
  public:
    const char* what() const noexcept override { return "the host has closed the channel"; }
};

/// One of the ends has broken the protocol: the channel ends with this error.
class Breach : public std::exception {
  public:
    explicit Breach(Error error) : error_(std::move(error)) {}
    const char* what() const noexcept override { return error_.what(); }
    const Error& error() const { return error_; }

  private:
    Error error_;
};

/// A connected socket and its session. It belongs to one thread.
///
/// What it adds to the socket, which hides the end of its peer: every wait ends with HungUp when
/// the peer disconnects. What has arrived before that still counts.
class Channel {
  public:
    /// Connect to a channel that the host has bound, and wait until it is there. HungUp otherwise.
    Channel(const std::string& endpoint, Session session);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    Session& session() { return session_; }
    const Session& session() const { return session_; }

    /// Content of the current call, for whoever wants to know from another thread.
    std::shared_ptr<const std::atomic<std::uint64_t>> moved_bytes() const { return moved_bytes_; }

    /// Send one message. HungUp; Breach if the session does not allow it.
    void send(Message message);

    /// Send one last message, whatever the session says, if there is room for it now.
    void send_last(Message message) noexcept;

    /// Wait for the next message that is to be acted on. HungUp; Breach.
    Message receive();

    /// The next message that is to be acted on, if it is here already. That the peer is gone is
    /// left to the next `receive` or `send`.
    std::optional<Message> receive_now();

  private:
    struct Sockets;

    bool is_readable() const;
    void wait_readable();
    void poll(short events);
    std::optional<Message> take();
    Message take_frames();
    void send_frames(Frames frames);
    void tell_moved();

    Session session_;
    std::unique_ptr<Sockets> sockets_;
    std::shared_ptr<std::atomic<std::uint64_t>> moved_bytes_;
};

}  // namespace storagedriver

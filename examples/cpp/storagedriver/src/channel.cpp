#include "channel.hpp"

#include <algorithm>
#include <chrono>
#include <zmq.hpp>

#include "monitor.hpp"
#include "storagedriver/log.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The host is on the same machine and waits: if it does not answer in this time it is not there.
constexpr std::chrono::seconds connect_time{5};
/// What was sent last has this long to leave after the socket is closed.
constexpr milliseconds linger_time{500};
/// A peer that accepts and does not greet is given up after this long.
constexpr milliseconds handshake_time{2'000};

/// The context of this process: one for all channels, as each costs two threads. It is never
/// destroyed: that would wait for threads that are still in a call.
zmq::context_t& context() {
    static auto& only = *new zmq::context_t;
    return only;
}

/// A failure of a socket, which only means that its peer is out of reach.
[[noreturn]] void lose(const zmq::error_t& error) {
    log(LogLevel::debug, concat("a channel is lost: ", error.what()));
    throw HungUp();
}

/// Content as a frame, without a copy.
zmq::message_t frame_of(Content content) {
    const auto release = [](void*, void* hint) { delete static_cast<Content*>(hint); };
    auto owned = std::make_unique<Content>(std::move(content));
    const auto bytes = owned->bytes();
    // ZeroMQ does not write to it.
    auto* data = const_cast<std::byte*>(bytes.data());
    zmq::message_t frame(data, bytes.size(), release, owned.get());
    // The frame releases it, in a thread of ZeroMQ.
    static_cast<void>(owned.release());
    return frame;
}

Content content_of(zmq::message_t frame) {
    const auto owner = std::make_shared<zmq::message_t>(std::move(frame));
    return {owner, {owner->data<std::byte>(), owner->size()}};
}

Bytes bytes_of(const zmq::message_t& frame) { return {frame.data<std::byte>(), frame.size()}; }

}  // namespace

struct Channel::Sockets {
    zmq::socket_t socket;
    Monitor monitor;

    Sockets() : socket(context(), zmq::socket_type::pair), monitor(context(), socket) {}
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;

    /// Closes the socket, and only then its monitor: ZeroMQ's own thread, which serves all
    /// channels, would wait for ever for somebody to take the last event.
    ~Sockets() {
        socket.close();
        try {
            monitor.wait_for_end();
        } catch (const zmq::error_t& error) {
            log(LogLevel::debug, concat("a monitor has failed: ", error.what()));
        }
    }

    void configure(std::uint64_t max_chunk_bytes) {
        const auto longest = std::max<std::uint64_t>(max_chunk_bytes, limits::max_header_bytes);
        socket.set(zmq::sockopt::linger, 0);
        // A connect that finds nobody then fails for good, and a lost peer is not sought again.
        socket.set(zmq::sockopt::reconnect_ivl, -1);
        socket.set(zmq::sockopt::sndhwm, limits::high_water_mark);
        socket.set(zmq::sockopt::rcvhwm, limits::high_water_mark);
        socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(longest));
        socket.set(zmq::sockopt::handshake_ivl, static_cast<int>(handshake_time.count()));
    }

    void wait_for_peer() {
        const auto deadline = Clock::now() + connect_time;
        while (!monitor.has_peer()) {
            const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
            if (monitor.is_lost() || left.count() <= 0) throw HungUp();
            monitor.wait(left);
        }
    }
};

Channel::Channel(const std::string& endpoint, Session session)
    : session_(std::move(session)), moved_bytes_(std::make_shared<std::atomic<std::uint64_t>>()) {
    try {
        sockets_ = std::make_unique<Sockets>();
        sockets_->configure(session_.max_chunk_bytes());
        sockets_->socket.connect(endpoint);
        sockets_->wait_for_peer();
    } catch (const zmq::error_t& error) {
        log(LogLevel::warning, concat("a channel cannot be opened: ", error.what()));
        throw HungUp();
    }
}

Channel::~Channel() = default;

void Channel::send(Message message) {
    if (sockets_->monitor.is_lost()) throw HungUp();
    Frames frames;
    try {
        session_.send(message);
        frames = encode_message(std::move(message));
    } catch (const ProtocolError& error) {
        throw Breach(error);
    }
    tell_moved();
    try {
        send_frames(std::move(frames));
    } catch (const zmq::error_t& error) {
        lose(error);
    }
}

void Channel::send_last(Message message) noexcept {
    try {
        const auto frames = encode_message(std::move(message));
        sockets_->socket.set(zmq::sockopt::linger, static_cast<int>(linger_time.count()));
        sockets_->socket.send(zmq::buffer(frames.header), zmq::send_flags::dontwait);
    } catch (const std::exception& error) {
        // Nobody is left to tell.
        log(LogLevel::debug, concat("the last message was not sent: ", error.what()));
    }
}

void Channel::send_frames(Frames frames) {
    using zmq::send_flags;
    auto& socket = sockets_->socket;
    const auto more = frames.content.empty() ? send_flags::none : send_flags::sndmore;
    while (!socket.send(zmq::buffer(frames.header), send_flags::dontwait | more)) {
        if (sockets_->monitor.is_lost()) throw HungUp();
        poll(ZMQ_POLLOUT);
    }
    if (frames.content.empty()) return;
    // There was room for the whole message; if there is none now, the peer is missing.
    if (!socket.send(frame_of(std::move(frames.content)), send_flags::dontwait)) throw HungUp();
}

Message Channel::receive() {
    while (true) {
        wait_readable();
        if (auto message = take()) return *std::move(message);
    }
}

std::optional<Message> Channel::receive_now() {
    while (is_readable()) {
        if (auto message = take()) return message;
    }
    return {};
}

bool Channel::is_readable() const {
    try {
        return (sockets_->socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
    } catch (const zmq::error_t& error) {
        lose(error);
    }
}

void Channel::wait_readable() {
    while (!is_readable()) {
        if (sockets_->monitor.is_lost()) throw HungUp();
        try {
            poll(ZMQ_POLLIN);
        } catch (const zmq::error_t& error) {
            lose(error);
        }
    }
}

/// Wait for the socket or for news of its peer.
void Channel::poll(short events) {
    zmq::pollitem_t items[] = {{sockets_->socket.handle(), 0, events, 0},
                               sockets_->monitor.poll_item()};
    try {
        zmq::poll(items, 2, milliseconds(-1));
    } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) throw;
        return;
    }
    if ((items[1].revents & ZMQ_POLLIN) != 0) sockets_->monitor.read();
}

std::optional<Message> Channel::take() {
    try {
        auto message = session_.receive(take_frames());
        tell_moved();
        return message;
    } catch (const ProtocolError& error) {
        session_.close();
        throw Breach(error);
    } catch (const zmq::error_t& error) {
        lose(error);
    }
}

Message Channel::take_frames() {
    auto& socket = sockets_->socket;
    const auto frame = [&] {
        zmq::message_t received;
        if (!socket.recv(received, zmq::recv_flags::dontwait)) throw HungUp();
        return received;
    };
    const auto header = frame();
    if (!header.more()) return decode_message(bytes_of(header), {});
    auto second = frame();
    if (second.more()) {
        while (frame().more()) {
        }
        throw ProtocolError("more than two frames");
    }
    return decode_message(bytes_of(header), content_of(std::move(second)));
}

void Channel::tell_moved() {
    moved_bytes_->store(session_.moved_bytes(), std::memory_order_relaxed);
}

}  // namespace storagedriver

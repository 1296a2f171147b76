/// The protocol as seen by one end of one channel: a pure state machine, without a socket.
///
/// Messages go in; it says whether each is allowed, and keeps the account of credit and counts.

#pragma once

#include "calls.hpp"
#include "limits.hpp"
#include "message.hpp"
#include "states.hpp"

namespace storagedriver {

/// Which calls a channel takes.
enum class Role {
    /// A control channel before Hello has succeeded.
    control_before_hello,
    /// A control channel beside worker channels.
    control,
    worker,
    /// The control channel of a driver without workers: it takes all calls.
    only,
};

/// One end of one channel.
class Session {
  public:
    /// A channel that has just connected. The control channel agrees on the numbers in Hello.
    Session(Side side, std::uint64_t max_chunk_bytes, std::uint64_t write_credit_bytes, Role role)
        : side_(side),
          role_(role),
          max_chunk_bytes_(max_chunk_bytes),
          write_credit_bytes_(write_credit_bytes) {}

    /// Account for a message that this end is about to send. ProtocolError: a mistake of this end.
    void send(const Message& message);

    /// Account for a message that has come; return it if it is to be acted on.
    ///
    /// A returned REQUEST, START or success has a checked map. ProtocolError: a breach by the peer.
    std::optional<Message> receive(Message message);

    /// Say that received content has been used up; return the grant to send, if one is due.
    std::optional<Credit> consume(std::uint64_t bytes);

    /// How much content may go into the next message.
    std::size_t sendable_bytes() const { return std::min(credit_bytes_, max_chunk_bytes_); }

    /// Nothing more is allowed.
    void close() { state_ = State::closed; }

    State state() const { return state_; }
    std::uint64_t max_chunk_bytes() const { return max_chunk_bytes_; }
    std::uint64_t write_credit_bytes() const { return write_credit_bytes_; }
    /// Of the current call, or of the last one.
    std::uint32_t id() const { return id_; }
    const std::string& method() const { return method_; }
    /// Content of the current call that has passed this end.
    std::uint64_t moved_bytes() const { return moved_bytes_; }

  private:
    /// Check the parts whose shape depends on the method.
    void check(Message& message);
    void step(Side sender, const Message& message);
    void check_direction(Kind kind) const;

    // What each kind of message must keep to beyond the table of states, in session_rules.cpp.
    // Each returns the state that follows, where `following` is that of the table.
    State apply(const Request& request, State following);
    State apply(const Response& response, State following);
    State apply(const Start& start, State following);
    State apply(const Chunk& chunk, State following);
    State apply(const End& end, State following);
    State apply(const Credit& credit, State following);
    State apply(const Cancel& cancel, State following);
    State apply(const Attach&, State following) { return following; }
    State apply(const Close&, State following) { return following; }

    State begin_sending(const Request& request);
    void check_count(const Map& result) const;
    void adopt(const Map& hello);
    void check_id(std::uint32_t id, Kind kind) const;
    void pass(std::size_t bytes);
    void take_from_credit(std::size_t bytes);

    Side side_;
    Role role_;
    State state_ = State::attaching;
    std::uint64_t max_chunk_bytes_;
    std::uint64_t write_credit_bytes_;

    // Of the current call, or of the last one.
    std::uint32_t id_ = 0;
    std::string method_;
    const Call* call_ = nullptr;
    Direction direction_ = Direction::none;
    bool has_ended_ = true;
    std::uint64_t offset_ = 0;
    std::optional<std::uint64_t> started_size_;
    std::uint64_t window_bytes_ = 0;
    /// How much content its sender may still send, as far as this end knows.
    std::uint64_t credit_bytes_ = 0;
    std::uint64_t moved_bytes_ = 0;
    std::uint64_t consumed_bytes_ = 0;
};

}  // namespace storagedriver

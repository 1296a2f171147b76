/// What each kind of message must keep to beyond the table of states: ids, credit and counts.

#include "session.hpp"
#include "storagedriver/error.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

/// Unknown methods are a worker's: they are to be answered.
bool takes(Role role, std::string_view method) {
    const auto is_control = method == "OpenChannel" || method == "Ping" || method == "Shutdown";
    switch (role) {
        case Role::control_before_hello:
            return method == "Hello";
        case Role::control:
            return is_control;
        case Role::worker:
            return !is_control && method != "Hello";
        case Role::only:
            return method != "OpenChannel" && method != "Hello";
    }
    return false;
}

}  // namespace

State Session::apply(const Request& request, State following) {
    if (request.id == id_) throw ProtocolError(concat("REQUEST repeats the id ", request.id));
    // Before anything else is looked at: a refusal of the rest carries it.
    id_ = request.id;
    if (!takes(role_, request.method)) throw ProtocolError("not a call for this channel");
    method_ = request.method;
    call_ = find_call(method_);
    direction_ = call_ == nullptr ? Direction::none : call_->direction;
    credit_bytes_ = moved_bytes_ = consumed_bytes_ = 0;
    has_ended_ = true;
    started_size_.reset();
    offset_ = request.params.count("offset").value_or(0);
    if (direction_ == Direction::sent) return begin_sending(request);
    // Of a call that is not known it is not known whether it sends.
    if (!request.content.empty() && call_ != nullptr) {
        throw ProtocolError(concat(method_, " takes no content"));
    }
    if (direction_ == Direction::none) return following;
    window_bytes_ = request.params.count("credit").value_or(0);
    if (window_bytes_ > limits::max_credit_bytes) throw ProtocolError("credit overflow");
    credit_bytes_ = window_bytes_;
    return State::opening;
}

State Session::begin_sending(const Request& request) {
    window_bytes_ = credit_bytes_ = write_credit_bytes_;
    take_from_credit(request.content.size());
    has_ended_ = request.params.flag("end");
    return has_ended_ ? State::waiting : State::sending;
}

State Session::apply(const Response& response, State following) {
    check_id(response.id, Kind::response);
    if (response.error) {
        if (!response.error->text("code")) throw ProtocolError("an error has no code");
        return following;
    }
    if (!response.content.empty()) {
        if (direction_ != Direction::received) {
            throw ProtocolError("this response has no content");
        }
        take_from_credit(response.content.size());
    }
    if (!has_ended_) throw ProtocolError("a success before its END");
    const auto result = response.result.value_or(Map());
    check_count(result);
    if (method_ == "Hello") adopt(result);
    return following;
}

void Session::check_count(const Map& result) const {
    if (call_ == nullptr) throw ProtocolError("a success of a method that is not known");
    if (call_->count_key.empty()) return;
    const auto counted = result.count(call_->count_key);
    if (!counted) throw ProtocolError(concat(call_->count_key, " is missing"));
    if (started_size_ && *started_size_ != *counted) {
        throw ProtocolError("the size is another than that of START");
    }
    auto expected = *counted;
    if (direction_ == Direction::received) {
        expected -= std::min(offset_, expected);
    } else if (call_->counts_from_offset) {
        // Below the offset it wraps around, to what has not passed either.
        expected -= offset_;
    }
    if (expected != moved_bytes_) {
        throw ProtocolError(concat(call_->count_key, " is ", *counted, ", and ", moved_bytes_,
                                   " bytes have passed"));
    }
}

/// Take over what Hello has agreed on.
void Session::adopt(const Map& hello) {
    const auto max_chunk = hello.count("max_chunk").value_or(0);
    const auto write_credit = hello.count("write_credit").value_or(0);
    if (max_chunk == 0 || write_credit < max_chunk) {
        throw ProtocolError("write_credit is less than max_chunk");
    }
    max_chunk_bytes_ = std::min(max_chunk_bytes_, max_chunk);
    write_credit_bytes_ = write_credit;
    role_ = hello.count("max_channels") == 0 ? Role::only : Role::control;
}

State Session::apply(const Start& start, State following) {
    check_id(start.id, Kind::start);
    started_size_ = start.info.count("size");
    return following;
}

State Session::apply(const Chunk& chunk, State following) {
    check_id(chunk.id, Kind::chunk);
    pass(chunk.content.size());
    // Here, as a peer that sends for ever never comes to its count.
    const auto is_beyond = started_size_ && *started_size_ < offset_ + moved_bytes_;
    if (is_beyond && state_ != State::idle) {
        throw ProtocolError(concat("more than the ", *started_size_, " bytes of its START"));
    }
    return following;
}

State Session::apply(const End& end, State following) {
    check_id(end.id, Kind::end);
    pass(end.content.size());
    if (state_ != State::idle) has_ended_ = true;
    return following;
}

State Session::apply(const Credit& credit, State following) {
    check_id(credit.id, Kind::credit);
    if (state_ == State::idle) return following;
    // Both are at most 2^53.
    credit_bytes_ += credit.bytes;
    if (credit_bytes_ > limits::max_credit_bytes) throw ProtocolError("credit overflow");
    return following;
}

State Session::apply(const Cancel& cancel, State following) {
    check_id(cancel.id, Kind::cancel);
    return following;
}

void Session::check_id(std::uint32_t id, Kind kind) const {
    if (id != id_) {
        throw ProtocolError(concat(name_of(kind), " for call ", id, ", the call is ", id_));
    }
}

/// Count content, unless it has crossed the RESPONSE of its call.
void Session::pass(std::size_t bytes) {
    if (state_ != State::idle) take_from_credit(bytes);
}

void Session::take_from_credit(std::size_t bytes) {
    if (bytes > max_chunk_bytes_) throw ProtocolError(concat(bytes, " bytes in one message"));
    if (bytes > credit_bytes_) {
        throw ProtocolError(concat(bytes, " bytes with a credit of ", credit_bytes_));
    }
    credit_bytes_ -= bytes;
    moved_bytes_ += bytes;
}

}  // namespace storagedriver

#include "session.hpp"

#include <algorithm>

#include "storagedriver/error.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

/// Run a step, and close the session if it fails.
template <class Action>
void closing(Session& session, Action action) {
    try {
        action();
    } catch (...) {
        session.close();
        throw;
    }
}

}  // namespace

void Session::send(const Message& message) {
    closing(*this, [&] { step(side_, message); });
}

std::optional<Message> Session::receive(Message message) {
    const auto was = state_;
    const auto kind = kind_of(message);
    closing(*this, [&] {
        // What is not allowed now is refused as that, whatever it says.
        if (state_after(was, peer_of(side_), kind)) check(message);
        step(peer_of(side_), message);
    });
    const auto crossed = was == State::idle && kind != Kind::request && kind != Kind::close;
    const auto late = was == State::cancelling && kind != Kind::response && kind != Kind::close;
    if (crossed || late) return {};
    return message;
}

std::optional<Credit> Session::consume(std::uint64_t bytes) {
    consumed_bytes_ += bytes;
    const auto is_due =
        consumed_bytes_ * limits::credit_step_divisor >= std::max<std::uint64_t>(window_bytes_, 1);
    const auto is_wanted =
        state_ == State::opening || state_ == State::receiving || state_ == State::sending;
    if (!is_due || !is_wanted) return {};
    return Credit{id_, std::exchange(consumed_bytes_, 0)};
}

void Session::check(Message& message) {
    if (auto* request = std::get_if<Request>(&message)) {
        if (find_call(request->method) == nullptr) return;
        try {
            request->params = check_params(request->method, std::move(request->params));
        } catch (const ProtocolError&) {
            // The refusal carries it.
            id_ = request->id;
            throw;
        }
    } else if (auto* response = std::get_if<Response>(&message)) {
        if (response->error) return;
        response->result = check_result(method_, std::move(response->result).value_or(Map()));
    } else if (auto* start = std::get_if<Start>(&message)) {
        start->info = check_info(method_, std::move(start->info));
    }
}

void Session::step(Side sender, const Message& message) {
    const auto kind = kind_of(message);
    const auto following = state_after(state_, sender, kind);
    if (!following) {
        throw ProtocolError(concat(name_of(kind), " is not allowed in state ", name_of(state_)));
    }
    if (sender == Side::driver) check_direction(kind);
    state_ = std::visit([&](const auto& one) { return apply(one, *following); }, message);
}

void Session::check_direction(Kind kind) const {
    const auto streams = kind == Kind::start || kind == Kind::chunk;
    const auto is_wrong = (streams && direction_ != Direction::received) ||
                          (kind == Kind::credit && direction_ != Direction::sent);
    if (is_wrong) throw ProtocolError(concat(name_of(kind), " has no place in this call"));
}

}  // namespace storagedriver

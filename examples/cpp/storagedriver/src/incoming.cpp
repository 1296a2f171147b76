#include "incoming.hpp"

#include <utility>

namespace storagedriver {

void check_stop(const Message& message) {
    if (std::holds_alternative<Cancel>(message)) throw Cancelled();
    if (std::holds_alternative<Close>(message)) throw HungUp();
}

Content Incoming::next() {
    // Nothing more comes, even for a driver that goes on.
    if (stop_) throw Cancelled();
    try {
        return take();
    } catch (const Error&) {
        stop_ = std::current_exception();
        throw;
    } catch (...) {
        stop_ = std::current_exception();
        is_answered_ = false;
    }
    throw Cancelled();
}

void Incoming::run(const std::function<void()>& write) {
    try {
        write();
        if (!stop_ && !next().empty()) {
            throw Internal("The driver stopped reading before the end");
        }
    } catch (...) {
        // A driver may say more of a cancel than that.
        if (is_answered_) throw;
    }
    if (stop_) std::rethrow_exception(stop_);
}

Content Incoming::receive() {
    while (!is_at_end_) {
        auto message = channel_.receive();
        check_stop(message);
        if (auto* chunk = std::get_if<Chunk>(&message)) return std::move(chunk->content);
        if (auto* end = std::get_if<End>(&message)) {
            is_at_end_ = true;
            return std::move(end->content);
        }
    }
    return {};
}

Content Incoming::take() {
    auto piece = std::exchange(first_, {});
    if (piece.empty()) piece = receive();
    if (!piece.empty()) {
        if (const auto grant = channel_.session().consume(piece.size())) channel_.send(*grant);
    }
    return piece;
}

}  // namespace storagedriver

/// The states of a channel and which message leads where (section 12).

#pragma once

#include <optional>
#include <string_view>

#include "message.hpp"

namespace storagedriver {

/// The two ends of a channel.
enum class Side { host, driver };

inline Side peer_of(Side side) { return side == Side::host ? Side::driver : Side::host; }

/// What a channel is in the middle of.
enum class State { attaching, idle, waiting, opening, receiving, sending, cancelling, closed };

/// Its name in the protocol.
std::string_view name_of(State state);

/// Where a message of `sender` leads from `state`; nothing if it is a breach of the protocol.
///
/// What a REQUEST leads to depends on its method too.
std::optional<State> state_after(State state, Side sender, Kind kind);

}  // namespace storagedriver

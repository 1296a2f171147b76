#include "states.hpp"

#include <algorithm>
#include <iterator>

namespace storagedriver {
namespace {

struct Step {
    State from;
    Side sender;
    Kind kind;
    State to;
};

using enum State;
using enum Side;

/// The table of section 12.
constexpr Step steps[] = {
    {attaching, driver, Kind::attach, idle},
    {attaching, host, Kind::close, closed},
    {idle, host, Kind::request, waiting},
    {idle, host, Kind::credit, idle},
    {idle, host, Kind::chunk, idle},
    {idle, host, Kind::end, idle},
    {idle, host, Kind::cancel, idle},
    {idle, host, Kind::close, closed},
    {waiting, driver, Kind::credit, waiting},
    {waiting, driver, Kind::response, idle},
    {waiting, host, Kind::cancel, cancelling},
    {waiting, host, Kind::close, closed},
    {opening, driver, Kind::start, receiving},
    {opening, driver, Kind::response, idle},
    {opening, host, Kind::credit, opening},
    {opening, host, Kind::cancel, cancelling},
    {opening, host, Kind::close, closed},
    {receiving, driver, Kind::chunk, receiving},
    {receiving, driver, Kind::response, idle},
    {receiving, host, Kind::credit, receiving},
    {receiving, host, Kind::cancel, cancelling},
    {receiving, host, Kind::close, closed},
    {sending, driver, Kind::credit, sending},
    {sending, driver, Kind::response, idle},
    {sending, host, Kind::chunk, sending},
    {sending, host, Kind::end, waiting},
    {sending, host, Kind::cancel, cancelling},
    {sending, host, Kind::close, closed},
    {cancelling, driver, Kind::start, cancelling},
    {cancelling, driver, Kind::chunk, cancelling},
    {cancelling, driver, Kind::credit, cancelling},
    {cancelling, driver, Kind::response, idle},
    {cancelling, host, Kind::close, closed},
};

}  // namespace

std::string_view name_of(State state) {
    constexpr std::string_view names[] = {"ATTACHING", "IDLE",    "WAITING",    "OPENING",
                                          "RECEIVING", "SENDING", "CANCELLING", "CLOSED"};
    return names[static_cast<std::size_t>(state)];
}

std::optional<State> state_after(State state, Side sender, Kind kind) {
    const auto* found = std::ranges::find_if(steps, [&](const Step& step) {
        return step.from == state && step.sender == sender && step.kind == kind;
    });
    return found == std::end(steps) ? std::nullopt : std::optional(found->to);
}

}  // namespace storagedriver

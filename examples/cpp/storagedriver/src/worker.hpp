/// The loop of one worker channel: it answers calls, one after another.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "channel.hpp"
#include "methods.hpp"

namespace storagedriver {

/// What a worker is doing, for Ping.
class Activity {
  public:
    void begin(const Request& request, std::shared_ptr<const std::atomic<std::uint64_t>> moved);
    void end();

    /// What Ping tells of the worker; nothing while it is idle.
    std::optional<Map> report(std::uint64_t channel) const;

  private:
    struct Busy {
        std::uint32_t id;
        std::string method;
        std::chrono::steady_clock::time_point since;
        std::shared_ptr<const std::atomic<std::uint64_t>> moved_bytes;
    };

    mutable std::mutex mutex_;
    std::optional<Busy> busy_;
};

/// Answer calls until the host closes the channel, is gone, or has broken the protocol.
void work(Served& served, Channel& channel, Activity& activity);

/// The response of a call, or the one that tells its error, whatever was thrown. HungUp and Breach
/// pass.
Response answered(std::uint32_t id, std::string_view driver, const std::function<Response()>& call);

/// Send the last message to a host that broke the protocol.
void refuse(Channel& channel, const Error& error);

}  // namespace storagedriver

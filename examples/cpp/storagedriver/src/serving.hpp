/// A driver served to one host: the control channel, and a thread for each worker channel.

#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "channel.hpp"
#include "worker.hpp"

namespace storagedriver {

/// The worker channels by their numbers, which are free again when a thread is at its end.
class Workers {
  public:
    /// Whether there was a place for it. TooManyChannels if not; false if the number is in use.
    bool add(std::uint64_t number, const std::shared_ptr<Activity>& activity);
    void remove(std::uint64_t number);
    bool empty() const;
    /// What Ping tells.
    Array report() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<Activity>> by_number_;
};

class Serving {
  public:
    using MakeDriver = std::function<std::unique_ptr<Driver>()>;

    /// `is_ending` is set when the end is orderly and under way.
    Serving(std::string name, std::string token, std::string endpoint, std::atomic<bool>& is_ending,
            MakeDriver make_driver);

    /// Attach, and answer the control channel until Shutdown or a failed Hello.
    ///
    /// Returns the channel, whose last answer is still on its way; null if the host is gone.
    std::unique_ptr<Channel> run();

  private:
    void answer_all(Channel& control);
    Response respond(const Channel& control, const Request& request);
    Map answer(const Session& agreed, const Request& request);
    Map hello(const Map& params);
    void open_channel(const Session& agreed, const Map& params);
    void start_worker(std::uint64_t number, const std::string& endpoint, const Session& session,
                      const std::shared_ptr<Activity>& activity);
    void end_driver();

    const std::string name_;
    const std::string token_;
    const std::string endpoint_;
    std::atomic<bool>& is_ending_;
    MakeDriver make_driver_;
    // Null before Hello.
    std::shared_ptr<Served> served_;
    // Also the threads' own: they outlive this.
    const std::shared_ptr<Workers> workers_ = std::make_shared<Workers>();
};

/// What a driver has, and what this library adds.
Features told_features(const Features& features);

}  // namespace storagedriver

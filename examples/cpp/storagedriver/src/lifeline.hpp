/// The driver's hold on life: standard input, which ends when the host is gone (1.2 and 1.3).

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storagedriver/value.hpp"

namespace storagedriver {

/// What the host says first.
struct FirstLine {
    /// What every ATTACH gives back.
    std::string token;
    /// None if they stand in the argument list.
    std::optional<Parameters> parameters;
};

/// The text is for a person. It does not show the line, which is secret.
FirstLine parse_first_line(std::string_view line);

/// Whether standard input has ended.
class Ended {
  public:
    void tell();

    /// Wait until it has, but no longer than `time`.
    void wait_for(std::chrono::milliseconds time);

  private:
    std::mutex mutex_;
    std::condition_variable told_;
    bool has_ended_ = false;
};

/// Standard input, taken over: children of the driver get /dev/null. Failures are
/// std::runtime_error, with a text for a person.
class Lifeline {
  public:
    /// To be made before any other thread starts.
    Lifeline();

    FirstLine read_first_line();

    /// Call `on_end`, from a thread of its own, when the host is gone.
    void watch(std::function<void()> on_end);

  private:
    // Never closed: it is watched until the process ends.
    int input_;
    int parent_;
};

}  // namespace storagedriver

#include "serving.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "limits.hpp"
#include "storagedriver/log.hpp"
#include "text.hpp"
#include "version.hpp"

namespace storagedriver {
namespace {

using Clock = std::chrono::steady_clock;

/// For calls that still run at Shutdown: the host has waited for them already.
constexpr std::chrono::milliseconds last_calls_time{500};

std::unique_ptr<Channel> attach(const std::string& endpoint, const Session& session,
                                const std::string& token) {
    auto channel = std::make_unique<Channel>(endpoint, session);
    channel->send(Attach{token, current_version.text(), static_cast<std::uint32_t>(getpid())});
    return channel;
}

/// The transport of an endpoint, and of tcp the host.
std::string_view machine_of(std::string_view endpoint) {
    if (endpoint.starts_with("ipc://")) return "ipc";
    return endpoint.substr(0, endpoint.rfind(':'));
}

}  // namespace

bool Workers::add(std::uint64_t number, const std::shared_ptr<Activity>& activity) {
    const std::lock_guard lock(mutex_);
    if (by_number_.size() >= limits::max_channels) throw TooManyChannels(limits::max_channels);
    return by_number_.try_emplace(number, activity).second;
}

void Workers::remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    by_number_.erase(number);
}

bool Workers::empty() const {
    const std::lock_guard lock(mutex_);
    return by_number_.empty();
}

Array Workers::report() const {
    const std::lock_guard lock(mutex_);
    Array reports;
    for (const auto& [number, activity] : by_number_) {
        if (auto report = activity->report(number)) reports.emplace_back(*std::move(report));
    }
    return reports;
}

Serving::Serving(std::string name, std::string token, std::string endpoint,
                 std::atomic<bool>& is_ending, MakeDriver make_driver)
    : name_(std::move(name)),
      token_(std::move(token)),
      endpoint_(std::move(endpoint)),
      is_ending_(is_ending),
      make_driver_(std::move(make_driver)) {}

std::unique_ptr<Channel> Serving::run() {
    std::unique_ptr<Channel> control;
    try {
        const Session session(Side::driver, limits::max_chunk_bytes,
                              limits::max_chunk_bytes * limits::credit_window_chunks,
                              Role::control_before_hello);
        control = attach(endpoint_, session, token_);
        answer_all(*control);
    } catch (const HungUp&) {
        return nullptr;
    } catch (const Breach& breach) {
        is_ending_ = true;
        refuse(*control, breach.error());
    }
    is_ending_ = true;
    return control;
}

void Serving::answer_all(Channel& control) {
    while (true) {
        const auto message = control.receive();
        if (std::holds_alternative<Close>(message)) return;
        const auto* request = std::get_if<Request>(&message);
        if (request == nullptr) continue;
        auto response = respond(control, *request);
        if (request->method == "Shutdown") end_driver();
        const auto is_last = request->method == "Shutdown" || served_ == nullptr;
        // Before it is sent: the host ends the lifeline as soon as it has the last answer.
        if (is_last) is_ending_ = true;
        control.send(std::move(response));
        if (is_last) return;
    }
}

Response Serving::respond(const Channel& control, const Request& request) {
    return answered(request.id, name_, [&] {
        return Response{request.id, {}, answer(control.session(), request), {}};
    });
}

Map Serving::answer(const Session& agreed, const Request& request) {
    if (request.method == "Hello") return hello(request.params);
    if (request.method == "Ping") return {{"workers", workers_->report()}};
    if (request.method == "OpenChannel") open_channel(agreed, request.params);
    return {};
}

Map Serving::hello(const Map& params) {
    const auto told = params.text("version").value_or("");
    const auto host = Version::parse(told);
    if (host && host->major != current_version.major) {
        throw IncompatibleVersion(told, current_version.text());
    }
    const auto wanted = params.count("max_chunk").value_or(limits::max_chunk_bytes);
    const auto max_chunk = std::min(limits::max_chunk_bytes, wanted);
    auto driver = make_driver_();
    if (driver == nullptr) throw Internal("No driver was made");
    Array features;
    for (const auto feature : told_features(driver->features())) features.emplace_back(feature);
    served_ = std::make_shared<Served>(name_, std::move(driver));
    return {
        {"version", current_version.text()},
        {"name", name_},
        {"features", std::move(features)},
        {"max_channels", limits::max_channels},
        {"write_credit", max_chunk * limits::credit_window_chunks},
        {"max_chunk", max_chunk},
    };
}

void Serving::open_channel(const Session& agreed, const Map& params) {
    const auto number = params.count("channel").value_or(0);
    const std::string endpoint(params.text("endpoint").value_or(""));
    if (machine_of(endpoint) != machine_of(endpoint_)) {
        // Whoever listens there would be shown the token.
        throw InvalidParameters(name_, "endpoint",
                                "it is not on the machine of the control channel");
    }
    const auto activity = std::make_shared<Activity>();
    if (!workers_->add(number, activity)) {
        throw InvalidParameters(name_, "channel", "it is in use");
    }
    try {
        const Session session(Side::driver, agreed.max_chunk_bytes(), agreed.write_credit_bytes(),
                              Role::worker);
        start_worker(number, endpoint, session, activity);
    } catch (...) {
        workers_->remove(number);
        throw;
    }
}

void Serving::start_worker(std::uint64_t number, const std::string& endpoint,
                           const Session& session, const std::shared_ptr<Activity>& activity) {
    std::thread([number, endpoint, session, activity, served = served_, workers = workers_,
                 token = token_] {
        try {
            const auto channel = attach(endpoint, session, token);
            work(*served, *channel, *activity);
        } catch (const HungUp&) {
            // The host has gone while this was connecting.
        } catch (const std::exception& error) {
            // Such as no memory. The channel is gone, the others are not.
            log(LogLevel::error, concat("a channel has failed: ", error.what()));
        }
        workers->remove(number);
    }).detach();
}

void Serving::end_driver() {
    // The host has closed the worker channels; a call that still runs must not hold this up.
    const auto deadline = Clock::now() + last_calls_time;
    while (Clock::now() < deadline && !workers_->empty()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (served_ != nullptr) served_->uploads.close_all();
}

Features told_features(const Features& features) {
    std::set<std::string_view> told(features.begin(), features.end());
    told.insert(feature::ping);
    return {told.begin(), told.end()};
}

}  // namespace storagedriver

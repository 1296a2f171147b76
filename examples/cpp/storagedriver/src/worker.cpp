#include "worker.hpp"

#include "storagedriver/log.hpp"
#include "text.hpp"
#include "wire_errors.hpp"

namespace storagedriver {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

Response failed(std::uint32_t id, const Error& error, std::string_view driver) {
    return {id, error_to_wire(error, driver), {}, {}};
}

void answer_all(Served& served, Channel& channel, Activity& activity) {
    while (true) {
        auto message = channel.receive();
        if (std::holds_alternative<Close>(message)) return;
        auto* request = std::get_if<Request>(&message);
        if (request == nullptr) continue;
        activity.begin(*request, channel.moved_bytes());
        auto response =
            answered(request->id, served.name, [&] { return run(served, channel, *request); });
        activity.end();
        channel.send(std::move(response));
    }
}

}  // namespace

void Activity::begin(const Request& request,
                     std::shared_ptr<const std::atomic<std::uint64_t>> moved) {
    const std::lock_guard lock(mutex_);
    busy_ = Busy{request.id, request.method, steady_clock::now(), std::move(moved)};
}

void Activity::end() {
    const std::lock_guard lock(mutex_);
    busy_.reset();
}

std::optional<Map> Activity::report(std::uint64_t channel) const {
    const std::lock_guard lock(mutex_);
    if (!busy_) return {};
    const auto busy = duration_cast<milliseconds>(steady_clock::now() - busy_->since);
    return Map{
        {"channel", channel},
        {"id", busy_->id},
        {"method", busy_->method},
        {"busy_ms", busy.count()},
        {"moved_bytes", busy_->moved_bytes->load(std::memory_order_relaxed)},
    };
}

void work(Served& served, Channel& channel, Activity& activity) {
    try {
        answer_all(served, channel, activity);
    } catch (const HungUp&) {
        // There is nobody to answer.
    } catch (const Breach& breach) {
        refuse(channel, breach.error());
    }
}

Response answered(std::uint32_t id, std::string_view driver,
                  const std::function<Response()>& call) {
    try {
        return call();
    } catch (const HungUp&) {
        throw;
    } catch (const Breach&) {
        throw;
    } catch (const Error& error) {
        return failed(id, error, driver);
    } catch (const std::exception& error) {
        return failed(id, Internal(concat("The driver failed: ", error.what())), driver);
    } catch (...) {
        return failed(id, Internal("The driver has thrown what is no exception"), driver);
    }
}

void refuse(Channel& channel, const Error& error) {
    log(LogLevel::warning, concat("a channel is closed: ", error.what()));
    channel.send_last(failed(channel.session().id(), error, {}));
}

}  // namespace storagedriver

/// The content of a write, as the reader that a driver is given.

#pragma once

#include <exception>
#include <functional>

#include "channel.hpp"
#include "storagedriver/driver.hpp"

namespace storagedriver {

/// What a message means to a call that is running: CANCEL throws Cancelled, CLOSE HungUp; credit
/// means nothing.
void check_stop(const Message& message);

/// The pieces of one write as they came.
class Incoming : public Reader {
  public:
    /// That of a request, whose own content is the first piece.
    Incoming(Channel& channel, const Request& request)
        : channel_(channel), first_(request.content), is_at_end_(request.params.flag("end")) {}

    Content next() override;

    /// Run a driver's write, and hold it to this: a driver that stops reading before the end, or
    /// hides that the host has stopped it, must not look like a success.
    void run(const std::function<void()>& write);

    /// Bytes of this call so far.
    std::uint64_t moved_bytes() const { return channel_.session().moved_bytes(); }

  private:
    Content receive();
    Content take();

    Channel& channel_;
    Content first_;
    bool is_at_end_;
    // What has ended the call, once something has; and whether it is to be answered.
    std::exception_ptr stop_;
    bool is_answered_ = true;
};

}  // namespace storagedriver

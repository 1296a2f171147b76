#include "outgoing.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "codec.hpp"
#include "incoming.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

using Clock = std::chrono::steady_clock;

/// A listing is sent on when this much of it is there: messages then cost little.
constexpr std::size_t listing_bytes = 65'536;
/// Or this long after its last part: a slow backend then shows progress.
constexpr std::chrono::milliseconds listing_time{500};

/// Sends START before the first chunk, and not at all if there is none.
class Outgoing {
  public:
    Outgoing(Channel& channel, Map info) : channel_(channel), info_(std::move(info)) {}

    void send(Content content) {
        start();
        channel_.send(Chunk{channel_.session().id(), std::move(content)});
        if (const auto message = channel_.receive_now()) check_stop(*message);
    }

    /// Return when so much may be sent. The host grants more for what it has seen, so START goes.
    void wait_for(std::size_t bytes) {
        while (sendable_bytes() < bytes) {
            start();
            check_stop(channel_.receive());
        }
    }

    std::size_t sendable_bytes() const { return channel_.session().sendable_bytes(); }

  private:
    void start() {
        if (!info_) return;
        channel_.send(Start{channel_.session().id(), *std::exchange(info_, {})});
    }

    Channel& channel_;
    std::optional<Map> info_;
};

/// The next piece of at most `limit` bytes: small reads are gathered. Empty at the end.
Content next_piece(ReadStream& stream, std::size_t limit) {
    const auto least = std::min(limit, limits::min_chunk_bytes);
    auto piece = stream.read(limit);
    if (piece.empty() || piece.size() >= least) return piece;
    ContentBuffer gathered(std::min(limit, 2 * limits::min_chunk_bytes));
    while (!piece.empty()) {
        gathered.append(piece.bytes());
        if (gathered.size() >= least) break;
        piece = stream.read(gathered.room().size());
    }
    return gathered.take();
}

Content content_of(Buffer buffer) {
    const auto owner = std::make_shared<const Buffer>(std::move(buffer));
    return {owner, *owner};
}

}  // namespace

Response send_stream(Channel& channel, ReadStream& stream, std::string_view path,
                     std::uint64_t offset) {
    const auto size = stream.size();
    const auto version = Content::copy_of(stream.version());
    Outgoing out(channel, {{"size", size}, {"version", version}});
    // Of a backend that cannot say, all that comes.
    auto left = std::numeric_limits<std::uint64_t>::max();
    if (size) left = *size - std::min(*size, offset);
    Content piece;
    while (left > 0) {
        out.wait_for(1);
        piece = next_piece(stream, std::min<std::uint64_t>(left, out.sendable_bytes()));
        left -= piece.size();
        if (left == 0 || piece.empty()) break;
        out.send(std::exchange(piece, {}));
    }
    if (size && left > 0) {
        throw ContentChanged(path, concat("it ends ", left, " bytes before the size it had"));
    }
    const auto sent = channel.session().moved_bytes() + piece.size();
    const auto told = sent == 0 ? size.value_or(offset) : offset + sent;
    return {channel.session().id(), {}, Map{{"size", told}, {"version", version}}, piece};
}

Response send_listing(Channel& channel, const NextEntry& next_entry) {
    Outgoing out(channel, {});
    Buffer batch;
    auto sent_at = Clock::now();
    std::uint64_t count = 0;
    while (const auto entry = next_entry()) {
        const auto whole = batch.size();
        encode(*entry, batch);
        ++count;
        const auto is_full =
            whole > 0 && batch.size() > std::min(listing_bytes, out.sendable_bytes());
        if (!is_full && Clock::now() - sent_at < listing_time) continue;
        // The entry that is too much begins the next batch.
        const auto end =
            batch.begin() + static_cast<std::ptrdiff_t>(is_full ? whole : batch.size());
        Buffer rest(end, batch.end());
        batch.erase(end, batch.end());
        out.wait_for(batch.size());
        out.send(content_of(std::exchange(batch, std::move(rest))));
        sent_at = Clock::now();
    }
    out.wait_for(batch.size());
    return {channel.session().id(), {}, Map{{"count", count}}, content_of(std::move(batch))};
}

}  // namespace storagedriver

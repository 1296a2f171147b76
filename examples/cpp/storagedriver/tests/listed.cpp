#include "listed.hpp"

#include "codec.hpp"
#include "storagedriver/error.hpp"

namespace storagedriver::testing {
namespace {

std::pair<std::string, std::string> sort_key(const std::string& method, const Array& entry) {
    const auto text = [&](std::size_t index) { return *entry[index].as<std::string>(); };
    if (method == "ListUploads") return {text(1), text(0)};
    return {text(0), {}};
}

}  // namespace

void Listed::count(const Session& session, const Message& message) {
    const auto& method = session.method();
    if (method != "List" && method != "Walk" && method != "ListUploads") return;
    if (const auto* chunk = std::get_if<Chunk>(&message)) take(method, chunk->content);
    const auto* response = std::get_if<Response>(&message);
    if (response == nullptr || response->error) return;
    take(method, response->content);
    if (response->result->count("count") != std::exchange(entries_, 0)) {
        throw ProtocolError("as many entries as were counted have not come");
    }
}

void Listed::take(const std::string& method, const Content& content) {
    for (auto& entry : decode_entries(content.bytes())) {
        const auto key = sort_key(method, check_entry(method, std::move(entry)));
        if (entries_ > 0 && key <= last_) throw ProtocolError("a listing is out of order");
        last_ = key;
        ++entries_;
    }
}

}  // namespace storagedriver::testing

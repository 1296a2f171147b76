#include "methods.hpp"

#include <algorithm>
#include <iterator>

#include "incoming.hpp"
#include "outgoing.hpp"
#include "text.hpp"
#include "types.hpp"

namespace storagedriver {
namespace {

/// How often a content is read that is cut again and again.
constexpr int get_attempts = 10;

/// One call, and what it needs.
struct Context {
    Served& served;
    Channel& channel;
    const Request& request;

    Driver& driver() const { return *served.driver; }
    std::string_view text(std::string_view name) const {
        return request.params.text(name).value_or("");
    }
    std::string_view path() const { return text("path"); }
    std::string_view upload_id() const { return text("upload_id"); }
    std::uint64_t offset() const { return request.params.count("offset").value_or(0); }
    Response success(Map result = {}) const { return {request.id, {}, std::move(result), {}}; }
};

Response read_stream(const Context& call) {
    const auto stream = call.driver().read_stream(call.path(), call.offset());
    const auto expected = call.request.params.binary("version");
    if (!expected.empty() && !(Content::copy_of(stream->version()) == expected)) {
        throw ContentChanged(call.path());
    }
    return send_stream(call.channel, *stream, call.path(), call.offset());
}

/// A content that was cut between its opening and its reading is read anew, as long as nothing of
/// it was sent: to whoever wants it whole, that is only a little later.
Response get_content(const Context& call) {
    for (int attempt = 1; attempt < get_attempts; ++attempt) {
        try {
            return read_stream(call);
        } catch (const ContentChanged&) {
            if (call.channel.session().state() != State::opening) throw;
        }
    }
    return read_stream(call);
}

Response put_content(const Context& call) {
    Incoming content(call.channel, call.request);
    content.run([&] { call.driver().put_content(call.path(), content); });
    return call.success({{"written", content.moved_bytes()}});
}

/// The size of what is at the path, if that can be known.
std::optional<std::uint64_t> stored_at(const Context& call) {
    try {
        const auto info = call.driver().stat(call.path());
        return info.is_dir ? std::nullopt : std::optional(info.size);
    } catch (const Error& error) {
        return error.code() == ErrorCode::path_not_found ? std::optional<std::uint64_t>(0)
                                                         : std::nullopt;
    }
}

Response write_stream(const Context& call) {
    Incoming content(call.channel, call.request);
    try {
        content.run([&] {
            const auto written = call.driver().write_stream(call.path(), call.offset(), content);
            if (written != content.moved_bytes()) {
                throw Internal(concat("The driver tells ", written, " bytes written, it was given ",
                                      content.moved_bytes()));
            }
        });
    } catch (Error& error) {
        if (!error.stored) error.stored = stored_at(call);
        throw;
    }
    return call.success({{"written", content.moved_bytes()}});
}

Response write_upload(const Context& call) {
    auto& uploads = call.served.uploads;
    auto position = call.offset();
    uploads.check(call.upload_id(), position);
    Incoming content(call.channel, call.request);
    try {
        content.run([&] {
            // Also if there is nothing to write: only the driver knows whether that is the end.
            auto piece = content.next();
            do {
                position = uploads.write(call.upload_id(), position, piece);
                piece = content.next();
            } while (!piece.empty());
        });
    } catch (Error& error) {
        if (!error.stored) error.stored = position;
        throw;
    }
    return call.success({{"size", position}});
}

Response stat(const Context& call) {
    auto info = call.driver().stat(call.path());
    return call.success({{"path", std::move(info.path)},
                         {"size", info.size},
                         {"mod_time", to_value(info.mod_time)},
                         {"is_dir", info.is_dir}});
}

Response list(const Context& call) {
    const auto start_after = call.text("start_after");
    const auto prefix = concat(call.path() == "/" ? "" : call.path(), "/");
    auto names = call.driver().list(call.path());
    auto name = names.begin();
    return send_listing(call.channel, [&]() -> std::optional<Value> {
        while (name != names.end() && prefix + *name <= start_after) ++name;
        if (name == names.end()) return {};
        return Array{std::move(*name++)};
    });
}

Response walk(const Context& call) {
    const auto listing = call.driver().walk(call.path(), call.text("start_after"));
    return send_listing(call.channel, [&]() -> std::optional<Value> {
        auto info = listing->next();
        if (!info) return {};
        return Array{std::move(info->path), info->size, to_value(info->mod_time)};
    });
}

Response list_uploads(const Context& call) {
    const auto listing = call.driver().uploads(call.path());
    return send_listing(call.channel, [&]() -> std::optional<Value> {
        auto info = listing->next();
        if (!info) return {};
        return Array{std::move(info->upload_id), std::move(info->path), info->size,
                     to_value(info->time)};
    });
}

Response move(const Context& call) {
    call.driver().move(call.text("source"), call.text("destination"));
    return call.success();
}

Response remove(const Context& call) {
    call.driver().remove(call.path());
    return call.success();
}

Response url_for(const Context& call) {
    UrlOptions options;
    const auto* given = call.request.params.find("options");
    for (const auto& [name, value] : given->as<Map>()->entries()) {
        if (value.is_nil()) continue;
        if (name == "method") {
            options.method = *value.as<std::string>();
        } else if (name == "expiry") {
            options.expiry = time_of(value);
        } else {
            throw InvalidParameters(call.served.name, name, "unknown option");
        }
    }
    return call.success({{"url", call.driver().url_for(call.path(), options)}});
}

Response open_upload(const Context& call) {
    auto [id, size] = call.served.uploads.open(call.path(), call.request.params.text("upload_id"));
    return call.success({{"upload_id", std::move(id)}, {"size", size}});
}

Response commit_upload(const Context& call) {
    const auto& params = call.request.params;
    call.served.uploads.commit(call.upload_id(), params.count("size"), params.text("digest"));
    return call.success();
}

Response cancel_upload(const Context& call) {
    call.served.uploads.cancel(call.upload_id());
    return call.success();
}

Response close_upload(const Context& call) {
    call.served.uploads.close(call.upload_id());
    return call.success();
}

struct Method {
    std::string_view name;
    Response (*run)(const Context&);
};

constexpr Method methods[] = {
    {"GetContent", get_content},
    {"ReadStream", read_stream},
    {"PutContent", put_content},
    {"WriteStream", write_stream},
    {"Stat", stat},
    {"List", list},
    {"Walk", walk},
    {"Move", move},
    {"Delete", remove},
    {"URLFor", url_for},
    {"OpenUpload", open_upload},
    {"WriteUpload", write_upload},
    {"CommitUpload", commit_upload},
    {"CancelUpload", cancel_upload},
    {"CloseUpload", close_upload},
    {"ListUploads", list_uploads},
};

}  // namespace

Response run(Served& served, Channel& channel, const Request& request) {
    const auto* found = std::ranges::find(methods, request.method, &Method::name);
    if (found == std::end(methods)) throw UnsupportedMethod(request.method);
    return found->run({served, channel, request});
}

}  // namespace storagedriver

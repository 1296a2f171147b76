#include "calls.hpp"

#include <algorithm>
#include <iterator>

#include "storagedriver/error.hpp"
#include "text.hpp"

namespace storagedriver {
namespace {

constexpr Key path{"path", Type::text};
constexpr Key id{"upload_id", Type::text};
constexpr Key size{"size", Type::count};
constexpr Key offset{"offset", Type::count};
constexpr Key version{"version", Type::version, false};
constexpr Key credit{"credit", Type::credit};
constexpr Key end{"end", Type::flag, false};
constexpr Key start_after{"start_after", Type::text, false};
constexpr Key max_chunk{"max_chunk", Type::limit};
constexpr Key spoken{"version", Type::text};
constexpr Key features{"features", Type::texts};

constexpr Key meta[] = {{"meta", Type::meta, false}};
constexpr Key only_path[] = {path};
constexpr Key only_id[] = {id};
constexpr Key read_info[] = {{"size", Type::count, false}, version};
constexpr Key read_result[] = {size, version};
constexpr Key written[] = {{"written", Type::count}};
constexpr Key listed[] = {path, start_after, credit};
constexpr Key counted[] = {{"count", Type::count}};

constexpr Key hello_params[] = {spoken, features, max_chunk};
constexpr Key hello_result[] = {spoken,
                                {"name", Type::text},
                                features,
                                {"max_channels", Type::count},
                                {"write_credit", Type::limit},
                                max_chunk};
constexpr Key channel_params[] = {{"channel", Type::count}, {"endpoint", Type::text}};
constexpr Key ping_result[] = {{"workers", Type::workers}};
constexpr Key get_params[] = {path, credit};
constexpr Key read_params[] = {path, offset, credit, version};
constexpr Key put_params[] = {path, end};
constexpr Key write_params[] = {path, offset, end};
constexpr Key stat_result[] = {path, size, {"mod_time", Type::time, false}, {"is_dir", Type::flag}};
constexpr Key list_entry[] = {{"name", Type::text}, {"is_dir", Type::flag, false}};
constexpr Key walk_entry[] = {path, size, {"mod_time", Type::time}};
constexpr Key move_params[] = {{"source", Type::text}, {"destination", Type::text}};
constexpr Key url_params[] = {path, {"options", Type::options}};
constexpr Key url_result[] = {{"url", Type::text}};
constexpr Key open_params[] = {path, {"upload_id", Type::text, false}};
constexpr Key upload_result[] = {id, size};
constexpr Key upload_params[] = {id, offset, end};
constexpr Key only_size[] = {size};
constexpr Key commit_params[] = {id, {"size", Type::count, false}, {"digest", Type::text, false}};
constexpr Key upload_entry[] = {id, path, size, {"time", Type::time}};

using Keys = std::span<const Key>;

constexpr Call plain(std::string_view method, Keys params = {}, Keys result = {}) {
    return {.method = method, .params = params, .result = result};
}

constexpr Call read(std::string_view method, Keys params) {
    return {.method = method,
            .direction = Direction::received,
            .params = params,
            .result = read_result,
            .info = read_info,
            .count_key = "size"};
}

constexpr Call write(std::string_view method, Keys params) {
    return {.method = method,
            .direction = Direction::sent,
            .params = params,
            .result = written,
            .count_key = "written"};
}

constexpr Call listing(std::string_view method, Keys params, Keys entry) {
    return {.method = method,
            .direction = Direction::received,
            .params = params,
            .result = counted,
            .entry = entry};
}

constexpr Call calls[] = {
    plain("Hello", hello_params, hello_result),
    plain("OpenChannel", channel_params),
    plain("Ping", {}, ping_result),
    plain("Shutdown"),
    read("GetContent", get_params),
    read("ReadStream", read_params),
    write("PutContent", put_params),
    write("WriteStream", write_params),
    plain("Stat", only_path, stat_result),
    listing("List", listed, list_entry),
    listing("Walk", listed, walk_entry),
    plain("Move", move_params),
    plain("Delete", only_path),
    plain("URLFor", url_params, url_result),
    plain("OpenUpload", open_params, upload_result),
    {.method = "WriteUpload",
     .direction = Direction::sent,
     .params = upload_params,
     .result = only_size,
     .count_key = "size",
     .counts_from_offset = true},
    plain("CommitUpload", commit_params),
    plain("CancelUpload", only_id),
    plain("CloseUpload", only_id),
    listing("ListUploads", get_params, upload_entry),
};

const Call& known(std::string_view method) {
    const auto* call = find_call(method);
    if (call == nullptr) throw ProtocolError("nothing is known of this method");
    return *call;
}

[[noreturn]] void refuse(std::string_view method, std::string_view part, const Key& key,
                         std::string_view why) {
    throw ProtocolError(concat(method, " ", part, ": ", key.name, " ", why));
}

Value check_key(std::string_view method, std::string_view part, const Key& key, Value value) {
    if (value.is_nil()) {
        if (key.is_required) refuse(method, part, key, "is missing");
        // What a listing does not tell of an entry is not false.
        if (key.type == Type::flag && part != "entry") return false;
        if (key.type == Type::version) return Content();
        return {};
    }
    try {
        return check_type(key.type, std::move(value));
    } catch (const Misfit& misfit) {
        refuse(method, part, key, misfit.what());
    }
}

/// Move the known keys from `given` to the end of `checked`.
void check_keys(std::string_view method, std::string_view part, Keys keys, Map& given,
                Map& checked) {
    for (const auto& key : keys) {
        auto* found = given.find(key.name);
        auto value = found == nullptr ? Value() : std::exchange(*found, {});
        checked.add(std::string(key.name), check_key(method, part, key, std::move(value)));
    }
}

Map check_keys(std::string_view method, std::string_view part, Keys keys, Map given) {
    Map checked;
    check_keys(method, part, keys, given, checked);
    return checked;
}

}  // namespace

const Call* find_call(std::string_view method) {
    const auto found = std::ranges::find(calls, method, &Call::method);
    return found == std::end(calls) ? nullptr : found;
}

Map check_params(std::string_view method, Map params) {
    Map checked;
    check_keys(method, "params", known(method).params, params, checked);
    check_keys(method, "params", meta, params, checked);
    return checked;
}

Map check_result(std::string_view method, Map result) {
    return check_keys(method, "result", known(method).result, std::move(result));
}

Map check_info(std::string_view method, Map info) {
    return check_keys(method, "info", known(method).info, std::move(info));
}

Array check_entry(std::string_view method, Array entry) {
    const auto keys = known(method).entry;
    entry.resize(keys.size());
    for (std::size_t index = 0; index < keys.size(); ++index) {
        entry[index] = check_key(method, "entry", keys[index], std::move(entry[index]));
    }
    return entry;
}

}  // namespace storagedriver

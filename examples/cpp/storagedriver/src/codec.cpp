#include "codec.hpp"

#define MSGPACK_NO_BOOST
#include <algorithm>
#include <msgpack.hpp>
#include <unordered_set>

#include "limits.hpp"
#include "storagedriver/error.hpp"
#include "text.hpp"
#include "utf8.hpp"

namespace storagedriver {
namespace {

/// Where the packer writes to.
struct Output {
    Buffer& buffer;

    void write(const char* data, std::size_t size) {
        const auto bytes = std::as_bytes(std::span(data, size));
        buffer.insert(buffer.end(), bytes.begin(), bytes.end());
    }
};

using Packer = msgpack::packer<Output>;

std::uint32_t length(std::size_t size) {
    if (size > UINT32_MAX) throw Internal("no value of the protocol has 2^32 elements or bytes");
    return static_cast<std::uint32_t>(size);
}

/// Packs a value of each type.
struct Encoder {
    Packer& packer;

    void operator()(std::monostate) const { packer.pack_nil(); }
    void operator()(bool flag) const { flag ? packer.pack_true() : packer.pack_false(); }
    void operator()(double number) const { packer.pack_double(number); }
    void operator()(const Value& value) const { std::visit(*this, value.variant()); }

    void operator()(Integer integer) const {
        if (const auto number = integer.as_unsigned()) {
            packer.pack_uint64(*number);
        } else {
            packer.pack_int64(*integer.as_signed());
        }
    }

    void operator()(const std::string& text) const {
        packer.pack_str(length(text.size())).pack_str_body(text.data(), length(text.size()));
    }

    void operator()(const Content& binary) const {
        const auto size = length(binary.size());
        packer.pack_bin(size);
        // The packer's functions take text.
        packer.pack_bin_body(reinterpret_cast<const char*>(binary.bytes().data()), size);
    }

    void operator()(const Array& elements) const {
        packer.pack_array(length(elements.size()));
        for (const auto& element : elements) (*this)(element);
    }

    void operator()(const Map& map) const {
        packer.pack_map(length(map.entries().size()));
        for (const auto& [name, value] : map.entries()) {
            (*this)(name);
            (*this)(value);
        }
    }
};

bool has_duplicates(const std::vector<Entry>& entries) {
    // Nearly every map is small, and comparing then costs less than hashing.
    if (entries.size() <= 8) {
        for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
            const auto earlier = std::find_if(entries.begin(), entry, [&](const Entry& other) {
                return other.name == entry->name;
            });
            if (earlier != entry) return true;
        }
        return false;
    }
    std::unordered_set<std::string_view> seen;
    const auto is_new = [&](const Entry& entry) { return seen.insert(entry.name).second; };
    return !std::ranges::all_of(entries, is_new);
}

/// Builds a value from what the parser sees, and throws at the first breach. The parser keeps a
/// stack of its own and does not recurse; it takes no memory for what a length only claims.
class Decoder {
  public:
    Value take() { return std::move(root_); }

    bool visit_nil() { return put({}); }
    bool visit_boolean(bool flag) { return put(flag); }
    bool visit_positive_integer(std::uint64_t number) { return put(number); }
    bool visit_negative_integer(std::int64_t number) { return put(number); }
    bool visit_float32(float number) { return put(double{number}); }
    bool visit_float64(double number) { return put(number); }

    bool visit_str(const char* data, std::uint32_t size) {
        const std::string_view text(data, size);
        if (!is_utf8(text)) throw ProtocolError("a text is not valid UTF-8");
        if (!is_at_key_) return put(text);
        open_.back()->as<Map>()->add(std::string(text), {});
        return true;
    }

    bool visit_bin(const char* data, std::uint32_t size) {
        return put(Content::copy_of(std::string_view(data, size)));
    }

    bool visit_ext(const char*, std::uint32_t) {
        throw ProtocolError("extension types are not allowed");
    }

    bool start_array(std::uint32_t size) { return enter(Array(), size); }
    bool start_array_item() { return true; }
    bool end_array_item() { return true; }
    bool end_array() { return leave(); }

    bool start_map(std::uint32_t size) { return enter(Map(), size); }
    bool start_map_key() { return is_at_key_ = true; }
    bool end_map_key() { return !(is_at_key_ = false); }
    bool start_map_value() { return true; }
    bool end_map_value() { return true; }

    bool end_map() {
        if (has_duplicates(open_.back()->as<Map>()->entries())) {
            throw ProtocolError("a map has the same key twice");
        }
        return leave();
    }

    [[noreturn]] void parse_error(std::size_t, std::size_t) {
        throw ProtocolError("a byte that begins no value");
    }

    [[noreturn]] void insufficient_bytes(std::size_t, std::size_t) {
        throw ProtocolError("a value is cut short");
    }

  private:
    bool put(Value value) {
        place(std::move(value));
        return true;
    }

    /// Put a value where the parser is; return it there.
    Value& place(Value value) {
        if (is_at_key_) throw ProtocolError("a key of a map must be a text");
        if (open_.empty()) return root_ = std::move(value);
        if (auto* elements = open_.back()->as<Array>()) {
            return elements->emplace_back(std::move(value));
        }
        return open_.back()->as<Map>()->entries().back().value = std::move(value);
    }

    bool enter(Value container, std::uint32_t size) {
        if (size > limits::max_container_items) {
            throw ProtocolError(concat("more than ", limits::max_container_items, " items"));
        }
        if (open_.size() == limits::max_nesting_levels) {
            throw ProtocolError(
                concat("nested deeper than ", limits::max_nesting_levels, " levels"));
        }
        open_.push_back(&place(std::move(container)));
        return true;
    }

    bool leave() {
        open_.pop_back();
        return true;
    }

    Value root_;
    // The containers around the place where the parser is. None of those vectors grows while
    // something in its last element is open, so the pointers stay right.
    std::vector<Value*> open_;
    bool is_at_key_ = false;
};

/// Decode the value at `offset`, and move it behind.
Value decode_at(Bytes bytes, std::size_t& offset) {
    Decoder decoder;
    // It throws where it does not succeed.
    msgpack::parse(reinterpret_cast<const char*>(bytes.data()), bytes.size(), offset, decoder);
    return decoder.take();
}

template <class T>
T only(Value value, std::string_view what) {
    auto* found = value.as<T>();
    if (found == nullptr) throw ProtocolError(concat(what, " is needed here"));
    return std::move(*found);
}

}  // namespace

void encode(const Value& value, Buffer& buffer) {
    Output output{buffer};
    Packer packer(output);
    Encoder{packer}(value);
}

Value decode(Bytes bytes) {
    std::size_t offset = 0;
    auto value = decode_at(bytes, offset);
    if (offset != bytes.size()) {
        throw ProtocolError(concat(bytes.size() - offset, " bytes follow the value"));
    }
    return value;
}

Array decode_array(Bytes bytes) { return only<Array>(decode(bytes), "an array"); }

Map decode_map(Bytes bytes) { return only<Map>(decode(bytes), "a map"); }

std::vector<Array> decode_entries(Bytes bytes) {
    std::vector<Array> entries;
    for (std::size_t offset = 0; offset < bytes.size();) {
        entries.push_back(only<Array>(decode_at(bytes, offset), "an array"));
    }
    return entries;
}

}  // namespace storagedriver

/// All shared test vectors of the protocol.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <set>
#include <stdexcept>

#include "calls.hpp"
#include "codec.hpp"
#include "listed.hpp"
#include "message.hpp"
#include "session.hpp"
#include "storagedriver/error.hpp"
#include "vectors.hpp"
#include "version.hpp"
#include "wire_errors.hpp"

namespace storagedriver::testing {
namespace {

/// Why a vector fails.
class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

void expect(bool holds, const std::string& otherwise) {
    if (!holds) throw Failure(otherwise);
}

void expect_meaning(const Value* meaning, const Value& value) {
    expect(matches(meaning == nullptr ? Value() : *meaning, value), "means something else");
}

/// Run a check on each vector of an array, and tell of all that fail at once.
void run(const std::string& file, const std::string& name,
         const std::function<void(const Map&)>& check) {
    const auto vectors = read_vectors(file);
    const auto& all = array_of(vectors, name);
    EXPECT_FALSE(all.empty());
    for (const auto& one : all) {
        const auto& vector = map_of(one);
        try {
            check(vector);
        } catch (const std::exception& error) {
            ADD_FAILURE() << file << " " << text_of(vector, "name") << ": " << error.what();
        }
    }
    std::cout << file << " " << name << ": " << all.size() << " run\n";
}

void expect_refused(const std::function<void()>& take) {
    try {
        take();
    } catch (const ProtocolError&) {
        return;
    }
    throw Failure("was taken");
}

Content content_of(const Map& vector) {
    const auto* content = vector.find("content");
    return content == nullptr ? Content() : Content::copy_of(bytes_of(*content));
}

Message decode(const Map& vector, std::string_view header = "header") {
    return decode_message(bytes_of(*vector.find(header)), content_of(vector));
}

Value or_nil(const Content& content) { return content.empty() ? Value() : Value(content); }

/// The elements of a message by their names in the protocol.
struct Named {
    Map operator()(const Request& one) const {
        return {{"id", one.id},
                {"method", one.method},
                {"params", one.params},
                {"content", or_nil(one.content)}};
    }
    Map operator()(const Response& one) const {
        return {{"id", one.id},
                {"error", one.error},
                {"result", one.result},
                {"content", or_nil(one.content)}};
    }
    Map operator()(const Chunk& one) const { return {{"id", one.id}, {"content", one.content}}; }
    Map operator()(const Credit& one) const { return {{"id", one.id}, {"bytes", one.bytes}}; }
    Map operator()(const End& one) const {
        return {{"id", one.id}, {"content", or_nil(one.content)}};
    }
    Map operator()(const Cancel& one) const { return {{"id", one.id}}; }
    Map operator()(const Attach& one) const {
        return {{"token", one.token}, {"version", one.version}, {"pid", one.pid}};
    }
    Map operator()(const Start& one) const { return {{"id", one.id}, {"info", one.info}}; }
    Map operator()(const Close&) const { return {}; }
};

TEST(Vectors, Messages) {
    run("messages", "accept", [](const Map& vector) {
        auto message = decode(vector);
        auto named = std::visit(Named(), message);
        named.add("kind", name_of(kind_of(message)));
        expect_meaning(vector.find("message"), named);
        if (!vector.flag("canonical")) return;
        const auto frames = encode_message(std::move(message));
        expect(frames.header == bytes_of(*vector.find("header")), "has another header");
        expect(frames.content == content_of(vector), "has another second frame");
    });
}

TEST(Vectors, RefusedMessages) {
    run("rejects", "reject", [](const Map& vector) { expect_refused([&] { decode(vector); }); });
}

Map check_call(const Map& vector) {
    auto map = decode_map(bytes_of(*vector.find("bytes")));
    const auto method = text_of(vector, "method");
    const auto part = text_of(vector, "part");
    if (part == "params") return check_params(method, std::move(map));
    if (part == "result") return check_result(method, std::move(map));
    return check_info(method, std::move(map));
}

TEST(Vectors, Calls) {
    run("calls", "accept",
        [](const Map& vector) { expect_meaning(vector.find("meaning"), check_call(vector)); });
}

TEST(Vectors, RefusedCalls) {
    run("calls", "reject", [](const Map& vector) { expect_refused([&] { check_call(vector); }); });
}

TEST(Vectors, Errors) {
    run("errors", "accept", [](const Map& vector) {
        const auto map = decode_map(bytes_of(*vector.find("bytes")));
        const auto error = error_from_wire(map);
        const auto is_known = error.code() != ErrorCode::other;
        expect(text_of(vector, "class") == (is_known ? error.code_name() : "Internal"),
               "is treated as " + error.code_name());
        auto told = error_to_wire(error, map.text("driver").value_or(""));
        if (map_of(*vector.find("meaning")).find("message") == nullptr) {
            *told.find("message") = {};
        }
        expect_meaning(vector.find("meaning"), told);
    });
}

TEST(Vectors, RefusedErrors) {
    run("errors", "reject", [](const Map& vector) {
        expect_refused([&] { error_from_wire(decode_map(bytes_of(*vector.find("bytes")))); });
    });
}

Array read_listing(const Map& vector) {
    Array entries;
    for (const auto& chunk : array_of(vector, "chunks")) {
        for (auto& entry : decode_entries(bytes_of(chunk))) {
            entries.emplace_back(check_entry(text_of(vector, "method"), std::move(entry)));
        }
    }
    return entries;
}

TEST(Vectors, Listings) {
    run("listings", "accept",
        [](const Map& vector) { expect_meaning(vector.find("entries"), read_listing(vector)); });
}

TEST(Vectors, RefusedListings) {
    run("listings", "reject",
        [](const Map& vector) { expect_refused([&] { read_listing(vector); }); });
}

TEST(Vectors, Versions) {
    run("versions", "accept", [](const Map& vector) {
        const auto version = Version::parse(text_of(vector, "text"));
        expect(version.has_value(), "is refused");
        expect(version->major == vector.count("major") && version->minor == vector.count("minor"),
               "is " + version->text());
    });
}

TEST(Vectors, RefusedVersions) {
    run("versions", "reject",
        [](const Map& vector) { expect(!Version::parse(text_of(vector, "text")), "was taken"); });
}

TEST(Vectors, AgreedVersions) {
    run("versions", "agree", [](const Map& vector) {
        const auto version = [&](const char* name) {
            return *Version::parse(text_of(vector, name));
        };
        const auto spoken = version("host").speak(version("oldest"), version("driver"));
        expect_meaning(vector.find("speak"), spoken ? Value(spoken->text()) : Value());
    });
}

Time read_time(const Map& vector) {
    try {
        return time_of(storagedriver::decode(bytes_of(*vector.find("bytes"))));
    } catch (const Misfit& misfit) {
        throw ProtocolError(misfit.what());
    }
}

TEST(Vectors, Times) {
    run("times", "accept", [](const Map& vector) {
        const auto time = read_time(vector).cut_to_microseconds();
        expect(rfc3339(time) == text_of(vector, "meaning"), "is " + rfc3339(time));
        Buffer encoded;
        encode(to_value(time), encoded);
        expect(!vector.flag("canonical") || encoded == bytes_of(*vector.find("bytes")),
               "is encoded in another way");
    });
}

TEST(Vectors, RefusedTimes) {
    run("times", "reject", [](const Map& vector) { expect_refused([&] { read_time(vector); }); });
}

/// One end of a channel to which a sequence is played.
struct Player {
    Side side;
    Session session;
    Listed listed;

    explicit Player(const Map& vector)
        : side(text_of(vector, "side") == "host" ? Side::host : Side::driver),
          session(side, *vector.count("max_chunk"), *vector.count("write_credit"),
                  text_of(vector, "channel") == "control" ? Role::control_before_hello
                                                          : Role::worker) {}

    void play(const Map& step) {
        if (step.find("send") != nullptr) {
            session.send(decode(step, "send"));
            return;
        }
        const auto message = session.receive(decode(step, "receive"));
        if (message && side == Side::host) listed.count(session, *message);
        expect(message.has_value() != step.flag("ignored"), "is acted on, or should be");
    }
};

TEST(Vectors, Sequences) {
    run("sequences", "accept", [](const Map& vector) {
        Player player(vector);
        for (const auto& step : array_of(vector, "steps")) player.play(map_of(step));
        const std::string state(name_of(player.session.state()));
        expect(state == text_of(vector, "state"), "ends in " + state);
    });
}

TEST(Vectors, RefusedSequences) {
    run("sequences", "reject", [](const Map& vector) {
        Player player(vector);
        const auto& steps = array_of(vector, "steps");
        for (std::size_t index = 0; index + 1 < steps.size(); ++index) {
            player.play(map_of(steps[index]));
        }
        expect_refused([&] { player.play(map_of(steps.back())); });
    });
}

/// What is added to the vectors is not passed over.
TEST(Vectors, AreAllRun) {
    const std::set<std::string> known{"calls accept",     "calls reject",    "errors accept",
                                      "errors reject",    "listings accept", "listings reject",
                                      "messages accept",  "rejects reject",  "sequences accept",
                                      "sequences reject", "times accept",    "times reject",
                                      "versions accept",  "versions agree",  "versions reject"};
    std::set<std::string> found;
    for (const auto& file : std::filesystem::directory_iterator(vectors_directory())) {
        const auto name = file.path().stem().string();
        const auto vectors = read_vectors(name);
        for (const auto& [array, value] : vectors.entries()) {
            if (value.as<Array>() != nullptr) found.insert(name + " " + array);
        }
    }
    EXPECT_EQ(found, known);
}

}  // namespace
}  // namespace storagedriver::testing

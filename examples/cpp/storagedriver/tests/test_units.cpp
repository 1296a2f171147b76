/// What neither the vectors nor a served driver show.

#include <gtest/gtest.h>

#include <random>

#include "lifeline.hpp"
#include "message.hpp"
#include "session.hpp"
#include "storagedriver/digest.hpp"
#include "storagedriver/error.hpp"
#include "utf8.hpp"
#include "wire_errors.hpp"

namespace storagedriver {
namespace {

using namespace std::string_view_literals;

TEST(FirstLine, IsAnObjectWithAToken) {
    const auto line = parse_first_line("{\"token\": \"t\", \"later\": 1}\n");
    EXPECT_EQ(line.token, "t");
    EXPECT_FALSE(line.parameters);
    const auto more = parse_first_line("{\"token\": \"t\", \"parameters\": {\"a\": 1}}\n");
    ASSERT_TRUE(more.parameters);
    EXPECT_EQ(more.parameters->count("a"), 1);
}

TEST(FirstLine, IsRefusedWithoutBeingShown) {
    for (const auto* line : {"", "[]", "{}", "{\"token\": 5}", "{\"token\": \"s3cret\"",
                             "{\"token\": \"s3cret\", \"parameters\": 1}"}) {
        try {
            parse_first_line(line);
            ADD_FAILURE() << line;
        } catch (const std::runtime_error& error) {
            EXPECT_EQ(std::string_view(error.what()).find("s3cret"), std::string_view::npos);
        }
    }
}

TEST(Text, IsOnlyValidUtf8) {
    for (const auto text : {""sv, "a"sv, "\u00e9\u20ac\U0001f600"sv, "\xf4\x8f\xbf\xbf"sv}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const auto bytes : {"\x80"sv, "\xc3"sv, "\xc0\x80"sv, "\xe0\x80\x80"sv, "\xed\xa0\x80"sv,
                             "\xf4\x90\x80\x80"sv, "\xff"sv, "a\xe2\x82"sv}) {
        EXPECT_FALSE(is_utf8(bytes));
    }
}

/// Bytes of a good message, and others in some places.
Buffer damaged(const Buffer& good, std::mt19937& random) {
    auto bytes = good;
    for (auto times = random() % 4 + 1; times > 0; --times) {
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    bytes.resize(random() % 8 == 0 ? random() % bytes.size() : bytes.size());
    return bytes;
}

TEST(Messages, AreRefusedOrTakenWhateverTheirBytes) {
    const auto good = encode_message(Request{
        7, "ReadStream", {{"path", "/a/b"}, {"offset", 1'000'000}, {"credit", 65'536}}, {}});
    // The same bytes each time: what fails once can be looked at.
    std::mt19937 random(2015);
    int refused = 0;
    for (int attempt = 0; attempt < 20'000; ++attempt) {
        Session session(Side::driver, 1 << 20, 4 << 20, Role::worker);
        session.send(Attach{"t", "0.1", 1});
        try {
            session.receive(decode_message(damaged(good.header, random), {}));
        } catch (const ProtocolError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 10'000);
}

TEST(Errors, SayWhatTheirClassAndReasonSay) {
    const PathNotFound error("/a", "it has expired");
    EXPECT_EQ(error.message(), "Path not found: /a: it has expired");
    EXPECT_THROW(throw IsADirectory("/a"), PathNotFound);
    EXPECT_TRUE(Throttled("/a").temporary);
    EXPECT_EQ(InvalidOffset("/a", 5, 3).stored, 3);
}

TEST(Errors, ThatAreTooLongAreCutAtACharacterAndSaySo) {
    std::string path;
    while (path.size() < 70'000) path += "\u20ac";
    const auto map = error_to_wire(PathNotFound(path), "demo");
    const auto kept = map.find("fields")->as<Map>()->text("path");
    EXPECT_LT(kept->size(), 65'536);
    EXPECT_TRUE(is_utf8(*kept));
    EXPECT_TRUE(map.text("message")->ends_with("(cut: path)"));
    EXPECT_LE(map.text("message")->size(), 4'096);
}

TEST(Errors, WithManyPathsKeepTheFirst) {
    const Failed failed(5'000, {"/a", "NoSpace"});
    const auto map = error_to_wire(PartialFailure(failed), "demo");
    EXPECT_EQ(map.find("fields")->as<Map>()->find("failed")->as<Array>()->size(), 1'024);
}

TEST(Digests, AreCheckedByAlgorithm) {
    const auto has = [](std::string_view digest) {
        DigestCheck check("demo", digest);
        check.update(std::as_bytes(std::span("ab"sv)));
        check.update(std::as_bytes(std::span("c"sv)));
        return check.matches();
    };
    EXPECT_TRUE(has("md5:900150983cd24fb0d6963f7d28e17f72"));
    EXPECT_TRUE(has("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    EXPECT_FALSE(has("md5:00000000000000000000000000000000"));
    for (const auto* digest : {"", "md5", "md5:", "md5:900150983CD24FB0D6963F7D28E17F72",
                               "crc32:900150983cd24fb0d6963f7d28e17f72"}) {
        EXPECT_THROW(has(digest), InvalidParameters) << digest;
    }
}

}  // namespace
}  // namespace storagedriver

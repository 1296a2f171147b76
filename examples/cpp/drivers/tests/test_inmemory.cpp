/// What the suite cannot see of the inmemory driver from outside.

#include <gtest/gtest.h>

#include "inmemory/driver.hpp"
#include "inmemory/segments.hpp"
#include "pieces.hpp"

namespace drivers::testing {
namespace {

using namespace storagedriver;

std::string text_of(const Segments& segments) {
    std::string text;
    for (const auto& run : segments.runs()) {
        for (const auto byte : run.bytes()) text += static_cast<char>(byte);
    }
    return text;
}

TEST(Segments, JoinSmallAppendsAndKeepWhatReadersHave) {
    Segments content;
    content.append(Content::copy_of("ab"));
    const auto kept = content;
    content.append(Content::copy_of("cd"));
    EXPECT_EQ(content.runs().size(), 1);
    EXPECT_EQ(text_of(content), "abcd");
    EXPECT_EQ(text_of(kept), "ab");
}

TEST(Segments, ShareLargeRuns) {
    const auto large = Content::copy_of(std::string(100'000, 'x'));
    Segments content;
    content.append(large);
    content.append(large);
    ASSERT_EQ(content.runs().size(), 2);
    EXPECT_EQ(content.runs().front().bytes().data(), large.bytes().data());
}

TEST(Segments, AreCutAndExtended) {
    Segments content;
    content.append(Content::copy_of(std::string(100'000, 'x')));
    content.append(Content::copy_of(std::string(100'000, 'y')));
    auto cut = content.first(100'001);
    cut.append(Content::copy_of("z"));
    EXPECT_EQ(cut.size(), 100'002);
    EXPECT_TRUE(text_of(cut).ends_with("xyz"));
    EXPECT_EQ(content.size(), 200'000);
}

TEST(InMemory, AWalkIsInByteOrderOfThePaths) {
    InMemoryDriver driver({});
    for (const auto* path : {"/a/b", "/a.b", "/a-b", "/ab"}) {
        Pieces content({"x"});
        driver.put_content(path, content);
    }
    std::string found;
    const auto walk = driver.walk("/", "/a-b");
    while (const auto info = walk->next()) found += info->path + " ";
    EXPECT_EQ(found, "/a.b /a/b /ab ");
}

TEST(InMemory, AStreamKeepsWhatItHasOpened) {
    InMemoryDriver driver({});
    Pieces old({std::string(70'000, 'a'), "b"});
    driver.put_content("/a", old);
    const auto stream = driver.read_stream("/a", 69'999);
    Pieces replaced({"new"});
    driver.put_content("/a", replaced);
    EXPECT_EQ(read_all(*stream, 1), "ab");
    EXPECT_NE(driver.read_stream("/a", 0)->version(), stream->version());
}

TEST(InMemory, TakesNoParameters) {
    EXPECT_THROW(InMemoryDriver({{"rootdirectory", "/tmp"}}), InvalidParameters);
}

}  // namespace
}  // namespace drivers::testing

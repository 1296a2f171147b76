/// What the suite cannot see of the filesystem driver from outside: its files.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "filesystem/driver.hpp"
#include "filesystem/root.hpp"
#include "pieces.hpp"

namespace drivers::testing {
namespace {

using namespace storagedriver;
namespace fs = std::filesystem;

/// A directory that is gone with this.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        auto pattern = (fs::temp_directory_path() / "storagedriver-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no directory");
        path_ = pattern;
    }
    ~TemporaryDirectory() { fs::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

FilesystemDriver driver_in(const fs::path& root) {
    return FilesystemDriver({{"rootdirectory", root.string()}});
}

void write_file(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

std::string read_file(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

void make_old(const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(8 * 24));
}

class Filesystem : public ::testing::Test {
  protected:
    TemporaryDirectory directory_;
    fs::path root_ = directory_.path() / "root";
    FilesystemDriver driver_ = driver_in(root_);
};

TEST_F(Filesystem, APutThatFailsLeavesNothing) {
    Pieces broken({"some"}, std::make_exception_ptr(Cancelled()));
    EXPECT_THROW(driver_.put_content("/a/b", broken), Cancelled);
    EXPECT_FALSE(fs::exists(root_ / "a"));
    EXPECT_TRUE(fs::is_empty(root_ / ".staging~"));
}

TEST_F(Filesystem, LinksLeadNowhere) {
    const auto outside = directory_.path() / "outside";
    fs::create_directory(outside);
    write_file(outside / "secret", "s");
    fs::create_directory_symlink(outside, root_ / "dir");
    fs::create_symlink(outside / "secret", root_ / "file");
    for (const auto* path : {"/dir/secret", "/file"}) {
        Pieces content({"x"});
        EXPECT_THROW(driver_.read_stream(path, 0), PermissionDenied) << path;
        EXPECT_THROW(driver_.write_stream(path, 0, content), PermissionDenied) << path;
        EXPECT_THROW(driver_.put_content(path, content), PermissionDenied) << path;
        EXPECT_THROW(driver_.remove(path), PermissionDenied) << path;
        EXPECT_THROW(driver_.move(path, "/other"), PermissionDenied) << path;
    }
    EXPECT_TRUE(driver_.list("/").empty());
    EXPECT_EQ(read_file(outside / "secret"), "s");
}

TEST_F(Filesystem, FifosAreNotWaitedFor) {
    ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
    Pieces content({"x"});
    EXPECT_THROW(driver_.read_stream("/fifo", 0), PermissionDenied);
    EXPECT_THROW(driver_.write_stream("/fifo", 0, content), PermissionDenied);
}

TEST(Paths, LeadNotOutOfTheRoot) {
    for (const auto path :
         {"", "a", "/..", "/a/../b", "/.", "//a", "/a/", "/.staging~", "/\xc3\xa9"}) {
        EXPECT_THROW(files::components(path), InvalidPath) << path;
    }
    EXPECT_THROW(files::components(std::string_view("/a\0b", 4)), InvalidPath);
    EXPECT_THROW(files::split("/"), InvalidPath);
    EXPECT_EQ(files::split("/a/b.c").above, std::vector<std::string>{"a"});
    EXPECT_EQ(files::split("/a/b.c").leaf, "b.c");
}

TEST_F(Filesystem, AnUploadGoesOnInAnotherDriver) {
    const auto first = driver_.open_upload("/a", {});
    first->write(Content::copy_of("one"));
    auto second = driver_in(root_);
    const auto upload = second.open_upload("/a", first->upload_id());
    EXPECT_EQ(upload->size(), 3);
    EXPECT_THROW(second.open_upload("/b", first->upload_id()), PathNotFound);
    EXPECT_THROW(second.open_upload("/a", "../../etc/passwd"), PathNotFound);
    upload->write(Content::copy_of("two"));
    EXPECT_THROW(first->write(Content::copy_of("lost")), InvalidOffset);
    EXPECT_THROW(upload->commit(5, {}), ChecksumMismatch);
    upload->commit(6, "md5:5b9164ad6f496d9dee12ec7634ce253f");
    EXPECT_EQ(read_file(root_ / "a"), "onetwo");
    EXPECT_TRUE(fs::is_empty(root_ / ".uploads~"));
    EXPECT_THROW(first->write(Content::copy_of("late")), PathNotFound);
}

TEST_F(Filesystem, AnUploadThatNobodyWritesToIsSwept) {
    const auto stale = driver_.open_upload("/b", {})->upload_id();
    const auto kept = driver_.open_upload("/b", {})->upload_id();
    make_old(root_ / ".uploads~" / (stale + ".data~"));
    auto next = driver_in(root_);
    EXPECT_THROW(next.open_upload("/b", stale), PathNotFound);
    EXPECT_EQ(next.open_upload("/b", kept)->size(), 0);
}

TEST_F(Filesystem, WhatACrashLeftOfAPutIsSweptWhenItIsOld) {
    const auto staging = root_ / ".staging~";
    fs::create_directory(staging);
    const auto old = staging / (std::string(32, '1') + "~");
    const auto young = staging / (std::string(32, '2') + "~");
    write_file(old, "x");
    write_file(young, "x");
    make_old(old);
    driver_in(root_);
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(fs::exists(young));
}

TEST_F(Filesystem, WhatIsCutWhileItIsReadHasChanged) {
    Pieces content({std::string(100, 'x')});
    driver_.put_content("/a", content);
    const auto stream = driver_.read_stream("/a", 0);
    EXPECT_EQ(stream->read(40).size(), 40);
    fs::resize_file(root_ / "a", 10);
    EXPECT_THROW(stream->read(40), ContentChanged);
}

TEST_F(Filesystem, WhatIsReplacedKeepsItsPermissions) {
    Pieces first({"1"});
    driver_.put_content("/a", first);
    fs::permissions(root_ / "a", fs::perms::owner_read | fs::perms::owner_write);
    Pieces second({"2"});
    driver_.put_content("/a", second);
    EXPECT_EQ(fs::status(root_ / "a").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST(FilesystemParameters, ThatAreWrongAreRefused) {
    for (const auto& parameters :
         {Parameters{}, Parameters{{"rootdirectory", "relative"}},
          Parameters{{"rootdirectory", "/nowhere"}, {"other", 1}},
          Parameters{{"rootdirectory", "/nowhere"}, {"uploadexpiry", true}},
          Parameters{{"rootdirectory", "/nowhere"}, {"uploadexpiry", -1}}}) {
        EXPECT_THROW(FilesystemDriver{parameters}, InvalidParameters);
    }
    EXPECT_FALSE(fs::exists("/nowhere"));
}

}  // namespace
}  // namespace drivers::testing

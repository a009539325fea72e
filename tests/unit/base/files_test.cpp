#include "base/files.h"

#include "support/temp_dir.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;

TEST(AppendFile, DoesNotOpenAnExistingFile) {
    TempDir dir;
    ASSERT_TRUE(AppendFile::create(AT_FDCWD, dir.file("a")));
    const auto again = AppendFile::create(AT_FDCWD, dir.file("a"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::already_exists);
    EXPECT_NE(again.error().message.find(dir.file("a")), std::string::npos);
}

TEST(AppendFile, WritesOverwritesAndTruncates) {
    TempDir dir;
    auto file = AppendFile::create(AT_FDCWD, dir.file("a")).value();
    ASSERT_TRUE(file.write("hello world"));
    ASSERT_TRUE(file.write_at(0, std::as_bytes(std::span("J", 1))));
    ASSERT_TRUE(file.truncate(5));
    ASSERT_TRUE(file.write("!"));
    EXPECT_EQ(file.size(), 6u);
    EXPECT_EQ(read_file(dir.file("a"), 100).value(), "Jello!");
}

TEST(AppendFile, ReportsAFullDisk) {
    const UniqueFd full(::open("/dev/full", O_WRONLY));
    auto file = AppendFile::open_end("/dev/full");
    if (!file) GTEST_SKIP() << "no /dev/full here";
    const auto written = file->write("x");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::no_space);
}

TEST(AtomicFile, AppearsCompleteOrNotAtAll) {
    TempDir dir;
    {
        auto dropped = AtomicFile::create(AT_FDCWD, dir.file("m")).value();
        ASSERT_TRUE(dropped.write("half"));
    }
    EXPECT_TRUE(fs::is_empty(dir.path()));
    auto file = AtomicFile::create(AT_FDCWD, dir.file("m")).value();
    ASSERT_TRUE(file.write(std::string(200'000, 'x')));
    EXPECT_FALSE(fs::exists(dir.file("m")));
    ASSERT_TRUE(file.commit());
    EXPECT_EQ(fs::file_size(dir.file("m")), 200'000u);
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST(ReadFile, RejectsLargeFilesLinksAndNonFiles) {
    TempDir dir;
    std::ofstream(dir.file("a")) << "12345";
    EXPECT_EQ(read_file(dir.file("a"), 5).value(), "12345");
    EXPECT_FALSE(read_file(dir.file("a"), 4));
    fs::create_symlink(dir.file("a"), dir.file("link"));
    EXPECT_FALSE(read_file(dir.file("link"), 100));
    ASSERT_EQ(::mkfifo(dir.file("fifo").c_str(), 0600), 0);
    EXPECT_FALSE(read_file(dir.file("fifo"), 100)) << "must not block on a pipe";
    EXPECT_FALSE(read_file(dir.path(), 100));
    EXPECT_EQ(read_file(dir.file("none"), 100).error().code, ErrorCode::not_found);
}

TEST(Disk, ReportsTheSpaceLeft) {
    const UniqueFd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_GT(disk_room(root.get(), "/").value().bytes, 0u);
    EXPECT_FALSE(disk_room(-1, "/nowhere"));
}

}  // namespace
}  // namespace onetake

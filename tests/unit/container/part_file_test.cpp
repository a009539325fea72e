#include "container/part_file.h"

#include "unit/container/probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace onetake {
namespace {

using testing::ScratchFolder;

TEST(PartFile, AppearsCompleteUnderItsName) {
    const ScratchFolder folder;
    auto file = PartFile::create(folder / "a.mp4", false).value();
    EXPECT_FALSE(std::filesystem::exists(file.path()));
    ASSERT_EQ(::write(file.fd(), "abc", 3), 3);
    EXPECT_EQ(file.size().value(), 3U);
    ASSERT_TRUE(file.commit());
    EXPECT_EQ(folder.names(), std::vector<std::string>{"a.mp4"});
}

TEST(PartFile, LeavesNoFileWhenDestroyed) {
    const ScratchFolder folder;
    { const auto file = PartFile::create(folder / "a.mp4", false).value(); }
    EXPECT_TRUE(folder.names().empty());
}

TEST(PartFile, ReplacesAFileOnlyOnRequest) {
    const ScratchFolder folder;
    std::ofstream(folder / "old.mp4") << "old";
    EXPECT_EQ(PartFile::create(folder / "old.mp4", false).error().code, ErrorCode::already_exists);
    {
        auto file = PartFile::create(folder / "new.mp4", false).value();
        std::ofstream(folder / "new.mp4") << "somebody else's";
        EXPECT_EQ(file.commit().error().code, ErrorCode::already_exists);
    }
    EXPECT_EQ(std::filesystem::file_size(folder / "new.mp4"), 15U);
    EXPECT_EQ(folder.names().size(), 2U);
    auto file = PartFile::create(folder / "old.mp4", true).value();
    EXPECT_EQ(std::filesystem::file_size(folder / "old.mp4"), 3U);
    ASSERT_TRUE(file.commit());
    EXPECT_EQ(std::filesystem::file_size(folder / "old.mp4"), 0U);
}

TEST(PartFile, RemovesStalePartsAndNothingElse) {
    const ScratchFolder folder;
    std::ofstream(folder / "a.mp4.4711-0.part") << "left behind";
    std::ofstream(folder / "b.mp4.4711-0.part") << "another's";
    std::ofstream(folder / "a.mp4.part") << "a download of another program";
    const auto first = PartFile::create(folder / "a.mp4", false).value();
    const auto second = PartFile::create(folder / "a.mp4", false).value();
    EXPECT_EQ(folder.names().size(), 4U) << "both parts that are being written, and what is not ours";
    EXPECT_TRUE(std::filesystem::exists(folder / "a.mp4.part"));
    EXPECT_FALSE(std::filesystem::exists(folder / "a.mp4.4711-0.part"));
    EXPECT_TRUE(std::filesystem::exists(folder / "b.mp4.4711-0.part"));
}

TEST(PartFile, ReportsAMissingFolder) {
    const auto file = PartFile::create("/no/such/folder/a.mp4", false);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::not_found);
    EXPECT_NE(file.error().message.find("/no/such/folder"), std::string::npos);
}

}  // namespace
}  // namespace onetake

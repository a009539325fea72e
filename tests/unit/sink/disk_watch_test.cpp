#include "sink/disk_watch.h"

#include <gtest/gtest.h>

namespace onetake {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kMb = 1'000'000;

/// A take that grows by 2 MB a second on a disk of its own.
class Growing {
 public:
    explicit Growing(std::uint64_t left) : left_(left) {}

    /// Warnings over the next so many seconds.
    int warnings(int for_s, std::uint64_t per_second = 2 * kMb) {
        int given = 0;
        for (int i = 0; i < for_s; ++i) {
            now_ += seconds(1);
            stored_ += per_second;
            left_ -= std::min(left_, per_second + others_);
            files_stored_ += files_per_second_;
            room_.bytes = left_;
            if (room_.files) *room_.files -= std::min(*room_.files, files_per_second_);
            if (auto warning = watch_.update(now_, stored_, files_stored_, room_)) {
                ++given;
                last_ = *warning;
            }
        }
        return given;
    }
    void others_take(std::uint64_t per_second) { others_ = per_second; }
    void free_space(std::uint64_t bytes) { left_ += bytes; }
    void hold_files(std::uint64_t room, std::uint64_t per_second) {
        room_.files = room;
        files_per_second_ = per_second;
    }
    const std::string& last() const { return last_; }

 private:
    DiskWatch watch_;
    HostTime now_;
    DiskRoom room_;
    std::uint64_t stored_ = 0, left_, others_ = 0, files_stored_ = 0, files_per_second_ = 0;
    std::string last_;
};

TEST(DiskWatch, WarnsTenMinutesAheadAndTwoMinutesAheadOnceEach) {
    Growing take(2 * kMb * 60 * 15);
    EXPECT_EQ(take.warnings(4 * 60), 0);
    EXPECT_EQ(take.warnings(2 * 60), 1);
    EXPECT_NE(take.last().find("10.0 minutes"), std::string::npos) << take.last();
    EXPECT_EQ(take.warnings(6 * 60), 0);
    EXPECT_EQ(take.warnings(2 * 60), 1);
    EXPECT_NE(take.last().find("2.0 minutes"), std::string::npos) << take.last();
    EXPECT_EQ(take.warnings(60), 0);
}

TEST(DiskWatch, WarnsAtOnceWhereLittleIsLeftFromTheStart) {
    Growing take(2 * kMb * 60);
    EXPECT_EQ(take.warnings(10), 1);
}

TEST(DiskWatch, SeesThatOthersFillTheDisk) {
    Growing take(2 * kMb * 60 * 60);
    EXPECT_EQ(take.warnings(10), 0);
    take.others_take(18 * kMb);
    EXPECT_EQ(take.warnings(40), 1);
    EXPECT_NE(take.last().find("MB/s"), std::string::npos) << take.last();
}

TEST(DiskWatch, WarnsAnewAfterSpaceWasMade) {
    Growing take(2 * kMb * 60 * 5);
    EXPECT_EQ(take.warnings(10), 1);
    take.free_space(2 * kMb * 60 * 60);
    EXPECT_EQ(take.warnings(10), 0);
    EXPECT_EQ(take.warnings(56 * 60), 1);
}

TEST(DiskWatch, SeesThatTheNumberOfFilesRunsOut) {
    Growing take(200 * kMb * 60 * 60);
    take.hold_files(std::uint64_t{30} * 60 * 15, 30);
    EXPECT_EQ(take.warnings(4 * 60), 0);
    EXPECT_EQ(take.warnings(2 * 60), 1);
    EXPECT_NE(take.last().find("no free inodes in 10.0 minutes"), std::string::npos) << take.last();
    EXPECT_EQ(take.warnings(8 * 60), 1);
    EXPECT_NE(take.last().find("30.0 files/s"), std::string::npos) << take.last();
}

TEST(DiskWatch, IsSilentWhileNothingIsStored) {
    Growing take(kMb);
    EXPECT_EQ(take.warnings(100, 0), 0);
}

TEST(DiskWatch, GoesByTheRateOfTheLastHalfMinute) {
    Growing take(200 * kMb * 60 * 15);
    EXPECT_EQ(take.warnings(60, 2 * kMb), 0);
    EXPECT_EQ(take.warnings(35, 500 * kMb), 1);
}

}  // namespace
}  // namespace onetake

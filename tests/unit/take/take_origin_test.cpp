#include "take/take_origin.h"

#include <gtest/gtest.h>
#include <vector>

namespace onetake {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr int kRate = 1000;
constexpr TrackId kVideo{TrackKind::video, 1}, kAudio{TrackKind::audio, 1};

HostTime at_ms(std::int64_t ms) {
    return host_time_from_ns(ms * kMs);
}
JournalRecord track(TrackId id) {
    TrackRecord r;
    r.track = id;
    r.audio.sample_rate = kRate;
    return r;
}
JournalRecord frame(std::int64_t ms, TrackId id = kVideo) {
    return FrameRecord{id, 1, {at_ms(ms), at_ms(ms), StampSource::test, {}}, 1};
}
JournalRecord block(std::int64_t ms, std::int64_t first, std::int64_t samples, bool xrun = false) {
    return BlockRecord{kAudio, first, samples, at_ms(ms), at_ms(ms), StampSource::test, xrun};
}
std::optional<HostTime> origin(const std::vector<JournalRecord>& records) {
    return take_origin(records);
}

TEST(TakeOrigin, IsTheEarliestOfFirstFrameAndFirstSample) {
    EXPECT_EQ(origin({track(kVideo), track(kAudio), frame(105), block(100, 0, 1000)}), at_ms(100));
    EXPECT_EQ(origin({track(kVideo), track(kAudio), frame(95), block(100, 0, 1000)}), at_ms(95));
}

TEST(TakeOrigin, IsPlacedEarlierByALaterBlockOfTheFirstSecond) {
    EXPECT_EQ(origin({track(kVideo), track(kAudio), frame(200), block(130, 0, 100), block(210, 100, 900)}), at_ms(110))
        << "the first block was stamped late";
    EXPECT_EQ(origin({track(kVideo), track(kAudio), frame(200), block(130, 0, 100), block(150, 100, 900, true)}),
              at_ms(130))
        << "audio was lost between the two";
    EXPECT_EQ(origin({track(kVideo), track(kAudio), block(130, 0, 1000), block(1100, 1000, 100), frame(200)}),
              at_ms(130))
        << "the first second is over";
}

TEST(TakeOrigin, DoesNotWaitLongForATrackThatDeliversNothing) {
    EXPECT_EQ(origin({track(kVideo), track(kAudio), frame(100), frame(3101), block(50, 0, 1000)}), at_ms(100));
    EXPECT_EQ(origin({track(kVideo), track(kAudio), frame(100), frame(3100), block(50, 0, 1000)}), at_ms(50));
}

TEST(TakeOrigin, IsUnknownWithoutMediaAndLeavesOutBlocksOfUnknownTracks) {
    EXPECT_EQ(origin({track(kVideo), track(kAudio)}), std::nullopt);
    EXPECT_EQ(origin({track(kVideo), block(50, 0, 1000), frame(100)}), at_ms(100));
}

}  // namespace
}  // namespace onetake

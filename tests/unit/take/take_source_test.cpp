#include "take/take_source.h"

#include "support/temp_dir.h"
#include "take/take_writer.h"

#include <fstream>
#include <gtest/gtest.h>

namespace onetake {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// Writes a take record by record.
class Script {
 public:
    explicit Script(bool with_audio)
        : writer_(TakeWriter::create({dir_.path(), "t", "", "{}", false}, read_clocks()).value()) {
        video_ = writer_.add_video_track({}).value();
        AudioDescription a;
        a.sample_rate = 1000;
        a.channels = 1;
        if (with_audio) audio_ = writer_.add_audio_track(a).value();
    }
    void frame(std::int64_t ms) {
        const std::vector<std::uint8_t> jpeg{0xff, 0xd8, 0xff, 0xd9};
        ASSERT_TRUE(writer_.write_frame(
            video_, jpeg, {host_time_from_ns(ms * kMs), host_time_from_ns(ms * kMs), StampSource::test, {}}));
    }
    void audio(std::int64_t ms, std::size_t samples) {
        AudioBlock b;
        b.samples.assign(samples, 1);
        b.time = b.arrival = host_time_from_ns(ms * kMs);
        ASSERT_TRUE(writer_.write_block(audio_, b));
    }
    void end() { ASSERT_TRUE(writer_.finish({}, {})); }
    std::string folder() const { return dir_.file("t"); }

 private:
    TempDir dir_;
    TakeWriter writer_;
    TrackId video_, audio_;
};

struct Played {
    std::vector<std::int64_t> frames_ms;
    std::int64_t samples = 0;
    std::int64_t audio_begin_ns = -1, audio_end_ns = -1;
    bool operator==(const Played&) const = default;
};

void play(TakeSource& source, Played& into) {
    while (const auto event = source.next().value()) {
        if (const auto* f = std::get_if<StoredFrame>(&*event)) {
            into.frames_ms.push_back((f->time - *source.origin()).count() / kMs);
        } else {
            const auto& s = std::get<StoredAudio>(*event);
            if (into.audio_begin_ns < 0) into.audio_begin_ns = (s.span.begin - *source.origin()).count();
            into.audio_end_ns = (s.span.end - *source.origin()).count();
            into.samples += s.span.frames;
        }
    }
}

// Audio that arrives in bursts, after a recording and while it goes on: the same to the nanosecond.
TEST(TakeSource, GivesArrivalsTheSameTimesWhileRecordingAndLater) {
    Script script(true);
    auto live = TakeSource::open(script.folder(), TakeSource::Follow::yes).value();
    std::vector<AudioSpan> followed, later;
    const auto take = [](TakeSource& source, std::vector<AudioSpan>& into) {
        while (const auto event = source.next().value())
            if (const auto* s = std::get_if<StoredAudio>(&*event)) into.push_back(s->span);
    };
    for (int i = 0; i < 3000; ++i) {
        const int in_burst = i % 7;
        if (i % 5 == 0) script.frame(5000 + i * 20);
        script.audio(5000 + i * 20 + (6 - in_burst) * 20 + i % 3, 20);
        if (i % 97 == 0) take(live, followed);
    }
    script.end();
    take(live, followed);
    auto stored = TakeSource::open(script.folder()).value();
    take(stored, later);
    ASSERT_GT(later.size(), 100u);
    EXPECT_EQ(followed, later);
    // The last block of a burst is on time to 2 ms; the first 120 ms late.
    EXPECT_NEAR(static_cast<double>(to_ns(later.front().begin)) * 1e-6, 5000, 3);
}

TEST(TakeSource, UsesTheFirstFrameAsOriginIfAudioStartsLater) {
    Script script(true);
    for (int i = 0; i < 30; ++i) {
        script.frame(5000 + i * 100);
        if (i >= 4) script.audio(5000 + i * 100, 100);
    }
    script.end();
    auto source = TakeSource::open(script.folder()).value();
    Played played;
    play(source, played);
    EXPECT_TRUE(source.ended());
    EXPECT_EQ(source.origin(), host_time_from_ns(5000 * kMs));
    EXPECT_EQ(played.frames_ms.size(), 30u);
    EXPECT_EQ(played.frames_ms.back(), 2900);
    EXPECT_EQ(played.samples, 2600);
    EXPECT_NEAR(static_cast<double>(played.audio_begin_ns), 400e6, 1e5);
}

TEST(TakeSource, UsesTheFirstSampleAsOriginIfAudioStartsEarlier) {
    Script script(true);
    for (int i = 0; i < 30; ++i) {
        script.audio(5000 + i * 100, 100);
        if (i >= 4) script.frame(5000 + i * 100);
    }
    script.end();
    auto source = TakeSource::open(script.folder()).value();
    Played played;
    play(source, played);
    EXPECT_EQ(played.frames_ms.front(), 400);
    EXPECT_NEAR(static_cast<double>(played.audio_begin_ns), 0, 1e5);
}

TEST(TakeSource, FollowingARecordingYieldsTheSameEventsAsPlayingItLater) {
    Script script(true);
    auto following = TakeSource::open(script.folder(), TakeSource::Follow::yes).value();
    Played live;
    for (int i = 0; i < 500; ++i) {
        script.audio(1000 + i * 100 + (i * 7) % 11, 100);
        script.frame(1003 + i * 100);
        play(following, live);
        EXPECT_FALSE(following.ended());
    }
    EXPECT_GT(live.frames_ms.size(), 400u) << "frames are delayed by the origin only";
    script.end();
    play(following, live);
    EXPECT_TRUE(following.ended());
    auto later = TakeSource::open(script.folder()).value();
    Played played;
    play(later, played);
    EXPECT_EQ(live, played);
    EXPECT_EQ(following.origin(), later.origin());
}

TEST(TakeSource, DoesNotWaitForATrackThatDeliversNothing) {
    Script script(true);
    auto following = TakeSource::open(script.folder(), TakeSource::Follow::yes).value();
    Played live;
    for (int i = 0; i < 50; ++i) {
        script.frame(1000 + i * 100);
        play(following, live);
    }
    EXPECT_EQ(live.frames_ms.size(), 50u);
}

TEST(TakeSource, ReturnsNoWallTimeIfTheJournalsClocksAreOutOfRange) {
    constexpr std::int64_t kFar = 4'400'000'000'000'000'000;
    TempDir dir;
    TakeRecord take;
    take.name = "t";
    std::string lines;
    append_line(take, lines);
    append_line(ClockRecord{{host_time_from_ns(-kFar), BootTime{}, WallTime(Duration(kFar)), {}}}, lines);
    std::ofstream(dir.file("timeline.jsonl")) << lines;
    const auto source = TakeSource::open(dir.path()).value();
    EXPECT_EQ(to_ns(source.wall_time(host_time_from_ns(-kFar))), kFar);
    EXPECT_EQ(to_ns(source.wall_time(host_time_from_ns(kFar))), 0);
}

TEST(TakeSource, ReadsNoFurtherThanNeededBeforeItIsPlayed) {
    Script script(false);
    for (int i = 0; i < 3000; ++i) script.frame(1000 + i * 100);
    script.end();
    const auto source = TakeSource::open(script.folder()).value();
    EXPECT_LT(source.journal_offset(), 5000u);
}

TEST(TakeSource, PlaysABrokenTakeToItsLastRecord) {
    Script script(true);
    for (int i = 0; i < 20; ++i) {
        script.audio(1000 + i * 100, 100);
        script.frame(1000 + i * 100);
    }
    auto source = TakeSource::open(script.folder()).value();
    Played played;
    play(source, played);
    EXPECT_TRUE(source.ended());
    EXPECT_EQ(played.frames_ms.size(), 20u);
    EXPECT_EQ(played.samples, 2000);
}

}  // namespace
}  // namespace onetake

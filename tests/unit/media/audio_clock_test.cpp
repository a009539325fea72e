#include "media/audio_clock.h"

#include "unit/media/simulated_sound_card.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <vector>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using test::SimulatedSoundCard;

std::vector<AudioSpan> spans_of(AudioClock& clock, const std::vector<AudioBlockStamp>& stamps) {
    std::vector<AudioSpan> spans;
    for (const auto& stamp : stamps) clock.add(stamp, spans);
    clock.finish(spans);
    return spans;
}

std::vector<AudioSpan> spans_of(SimulatedSoundCard& card, int rate = 48000) {
    AudioClock clock(rate);
    return spans_of(clock, card.stamps());
}

// What every list of spans promises, whatever the stamps were.
void expect_valid(const std::vector<AudioSpan>& spans, std::int64_t samples) {
    std::int64_t next = 0;
    for (std::size_t i = 0; i < spans.size(); ++i) {
        ASSERT_EQ(spans[i].first_sample, next);
        ASSERT_GT(spans[i].frames, 0);
        ASSERT_LT(spans[i].begin, spans[i].end);
        const auto last_end = i > 0 ? spans[i - 1].end : spans[i].begin;
        ASSERT_GE(spans[i].begin, last_end);
        ASSERT_EQ(spans[i].begin > last_end, spans[i].after_gap);
        next += spans[i].frames;
    }
    ASSERT_EQ(next, samples);
}

// Worst distance from the truth, ms, at all span ends and in the middle, of samples from `first` on. Leaves out what
// touches a block next to a loss, where one block may be on the wrong side of it.
double worst_ms(const std::vector<AudioSpan>& spans, const SimulatedSoundCard& card, std::int64_t first = 0,
                std::int64_t margin = 1024) {
    double worst = 0;
    const auto look = [&](std::int64_t sample, double modelled, double truth) {
        if (sample < first) return;
        for (auto loss : card.losses())
            if (sample >= loss - margin && sample <= loss + margin) return;
        worst = std::max(worst, std::abs(modelled - truth) * 1e-6);
    };
    for (const auto& s : spans) {
        const auto begin = static_cast<double>(to_ns(s.begin));
        const auto end = static_cast<double>(to_ns(s.end));
        look(s.first_sample, begin, card.time_of(s.first_sample));
        const auto half = s.frames / 2;
        look(s.first_sample + half, begin + (end - begin) * static_cast<double>(half) / static_cast<double>(s.frames),
             card.time_of(s.first_sample + half));
        look(s.first_sample + s.frames, end, card.end_of(s.first_sample + s.frames));
    }
    return worst;
}

class AudioClockDrift : public ::testing::TestWithParam<double> {};

TEST_P(AudioClockDrift, IsFollowedThroughTenMinutesOfScatteredStamps) {
    SimulatedSoundCard card;
    card.run_at(GetParam());
    card.scatter([&](std::int64_t n) { return card.evenly(n < 12 ? 100 : 10); });
    card.record(600);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card), 0.7);
    EXPECT_NEAR(clock.drift_ppm(), GetParam(), 3);
    EXPECT_NEAR(to_seconds(clock.residual_rms()) * 1e3, 10 / std::sqrt(3), 0.3);
    EXPECT_EQ(clock.gap_count(), 0);
}
INSTANTIATE_TEST_SUITE_P(Ppm, AudioClockDrift, ::testing::Values(0.0, 300.0, -300.0, 20'000.0, -20'000.0));

TEST(AudioClock, StaysWithinAMillisecondForEightHoursWhenTheCardChangesItsPace) {
    SimulatedSoundCard card;
    card.scatter_evenly(10);
    card.run_at(100);
    card.record(4 * 3600);
    card.run_at(130);
    card.record(4 * 3600);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card), 1.0);
    EXPECT_EQ(clock.gap_count(), 0);
}

TEST(AudioClock, FollowsAChangeOfPaceInCleanStampsWithoutSeeingALoss) {
    SimulatedSoundCard card;
    card.scatter_evenly(0.02);
    card.run_at(100);
    card.record(600);
    card.run_at(130);
    card.record(600);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    EXPECT_LT(worst_ms(spans, card), 0.5);
    EXPECT_EQ(clock.gap_count(), 0);
}

TEST(AudioClock, IsNotFooledByALongSpellOfOddFirstStamps) {
    SimulatedSoundCard card;
    card.scatter([&](std::int64_t n) { return card.evenly(n < 40 ? 100 : 0.5); });
    card.record(60);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    EXPECT_EQ(clock.gap_count(), 0);
    EXPECT_LT(worst_ms(spans, card), 0.5);
}

TEST(AudioClock, SeesNoLossInStampsThatWander) {
    SimulatedSoundCard card;
    card.scatter([&](std::int64_t n) { return card.evenly(0.2) + 3e6 * std::sin(static_cast<double>(n) * 0.009); });
    card.record(300);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    EXPECT_EQ(clock.gap_count(), 0);
    EXPECT_LT(worst_ms(spans, card), 2.5);
}

class AudioClockScatter : public ::testing::TestWithParam<double> {};

TEST_P(AudioClockScatter, DoesNotMistakeALateDeliveryForALoss) {
    SimulatedSoundCard card;
    card.run_at(50);
    card.scatter_evenly(GetParam());
    card.record(100);
    card.stall(0.4);
    card.record(200);
    card.stall(1.5);
    card.record(100);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card), 1.0);
    EXPECT_EQ(clock.gap_count(), 0);
}

TEST_P(AudioClockScatter, ShowsALossAsAGapOfItsLength) {
    for (const bool flagged : {false, true}) {
        SimulatedSoundCard card;
        card.run_at(-80);
        card.scatter_evenly(GetParam());
        card.record(200);
        card.lose(0.5, flagged);
        card.record(200);
        AudioClock clock(48000);
        const auto spans = spans_of(clock, card.stamps());
        expect_valid(spans, card.samples());
        EXPECT_LT(worst_ms(spans, card), 1.0);
        ASSERT_EQ(clock.gap_count(), 1);
        EXPECT_NEAR(to_seconds(clock.gap_total()) * 1e3, 500, 1);
        EXPECT_EQ(clock.gaps()[0].first_sample, card.losses()[0]);
    }
}

TEST_P(AudioClockScatter, SurvivesALossInTheFirstSecondsAndOneNearTheEnd) {
    SimulatedSoundCard card;
    card.scatter_evenly(GetParam());
    card.record(3);
    card.lose(0.3);
    card.record(120);
    card.lose(0.3);
    card.record(3);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_EQ(clock.gap_count(), 2);
    EXPECT_LT(worst_ms(spans, card), 3.0);
}

TEST_P(AudioClockScatter, AddsUpTwentySmallLosses) {
    for (const double apart : {28.0, 3.0}) {
        SimulatedSoundCard card;
        card.run_at(120);
        card.scatter_evenly(GetParam());
        card.record(15);
        for (int i = 0; i < 20; ++i) {
            card.lose(0.02);
            card.record(apart);
        }
        card.record(60);
        AudioClock clock(48000);
        const auto spans = spans_of(clock, card.stamps());
        expect_valid(spans, card.samples());
        EXPECT_EQ(clock.gap_count(), 20) << apart << " s apart";
        EXPECT_NEAR(to_seconds(clock.gap_total()) * 1e3, 400, 5) << apart << " s apart";
        EXPECT_LT(worst_ms(spans, card, card.losses().back() + 5 * 48000), 1.0) << apart << " s apart";
    }
}

TEST_P(AudioClockScatter, FindsAStallWithALossBehindIt) {
    SimulatedSoundCard card;
    card.scatter_evenly(GetParam());
    card.record(100);
    card.stall(0.3);
    card.lose(0.25, true);
    card.record(100);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    ASSERT_EQ(clock.gap_count(), 1);
    EXPECT_NEAR(to_seconds(clock.gap_total()) * 1e3, 250, 1);
    EXPECT_LT(worst_ms(spans, card), 1.0);
}
INSTANTIATE_TEST_SUITE_P(Ms, AudioClockScatter, ::testing::Values(0.0, 0.05, 2.0, 10.0));

TEST(AudioClock, TakesExactStampsAsTheyAre) {
    SimulatedSoundCard card;
    card.run_at(17);
    card.record(30);
    for (int i = 0; i < 10; ++i) {
        card.lose(0.003 * (i + 1));
        card.record(2.3);
    }
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card, 0, 0), 0.003);
    ASSERT_EQ(clock.gap_count(), 10);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(clock.gaps()[i].first_sample, card.losses()[i]);
        EXPECT_NEAR(to_seconds(clock.gaps()[i].length) * 1e3, 3.0 * static_cast<double>(i + 1), 0.003);
    }
}

TEST(AudioClock, PlacesSpeechPushedInPiecesWhereItWasSaid) {
    SimulatedSoundCard card(16000, 320);
    for (int i = 0; i < 30; ++i) {
        card.record(1 + 0.2 * (i % 4));
        card.lose(2.5);
    }
    card.record(1);
    AudioClock clock(16000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card, 0, 0), 0.01);
    EXPECT_EQ(clock.gap_count(), 30);
}

TEST(AudioClock, BelievesAWrongLabelForAMomentOnly) {
    for (const double ppm : {20'000.0, -20'000.0}) {
        SimulatedSoundCard card(16000, 512);
        card.run_at(ppm);
        card.scatter_evenly(5);
        card.record(20);
        EXPECT_LT(worst_ms(spans_of(card, 16000), card), 2.0) << ppm;
    }
}

TEST(AudioClock, MakesTheMostOfVeryShortTakes) {
    for (const std::int64_t blocks : {1, 2, 3, 9}) {
        SimulatedSoundCard card;
        card.scatter_evenly(10);
        card.record_blocks(blocks);
        const auto spans = spans_of(card);
        expect_valid(spans, card.samples());
        EXPECT_LT(worst_ms(spans, card), 10.5) << blocks << " blocks";
        const double length = to_seconds(spans.back().end - spans.front().begin);
        EXPECT_NEAR(length, static_cast<double>(card.samples()) / 48000, 1e-3) << blocks << " blocks";
    }
    AudioClock nothing(48000);
    EXPECT_TRUE(spans_of(nothing, {}).empty());
}

TEST(AudioClock, RunsOnFromASingleStampAtTheLabelRate) {
    AudioClock clock(44100);
    const auto spans =
        spans_of(clock, {{.first_sample = 0, .frames = 441'000, .time = host_time_from_ns(5'000), .xrun = false}});
    expect_valid(spans, 441'000);
    EXPECT_EQ(spans.front().begin, host_time_from_ns(5'000));
    EXPECT_EQ(spans.back().end, host_time_from_ns(10'000'005'000));
}

TEST(AudioClock, OutvotesDoubledAndBackwardStamps) {
    SimulatedSoundCard card;
    card.run_at(40);
    card.scatter_evenly(0.5);
    card.record(120);
    auto& stamps = card.stamps();
    for (std::size_t i = 100; i + 1 < stamps.size(); i += 37) stamps[i].time = stamps[i - 1].time;
    for (std::size_t i = 110; i < stamps.size(); i += 53) stamps[i].time -= 300ms;
    for (std::size_t i = 111; i < stamps.size(); i += 501) stamps[i].time = HostTime{};
    AudioClock clock(48000);
    const auto spans = spans_of(clock, stamps);
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card), 0.5);
    EXPECT_EQ(clock.gap_count(), 0);
}

TEST(AudioClock, CrossesAHoleOfHours) {
    SimulatedSoundCard card;
    card.run_at(60);
    card.scatter_evenly(2);
    card.record(90);
    card.lose(7 * 3600.0);
    card.record(90);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card), 1.0);
    EXPECT_NEAR(to_seconds(clock.gap_total()), 7 * 3600, 1e-3);
}

TEST(AudioClock, ComesBackWithoutAJumpWhenStampsTurnEarlierForGood) {
    SimulatedSoundCard card;
    card.scatter([&](std::int64_t n) { return card.evenly(0.2) + (n < 2000 ? 60e6 : 0); });
    card.record(120);
    AudioClock clock(48000);
    const auto spans = spans_of(clock, card.stamps());
    expect_valid(spans, card.samples());
    EXPECT_EQ(clock.gap_count(), 0);
    EXPECT_LT(worst_ms(spans, card, 60 * 48000), 0.5);
}

TEST(AudioClock, WorksFromTelephoneToStudioRatesAndFromTinyToHugeBlocks) {
    struct Format {
        int rate;
        std::int64_t frames;
        double seconds;
    };
    for (const auto f :
         {Format{8000, 16, 60}, Format{8000, 65536, 600}, Format{192000, 16, 20}, Format{192000, 65536, 120},
          Format{44100, 441, 60}, Format{48000, 16, 60}, Format{48000, 65536, 300}}) {
        SimulatedSoundCard card(f.rate, f.frames);
        card.run_at(-30);
        card.scatter_evenly(0.3);
        card.record(f.seconds);
        card.lose(0.2, true);
        card.record(f.seconds);
        AudioClock clock(f.rate);
        const auto spans = spans_of(clock, card.stamps());
        expect_valid(spans, card.samples());
        EXPECT_LT(worst_ms(spans, card, 0, f.frames), 1.0) << f.rate << " Hz, blocks of " << f.frames;
        EXPECT_EQ(clock.gap_count(), 1) << f.rate << " Hz, blocks of " << f.frames;
    }
}

TEST(AudioClock, PassesOverBlocksAndHolesThatNoDeviceMakes) {
    constexpr std::int64_t kAbsurd = 900'000'000'000;
    AudioClock clock(48000);
    std::vector<AudioSpan> spans;
    std::int64_t at = 0;
    const auto add = [&](std::int64_t first, std::int64_t frames) {
        clock.add({first, frames, host_time_from_ns(first * 1000 / 48), false}, spans);
    };
    for (int i = 0; i < 40; ++i, at += 24000) add(at, 24000);
    add(at, kAbsurd);
    add(kAbsurd, 24000);
    for (int i = 0; i < 40; ++i, at += 24000) add(at, 24000);
    clock.finish(spans);
    std::int64_t frames = 0;
    for (const auto& span : spans) frames += span.frames;
    EXPECT_EQ(frames, at);
}

TEST(AudioClock, TakesBlocksOfVaryingSize) {
    SimulatedSoundCard card;
    card.run_at(75);
    card.scatter_evenly(1);
    for (int i = 0; i < 6000; ++i) {
        card.block_frames(1 + (i * 7919) % 1200);
        card.record_blocks(1);
    }
    const auto spans = spans_of(card);
    expect_valid(spans, card.samples());
    EXPECT_LT(worst_ms(spans, card), 0.5);
}

TEST(AudioClock, SettlesEachSpanFromTheStampsBeforeItAlone) {
    SimulatedSoundCard card;
    card.scatter_evenly(10);
    card.record(150);
    card.lose(0.1);
    card.record(150);
    AudioClock continuous(48000), cut(48000);
    const auto all = spans_of(continuous, card.stamps());
    std::vector<AudioSpan> early;
    for (std::size_t i = 0; i < card.stamps().size() * 2 / 3; ++i) cut.add(card.stamps()[i], early);
    ASSERT_GT(early.size(), 100U);
    EXPECT_TRUE(std::equal(early.begin(), early.end(), all.begin()));
}

TEST(AudioClock, LagsTenSecondsBehindOrdinaryStampsAndNeverMoreThanPromised) {
    for (const double ms : {0.5, 10.0}) {
        SimulatedSoundCard card;
        card.scatter_evenly(ms);
        card.record(300);
        AudioClock clock(48000);
        std::vector<AudioSpan> spans;
        double most = 0;
        for (const auto& stamp : card.stamps()) {
            clock.add(stamp, spans);
            const auto settled = spans.empty() ? 0 : spans.back().first_sample + spans.back().frames;
            most = std::max(most, static_cast<double>(stamp.first_sample + stamp.frames - settled) / 48000);
        }
        EXPECT_LT(most, ms < 1 ? 10.6 : 64.6) << ms << " ms";
    }
}

}  // namespace
}  // namespace onetake

#include "mix/frame_chooser.h"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace onetake {
namespace {

using namespace std::chrono_literals;

const HostTime kStart = host_time_from_ns(5'000'000'000);
constexpr HostTime kNever = HostTime::min();

// An image whose width tells which frame it is.
std::shared_ptr<const PlanarImage> image(int number) {
    auto made = std::make_shared<PlanarImage>();
    made->width = number;
    return made;
}

FrameChooser::Options options(double fps = 30) {
    FrameChooser::Options o;
    o.origin = kStart;
    o.fps = fps;
    return o;
}

std::vector<HostTime> stamps(double fps, Duration length, HostTime begin = kStart, unsigned jitter_seed = 0) {
    std::mt19937 random(jitter_seed);
    std::vector<HostTime> made;
    for (int i = 0;; ++i) {
        auto t = begin + Duration(std::llround(i * 1e9 / fps));
        if (jitter_seed != 0) t += Duration(static_cast<std::int64_t>(random() % 4'000'000));
        if (t >= begin + length) return made;
        made.push_back(t);
    }
}

std::vector<FrameChooser::Choice> drain(FrameChooser& chooser, HostTime now) {
    std::vector<FrameChooser::Choice> all;
    while (auto choice = chooser.next(now)) all.push_back(std::move(*choice));
    return all;
}

struct Stream {
    FrameChooser::Id id;
    std::vector<HostTime> stamps;
};

// Delivers the frames of several streams in order of their stamps, each `latency` late, and collects the ticks.
std::vector<FrameChooser::Choice> play(FrameChooser& chooser, const std::vector<Stream>& streams, Duration latency) {
    std::vector<FrameChooser::Choice> all;
    std::multimap<HostTime, std::pair<FrameChooser::Id, int>> order;
    for (const auto& s : streams)
        for (std::size_t i = 0; i < s.stamps.size(); ++i)
            order.emplace(s.stamps[i], std::pair{s.id, static_cast<int>(i)});
    for (const auto& [stamp, frame] : order) {
        EXPECT_EQ(chooser.push(frame.first, stamp, image(frame.second)), FrameChooser::Pushed::taken);
        for (auto& choice : drain(chooser, stamp + latency)) all.push_back(std::move(choice));
    }
    return all;
}

TEST(FrameChooser, OneVideoAloneKeepsEveryStampExactly) {
    FrameChooser chooser(options());
    chooser.add(1, kStart);
    const auto sent = stamps(29.83, 3s, kStart + 7ms, 3);
    const auto ticks = play(chooser, {{1, sent}}, 40ms);
    ASSERT_EQ(ticks.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(ticks[i].time, sent[i]);
        EXPECT_EQ(ticks[i].images[0].second->width, static_cast<int>(i));
    }
}

TEST(FrameChooser, SeveralVideosAreOffByHalfTheirIntervalAtMostAndWithoutBias) {
    const std::map<FrameChooser::Id, double> rates{{1, 29.83}, {2, 24.9}, {3, 15.2}};
    FrameChooser chooser(options(30));
    std::vector<Stream> streams;
    for (const auto& [id, fps] : rates) {
        chooser.add(id, kStart);
        streams.push_back({id, stamps(fps, 60s, kStart + id * 1ms)});
    }
    const auto ticks = play(chooser, streams, 30ms);
    EXPECT_GT(ticks.size(), 1790U);
    for (const auto& stream : streams) {
        double sum = 0, worst = 0;
        int count = 0;
        for (const auto& tick : ticks) {
            if (tick.time < kStart + 200ms) continue;
            for (const auto& [id, shown] : tick.images) {
                if (id != stream.id) continue;
                const auto error = to_seconds(stream.stamps[static_cast<std::size_t>(shown->width)] - tick.time);
                sum += error;
                worst = std::max(worst, std::abs(error));
                ++count;
            }
        }
        EXPECT_LE(worst, 0.5 / rates.at(stream.id) + 1e-6) << rates.at(stream.id);
        EXPECT_LT(std::abs(sum / count), 0.001) << rates.at(stream.id);
    }
    for (std::size_t i = 1; i < ticks.size(); ++i)
        EXPECT_GE(ticks[i].time - ticks[i - 1].time, 16ms) << "ticks are apart";
}

TEST(FrameChooser, OfTwoFramesEquallyNearTheEarlierIsShown) {
    FrameChooser chooser(options(10));
    chooser.add(1, kStart);
    chooser.add(2, kStart);
    for (const auto at : {0ms, 100ms, 200ms}) chooser.push(1, kStart + at, image(1));
    chooser.push(2, kStart + 0ms, image(10));
    chooser.push(2, kStart + 60ms, image(11));
    chooser.push(2, kStart + 140ms, image(12));
    const auto ticks = drain(chooser, kNever);
    ASSERT_EQ(ticks.size(), 2U);
    EXPECT_EQ(ticks[1].time, kStart + 100ms);
    EXPECT_EQ(ticks[1].images[1].second->width, 11);
}

TEST(FrameChooser, ATickWaitsForALaterFrameOfEachButNotLongerThanItMay) {
    FrameChooser chooser(options(10));
    chooser.add(1, kStart);
    chooser.add(2, kStart);
    chooser.push(1, kStart, image(1));
    chooser.push(2, kStart, image(2));
    drain(chooser, kStart + 300ms);
    chooser.push(1, kStart + 210ms, image(3));
    ASSERT_TRUE(chooser.due_by());
    const auto due = *chooser.due_by();
    EXPECT_FALSE(chooser.next(due - 1ns));
    const auto late = chooser.next(due);
    ASSERT_TRUE(late);
    EXPECT_EQ(late->time, due - 200ms);
    EXPECT_EQ(late->images[1].second->width, 2) << "what stands still is shown on";
}

TEST(FrameChooser, AVideoThatNeverComesDelaysTheOtherButChangesNoStamp) {
    FrameChooser chooser(options());
    chooser.add(1, kStart);
    chooser.add(2, kStart);
    const auto sent = stamps(25, 1s, kStart + 3ms);
    for (const auto t : sent) chooser.push(1, t, image(1));
    EXPECT_FALSE(chooser.next(sent[0] + 199ms));
    const auto ticks = drain(chooser, sent.back() + 200ms);
    ASSERT_EQ(ticks.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(ticks[i].time, sent[i]);
        ASSERT_EQ(ticks[i].images.size(), 2U);
        EXPECT_EQ(ticks[i].images[1].second, nullptr);
    }
}

TEST(FrameChooser, WhoJoinsAndLeavesIsShownFromItsFirstFrameToItsEnd) {
    FrameChooser chooser(options(30));
    chooser.add(1, kStart);
    chooser.add(2, kStart + 1s);
    auto first = stamps(29.83, 3s), second = stamps(24.9, 1s, kStart + 1s);
    std::vector<FrameChooser::Choice> ticks;
    std::size_t i = 0, k = 0;
    while (i < first.size()) {
        if (k < second.size() && second[k] < first[i]) {
            chooser.push(2, second[k++], image(2));
            if (k == second.size()) chooser.end(2, kStart + 2s);
        } else {
            chooser.push(1, first[i++], image(1));
        }
        for (auto& t : drain(chooser, kNever)) ticks.push_back(std::move(t));
    }
    const auto interval = 33'333'334ns;
    for (const auto& tick : ticks) {
        const bool both = tick.images.size() == 2;
        if (tick.time < kStart + 1s || tick.time >= kStart + 2s)
            EXPECT_FALSE(both) << to_seconds(tick.time - kStart);
        else
            EXPECT_TRUE(both && tick.images[1].second) << to_seconds(tick.time - kStart);
        const bool alone = tick.time < kStart + 1s || tick.time > kStart + 2s + interval;
        EXPECT_TRUE(!alone || std::ranges::count(first, tick.time)) << "its own stamps";
    }
    for (std::size_t n = 1; n < ticks.size(); ++n) {
        EXPECT_GT(ticks[n].time, ticks[n - 1].time);
        EXPECT_LE(ticks[n].time - ticks[n - 1].time, interval + interval / 2);
    }
    EXPECT_LE(first.back() - ticks.back().time, interval) << "nothing is held back";
}

TEST(FrameChooser, AfterAStallTheNextFrameIsNotShownEarly) {
    FrameChooser chooser(options(10));
    chooser.add(1, kStart);
    chooser.add(2, kStart);
    for (const auto t : stamps(10, 4s)) chooser.push(1, t, image(1));
    chooser.push(2, kStart, image(2));
    chooser.push(2, kStart + 3s, image(3));
    for (const auto& tick : drain(chooser, kNever)) {
        const bool early = tick.time < kStart + 2800ms;
        EXPECT_EQ(tick.images[1].second->width, early ? 2 : 3) << to_seconds(tick.time - kStart);
    }
}

TEST(FrameChooser, AFullQueueRefusesUntilATickIsTaken) {
    auto o = options();
    o.most_frames = 4;
    FrameChooser chooser(o);
    chooser.add(1, kStart);
    chooser.add(2, kStart);
    const auto sent = stamps(30, 1s);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(chooser.push(1, sent[i], image(1)), FrameChooser::Pushed::taken);
    EXPECT_EQ(chooser.push(1, sent[4], image(1)), FrameChooser::Pushed::full);
    chooser.push(2, sent[3], image(2));
    EXPECT_FALSE(drain(chooser, kNever).empty());
    EXPECT_EQ(chooser.push(1, sent[4], image(1)), FrameChooser::Pushed::taken);
}

TEST(FrameChooser, FewLargeFramesOrManySmallOnesWait) {
    auto o = options();
    o.most_frames = 100;
    o.most_bytes = 3500;
    for (const auto& [size, expected] : {std::pair{10, 100}, {100, 35}, {1000, 32}}) {
        FrameChooser chooser(o);
        chooser.add(1, kStart);
        chooser.add(2, kStart);
        int taken = 0;
        for (const auto stamp : stamps(30, 10s)) {
            auto made = std::make_shared<PlanarImage>();
            made->bytes = Buffer(std::vector<std::uint8_t>(static_cast<std::size_t>(size)));
            taken += chooser.push(1, stamp, made) == FrameChooser::Pushed::taken;
        }
        EXPECT_EQ(taken, expected) << size;
    }
}

TEST(FrameChooser, StampsMustIncreaseAndLieAfterTheJoin) {
    FrameChooser chooser(options());
    chooser.add(1, kStart);
    EXPECT_EQ(chooser.push(1, kStart - 1ns, image(1)), FrameChooser::Pushed::refused);
    EXPECT_EQ(chooser.push(1, kStart, image(1)), FrameChooser::Pushed::taken);
    EXPECT_EQ(chooser.push(1, kStart, image(1)), FrameChooser::Pushed::refused);
    EXPECT_EQ(chooser.push(2, kStart + 1s, image(1)), FrameChooser::Pushed::refused);
    chooser.end(1, kStart + 1s);
    EXPECT_EQ(chooser.push(1, kStart + 10ms, image(1)), FrameChooser::Pushed::refused);
}

TEST(FrameChooser, WithoutAnyVideoTicksGoOnSlowlyAndFlushTakesWhatIsLeft) {
    FrameChooser chooser(options(10));
    chooser.add(1, kStart);
    chooser.push(1, kStart, image(1));
    ASSERT_TRUE(chooser.next(kStart));
    chooser.end(1, kStart + 500ms);
    EXPECT_FALSE(chooser.next(kStart + 699ms)) << "it is shown still";
    const auto gone = chooser.next(kStart + 700ms);
    ASSERT_TRUE(gone);
    EXPECT_EQ(gone->time, kStart + 500ms);
    EXPECT_TRUE(gone->images.empty());
    EXPECT_FALSE(chooser.next(kStart + 1600ms));
    EXPECT_EQ(chooser.next(kStart + 1700ms).value().time, kStart + 1500ms);
    EXPECT_TRUE(chooser.flush(kStart + 2501ms));
    EXPECT_FALSE(chooser.flush(kStart + 2501ms));
}

}  // namespace
}  // namespace onetake

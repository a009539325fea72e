// Takes whose audio stamps are late or scattered, rendered while they are written and again later: the packets must be
// the same, as the audio clock depends on the sequence of blocks alone.
#include "render/render_progress.h"
#include "render/renderer.h"
#include "support/temp_dir.h"
#include "take/take_writer.h"
#include "unit/container/probe.h"
#include "unit/media/simulated_sound_card.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <numbers>
#include <string>
#include <thread>

namespace onetake {
namespace {

using test::SimulatedSoundCard;

constexpr int kRate = 8000, kBlock = 256;
constexpr double kSeconds = 120, kPortion = 20;

struct Case {
    std::string name;
    StampKind kind = StampKind::automatic;
    StampSource source = StampSource::device;
    /// Sets the noise of the card's stamps.
    std::function<void(SimulatedSoundCard&, std::mt19937_64&)> scatter;
    bool loses = false;  ///< half a second in the middle
};

double exponential(std::mt19937_64& random, double ms) {
    return -std::log((static_cast<double>(random() >> 11) + 0.5) * 0x1p-53) * ms * 1e6;
}

void late(SimulatedSoundCard& card, std::mt19937_64& random) {
    card.scatter([&random](std::int64_t) { return exponential(random, 3); });
}

void bursts(SimulatedSoundCard& card, std::mt19937_64& random) {
    card.scatter([&random, left = 0, late = 0.0](std::int64_t) mutable {
        constexpr double block_ns = kBlock * 1e9 / kRate;
        if (left == 0) {
            left = 1 + static_cast<int>(random() % 16);
            late = left * block_ns + exponential(random, 0.3);
        }
        --left;
        return late -= block_ns;
    });
}

void grid(SimulatedSoundCard& card, std::mt19937_64& random) {
    card.scatter([&random](std::int64_t n) {
        const double end = static_cast<double>(n + 1) * (kBlock * 1e9 / kRate) / (1 + 80e-6) + 1e6;
        return std::ceil(end / 12e6) * 12e6 - end + exponential(random, 0.05);
    });
}

void evenly(SimulatedSoundCard& card, std::mt19937_64&) {
    card.scatter_evenly(10);
}

class LiveRender : public ::testing::TestWithParam<Case> {
 protected:
    RenderOptions options(const std::string& file) const {
        RenderOptions o;
        o.take_folder = dir_.file("takes/t");
        o.out_path = dir_.file(file);
        o.audio_bitrate = 32000;
        return o;
    }
    static std::string packets(const std::string& path) {
        return testing::output_of("ffmpeg -v error -i " + path +
                                  " -map 0 -c copy -f framehash - | grep -v '^#software'");
    }

    TempDir dir_;
};

TEST_P(LiveRender, MakesThePacketsOfALaterRendering) {
    std::mt19937_64 random(5);
    SimulatedSoundCard card(kRate, kBlock);
    card.run_at(80);
    GetParam().scatter(card, random);
    card.record(kSeconds / 2);
    if (GetParam().loses) card.lose(0.5);
    card.record(kSeconds / 2);

    auto writer = TakeWriter::create({dir_.file("takes"), "t", "test", "{}", false}, read_clocks()).value();
    AudioDescription description;
    description.name = "Microphone";
    description.sample_rate = kRate;
    description.channels = 1;
    description.blocksize = kBlock;
    description.stamps = GetParam().kind;
    const auto track = writer.add_audio_track(description).value();

    // The rendering asks for more when it has read all that is stored.
    std::mutex mutex;
    std::condition_variable changed;
    int portions_read = 0;
    bool written_more = false, over = false;
    const auto wait_for_more = [&] {
        std::unique_lock lock(mutex);
        ++portions_read;
        changed.notify_all();
        changed.wait(lock, [&] { return written_more || over; });
        written_more = false;
        return !over;
    };
    Result<RenderReport> report;
    std::thread rendering([&] {
        const auto live = options("live.mp4");
        RenderProgress progress({});
        report = render_growing_take(live, progress, wait_for_more);
    });

    AudioBlock block;
    block.channels = 1;
    HostTime last;
    double awaited = kPortion;
    for (const auto& stamp : card.stamps()) {
        block.samples.clear();
        for (std::int64_t i = 0; i < stamp.frames; ++i) {
            const double phase = 2 * std::numbers::pi * 440 * static_cast<double>(stamp.first_sample + i) / kRate;
            block.samples.push_back(static_cast<std::int16_t>(8000 * std::sin(phase)));
        }
        block.time = block.arrival = last = stamp.time;
        block.source = GetParam().source;
        block.xrun = stamp.xrun;
        ASSERT_TRUE(writer.write_block(track, block));
        // Now and then, wait until all of it was read.
        const double written = static_cast<double>(stamp.first_sample + stamp.frames) / kRate;
        if (written < awaited) continue;
        awaited += kPortion;
        std::unique_lock lock(mutex);
        const int before = portions_read;
        written_more = true;
        changed.notify_all();
        changed.wait(lock, [&] { return portions_read > before; });
    }
    ASSERT_TRUE(writer.finish({last, "stopped", 0, 0, 0}, {}));
    {
        const std::lock_guard lock(mutex);
        over = true;
        changed.notify_all();
    }
    rendering.join();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_GE(portions_read, static_cast<int>(kSeconds / kPortion));

    ASSERT_TRUE(render_take(options("later.mp4")));
    EXPECT_EQ(packets(dir_.file("live.mp4")), packets(dir_.file("later.mp4")));
    EXPECT_GT(std::ranges::count(packets(dir_.file("later.mp4")), '\n'), kSeconds * kRate / 1024);
}

INSTANTIATE_TEST_SUITE_P(
    Stamps, LiveRender,
    ::testing::Values(Case{"ArrivalsLateBy3ms", StampKind::automatic, StampSource::arrival, late},
                      Case{"DeviceStampsLateBy3ms", StampKind::automatic, StampSource::device, late},
                      Case{"PushedAsArrivals", StampKind::arrival, StampSource::pushed, late},
                      Case{"LateWithALoss", StampKind::automatic, StampSource::arrival, late, true},
                      Case{"BurstsOf16", StampKind::automatic, StampSource::pushed, bursts},
                      Case{"OnAGrid", StampKind::automatic, StampSource::arrival, grid},
                      Case{"ScatteredBy10ms", StampKind::automatic, StampSource::device, evenly}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace onetake

#include "portaudio/loudspeaker.h"

#include "base/clock.h"
#include "integration/microphone/audio_collector.h"
#include "media/beep_search.h"
#include "portaudio/microphone.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;

// Run by tests/support/with_pulse.sh, whose microphone records what is played.
TEST(Loudspeaker, PlaysAtTheReportedTime) {
    ASSERT_TRUE(std::getenv("PULSE_PID")) << "to be run by tests/support/with_pulse.sh";
    constexpr int kRate = 48000, kBeeps = 6;
    MicrophoneOptions options;
    auto microphone = Microphone::open(options);
    ASSERT_TRUE(microphone) << microphone.error().message;
    AudioCollector collector;
    ASSERT_TRUE((*microphone)->start(collector));
    auto loudspeaker = open_loudspeaker();
    ASSERT_TRUE(loudspeaker) << loudspeaker.error().message;
    ASSERT_TRUE(collector.wait_for_audio(1s, kRate));
    std::vector<HostTime> reported;
    SystemClock clock;
    for (int i = 0; i < kBeeps; ++i) {
        const auto before = clock.now();
        const auto beep = (*loudspeaker)->beep();
        ASSERT_TRUE(beep) << beep.error().message;
        EXPECT_GT(*beep, before + 100ms) << "there is time to light a lamp";
        reported.push_back(*beep);
        clock.wait_until(*beep + 500ms);
    }
    ASSERT_TRUE(collector.wait_for_audio(5s, kRate));
    (*microphone)->stop();

    const auto blocks = collector.blocks();
    BeepSearch search(kRate);
    std::vector<float> mono;
    for (const auto& block : blocks) {
        mono.clear();
        for (const auto sample : block.samples) mono.push_back(static_cast<float>(sample) / 32768.0F);
        const auto begin = block.time.time_since_epoch();
        search.add(mono, begin, begin + from_ticks(block.frames(), kRate));
    }
    const auto beeps = search.finish();
    ASSERT_EQ(beeps.size(), reported.size());
    for (std::size_t i = 0; i < reported.size(); ++i) {
        const auto late = beeps[i] - reported[i].time_since_epoch();
        std::printf("recorded %+.1f ms after the reported instant\n", to_seconds(late) * 1e3);
        EXPECT_LT(std::chrono::abs(late), 150ms) << "a server's buffers, no more";
    }
}

}  // namespace
}  // namespace onetake

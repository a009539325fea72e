#include "portaudio/microphone.h"

#include "base/clock.h"
#include "reference_decoder.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "support/test_microphones.h"

#include <onetake/recorder.h>

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

constexpr int kWidth = 160, kHeight = 120, kFps = 20, kSeconds = 20;

// Pushes what the microphone delivers.
class Pushing final : public AudioReceiver {
 public:
    explicit Pushing(AVRecorder& recorder) : recorder_(recorder) {}
    Delivery deliver(AudioBlock block) override {
        const auto pushed = recorder_.push_audio(block.samples, to_seconds(block.time.time_since_epoch()));
        EXPECT_TRUE(pushed) << pushed.error().message;
        return Delivery::accepted;
    }
    void report(SourceEvent) override {}

 private:
    AVRecorder& recorder_;
};

// A sound card 200 ppm fast, through the real libasound and PortAudio, beeps at each whole second of the host's clock;
// frames flash then. Uncorrected, 20 s would put them 4 ms apart.
TEST(RealSoundCardOffBy200Ppm, IsInSyncInTheOutput) {
    const TestMicrophones microphones(std::vector<TestMicrophones::Microphone>{{"mic", "beep 1 freq 1000 ppm 200"}});
    const TempDir dir;
    RecorderConfig config;
    config.video.front().source = SourceKind::external;
    config.audio.front().source = SourceKind::external;
    config.store.on_full = OnFull::block;
    config.video.front().fps = kFps;
    config.data_dir = dir.file("takes");
    config.processed_dir = dir.file("rendered");
    auto recorder = AVRecorder::create(config).value();
    auto microphone = Microphone::open({});
    ASSERT_TRUE(microphone) << microphone.error().message;
    ASSERT_TRUE(recorder.start("t"));
    Pushing pushing(recorder);
    ASSERT_TRUE((*microphone)->start(pushing));

    SystemClock clock;
    const auto begin = std::chrono::ceil<std::chrono::seconds>(clock.now().time_since_epoch());
    const auto dark = plain_bgr(kWidth, kHeight, 20), light = plain_bgr(kWidth, kHeight, 235);
    for (int i = 0; i < kSeconds * kFps; ++i) {
        const HostTime due(begin + from_ticks(i, kFps));
        clock.wait_until(due);
        const auto& frame = i % kFps < 2 ? light : dark;
        ASSERT_TRUE(recorder.push_video({kWidth, kHeight, 3 * kWidth, frame}, to_seconds(due.time_since_epoch())));
    }
    (*microphone)->stop();
    const auto result = recorder.stop();
    ASSERT_TRUE(result) << result.error().message;
    reference::figure("measured rate of the card", result->metrics.soundcard_drift_ppm, "ppm");
    const auto sync = reference::sync(result->mp4_path);
    reference::figure(fmt::format("worst of {} pairs, test microphone 200 ppm fast", sync.pairs), sync.worst_ms, "ms");
    reference::figure("on average", sync.mean_ms, "ms");
    EXPECT_GE(sync.pairs, kSeconds - 2U);
    EXPECT_LE(std::abs(sync.worst_ms), 1.0);
}

}  // namespace
}  // namespace onetake

#include "bad_models.h"
#include "base/clock.h"
#include "base/files.h"
#include "render/live_enhancement.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "support/toy_model.h"
#include "take/wav.h"

#include <onetake/recorder.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <numbers>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kTone_hz = 440;

std::int16_t tone(std::int64_t sample, int rate, double amplitude = 10000) {
    const double t = static_cast<double>(sample) / rate;
    return static_cast<std::int16_t>(std::lrint(amplitude * std::sin(2 * std::numbers::pi * kTone_hz * t)));
}

/// The only child of this process; 0 if there is none.
pid_t worker_pid() {
    for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
        std::ifstream children(thread.path() / "children");
        if (pid_t pid = 0; children >> pid) return pid;
    }
    return 0;
}

class EnhancedTakeTest : public ::testing::Test {
 protected:
    EnhancedTakeTest() {
        config_.store.on_full = OnFull::block;
        config_.video.front().source = SourceKind::external;
        config_.audio.front().source = SourceKind::external;
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
        config_.enhance.enabled = true;
        config_.enhance.model = dir_.file("toy.onnx");
    }
    void use_model(const std::string& flags) { toy_model(config_.enhance.model, flags); }

    // Pushes `seconds` of tone and a few frames, in a take that has started.
    void push(AVRecorder& recorder, double seconds, double from = 0) {
        const double start = base_ + from;
        const auto rate = config_.audio.front().sample_rate;
        const auto block = rate / 10;
        for (int b = 0; b < static_cast<int>(seconds * 10); ++b) {
            std::vector<std::int16_t> samples;
            for (int i = 0; i < block; ++i)
                for (int c = 0; c < config_.audio.front().channels; ++c)
                    samples.push_back(tone(static_cast<std::int64_t>(from * rate) + b * block + i, rate));
            const double t = start + b * 0.1;
            ASSERT_TRUE(recorder.push_audio(std::span<const std::int16_t>(samples), t));
            if (!config_.video.empty()) {
                ASSERT_TRUE(recorder.push_video(plain_bgr(64, 48, 100), 64, 48, t));
            }
        }
    }
    Result<TakeResult> take(bool make_mp4, bool enhance = true, double seconds = 2) {
        auto recorder = AVRecorder::create(config_).value();
        if (auto status = recorder.start("t"); !status) return fail(status.error());
        push(recorder, seconds);
        return recorder.stop(make_mp4, enhance);
    }
    static std::vector<std::int16_t> samples_of(const std::string& path, int* rate = nullptr) {
        auto wav = WavReader::open(path);
        if (!wav) {
            ADD_FAILURE() << wav.error().message;
            return {};
        }
        if (rate) *rate = wav->sample_rate();
        EXPECT_EQ(wav->channels(), 1);
        std::vector<std::int16_t> all;
        EXPECT_TRUE(wav->read(0, wav->frames(), all));
        return all;
    }
    std::string take_folder() const { return dir_.file("takes/t"); }
    std::size_t parts_left() const {
        std::size_t n = 0;
        for (const auto& entry : fs::directory_iterator(take_folder()))
            if (entry.path().filename().string().find(".part") != std::string::npos) ++n;
        return n;
    }

    TempDir dir_;
    RecorderConfig config_;
    const double base_ = to_seconds(host_now().time_since_epoch());
};

TEST_F(EnhancedTakeTest, IsTheRawAudioBitForBitWhereAModelOfItsRateChangesNothing) {
    use_model("--rate 48000");
    const auto result = take(false);
    ASSERT_TRUE(result) << result.error().message;
    int rate = 0;
    EXPECT_EQ(samples_of(result->enhanced_wav_path, &rate), samples_of(result->wav_path));
    EXPECT_EQ(rate, 48000);
    EXPECT_TRUE(result->metrics.denoise_enabled);
    EXPECT_EQ(result->metrics.denoise_model, "toy.onnx");
    EXPECT_EQ(result->metrics.denoise_out_sr, 48000);
    EXPECT_GT(result->metrics.denoise_rt_factor, 0);
    EXPECT_THAT(result->metrics.notes, IsEmpty());
    EXPECT_EQ(parts_left(), 0u);
}

TEST_F(EnhancedTakeTest, LiesOnTheRawAudioAtTheModelsRate) {
    use_model("--gain 0.5");
    for (const auto& [sample_rate, channels] : {std::pair(48000, 1), std::pair(44100, 2), std::pair(16000, 1)}) {
        fs::remove_all(dir_.file("takes"));
        config_.audio.front().sample_rate = sample_rate;
        config_.audio.front().channels = channels;
        const auto result = take(false);
        ASSERT_TRUE(result) << result.error().message;
        int rate = 0;
        const auto enhanced = samples_of(result->enhanced_wav_path, &rate);
        EXPECT_EQ(rate, 16000);
        ASSERT_NEAR(static_cast<double>(enhanced.size()), 2.0 * 16000, 1);
        // Where the tone begins and ends at once, resampling rings: 20 ms are left out at both ends. A sample out of
        // place would err by up to 860.
        int worst = 0;
        for (std::size_t i = 320; i + 320 < enhanced.size(); ++i)
            worst = std::max(worst, std::abs(enhanced[i] - tone(static_cast<std::int64_t>(i), 16000, 5000)));
        RecordProperty("worst_" + std::to_string(sample_rate), worst);
        EXPECT_LE(worst, 3) << sample_rate;
    }
}

TEST_F(EnhancedTakeTest, IsTheSameMadeLiveAndMadeLater) {
    use_model("--gain 0.7");
    const auto live = take(true);
    ASSERT_TRUE(live) << live.error().message;
    const auto live_samples = samples_of(live->enhanced_wav_path);
    auto recorder = AVRecorder::create(config_).value();
    const auto later = recorder.process("t");
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_EQ(samples_of(later->enhanced_wav_path), live_samples);

    fs::remove_all(dir_.file("takes"));
    fs::remove_all(dir_.file("rendered"));
    config_.enhance.live = false;
    const auto at_stop = take(true);
    ASSERT_TRUE(at_stop) << at_stop.error().message;
    EXPECT_EQ(samples_of(at_stop->enhanced_wav_path), live_samples);
}

TEST_F(EnhancedTakeTest, IsMadeInProcessingIfAModelIsSetOrOnDemandOnly) {
    use_model("");
    config_.enhance.enabled = false;
    ASSERT_TRUE(take(false));
    config_.enhance.enabled.reset();
    const auto enhanced_path = take_folder() + "/audio_enhanced.wav";
    EXPECT_FALSE(fs::exists(enhanced_path)) << "denoise is off";

    auto recorder = AVRecorder::create(config_).value();
    auto result = recorder.process("t", false, false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->enhanced_wav_path.empty());
    result = recorder.process("t", false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->enhanced_wav_path, enhanced_path);

    config_.enhance.model.clear();
    auto without_model = AVRecorder::create(config_).value();
    result = without_model.process("t", false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->metrics.denoise_enabled) << "the take holds an enhanced track still";
    EXPECT_EQ(result->metrics.denoise_model, "toy.onnx");
    result = without_model.process("t", false, true);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("No model is set"));
}

TEST_F(EnhancedTakeTest, BeginsNoTakeWithABadModel) {
    for (const auto& [kind, make] : bad_models(config_.enhance.model)) {
        SCOPED_TRACE(kind);
        make();
        const auto result = take(true);
        ASSERT_FALSE(result);
        EXPECT_THAT(result.error().message, HasSubstr("toy.onnx"));
        EXPECT_FALSE(fs::exists(take_folder()));
    }
}

TEST_F(EnhancedTakeTest, BeginsNoTakeWhereTheLibraryIsMissing) {
    use_model("");
    ::setenv("ONETAKE_SHERPA_LIBRARY", dir_.file("libnone.so").c_str(), 1);
    const auto result = take(true);
    ::unsetenv("ONETAKE_SHERPA_LIBRARY");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("libnone.so"));
    EXPECT_FALSE(fs::exists(take_folder()));
}

TEST_F(EnhancedTakeTest, KeepsTheRawAudioWithANoteWhereTheWorkerIsKilledMidTake) {
    use_model("");
    auto recorder = AVRecorder::create(config_).value();
    ASSERT_TRUE(recorder.start("t"));
    push(recorder, 2);
    pid_t worker = 0;
    while (worker == 0) worker = worker_pid();
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
    push(recorder, 2, 2);
    const auto result = recorder.stop();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->metrics.notes, Contains(HasSubstr("signal 9")));
    EXPECT_THAT(result->failures, Contains(HasSubstr("signal 9")));
    EXPECT_TRUE(result->enhanced_wav_path.empty());
    EXPECT_EQ(result->metrics.audio_samples, 4u * 48000);
    EXPECT_TRUE(result->metrics.balanced());
    EXPECT_TRUE(fs::exists(result->mp4_path));
    EXPECT_EQ(parts_left(), 0u);
}

TEST_F(EnhancedTakeTest, LosesNothingWhileTheWorkerStandsStill) {
    use_model("");
    auto recorder = AVRecorder::create(config_).value();
    ASSERT_TRUE(recorder.start("t"));
    push(recorder, 1);
    pid_t worker = 0;
    while (worker == 0) worker = worker_pid();
    ASSERT_EQ(::kill(worker, SIGSTOP), 0);
    push(recorder, 10, 1);
    EXPECT_EQ(::kill(worker, SIGCONT), 0);
    push(recorder, 1, 11);
    const auto result = recorder.stop();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->metrics.audio_samples, 12u * 48000);
    EXPECT_FALSE(result->metrics.lossy());
    EXPECT_EQ(samples_of(result->enhanced_wav_path).size(), 12u * 16000);
}

TEST_F(EnhancedTakeTest, CatchesUpAfterTheTakeAndSaysHowFarItWasBehind) {
    use_model("");
    // A worker that begins once the take has its last line; before the take it is only tried.
    const std::string real = ::getenv("ONETAKE_ENHANCE_WORKER");
    const auto late = dir_.file("late_worker");
    std::ofstream(late) << "#!/bin/sh\nuntil [ ! -e '" << take_folder() << "' ] || grep -q '\"end\"' '" << take_folder()
                        << "/timeline.jsonl'; do sleep 0.01; done\nexec '" << real << "' \"$@\"\n";
    fs::permissions(late, fs::perms::owner_all);
    ::setenv("ONETAKE_ENHANCE_WORKER", late.c_str(), 1);
    const auto result = take(true, true, 5);
    ::setenv("ONETAKE_ENHANCE_WORKER", real.c_str(), 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->metrics.notes, Contains(HasSubstr("was 5 s behind when the take ended")));
    EXPECT_EQ(samples_of(result->enhanced_wav_path).size(), 5u * 16000);
    EXPECT_FALSE(result->metrics.lossy());
    EXPECT_TRUE(fs::exists(result->mp4_path));
}

/// Keeps what the callback received; read by another thread.
class CallbackRecorder {
 public:
    EnhancedAudioCallback callback() {
        return [this](const EnhancedAudio& audio) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return !held_; });
            EXPECT_EQ(audio.first_sample, static_cast<std::int64_t>(samples_.size()));
            if (samples_.empty()) begin_ = audio.t;
            const double due = begin_ + static_cast<double>(audio.first_sample) / audio.sample_rate;
            worst_stamp_ = std::max(worst_stamp_, std::abs(audio.t - due));
            samples_.insert(samples_.end(), audio.samples.begin(), audio.samples.end());
            rate_ = audio.sample_rate;
            changed_.notify_all();
        };
    }
    void hold(bool on) {
        const std::lock_guard lock(mutex_);
        held_ = on;
        changed_.notify_all();
    }
    void wait_for(std::size_t samples) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return samples_.size() >= samples; });
    }
    // While nothing is recorded.
    const std::vector<std::int16_t>& samples() const { return samples_; }
    int rate() const { return rate_; }
    double begin() const { return begin_; }
    double worst_stamp() const { return worst_stamp_; }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::int16_t> samples_;
    int rate_ = 0;
    double begin_ = 0, worst_stamp_ = 0;
    bool held_ = false;
};

TEST_F(EnhancedTakeTest, HandsOutWhatIsEnhancedWhileItIsRecorded) {
    use_model("--gain 0.5");
    for (const int sample_rate : {48000, 44100}) {
        fs::remove_all(dir_.file("takes"));
        config_.audio.front().sample_rate = sample_rate;
        CallbackRecorder received;
        auto recorder = AVRecorder::create(config_).value();
        recorder.on_enhanced_audio(received.callback());
        ASSERT_TRUE(recorder.start("t"));
        push(recorder, 2);
        received.wait_for(16000);  // during the take
        push(recorder, 1, 2);
        const auto result = recorder.stop(false);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(received.rate(), 16000);
        EXPECT_EQ(received.samples(), samples_of(result->enhanced_wav_path));
        EXPECT_NEAR(received.begin(), base_, 1e-6);
        EXPECT_LE(received.worst_stamp(), 1e-6);
    }
}

TEST_F(EnhancedTakeTest, LosesNothingToACallbackThatStandsStill) {
    use_model("");
    CallbackRecorder received;
    received.hold(true);
    auto recorder = AVRecorder::create(config_).value();
    recorder.on_enhanced_audio(received.callback());
    ASSERT_TRUE(recorder.start("t"));
    push(recorder, 5);
    received.hold(false);
    const auto result = recorder.stop(false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(result->metrics.lossy());
    EXPECT_EQ(received.samples().size(), 5u * 16000);
    EXPECT_EQ(received.samples(), samples_of(result->enhanced_wav_path));
}

TEST_F(EnhancedTakeTest, HandsOutNoMoreAfterTheWorkerWasKilled) {
    use_model("");
    CallbackRecorder received;
    auto recorder = AVRecorder::create(config_).value();
    recorder.on_enhanced_audio(received.callback());
    ASSERT_TRUE(recorder.start("t"));
    push(recorder, 2);
    received.wait_for(1600);
    ASSERT_EQ(::kill(worker_pid(), SIGKILL), 0);
    push(recorder, 2, 2);
    const auto result = recorder.stop(false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->metrics.notes, Contains(HasSubstr("signal 9")));
    EXPECT_LT(received.samples().size(), 4u * 16000);
    EXPECT_EQ(result->metrics.audio_samples, 4u * 48000);
}

TEST_F(EnhancedTakeTest, IsWholeWhereTheSameTakeIsEnhancedTwiceAtOnce) {
    use_model("");
    config_.enhance.enabled = false;
    ASSERT_TRUE(take(false));
    const auto options = enhance_options(config_, "t");
    auto first = EnhanceJob::open(options);
    ASSERT_TRUE(first) << first.error().message;
    ASSERT_TRUE(first->advance().value());
    const auto second = enhance_take(options, {});
    ASSERT_TRUE(second) << second.error().message;
    const auto samples = samples_of(second->path);
    EXPECT_EQ(samples.size(), 2u * 16000);
    while (first->advance().value()) {
    }
    const auto report = first->finish();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(samples_of(report->path), samples);
    EXPECT_EQ(parts_left(), 0u);
}

TEST_F(EnhancedTakeTest, DropsWhatItBeganWhenToldToLeaveItAtTheEnd) {
    use_model("");
    const auto result = take(true, false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->enhanced_wav_path.empty());
    EXPECT_FALSE(fs::exists(take_folder() + "/audio_enhanced.wav"));
    EXPECT_TRUE(fs::exists(result->mp4_path)) << testing::PrintToString(result->metrics.notes);
    EXPECT_EQ(parts_left(), 0u);
}

TEST_F(EnhancedTakeTest, CanBeCancelled) {
    use_model("");
    config_.enhance.enabled = false;
    ASSERT_TRUE(take(false));
    EnhanceOptions options = enhance_options(config_, "t");
    std::stop_source cancel;
    cancel.request_stop();
    options.cancel = cancel.get_token();
    const auto report = enhance_take(options, {});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::cancelled);
    EXPECT_EQ(parts_left(), 0u);
}

TEST(EnhancedSpan, LiesBetweenTheRawSamplesItStandsFor) {
    const AudioSpan first{1, 1000, host_time_from_ns(0), host_time_from_ns(1'000'000), false};
    const AudioSpan second{1001, 500, first.end, host_time_from_ns(1'500'000), true};
    const auto a = at_rate(first, 48000, 16000), b = at_rate(second, 48000, 16000);
    EXPECT_EQ(a, (AudioSpan{1, 333, host_time_from_ns(2000), host_time_from_ns(1'001'000), false}));
    EXPECT_EQ(b, (AudioSpan{334, 167, host_time_from_ns(1'001'000), host_time_from_ns(1'502'000), true}));
    EXPECT_EQ(at_rate(first, 48000, 48000), first);
}

}  // namespace
}  // namespace onetake

#include "base/clock.h"
#include "base/files.h"
#include "support/plain_frames.h"
#include "support/temp_dir.h"
#include "take/take_source.h"
#include "take/wav.h"

#include <onetake/recorder.h>
#include <onetake/take.h>
#include <onetake/take_reader.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RecorderTest : public ::testing::Test {
 protected:
    RecorderTest() {
        config_.video.front().source = SourceKind::external;
        config_.audio.front().source = SourceKind::external;
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
    }
    void use_test_source() {
        for (auto& track : config_.video) {
            track.source = SourceKind::test;
            track.width = 160;
            track.height = 120;
        }
        for (auto& track : config_.audio) track.source = SourceKind::test;
    }
    // Red, green and blue, as the ffmpeg program decodes the image.
    static std::array<double, 3> mean_colour(const std::string& jpeg) {
        const auto command =
            fmt::format("ffmpeg -v error -i '{}' -f rawvideo -pix_fmt rgb24 -vf scale=flags=accurate_rnd -", jpeg);
        std::FILE* pipe = ::popen(command.c_str(), "r");
        std::array<double, 3> sum{};
        double pixels = 0;
        for (std::array<std::uint8_t, 3> p{}; std::fread(p.data(), 1, 3, pipe) == 3; ++pixels)
            for (std::size_t i = 0; i < 3; ++i) sum[i] += p[i];
        EXPECT_EQ(::pclose(pipe), 0);
        for (auto& value : sum) value /= pixels;
        return sum;
    }
    AVRecorder recorder() { return AVRecorder::create(config_).value(); }
    static double now() { return to_seconds(host_now().time_since_epoch()); }
    std::size_t files(const std::string& take) const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(dir_.file("takes/" + take + "/frames")), fs::directory_iterator()));
    }
    // Pushes `each` frames from each of four threads.
    static void push_from_four_threads(AVRecorder& recorder, int each) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int k = 0; k < each; ++k) EXPECT_TRUE(recorder.push_video(plain_bgr(640, 480, 90), 640, 480));
            });
        for (auto& thread : threads) thread.join();
    }

    TempDir dir_;
    RecorderConfig config_;
};

TEST_F(RecorderTest, StoresWhatIsPushedWithItsStamps) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    EXPECT_TRUE(r.is_recording());
    const double t = now();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(r.push_video(plain_bgr(64, 48, 100), 64, 48, t + i * 0.1));
        ASSERT_TRUE(r.push_audio(std::vector<std::int16_t>(4800, 5), t + i * 0.1));
    }
    const auto result = r.stop(false);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(r.is_recording());
    EXPECT_EQ(result->metrics.frames, 10u);
    EXPECT_EQ(result->metrics.audio_samples, 48000u);
    EXPECT_NEAR(result->metrics.effective_fps, 10, 1e-6);
    EXPECT_EQ(result->metrics.stamp_source, "pushed");
    EXPECT_TRUE(result->metrics.balanced());
    EXPECT_FALSE(result->metrics.lossy());
    EXPECT_TRUE(fs::exists(result->manifest_path));
    EXPECT_EQ(files("t"), 10u);
    EXPECT_TRUE(result->mp4_path.empty());
}

TEST_F(RecorderTest, LosesExactlyWhatItCountsWhenFullAndToldToDrop) {
    config_.store.workers = 1;
    config_.store.queue_size = 3;
    config_.store.quality = 100;
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    push_from_four_threads(r, 200);
    const auto result = r.stop(false).value();
    const auto& m = result.metrics;
    EXPECT_GT(m.dropped, 0u) << "the pool was not overloaded";
    EXPECT_EQ(m.frames + m.dropped, 800u);
    EXPECT_EQ(files("t"), m.frames);
    EXPECT_LE(m.queue_max, 3);
    ASSERT_EQ(m.counters.size(), 2u);
    EXPECT_EQ(m.counters[0].expected, 800u);
    EXPECT_TRUE(m.balanced());
    EXPECT_TRUE(m.lossy());
    // The journal has the same count.
    auto reader = JournalReader::open(dir_.file("takes/t")).value();
    std::uint64_t recorded = 0;
    while (const auto record = reader.next().value())
        if (const auto* d = std::get_if<DropRecord>(&*record)) recorded += d->count;
    EXPECT_EQ(recorded, m.dropped);
}

TEST_F(RecorderTest, LosesNothingWhenFullAndToldToBlock) {
    config_.store.workers = 2;
    config_.store.queue_size = 2;
    config_.store.on_full = OnFull::block;
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    push_from_four_threads(r, 100);
    const auto m = r.stop(false).value().metrics;
    EXPECT_EQ(m.frames, 400u);
    EXPECT_EQ(m.dropped, 0u);
    EXPECT_EQ(files("t"), 400u);
    EXPECT_TRUE(m.balanced());
}

TEST_F(RecorderTest, StopsWhileThreadsStillPushAndAccountsForEveryFrame) {
    for (const auto on_full : {OnFull::drop, OnFull::block}) {
        config_.store.on_full = on_full;
        config_.store.queue_size = 2;
        auto r = recorder();
        const std::string name(on_full == OnFull::drop ? "drop" : "block");
        ASSERT_TRUE(r.start(name));
        std::atomic<bool> end{false};
        std::atomic<int> pushed{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] {
                while (!end)
                    if (r.push_video(plain_bgr(320, 240, 1), 320, 240)) ++pushed;
            });
        while (pushed < 50) std::this_thread::yield();
        const auto m = r.stop(false).value().metrics;
        end = true;
        for (auto& thread : threads) thread.join();
        EXPECT_TRUE(m.balanced()) << name;
        EXPECT_EQ(files(name), m.frames);
    }
}

TEST_F(RecorderTest, StoresPushedJpegsUntouched) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    const auto jpeg = plain_jpeg(64, 48, 77);
    const auto bytes = std::span(reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size());
    ASSERT_TRUE(r.push_jpeg(bytes));
    const auto truncated = r.push_jpeg(bytes.first(bytes.size() / 2));
    ASSERT_FALSE(truncated);
    EXPECT_EQ(truncated.error().code, ErrorCode::refused);
    EXPECT_FALSE(r.push_jpeg({}));
    EXPECT_FALSE(r.push_jpeg(bytes.subspan(10)));
    ASSERT_TRUE(r.push_jpeg(bytes));
    const auto m = r.stop(false).value().metrics;
    EXPECT_EQ(m.frames, 2u);
    EXPECT_FALSE(m.lossy());
    EXPECT_EQ(read_file(dir_.file("takes/t/frames/f_000002.jpg"), 1 << 20).value(), jpeg);
}

TEST_F(RecorderTest, RefusesSenselessStampsAndGoesOn) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    const double t = now();
    const auto push = [&](double at) { return r.push_video(plain_bgr(32, 32, 0), 32, 32, at); };
    ASSERT_TRUE(push(t));
    EXPECT_THAT(push(std::numeric_limits<double>::quiet_NaN()).error().message, HasSubstr("not a number"));
    EXPECT_THAT(push(std::numeric_limits<double>::infinity()).error().message, HasSubstr("not a number"));
    EXPECT_THAT(push(t - 1).error().message, HasSubstr("not later"));
    EXPECT_THAT(push(t).error().message, HasSubstr("not later"));
    EXPECT_THAT(push(t + 1e6).error().message, HasSubstr("away from now"));
    EXPECT_THAT(push(1.7e9 + 1e12).error().message, HasSubstr("away from now"));
    ASSERT_TRUE(push(t + 0.1));
    const std::vector<std::int16_t> samples(100, 1);
    ASSERT_TRUE(r.push_audio(samples, t));
    EXPECT_FALSE(r.push_audio(samples, t - 0.5));
    const auto m = r.stop(false).value().metrics;
    EXPECT_EQ(m.frames, 2u);
    EXPECT_EQ(m.audio_samples, 100u);
    EXPECT_FALSE(m.lossy());
}

TEST_F(RecorderTest, RefusesFramesOfAnotherSizeOrTooFewBytes) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    ASSERT_TRUE(r.push_video(plain_bgr(64, 48, 0), 64, 48));
    EXPECT_THAT(r.push_video(plain_bgr(32, 48, 0), 32, 48).error().message, HasSubstr("32x48"));
    EXPECT_THAT(r.push_video(plain_bgr(64, 40, 0), 64, 48).error().message, HasSubstr("bytes"));
    EXPECT_FALSE(r.push_video(std::vector<std::uint8_t>{}, 0, 0));
    EXPECT_FALSE(r.push_video(std::vector<std::uint8_t>(9), -1, 3));
    const auto pixels = plain_bgr(64, 48, 0);
    EXPECT_THAT(r.push_video({64, 48, 10, pixels}).error().message, HasSubstr("stride"));
    EXPECT_FALSE(r.push_video({64, 48, 0, pixels}, {}, 1)) << "there is no second track";
    EXPECT_FALSE(r.push_audio(std::vector<std::int16_t>{}));
    EXPECT_EQ(r.stop(false).value().metrics.frames, 1u);
}

TEST_F(RecorderTest, TakesFramesWithAStrideAndBorrowedOnes) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    const auto wide = std::make_shared<std::vector<std::uint8_t>>(200 * 48, std::uint8_t{120});
    ASSERT_TRUE(r.push_video({64, 48, 200, *wide}));
    ASSERT_TRUE(r.push_video({64, 48, 200, *wide}, wide));
    const auto result = r.stop(false).value();
    EXPECT_EQ(result.metrics.frames, 2u);
    EXPECT_EQ(wide.use_count(), 1) << "a borrowed frame is released";
}

TEST_F(RecorderTest, ClipsFloatsAndSilencesNaN) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    ASSERT_TRUE(r.push_audio(std::vector<float>{0.5f, 2.0f, -2.0f, std::nanf(""), 1.0f}));
    const auto result = r.stop(false).value();
    std::vector<std::int16_t> back;
    ASSERT_TRUE(WavReader::open(result.wav_path).value().read(0, 10, back));
    EXPECT_EQ(back, (std::vector<std::int16_t>{16384, 32767, -32767, 0, 32767}));
}

TEST_F(RecorderTest, IsUsedAgainForTheNextTake) {
    auto r = recorder();
    for (const auto* name : {"one", "two", "three"}) {
        ASSERT_TRUE(r.start(name));
        ASSERT_TRUE(r.push_video(plain_bgr(32, 32, 0), 32, 32));
        EXPECT_EQ(r.stop(false).value().name, name);
    }
    EXPECT_EQ(list_takes(config_.data_dir, config_.processed_dir).value().size(), 3u);
}

TEST_F(RecorderTest, CallsOutOfOrderAreErrors) {
    auto r = recorder();
    EXPECT_EQ(r.stop().error().code, ErrorCode::wrong_state);
    EXPECT_EQ(r.push_video(plain_bgr(32, 32, 0), 32, 32).error().code, ErrorCode::wrong_state);
    ASSERT_TRUE(r.start("t"));
    EXPECT_EQ(r.start("u").error().code, ErrorCode::wrong_state);
    EXPECT_EQ(r.process("t").error().code, ErrorCode::wrong_state);
}

TEST_F(RecorderTest, RefusesBadAndTakenNames) {
    auto r = recorder();
    for (const auto* name : {"../x", "/x", ".", "a/b"})
        EXPECT_EQ(r.start(name).error().code, ErrorCode::invalid_argument) << name;
    ASSERT_TRUE(r.start("t"));
    ASSERT_TRUE(r.stop(false));
    EXPECT_EQ(r.start("t").error().code, ErrorCode::already_exists);
}

TEST_F(RecorderTest, NamesTheFolderThatCannotBeWritten) {
    config_.data_dir = "/proc/nowhere";
    const auto started = recorder().start("t");
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, HasSubstr("/proc/nowhere"));
}

TEST_F(RecorderTest, AForgottenTakeIsClosedWhole) {
    {
        auto r = recorder();
        ASSERT_TRUE(r.start("t"));
        ASSERT_TRUE(r.push_video(plain_bgr(32, 32, 0), 32, 32));
    }
    const auto takes = list_takes(config_.data_dir, config_.processed_dir).value();
    ASSERT_EQ(takes.size(), 1u);
    EXPECT_EQ(takes[0].state, TakeState::complete);
    EXPECT_EQ(takes[0].frames, 1u);
}

TEST_F(RecorderTest, ACameraThatIsNotThereLeavesNoTake) {
    config_.video.front().source = SourceKind::device;
    config_.audio.front().source = SourceKind::device;
    config_.video.front().device = "/dev/video-none";
    const auto started = recorder().start("t");
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, HasSubstr("/dev/video-none"));
    EXPECT_FALSE(fs::exists(dir_.file("takes/t")));
}

// What ffmpeg finds in a file: every packet of every stream with its times.
std::string packets(const std::string& path) {
    const auto command = "ffmpeg -v error -i '" + path + "' -map 0 -c copy -f framehash - 2>&1";
    auto* pipe = ::popen(command.c_str(), "r");
    std::string text;
    char buffer[4096];
    while (pipe && std::fgets(buffer, sizeof buffer, pipe)) text += buffer;
    EXPECT_EQ(::pclose(pipe), 0) << text;
    return text;
}

TEST_F(RecorderTest, RendersWhileRecordingTheSamePacketsAsLater) {
    config_.video.front().fps = 10;
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    const double t = now();
    for (int i = 0; i < 12; ++i) {
        // x264 with AVX-512 encodes the same 64x48 frames differently once in some hundred times.
        ASSERT_TRUE(r.push_video(plain_bgr(320, 240, static_cast<std::uint8_t>(i * 20)), 320, 240, t + i * 0.1));
        ASSERT_TRUE(r.push_audio(std::vector<std::int16_t>(4800, 5), t + i * 0.1));
    }
    const auto now_made = r.stop().value();
    ASSERT_TRUE(fs::exists(now_made.mp4_path)) << to_json(now_made);
    const auto live = packets(now_made.mp4_path);
    EXPECT_GT(live.size(), 1000u);
    const auto later = r.process("t");
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_EQ(packets(later->mp4_path), live);
    EXPECT_EQ(later->metrics.frames, 12u);
    EXPECT_EQ(r.process("unknown").error().code, ErrorCode::not_found);
    EXPECT_EQ(r.process("../t").error().code, ErrorCode::invalid_argument);
}

TEST_F(RecorderTest, AFrameLostOnDiskIsReportedAndTheRestRendered) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    const double t = now();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(r.push_video(plain_bgr(64, 48, 9), 64, 48, t + i * 0.1));
    ASSERT_TRUE(r.stop(false));
    fs::resize_file(dir_.file("takes/t/frames/f_000003.jpg"), 100);
    fs::remove(dir_.file("takes/t/frames/f_000001.jpg"));
    const auto result = r.process("t");
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->metrics.notes, Contains(HasSubstr("2 frames of the journal are not in the output file")));
    EXPECT_TRUE(fs::exists(result->mp4_path));
}

TEST_F(RecorderTest, ReportsProgressWhileRendering) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    ASSERT_TRUE(r.push_video(plain_bgr(64, 48, 9), 64, 48));
    ASSERT_TRUE(r.stop(false));
    double last = -1;
    r.on_progress([&](const Progress& p) { last = p.fraction; });
    ASSERT_TRUE(r.process("t"));
    EXPECT_EQ(last, 1);
}

TEST_F(RecorderTest, TakesEveryImageFormatWithItsColours) {
    // Orange, in full range BT.601.
    constexpr std::uint8_t kRed = 220, kGreen = 120, kBlue = 40;
    constexpr std::uint8_t kY = 141, kCb = 71, kCr = 184;
    constexpr int kWidth = 66, kHeight = 50;
    const auto packed = [](std::array<std::uint8_t, 3> pixel) {
        std::vector<std::uint8_t> bytes;
        for (int i = 0; i < kWidth * kHeight; ++i) bytes.insert(bytes.end(), pixel.begin(), pixel.end());
        return bytes;
    };
    std::vector<std::uint8_t> luma(kWidth * kHeight, kY), nv12 = luma, i420 = luma;
    for (int i = 0; i < kWidth * kHeight / 4; ++i) nv12.insert(nv12.end(), {kCb, kCr});
    i420.insert(i420.end(), kWidth * kHeight / 4, kCb);
    i420.insert(i420.end(), kWidth * kHeight / 4, kCr);
    const std::vector<std::pair<ImageFormat, std::vector<std::uint8_t>>> images{
        {ImageFormat::bgr, packed({kBlue, kGreen, kRed})},
        {ImageFormat::rgb, packed({kRed, kGreen, kBlue})},
        {ImageFormat::nv12, nv12},
        {ImageFormat::i420, i420},
        {ImageFormat::gray, luma}};
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    for (const auto& [format, pixels] : images) {
        const auto pushed = r.push_video({kWidth, kHeight, 0, pixels, format});
        ASSERT_TRUE(pushed) << pushed.error().message;
        EXPECT_FALSE(r.push_video({kWidth, kHeight, 0, std::span(pixels).first(pixels.size() - 1), format}));
    }
    ASSERT_TRUE(r.stop(false));
    for (std::size_t i = 0; i < images.size(); ++i) {
        const auto file = fmt::format("{}/t/frames/f_{:06}.jpg", config_.data_dir, i + 1);
        const auto mean = mean_colour(file);
        const bool gray = images[i].first == ImageFormat::gray;
        EXPECT_NEAR(mean[0], gray ? kY : kRed, 3) << file;
        EXPECT_NEAR(mean[1], gray ? kY : kGreen, 3) << file;
        EXPECT_NEAR(mean[2], gray ? kY : kBlue, 3) << file;
    }
}

TEST_F(RecorderTest, PushedTracksAndDevicesShareATake) {
    config_.video.insert(config_.video.begin(), VideoTrackConfig{});
    config_.video[0].source = SourceKind::test;
    config_.video[0].width = 160;
    config_.video[0].height = 120;
    config_.audio.push_back(AudioTrackConfig{});
    config_.audio[1].source = SourceKind::test;
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    const double t = now();
    EXPECT_THAT(r.push_video(plain_bgr(64, 48, 9), 64, 48, t, 0).error().message, HasSubstr("not pushed"));
    EXPECT_THAT(r.push_audio(std::vector<std::int16_t>(100), t, 1).error().message, HasSubstr("not pushed"));
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(r.push_video(plain_bgr(64, 48, 9), 64, 48, t + i * 0.1, 1));
        ASSERT_TRUE(r.push_audio(std::vector<std::int16_t>(4800, 5), t + i * 0.1, 0));
    }
    const auto m = r.stop(false).value().metrics;
    ASSERT_EQ(m.counters.size(), 4u);
    EXPECT_GT(m.counters[0].written, 0u) << "the test camera's";
    EXPECT_EQ(m.counters[1].written, 5u);
    EXPECT_EQ(m.counters[2].written, 24000u);
    EXPECT_TRUE(m.balanced());
}

TEST_F(RecorderTest, ARequestToStopWhileATakeClosesDoesNotEndTheNext) {
    use_test_source();
    config_.instant_mp4 = false;
    auto r = recorder();
    bool requested = false;
    r.on_progress([&](const Progress& p) {
        if (p.phase != Progress::Phase::rendering) return;
        r.request_stop();
        requested = true;
    });
    ASSERT_TRUE(r.record(0.2, "first"));
    ASSERT_TRUE(requested);
    const auto next = r.record(0.5, "next", false);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_GE(next->metrics.duration_s, 0.5);
}

TEST_F(RecorderTest, ARequestBeforeTheRecordingEndsIt) {
    use_test_source();
    auto r = recorder();
    r.request_stop();
    ASSERT_TRUE(r.record(1e8, "t", false));
    std::stop_source stop;
    std::jthread later([&] { stop.request_stop(); });
    ASSERT_TRUE(r.record(1e8, {"u", false, false, {}}, stop.get_token()));
}

TEST_F(RecorderTest, ACancelledRenderingLeavesTheTakeAndNoFile) {
    use_test_source();
    std::stop_source cancel;
    for (const bool instant : {true, false}) {
        config_.instant_mp4 = instant;
        auto r = recorder();
        cancel = {};
        r.on_progress([&](const Progress& p) {
            if (p.phase == Progress::Phase::recording) cancel.request_stop();
        });
        const auto result = r.record(1, {instant ? "instant" : "later", true, false, cancel.get_token()});
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_TRUE(result->mp4_path.empty());
        EXPECT_THAT(result->metrics.notes, Contains(HasSubstr("cancelled")));
        EXPECT_GT(result->metrics.frames, 0u);
        EXPECT_FALSE(fs::exists(config_.processed_dir) && !fs::is_empty(config_.processed_dir));
        EXPECT_EQ(r.process(result->name, {true, {}, false, cancel.get_token()}).error().code, ErrorCode::cancelled);
    }
}

TEST_F(RecorderTest, FailsWithoutAFileDescriptorLeft) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto made = AVRecorder::create(config_);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, HasSubstr("eventfd"));
}

TEST_F(RecorderTest, RefusesCallsThatWouldWaitForTheCallbackTheyAreMadeIn) {
    use_test_source();
    auto r = recorder();
    int calls = 0;
    r.on_progress([&](const Progress& p) {
        if (p.phase != Progress::Phase::recording || calls++ > 0) return;
        EXPECT_EQ(r.stop().error().code, ErrorCode::wrong_state);
        EXPECT_EQ(r.record(1).error().code, ErrorCode::wrong_state);
        EXPECT_EQ(r.start("x").error().code, ErrorCode::wrong_state);
        EXPECT_EQ(r.process("x").error().code, ErrorCode::wrong_state);
        EXPECT_THAT(r.close().error().message, HasSubstr("in a callback"));
        EXPECT_TRUE(r.is_recording());
        r.request_stop();
    });
    ASSERT_TRUE(r.record(1e8, "t", false));
    EXPECT_EQ(calls, 1);
}

TEST_F(RecorderTest, AnExceptionThatLeavesACallbackIsANote) {
    use_test_source();
    auto r = recorder();
    std::vector<std::string> events;
    r.on_progress([&](const Progress&) -> void {
        r.request_stop();
        throw std::runtime_error("broken display");
    });
    r.on_event([&](const RecorderEvent& event) {
        events.push_back(event.text);
        throw 1;
    });
    ASSERT_TRUE(r.record(1e8, "t", false));
    EXPECT_THAT(events, Contains(HasSubstr("on_progress threw an exception, which is ignored: broken display")));
}

TEST_F(RecorderTest, ReportsEveryNoteAsAnEventOnceAndInOrder) {
    config_.store.workers = 1;
    config_.store.queue_size = 1;
    config_.enhance.enabled = true;
    config_.enhance.model = "/no/such/model.onnx";
    EXPECT_FALSE(recorder().start("t")) << "the model is tried first";
    config_.enhance = {};
    config_.instant_mp4 = false;
    auto r = recorder();
    std::vector<RecorderEvent> events;
    r.on_event([&](const RecorderEvent& event) { events.push_back(event); });
    ASSERT_TRUE(r.start("t"));
    ASSERT_TRUE(r.push_audio(std::vector<std::int16_t>(4800, 5)));
    push_from_four_threads(r, 50);
    // Then there is no folder for the output file any more.
    std::filesystem::remove_all(config_.processed_dir);
    std::ofstream(config_.processed_dir) << "a file";
    const auto result = r.stop(true).value();
    std::vector<std::string> noted;
    std::uint64_t lost = 0;
    double last = 0;
    for (const auto& event : events) {
        if (event.kind == EventKind::loss)
            lost += event.count;
        else
            noted.push_back(event.text);
        EXPECT_GE(event.t, last);
        last = event.t;
    }
    EXPECT_EQ(noted, result.metrics.notes);
    EXPECT_THAT(noted, Contains(HasSubstr("No output file was made")));
    EXPECT_THAT(result.failures, ElementsAre(HasSubstr("No output file was made")));
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(lost, result.metrics.dropped);
}

TEST_F(RecorderTest, RecordsWithoutAMicrophoneOnlyIfNoneIsRequired) {
    config_.audio.front().source = SourceKind::device;
    config_.audio.front().device = "no such microphone";
    auto r = recorder();
    ASSERT_TRUE(r.start("without"));
    ASSERT_TRUE(r.push_video(plain_bgr(32, 32, 0), 32, 32));
    const auto result = r.stop(false).value();
    EXPECT_THAT(result.metrics.notes, Contains(HasSubstr("without this microphone")));
    EXPECT_THAT(result.failures, IsEmpty());
    config_.require_audio = true;
    EXPECT_FALSE(recorder().start("required"));
    EXPECT_FALSE(std::filesystem::exists(dir_.file("takes/required")));
    // One that delivers nothing is found at the end.
    config_.audio.front().source = SourceKind::external;
    auto silent = recorder();
    ASSERT_TRUE(silent.start("silent"));
    ASSERT_TRUE(silent.push_video(plain_bgr(32, 32, 0), 32, 32));
    EXPECT_THAT(silent.stop(false).value().failures, ElementsAre(HasSubstr("require_audio")));
}

TEST_F(RecorderTest, EveryTakeHasAnIdOfItsOwn) {
    auto r = recorder();
    std::vector<std::string> ids;
    for (const auto* name : {"one", "two"}) {
        ASSERT_TRUE(r.start(name));
        ASSERT_TRUE(r.push_video(plain_bgr(32, 32, 0), 32, 32));
        ids.push_back(r.stop(false).value().id);
        EXPECT_EQ(TakeReader::open(config_.data_dir + "/" + name).value().id(), ids.back());
        EXPECT_EQ(r.process(name, false).value().id, ids.back());
    }
    EXPECT_EQ(ids[0].size(), 26u);
    EXPECT_NE(ids[0], ids[1]);
}

TEST_F(RecorderTest, ACloseEndsTheTakeForGood) {
    auto r = recorder();
    ASSERT_TRUE(r.start("t"));
    ASSERT_TRUE(r.push_video(plain_bgr(32, 32, 0), 32, 32));
    ASSERT_TRUE(r.close());
    ASSERT_TRUE(r.close());
    EXPECT_TRUE(check_take(config_.data_dir, "t").value().whole());
    EXPECT_EQ(r.start("u").error().code, ErrorCode::wrong_state);
    EXPECT_EQ(r.process("t").error().code, ErrorCode::wrong_state);
}

}  // namespace
}  // namespace onetake

#include "support/late_take.h"
#include "support/temp_dir.h"
#include "sync/calibration.h"
#include "sync/calibration_stimulus.h"
#include "sync/output_sync_marks.h"
#include "take/journal_reader.h"

#include <onetake/calibration.h>
#include <onetake/recorder.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CalibrateTest : public ::testing::Test {
 protected:
    CalibrateTest() {
        ::setenv("XDG_CONFIG_HOME", dir_.file("config").c_str(), 1);
        config_.data_dir = dir_.file("takes");
        config_.processed_dir = dir_.file("rendered");
    }
    Result<OffsetReport> from(const std::string& take) {
        CalibrateOptions options;
        options.take = take;
        return calibrate(config_, options);
    }
    // Mean and worst offset of the file rendered from a take, ms.
    std::pair<double, double> rendered(const std::string& take) {
        const auto result = AVRecorder::create(config_).value().process(take);
        EXPECT_TRUE(result) << result.error().message;
        const auto output = find_output_sync_marks(result->mp4_path).value();
        const auto sync = pair_marks(output.flashes, output.beeps);
        EXPECT_GE(sync.pairs.size(), 10u);
        return {to_seconds(sync.mean) * 1e3, to_seconds(sync.worst) * 1e3};
    }

    TempDir dir_;
    RecorderConfig config_;
};

TEST_F(CalibrateTest, MeasuresAKnownOffsetAndStoresIt) {
    for (const double late : {83.0, -40.0, 0.0, 200.5}) {
        const auto name = "late" + std::to_string(late);
        ASSERT_TRUE(write_late_take(config_.data_dir, name, {.late_ms = late, .ppm = 120}));
        const auto report = from(name);
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_NEAR(report->offset_ms, late, 1) << to_json(*report);
        EXPECT_LT(report->scatter_ms, 1);
        EXPECT_GE(report->pairs, 15u);
        EXPECT_EQ(report->camera, "usb-late");
        EXPECT_EQ(report->microphone, "Late microphone");
        EXPECT_EQ(report->stored_in, dir_.file("config/onetake/calibration.json"));
        EXPECT_THAT(report->notes, Contains(HasSubstr("same phase between two frames")));
        const auto stored = CalibrationStore::of_user().value().load().value();
        ASSERT_EQ(stored.size(), 1u);
        EXPECT_NEAR(to_seconds(stored[0].offset) * 1e3, late, 1);
    }
}

TEST_F(CalibrateTest, MeasuresWithinItsErrorIfFlashesFallBetweenFrames) {
    for (const std::uint32_t seed : {1U, 2U, 3U, 4U}) {
        const auto name = "free" + std::to_string(seed);
        ASSERT_TRUE(write_late_take(config_.data_dir, name, {.in_step = false, .seconds = 30, .seed = seed}));
        const auto report = from(name);
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_NEAR(report->offset_ms, 83, report->error_ms) << seed;
        EXPECT_LT(report->error_ms, 6) << "bounded by the number of flashes";
        EXPECT_THAT(report->notes, IsEmpty());
    }
}

TEST_F(CalibrateTest, RenderingCompensatesTheOffsetOfTheTake) {
    ASSERT_TRUE(write_late_take(config_.data_dir, "plain", {}));
    ASSERT_TRUE(write_late_take(config_.data_dir, "corrected", {.recorded_offset = milliseconds(83)}));
    EXPECT_NEAR(rendered("plain").first, 83, 0.5);
    EXPECT_NEAR(rendered("corrected").second, 0, 1);
    config_.encode.latency_offset_ms = 20;  // configured, in addition
    EXPECT_NEAR(rendered("corrected").first, 20, 0.5);
    config_.encode.container = ContainerFormat::mkv;  // its priming is before time 0
    EXPECT_NEAR(rendered("corrected").first, 20, 0.7);
}

TEST_F(CalibrateTest, StoresNothingForATakeWithoutRealDevices) {
    ASSERT_TRUE(write_late_take(config_.data_dir, "t", {.device = "import"}));
    const auto report = from("t").value();
    EXPECT_TRUE(report.stored_in.empty());
    EXPECT_THAT(report.notes, Contains(HasSubstr("Not stored")));
    EXPECT_FALSE(fs::exists(dir_.file("config/onetake/calibration.json")));
}

TEST_F(CalibrateTest, RejectsATakeWithTooFewMarks) {
    ASSERT_TRUE(write_late_take(config_.data_dir, "short", {.seconds = 5}));
    const auto report = from("short");
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::refused);
    EXPECT_THAT(report.error().message, HasSubstr("at least 5 are needed"));
    EXPECT_EQ(from("no-such-take").error().code, ErrorCode::not_found);
    EXPECT_EQ(from("../short").error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(fs::exists(dir_.file("config/onetake/calibration.json")));
}

// Records a take of the test source and returns its offset records.
std::vector<OffsetRecord> recorded_offsets(const RecorderConfig& config, const std::string& name) {
    auto recorder = AVRecorder::create(config).value();
    EXPECT_TRUE(recorder.start(name));
    EXPECT_TRUE(recorder.stop(false));
    std::vector<OffsetRecord> offsets;
    auto reader = JournalReader::open(config.data_dir + "/" + name).value();
    while (const auto record = reader.next().value())
        if (const auto* offset = std::get_if<OffsetRecord>(&*record)) offsets.push_back(*offset);
    std::ifstream manifest(config.data_dir + "/" + name + "/manifest.json");
    const std::string text(std::istreambuf_iterator<char>(manifest), {});
    for (const auto& offset : offsets)
        EXPECT_THAT(text, HasSubstr("\"offset_ns\": " + std::to_string(offset.offset.count())));
    return offsets;
}

TEST_F(CalibrateTest, LaterTakesOfTheSameDevicesRecordTheOffset) {
    config_.video.front().source = SourceKind::test;
    config_.audio.front().source = SourceKind::test;
    config_.video.front().width = 160;
    config_.video.front().height = 120;
    EXPECT_THAT(recorded_offsets(config_, "before"), IsEmpty());
    Calibration c;
    c.key = {"Test pattern", "Test tone", "", 160, 120, 30};
    c.offset = milliseconds(83);
    ASSERT_TRUE(CalibrationStore::of_user().value().put(c));

    auto offsets = recorded_offsets(config_, "after");
    ASSERT_EQ(offsets.size(), 1u);
    EXPECT_EQ(offsets[0].offset, milliseconds(83));
    EXPECT_EQ(offsets[0].source, "calibration");
    EXPECT_EQ(to_string(offsets[0].audio), "a1");

    config_.calibration = false;
    config_.encode.latency_offset_ms = 7;
    offsets = recorded_offsets(config_, "by-hand");
    ASSERT_EQ(offsets.size(), 1u);
    EXPECT_EQ(offsets[0].offset, milliseconds(-7)) << "audio moved later was early";
    EXPECT_EQ(offsets[0].source, "configured");
}

TEST_F(CalibrateTest, ACorruptStoreIsANoteAndRecordingContinues) {
    fs::create_directories(dir_.file("config/onetake"));
    std::ofstream(dir_.file("config/onetake/calibration.json")) << "garbage";
    config_.video.front().source = SourceKind::test;
    config_.audio.front().source = SourceKind::test;
    config_.video.front().width = 160;
    config_.video.front().height = 120;
    auto recorder = AVRecorder::create(config_).value();
    ASSERT_TRUE(recorder.start("t"));
    const auto result = recorder.stop(false).value();
    EXPECT_THAT(result.metrics.notes, Contains(HasSubstr("calibration.json")));
}

TEST_F(CalibrateTest, LiveMeasurementNeedsAFlashAndDevices) {
    EXPECT_EQ(calibrate(config_, {}).error().code, ErrorCode::invalid_argument);
    CalibrateOptions options;
    options.show_flash = [](bool) {};
    config_.video.front().source = SourceKind::test;
    config_.audio.front().source = SourceKind::test;
    EXPECT_EQ(calibrate(config_, options).error().code, ErrorCode::invalid_argument);
    options.take = "t";
    options.tone_hz = 1e6;
    EXPECT_EQ(calibrate(config_, options).error().code, ErrorCode::invalid_argument);
}

class FakeClock final : public Clock {
 public:
    HostTime now() const override { return now_; }
    void wait_until(HostTime t) override { now_ = std::max(now_, t); }

 private:
    HostTime now_ = host_time_from_ns(5'000'000'000);
};

class FakeLoudspeaker final : public Loudspeaker {
 public:
    explicit FakeLoudspeaker(FakeClock& clock) : clock_(clock) {}
    Result<HostTime> beep() override {
        if (beeps == fail_at) return fail(ErrorCode::timed_out, "silent");
        ++beeps;
        return clock_.now() + milliseconds(130);
    }
    int beeps = 0, fail_at = -1;

 private:
    FakeClock& clock_;
};

struct Shown {
    HostTime time;
    bool lit;
};

TEST(CalibrationStimulus, LightsTheScreenWithEachBeepAtRandomIntervals) {
    FakeClock clock;
    FakeLoudspeaker loudspeaker(clock);
    std::vector<Shown> shown;
    StimulusPlan plan;
    plan.count = 30;
    plan.screen_delay = milliseconds(30);
    const auto marks = play_stimulus(
        plan, loudspeaker,
        [&](bool lit) {
            shown.push_back({clock.now(), lit});
        },
        clock);
    ASSERT_TRUE(marks);
    ASSERT_EQ(marks->size(), 30u);
    ASSERT_EQ(shown.size(), 61u) << "dark, then on and off for each";
    EXPECT_FALSE(shown.back().lit);
    std::vector<Duration> between;
    for (std::size_t i = 0; i < marks->size(); ++i) {
        EXPECT_EQ((*marks)[i].light, (*marks)[i].beep);
        EXPECT_TRUE(shown[2 * i + 1].lit);
        EXPECT_EQ(shown[2 * i + 1].time, (*marks)[i].beep - milliseconds(30));
        EXPECT_EQ(shown[2 * i + 2].time - (*marks)[i].light, plan.lit);
        if (i > 0) between.push_back((*marks)[i].light - (*marks)[i - 1].light);
    }
    const auto [least, most] = std::ranges::minmax(between);
    EXPECT_GE(least, plan.shortest);
    EXPECT_GT(most - least, plan.spread / 2);
}

TEST(CalibrationStimulus, LeavesTheScreenDarkWhenCancelledOrFailed) {
    FakeClock clock;
    FakeLoudspeaker loudspeaker(clock);
    std::stop_source cancel;
    bool lit = true;
    StimulusPlan plan;
    plan.cancel = cancel.get_token();
    const auto show = [&](bool on) {
        lit = on;
        if (on) cancel.request_stop();
    };
    EXPECT_EQ(play_stimulus(plan, loudspeaker, show, clock).error().code, ErrorCode::cancelled);
    EXPECT_FALSE(lit);
    plan.cancel = {};
    loudspeaker.fail_at = loudspeaker.beeps;
    EXPECT_EQ(play_stimulus(plan, loudspeaker, show, clock).error().code, ErrorCode::timed_out);
    EXPECT_FALSE(lit);
}

}  // namespace
}  // namespace onetake

#include "base/clock.h"
#include "base/temp_folder.h"
#include "media/offset_estimate.h"
#include "portaudio/loudspeaker.h"
#include "sync/calibration.h"
#include "sync/calibration_stimulus.h"
#include "sync/take_marks.h"
#include "take/take_files.h"

#include <onetake/calibration.h>
#include <onetake/recorder.h>

#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <random>

namespace onetake {

namespace {

constexpr const char* kTakeName = "calibration";
constexpr double kScreenError_ms = 20;  // assumed error of the screen's delay

double ms(Duration d) {
    return to_seconds(d) * 1e3;
}

/// Whether a take's track comes from a real device that later takes can use again.
bool is_real_device(const std::string& device) {
    return !device.empty() && device != "test" && device != "external" && device != "import";
}

/// A measured take, before the stimulus delay is subtracted.
struct Measured {
    OffsetEstimate estimate;
    TakeMarks marks;
    SyncReport sync;
};

Result<Measured> measure(const std::string& folder, const CalibrateOptions& options) {
    auto marks = find_take_marks(folder, {.tone_hz = options.tone_hz, .cancel = options.cancel});
    if (!marks) return fail(std::move(marks).error());
    auto sync = pair_marks(marks->flashes, marks->beeps);
    const auto estimate = estimate_offset(sync, marks->frame_interval);
    if (!estimate) return fail(estimate.error());
    return Measured{*estimate, std::move(*marks), std::move(sync)};
}

OffsetReport report_of(const Measured& m) {
    OffsetReport r;
    const auto& e = m.estimate;
    r.offset_ms = ms(e.offset);
    r.error_ms = ms(e.error);
    r.scatter_ms = ms(e.scatter);
    r.pairs = e.pairs;
    r.left_out = e.left_out;
    r.lone_flashes = m.sync.lone_flashes;
    r.lone_beeps = m.sync.lone_beeps;
    const auto key = calibration_key(m.marks.camera, m.marks.microphone);
    r.camera = key.camera;
    r.microphone = key.microphone;
    r.fourcc = key.fourcc;
    r.width = key.width;
    r.height = key.height;
    r.fps = key.fps;
    if (e.frame_locked && !m.marks.test_source)
        r.notes.push_back(
            fmt::format("All flashes have the same phase between two frames: unless the flashes are synchronized to "
                        "the frames, the offset may be up to {:.1f} ms larger.",
                        ms(m.marks.frame_interval - e.scatter)));
    return r;
}

Status store(const Measured& m, OffsetReport& report) {
    if (!is_real_device(m.marks.camera.device) || !is_real_device(m.marks.microphone.device)) {
        report.notes.emplace_back("Not stored: the take does not come from a camera and a microphone of this machine.");
        return {};
    }
    const auto store = CalibrationStore::of_user();
    if (!store) return fail(store.error());
    Calibration c;
    c.key = calibration_key(m.marks.camera, m.marks.microphone);
    c.offset = duration_from_seconds(report.offset_ms * 1e-3);
    c.error = duration_from_seconds(report.error_ms * 1e-3);
    c.pairs = report.pairs;
    c.measured = utc_iso(read_clocks().wall);
    ONETAKE_TRY(store->put(c));
    report.stored_in = store->path();
    return {};
}

Result<OffsetReport> from_take(const RecorderConfig& config, const CalibrateOptions& options) {
    ONETAKE_TRY(check_take_name(options.take));
    const auto measured = measure(take_folder(config.data_dir, options.take), options);
    if (!measured) return fail(measured.error());
    auto report = report_of(*measured);
    if (options.store) ONETAKE_TRY(store(*measured, report));
    return report;
}

Status check_live(const RecorderConfig& config, const CalibrateOptions& options) {
    if (!options.show_flash)
        return fail(ErrorCode::invalid_argument, "No flash can be shown: show_flash is not set. Use a take instead.");
    const auto is_device = [](const auto& tracks) {
        return !tracks.empty() && tracks.front().source == SourceKind::device;
    };
    if (!is_device(config.video) || !is_device(config.audio))
        return fail(ErrorCode::invalid_argument, "A calibration needs a camera and a microphone (source device).");
    if (options.flashes < static_cast<int>(kLeastPairs) || options.flashes > 1000)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("flashes is {}; allowed: {} to 1000.", options.flashes, kLeastPairs));
    if (!(std::abs(options.screen_delay_ms) <= 1000))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("screen_delay_ms is {}; allowed: at most 1000.", options.screen_delay_ms));
    return {};
}

Result<OffsetReport> with_devices(RecorderConfig config, const CalibrateOptions& options) {
    ONETAKE_TRY(check_live(config, options));
    const auto folder = TempFolder::create();
    if (!folder) return fail(folder.error());
    config.data_dir = folder->path();
    config.instant_mp4 = false;
    config.calibration = false;
    config.encode.latency_offset_ms = 0;
    config.video.resize(1);
    config.audio.resize(1);
    auto loudspeaker = open_loudspeaker();
    if (!loudspeaker) return fail(std::move(loudspeaker).error());
    auto recorder = AVRecorder::create(config);
    if (!recorder) return fail(std::move(recorder).error());
    ONETAKE_TRY(recorder->start(kTakeName));

    StimulusPlan plan;
    plan.count = options.flashes;
    plan.screen_delay = duration_from_seconds(options.screen_delay_ms * 1e-3);
    plan.seed = std::random_device{}();
    plan.cancel = options.cancel;
    SystemClock clock;
    const auto shown = play_stimulus(plan, **loudspeaker, options.show_flash, clock);
    loudspeaker->reset();
    const auto take = recorder->stop(false, false);
    if (!shown) return fail(shown.error());
    if (!take) return fail(take.error());

    auto measured = measure(take_folder(config.data_dir, kTakeName), options);
    if (!measured) return fail(std::move(measured).error());
    auto report = report_of(*measured);
    double beep_delay = 0;  // ms, mean delay of the beeps relative to their flashes
    for (const auto& mark : *shown) beep_delay += ms(mark.beep - mark.light) / static_cast<double>(shown->size());
    report.offset_ms -= beep_delay;
    report.notes.push_back(
        fmt::format("The screen's delay is assumed to be {:.0f} ms; screens differ, so the offset may be wrong by "
                    "{:.0f} ms. A light and a buzzer on one switch, measured with --from, avoid this error.",
                    options.screen_delay_ms, kScreenError_ms));
    if (options.store) ONETAKE_TRY(store(*measured, report));
    return report;
}

}  // namespace

Result<OffsetReport> calibrate(const RecorderConfig& config, const CalibrateOptions& options) {
    ONETAKE_TRY(validate(config));
    if (!(options.tone_hz >= 100 && options.tone_hz <= 4000))
        return fail(ErrorCode::invalid_argument, fmt::format("tone_hz is {}; allowed: 100 to 4000.", options.tone_hz));
    return options.take.empty() ? with_devices(config, options) : from_take(config, options);
}

std::string to_json(const OffsetReport& r) {
    using nlohmann::ordered_json;
    const ordered_json object = {{"offset_ms", r.offset_ms},
                                 {"error_ms", r.error_ms},
                                 {"scatter_ms", r.scatter_ms},
                                 {"pairs", r.pairs},
                                 {"left_out", r.left_out},
                                 {"lone_flashes", r.lone_flashes},
                                 {"lone_beeps", r.lone_beeps},
                                 {"camera", r.camera},
                                 {"microphone", r.microphone},
                                 {"fourcc", r.fourcc},
                                 {"width", r.width},
                                 {"height", r.height},
                                 {"fps", r.fps},
                                 {"stored_in", r.stored_in.empty() ? ordered_json(nullptr) : ordered_json(r.stored_in)},
                                 {"notes", r.notes}};
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace onetake

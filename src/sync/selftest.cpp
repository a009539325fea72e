#include "base/clock.h"
#include "base/files.h"
#include "base/temp_folder.h"
#include "sync/output_sync_marks.h"
#include "take/take_source.h"

#include <onetake/recorder.h>
#include <onetake/selftest.h>

#include <algorithm>
#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>
#include <thread>

namespace onetake {

namespace {

using namespace std::chrono_literals;

constexpr const char* kTakeName = "selftest";
constexpr Duration kTick = Duration(1'000'000'000 / 90'000 + 1);  // of the MP4's time scale
constexpr std::size_t kDiskBlock = 1 << 20;
constexpr std::size_t kDiskBlocks = 48;
constexpr Duration kDiskTimeout = 3s;  // slow disks are measured with less data

double ms(Duration d) {
    return to_seconds(d) * 1e3;
}

Error cancelled() {
    return {ErrorCode::cancelled, "The self test was cancelled; its files have been removed."};
}

Status check(const SelftestOptions& o) {
    const auto refuse = [](const char* field, double value, const char* allowed) {
        return fail(ErrorCode::invalid_argument, fmt::format("{} is {}; allowed: {}.", field, value, allowed));
    };
    if (!(o.duration_s >= 3 && o.duration_s <= 600)) return refuse("duration", o.duration_s, "3 to 600 s");
    if (!(o.limit_ms > 0 && o.limit_ms <= 1000)) return refuse("limit", o.limit_ms, "above 0, up to 1000 ms");
    if (!(o.fps >= 5 && o.fps <= 240)) return refuse("fps", o.fps, "5 to 240");
    return {};
}

RecorderConfig config_of(const SelftestOptions& o, const std::string& folder) {
    RecorderConfig c;
    auto& camera = c.video.front();
    camera.source = SourceKind::test;
    camera.width = o.width;
    camera.height = o.height;
    camera.fps = o.fps;
    c.audio.front().source = SourceKind::test;
    c.data_dir = folder;
    c.processed_dir = folder;
    c.calibration = false;
    return c;
}

// 10^6 bytes per second, synced to the disk; 0 on a write error.
double disk_speed(const std::string& folder) {
    auto file = AppendFile::create(AT_FDCWD, folder + "/disk");
    if (!file) return 0;
    const std::vector<std::byte> block(kDiskBlock, std::byte{0x5a});
    const auto begin = host_now();
    for (std::size_t i = 0; i < kDiskBlocks && host_now() - begin < kDiskTimeout; ++i)
        if (!file->write(block)) return 0;
    if (!file->sync()) return 0;
    const double s = to_seconds(host_now() - begin);
    return s > 0 ? static_cast<double>(file->size()) / s / 1e6 : 0;
}

/// Records a take, renders it, and checks both.
class Selftest {
 public:
    Selftest(const SelftestOptions& options, std::string folder) : options_(options), folder_(std::move(folder)) {}

    Result<SelftestReport> run() {
        report_.disk_mb_per_s = disk_speed(folder_);
        auto take = record();
        if (!take) return fail(std::move(take).error());
        check_take_metrics(*take);
        if (is_cancelled()) return fail(cancelled());
        if (take->mp4_path.empty()) {
            add_check("output", false,
                      take->metrics.notes.empty() ? "no file was written" : take->metrics.notes.back());
        } else if (const auto output = find_output_sync_marks(take->mp4_path); !output) {
            add_check("output", false, output.error().message);
        } else {
            ONETAKE_TRY(check_output(*output));
            check_sync(*output);
        }
        if (is_cancelled()) return fail(cancelled());
        list_capabilities();
        return std::move(report_);
    }

 private:
    bool is_cancelled() const { return options_.cancel.stop_requested(); }

    void add_check(std::string name, bool passed, std::string detail) {
        report_.checks.push_back({std::move(name), passed, std::move(detail)});
    }

    Result<TakeResult> record() {
        auto recorder = AVRecorder::create(config_of(options_, folder_));
        if (!recorder) return fail(std::move(recorder).error());
        ONETAKE_TRY(recorder->start(kTakeName));
        const auto until = host_now() + duration_from_seconds(options_.duration_s);
        while (!is_cancelled() && host_now() < until)
            std::this_thread::sleep_for(std::min<Duration>(50ms, until - host_now()));
        const auto stopped = host_now();
        auto take = recorder->stop(!is_cancelled(), false);
        report_.render_s = to_seconds(host_now() - stopped);
        return take;
    }

    void check_take_metrics(const TakeResult& take) {
        const auto& m = take.metrics;
        report_.frames = m.frames;
        for (const auto& counters : m.counters)
            if (counters.kind == "video") report_.lost = counters.lost();
        report_.notes = m.notes;
        const auto expected = static_cast<std::uint64_t>(options_.duration_s * options_.fps * 0.9);
        add_check("recording", m.frames >= expected && m.audio_samples > 0 && !m.lossy(),
                  fmt::format("{} frames, {} lost; {} audio samples", m.frames, report_.lost, m.audio_samples));
        add_check(
            "accounting", m.balanced(),
            m.balanced() ? "every frame and sample is accounted for" : "the counters don't add up: please report this");
    }

    // Every stored frame is in the output file, at its stamp.
    Status check_output(const OutputSyncMarks& output) {
        auto source = TakeSource::open(take_folder(folder_, kTakeName));
        if (!source) return fail(std::move(source).error());
        std::size_t stored = 0;
        Duration worst{};
        for (;;) {
            auto event = source->next();
            if (!event) return fail(std::move(event).error());
            if (!*event) break;
            const auto* frame = std::get_if<StoredFrame>(&**event);
            if (frame == nullptr) continue;
            if (stored < output.frames.size())
                worst = std::max(worst, std::chrono::abs(output.frames[stored] - (frame->time - *source->origin())));
            ++stored;
        }
        report_.worst_frame_us = to_seconds(worst) * 1e6;
        add_check("output", output.frames.size() == stored,
                  fmt::format("{} of {} frames in the output file ({}, {}), rendered in {:.2f} s after the recording",
                              output.frames.size(), stored, output.video_codec, output.audio_codec, report_.render_s));
        add_check("frame times", stored > 0 && worst <= kTick,
                  fmt::format("at most {:.1f} us off their stamps", report_.worst_frame_us));
        return {};
    }

    void check_sync(const OutputSyncMarks& output) {
        const auto sync = pair_marks(output.flashes, output.beeps);
        report_.pairs = sync.pairs.size();
        report_.worst_ms = ms(sync.worst);
        report_.mean_ms = ms(sync.mean);
        // In the first and last second a flash may lack its beep.
        const auto expected = static_cast<std::size_t>(options_.duration_s) - 2;
        add_check("sync", sync.pairs.size() >= expected && std::abs(report_.worst_ms) <= options_.limit_ms,
                  fmt::format("audio late by {:+.3f} ms at worst, {:+.3f} ms on average, {} flashes with a beep; the "
                              "limit is {:g} ms",
                              report_.worst_ms, report_.mean_ms, report_.pairs, options_.limit_ms));
    }

    void list_capabilities() {
        report_.capabilities = capabilities();
        report_.cameras = list_video_devices();
        if (auto microphones = list_audio_devices())
            report_.microphones = std::move(*microphones);
        else
            report_.microphone_problem = microphones.error().message;
    }

    const SelftestOptions& options_;
    const std::string folder_;
    SelftestReport report_;
};

}  // namespace

bool SelftestReport::passed() const {
    return !checks.empty() && std::ranges::all_of(checks, &SelftestCheck::passed);
}

Result<SelftestReport> selftest(const SelftestOptions& options) {
    ONETAKE_TRY(check(options));
    const auto folder = TempFolder::create(options.folder);
    if (!folder) return fail(folder.error());
    return Selftest(options, folder->path()).run();
}

}  // namespace onetake

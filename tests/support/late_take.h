#pragma once

#include "base/clock.h"
#include "support/plain_frames.h"
#include "take/take_writer.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// A take of flashes and beeps as a camera and a microphone would have recorded it, the audio late by a known time.
struct LateTake {
    double late_ms = 83;
    bool in_step = true;  ///< each flash lights up at a frame's instant; false: anywhere between two
    int seconds = 20;
    double ppm = 0;                                ///< how much too fast the sound card runs
    std::optional<Duration> recorded_offset = {};  ///< the take's own record of how late its audio is
    std::string device = "/dev/video9";
    std::uint32_t seed = 1;
};

inline Status write_late_take(const std::string& data_dir, const std::string& name, const LateTake& what) {
    constexpr int kRate = 48000, kBlock = 1024;
    constexpr double kFps = 30, kLit_s = 0.2, kBeep_s = 0.1;
    auto writer = TakeWriter::create({data_dir, name, "test", "{}", false}, read_clocks());
    if (!writer) return fail(writer.error());
    VideoDescription camera;
    camera.device = what.device;
    camera.name = "Late camera";
    camera.stable_id = "usb-late";
    camera.width = 160;
    camera.height = 120;
    camera.fps = kFps;
    camera.fourcc = "MJPG";
    AudioDescription microphone;
    microphone.device = "3";
    microphone.name = "Late microphone";
    microphone.sample_rate = kRate;
    microphone.channels = 1;
    microphone.blocksize = kBlock;
    const auto video = writer->add_video_track(camera);
    const auto audio = writer->add_audio_track(microphone);
    if (!video || !audio) return fail(ErrorCode::internal, "no tracks");
    if (what.recorded_offset)
        ONETAKE_TRY(writer->write_record(OffsetRecord{*video, *audio, *what.recorded_offset, "calibration"}));

    std::mt19937 random(what.seed);
    std::uniform_real_distribution<double> more(0, 0.5);
    std::vector<double> flashes;
    for (double t = 1.5; t < what.seconds - 1; t += 1 + (what.in_step ? 0 : more(random)))
        flashes.push_back(what.in_step ? std::ceil(t * kFps - 1e-6) / kFps : t);
    const auto since = [&flashes](double t) {
        double best = 1e9;
        for (const double flash : flashes)
            if (t >= flash - 1e-9) best = t - flash;
        return best;
    };
    const HostTime start = host_time_from_ns(1'000'000'000'000);
    const auto dark = plain_jpeg(camera.width, camera.height, 30);
    const auto lit = plain_jpeg(camera.width, camera.height, 180);
    for (int n = 0; n < what.seconds * static_cast<int>(kFps); ++n) {
        const double t = n / kFps;
        const auto& jpeg = since(t) < kLit_s ? lit : dark;
        const auto at = start + duration_from_seconds(t);
        ONETAKE_TRY(writer->write_frame(*video, {reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size()},
                                        {at, at, StampSource::driver_soe, {}}));
    }
    const double rate = kRate * (1 + what.ppm * 1e-6);
    for (std::int64_t first = 0; static_cast<double>(first) < what.seconds * rate; first += kBlock) {
        AudioBlock block;
        for (int i = 0; i < kBlock; ++i) {
            const double phase = since(static_cast<double>(first + i) / rate - what.late_ms * 1e-3);
            const double tone = phase < kBeep_s ? std::sin(2 * std::numbers::pi * 1000 * phase) : 0;
            block.samples.push_back(static_cast<std::int16_t>(std::lrint(12000 * tone)));
        }
        block.time = start + duration_from_seconds(static_cast<double>(first) / rate);
        block.arrival = block.time;
        block.source = StampSource::device;
        ONETAKE_TRY(writer->write_block(*audio, block));
    }
    return writer->finish({}, {});
}

}  // namespace onetake

#include "unit/encode/encoded_file.h"

#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <string_view>

namespace onetake {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::decoded_audio;
using testing::decoded_times;
using testing::EncodedFile;
using testing::probed;
using testing::ScratchFolder;
using testing::shaded_image;

constexpr int kWidth = 96, kHeight = 64;

bool is_mp4(std::string_view name) {
    return name.ends_with(".mp4");
}

MuxerOptions replacing() {
    MuxerOptions options;
    options.replace = true;
    return options;
}

MediaTime at(Duration d) {
    return MediaTime(d);
}

VideoEncoderSettings video_settings(std::string codec = "auto") {
    VideoEncoderSettings settings;
    settings.codec = std::move(codec);
    settings.width = kWidth;
    settings.height = kHeight;
    return settings;
}

// One frame of a single shade, which survives compression.
PlanarImage flat_image(BufferPool& pool, std::uint8_t shade) {
    auto image = make_planar(kWidth, kHeight, Chroma::s420, {}, pool);
    std::fill_n(image.writable_plane(0), image.stride[0] * kHeight, shade);
    for (int i = 1; i < 3; ++i)
        std::fill_n(image.writable_plane(i), image.stride[static_cast<std::size_t>(i)] * kHeight / 2,
                    std::uint8_t{128});
    return image;
}

// Audio from `begin` on that is silent but for a click at each of the given instants.
TimedAudio clicks(Duration begin, Duration length, const std::vector<Duration>& instants, int rate = 48000) {
    TimedAudio run;
    run.after_gap = true;
    run.begin = at(begin);
    run.end = at(begin + length);
    const auto count = to_ticks(length, rate);
    run.samples.assign(static_cast<std::size_t>(count), 0);
    for (std::int64_t i = 0; i < count; ++i) {
        const double t = to_seconds(begin) + static_cast<double>(i) / rate;
        for (const auto instant : instants) {
            const double x = (t - to_seconds(instant)) * 6000;
            if (std::abs(x) < 6)
                run.samples[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(26000 * std::exp(-x * x));
        }
    }
    return run;
}

// Position of the click near `instant` in decoded audio: its centre of energy, in samples.
double click_place(const std::vector<float>& samples, Duration instant, int rate = 48000) {
    const auto middle = to_ticks(instant, rate);
    double weight = 0, moment = 0;
    for (std::int64_t k = std::max<std::int64_t>(0, middle - 400); k < middle + 400; ++k) {
        if (static_cast<std::size_t>(k) >= samples.size()) break;
        const double value = std::max(0.0F, samples[static_cast<std::size_t>(k)] - 0.05F);
        weight += value;
        moment += value * static_cast<double>(k);
    }
    return weight > 0.5 ? moment / weight : -1;
}

std::vector<MediaTime> jittered(int count, Duration first) {
    std::mt19937 random(3);
    std::uniform_int_distribution<int> jitter(-4'000'000, 4'000'000);
    std::vector<MediaTime> times;
    for (int i = 0; i < count; ++i)
        times.push_back(at(first + Duration(std::llround(i * 1e9 / 29.83)) + Duration(i == 0 ? 0 : jitter(random))));
    return times;
}

TEST(EncodedFile, KeepsSixHundredJitteredFramesAtTheirTimes) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(4);
    for (const auto first : {Duration(0), Duration(milliseconds(400)), Duration(123456789)})
        for (const auto* name : {"a.mp4", "a.mkv"}) {
            EncodedFile file(folder / name, replacing());
            ASSERT_TRUE(file.add_video(video_settings()));
            const auto times = jittered(600, first);
            for (int i = 0; i < 600; ++i)
                ASSERT_TRUE(file.write_video(0, shaded_image(kWidth, kHeight, Chroma::s420, *pool, i),
                                             times[static_cast<std::size_t>(i)]));
            const auto result = file.finish().value();
            EXPECT_EQ(result.tracks[0].frames, 600U);
            EXPECT_TRUE(result.notes.empty());
            const auto decoded = decoded_times(folder / name, "v:0");
            ASSERT_EQ(decoded.size(), 600U);
            double worst = 0;
            for (std::size_t i = 0; i < 600; ++i)
                worst = std::max(worst, std::abs(decoded[i] - to_seconds(times[i].time_since_epoch())));
            EXPECT_LT(worst, is_mp4(name) ? 12e-6 : 0.00052) << name;
            EXPECT_LT(std::abs(to_seconds(result.file.duration - times.back().time_since_epoch()) - 1 / 30.0), 1e-4);
        }
}

TEST(EncodedFile, KeepsFlashAndBeepInSyncWhicheverTrackBeginsFirst) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(4);
    for (const auto& [video_first, audio_first] :
         {std::pair{milliseconds(0), milliseconds(400)}, std::pair{milliseconds(400), milliseconds(0)},
          std::pair{milliseconds(0), milliseconds(0)}, std::pair{milliseconds(40), milliseconds(-200)}})
        for (const auto* name : {"a.mp4", "a.mkv"}) {
            SCOPED_TRACE(std::string(name) + " video " + std::to_string(video_first.count()) + " audio " +
                         std::to_string(audio_first.count()));
            EncodedFile file(folder / name, replacing());
            ASSERT_TRUE(file.add_video(video_settings()));
            ASSERT_TRUE(file.add_audio({}));
            const std::vector<Duration> instants = {milliseconds(1033), milliseconds(2533), milliseconds(5001)};
            ASSERT_TRUE(file.write_audio(1, clicks(audio_first, milliseconds(6000), instants)));
            // The flash is the frame at the beep's exact time, between others at uneven intervals.
            std::vector<MediaTime> times;
            for (Duration t = video_first; t < milliseconds(6000); t += microseconds(33370)) times.push_back(at(t));
            for (const auto instant : instants) times.push_back(at(instant));
            std::sort(times.begin(), times.end());
            for (const auto t : times) {
                const bool flash = std::find(instants.begin(), instants.end(), t.time_since_epoch()) != instants.end();
                ASSERT_TRUE(file.write_video(0, flat_image(*pool, flash ? 240 : 20), t));
            }
            const auto result = file.finish().value();
            const double tolerance = is_mp4(name) ? 1.0 : 48.0;  // samples; Matroska rounds to 1 ms

            const auto audio = decoded_audio(folder / name);
            for (const auto instant : instants)
                EXPECT_NEAR(click_place(audio, instant), to_seconds(instant) * 48000, tolerance);
            // A decoder may return all of the last packet, but the file specifies where the audio ends.
            const auto samples = to_ticks(audio_first + milliseconds(6000), 48000);
            EXPECT_GE(static_cast<std::int64_t>(audio.size()), samples - (is_mp4(name) ? 0 : 48));
            EXPECT_LT(static_cast<std::int64_t>(audio.size()), samples + 1024);
            if (is_mp4(name)) {
                EXPECT_EQ(probed(folder / name)["streams"][1]["duration_ts"], samples);
            }
            EXPECT_EQ(result.tracks[1].samples, samples);

            const auto decoded = decoded_times(folder / name, "v:0");
            ASSERT_EQ(decoded.size(), times.size());
            const auto gray = testing::output_of("ffmpeg -v quiet -i '" + (folder / name) +
                                                 "' -map 0:v:0 -vsync passthrough -pix_fmt gray -s 2x2 -f rawvideo -");
            ASSERT_EQ(gray.size(), 4 * times.size());
            std::size_t flashes = 0;
            for (std::size_t i = 0; i < times.size(); ++i)
                if (static_cast<unsigned char>(gray[4 * i]) > 128) {
                    ASSERT_LT(flashes, instants.size());
                    EXPECT_NEAR(decoded[i], to_seconds(instants[flashes++]), tolerance / 48000 + 6e-6);
                }
            EXPECT_EQ(flashes, instants.size());
        }
}

TEST(EncodedFile, TagsColourAndPutsTheIndexInFront) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(4);
    for (const auto range : {ColorRange::full, ColorRange::limited}) {
        EncodedFile file(folder / "a.mp4", replacing());
        auto settings = video_settings();
        settings.color.range = range;
        ASSERT_TRUE(file.add_video(settings, "C920"));
        for (int i = 0; i < 5; ++i) ASSERT_TRUE(file.write_video(0, flat_image(*pool, 255), at(milliseconds(40 * i))));
        ASSERT_TRUE(file.finish());
        const auto stream = probed(folder / "a.mp4")["streams"][0];
        EXPECT_EQ(stream["color_range"], range == ColorRange::full ? "pc" : "tv");
        EXPECT_EQ(stream["color_space"], "smpte170m");
        EXPECT_EQ(stream["color_primaries"], "bt709");
        EXPECT_EQ(stream["color_transfer"], "bt709");
        EXPECT_EQ(stream["chroma_location"], "center");
        EXPECT_EQ(testing::top_boxes(folder / "a.mp4")[1], "moov");
        // The bitstream itself is tagged, too: a raw copy without the container keeps the tags, and white stays white.
        testing::output_of("ffmpeg -v quiet -y -i '" + (folder / "a.mp4") + "' -c copy '" + (folder / "raw.h264") +
                           "'");
        EXPECT_EQ(probed(folder / "raw.h264")["streams"][0]["color_range"], stream["color_range"]);
        const auto rgb =
            testing::output_of("ffmpeg -v quiet -i '" + (folder / "a.mp4") + "' -pix_fmt rgb24 -f rawvideo -");
        ASSERT_FALSE(rgb.empty());
        EXPECT_GE(static_cast<unsigned char>(rgb[0]), 252);
    }
}

TEST(EncodedFile, CorrectsTheSoundCardsDrift) {
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mp4");
    ASSERT_TRUE(file.add_audio({}));
    // Twenty seconds from a card that delivers 48096 samples a second (2000 ppm fast).
    const double rate = 48096;
    const std::vector<double> instants = {1.5, 10.25, 19.125};
    double t = 0;
    while (t < 20) {
        TimedAudio run;
        run.begin = at(Duration(std::llround(t * 1e9)));
        for (int i = 0; i < 1024; ++i) {
            double value = 0;
            for (const double instant : instants) {
                const double x = (t + i / rate - instant) * 6000;
                if (std::abs(x) < 6) value = 0.8 * std::exp(-x * x);
            }
            run.samples.push_back(static_cast<std::int16_t>(std::lround(32767 * value)));
        }
        t += 1024 / rate;
        run.end = at(Duration(std::llround(t * 1e9)));
        ASSERT_TRUE(file.write_audio(0, run));
    }
    ASSERT_TRUE(file.finish());
    const auto audio = decoded_audio(folder / "a.mp4");
    for (const double instant : instants)
        EXPECT_NEAR(click_place(audio, Duration(std::llround(instant * 1e9))), instant * 48000, 1.0);
}

TEST(EncodedFile, CopiesJpegsAtTheirTimes) {
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mp4");
    StreamParams params;
    params.codec = "mjpeg";
    params.time_scale = 90000;
    params.width = kWidth;
    params.height = kHeight;
    params.pixel_format = "yuvj420p";
    ASSERT_TRUE(file.add_passthrough(params));
    const auto times = jittered(50, milliseconds(20));
    for (const auto t : times) ASSERT_TRUE(file.write_encoded(0, std::vector<std::uint8_t>(500, 7), t));
    const auto result = file.finish().value();
    EXPECT_EQ(result.tracks[0].frames, 50U);
    const auto packets = probed(folder / "a.mp4", "-show_packets")["packets"];
    ASSERT_EQ(packets.size(), 50U);
    for (std::size_t i = 0; i < 50; ++i)
        EXPECT_NEAR(std::atof(packets[i]["pts_time"].get<std::string>().c_str()),
                    to_seconds(times[i].time_since_epoch()), 12e-6);
}

TEST(EncodedFile, PutsAFrameOfTheSameTickOneTickLaterAndCountsIt) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(4);
    EncodedFile file(folder / "a.mp4");
    ASSERT_TRUE(file.add_video(video_settings()));
    ASSERT_TRUE(file.write_video(0, flat_image(*pool, 1), at(milliseconds(100))));
    ASSERT_TRUE(file.write_video(0, flat_image(*pool, 2), at(milliseconds(100) + microseconds(3))));
    EXPECT_EQ(file.write_video(0, flat_image(*pool, 3), at(milliseconds(99))).error().code, ErrorCode::refused);
    EXPECT_EQ(file.write_video(0, flat_image(*pool, 3), at(-milliseconds(1))).error().code, ErrorCode::refused);
    ASSERT_TRUE(file.write_video(0, flat_image(*pool, 4), at(milliseconds(133))));
    const auto result = file.finish().value();
    EXPECT_EQ(result.tracks[0].frames, 3U);
    EXPECT_EQ(result.notes.size(), 1U);
    EXPECT_EQ(decoded_times(folder / "a.mp4", "v:0").size(), 3U);
}

TEST(EncodedFile, LeavesNoFileWithoutPackets) {
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mp4");
    ASSERT_TRUE(file.add_video(video_settings()));
    ASSERT_TRUE(file.add_audio({}));
    const auto result = file.finish().value();
    EXPECT_EQ(result.file.path, "");
    EXPECT_EQ(result.tracks[0].frames, 0U);
    EXPECT_EQ(result.notes.size(), 1U);
    EXPECT_TRUE(folder.names().empty());
}

TEST(EncodedFile, WritesTheTracksThatGotMediaWhereOthersGotNone) {
    const ScratchFolder folder;
    for (const auto* name : {"a.mp4", "a.mkv"}) {
        EncodedFile file(folder / name);
        ASSERT_TRUE(file.add_video(video_settings()));
        ASSERT_TRUE(file.add_audio({}));
        ASSERT_TRUE(file.write_audio(1, clicks(milliseconds(0), milliseconds(1000), {milliseconds(500)})));
        ASSERT_TRUE(file.finish());
        EXPECT_NEAR(click_place(decoded_audio(folder / name), milliseconds(500)), 24000, is_mp4(name) ? 1 : 48);
    }
}

TEST(EncodedFile, RaisesARateThatAacDoesNotSupport) {
    const ScratchFolder folder;
    EncodedFile file(folder / "a.mp4");
    AudioStreamSettings settings;
    settings.sample_rate = 37800;
    ASSERT_TRUE(file.add_audio(settings));
    EXPECT_EQ(file.sample_rate(0), 44100);
    ASSERT_TRUE(file.write_audio(0, clicks(milliseconds(100), milliseconds(900), {milliseconds(500)}, 37800)));
    const auto result = file.finish().value();
    EXPECT_EQ(result.notes.size(), 1U);
    EXPECT_EQ(result.tracks[0].samples, 44100);
    EXPECT_NEAR(click_place(decoded_audio(folder / "a.mp4"), milliseconds(500), 44100), 22050, 1);
}

TEST(EncodedFile, MakesTheSamePacketsHoweverTheTracksInterleave) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(4);
    const auto make = [&](const std::string& path, bool audio_first) {
        EncodedFile file(path);
        // On one thread: under load, libx264 with several may vary a payload from run to run.
        auto video = video_settings();
        video.threads = 1;
        EXPECT_TRUE(file.add_video(video));
        EXPECT_TRUE(file.add_audio({}));
        const auto audio = clicks(milliseconds(0), milliseconds(2000), {milliseconds(700)});
        if (audio_first) {
            EXPECT_TRUE(file.write_audio(1, audio));
        }
        for (int i = 0; i < 60; ++i)
            EXPECT_TRUE(
                file.write_video(0, shaded_image(kWidth, kHeight, Chroma::s420, *pool, i), at(milliseconds(33 * i))));
        if (!audio_first) {
            EXPECT_TRUE(file.write_audio(1, audio));
        }
        EXPECT_TRUE(file.finish());
        return testing::output_of("ffmpeg -v error -i '" + path + "' -map 0 -c copy -f framehash -");
    };
    const auto a = make(folder / "a.mp4", true);
    EXPECT_FALSE(a.empty());
    EXPECT_EQ(a, make(folder / "b.mp4", false));
}

TEST(EncodedFile, RefusesTracksItDoesNotHaveAndWritesAfterTheEnd) {
    const ScratchFolder folder;
    const auto pool = BufferPool::create(4);
    EncodedFile file(folder / "a.mp4");
    ASSERT_TRUE(file.add_video(video_settings()));
    ASSERT_TRUE(file.add_audio({}));
    EXPECT_EQ(file.write_video(7, flat_image(*pool, 1), at(milliseconds(0))).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(file.write_video(1, flat_image(*pool, 1), at(milliseconds(0))).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(file.write_samples(0, {}).error().code, ErrorCode::invalid_argument);
    ASSERT_TRUE(file.write_video(0, flat_image(*pool, 1), at(milliseconds(0))));
    ASSERT_TRUE(file.end_track(0));
    EXPECT_EQ(file.write_video(0, flat_image(*pool, 1), at(milliseconds(40))).error().code, ErrorCode::wrong_state);
    EXPECT_TRUE(file.finish());
}

}  // namespace
}  // namespace onetake

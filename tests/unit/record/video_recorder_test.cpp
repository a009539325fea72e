#include "base/clock.h"
#include "base/time.h"
#include "support/temp_dir.h"
#include "unit/encode/plain_colour.h"

#include <onetake/take.h>
#include <onetake/video_recorder.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <set>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kColours;
using ::testing::Not;
using testing::Rgb;
using ::testing::SizeIs;

/// An image of one colour, with its bytes.
struct Picture {
    Picture(int width, int height, Rgb colour) : bytes(static_cast<std::size_t>(width * height) * 3) {
        for (std::size_t i = 0; i < bytes.size(); i += 3) {
            bytes[i] = static_cast<std::uint8_t>(colour.b);
            bytes[i + 1] = static_cast<std::uint8_t>(colour.g);
            bytes[i + 2] = static_cast<std::uint8_t>(colour.r);
        }
        frame.width = width;
        frame.height = height;
        frame.bytes = bytes;
    }
    VideoFrame at(double t) const {
        auto stamped = frame;
        stamped.t = t;
        return stamped;
    }
    std::vector<std::uint8_t> bytes;
    VideoFrame frame;
};

double now_s() {
    return to_seconds(host_now().time_since_epoch());
}

std::vector<double> frame_times(const std::string& path) {
    std::vector<double> times;
    // The times of H.264 in AVI are those of decoding.
    const auto seen =
        testing::probed(path, "-select_streams v:0 -show_frames -show_entries frame=best_effort_timestamp_time");
    for (const auto& frame : seen["frames"])
        times.push_back(std::stod(frame["best_effort_timestamp_time"].get<std::string>()));
    return times;
}

std::vector<std::string> entries(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    return names;
}

class VideoRecorderTest : public ::testing::Test {
 protected:
    VideoRecorderTest() {
        config_.storage = dir_.file("recordings");
        config_.on_full = OnFull::block;  // frames come faster than in real time
    }
    std::unique_ptr<VideoRecorder> recorder() { return VideoRecorder::create(config_).value(); }
    /// Records `frames` of one session.
    VideoRecordingResult record(const std::vector<VideoFrame>& frames) {
        auto made = recorder();
        const auto handle = made->start("session").value();
        for (const auto& frame : frames) (void)made->tap_frame(handle, frame);
        auto result = made->stop(handle).value();
        EXPECT_EQ(result.tapped,
                  result.frames + result.dropped + result.skipped + result.surplus + result.refused + result.lost);
        return result;
    }
    const TempDir dir_;
    VideoRecordingConfig config_;
    const Picture picture_{160, 120, kColours[0]};
};

TEST_F(VideoRecorderTest, KeepsEachFramesOwnTime) {
    const double start = now_s();
    const std::vector<double> times{0, 0.0333, 0.0669, 0.1, 0.31, 0.3101, 0.5, 1.75};
    std::vector<VideoFrame> frames;
    for (const double t : times) frames.push_back(picture_.at(start + t));
    const auto result = record(frames);
    EXPECT_EQ(result.frames, times.size());
    EXPECT_THAT(result.failures, IsEmpty());
    const auto got = frame_times(result.path);
    ASSERT_THAT(got, SizeIs(times.size()));
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(got[i], times[i], 12e-6);
    EXPECT_EQ(result.width, 160);
    EXPECT_EQ(result.height, 120);
    EXPECT_EQ(result.bytes, fs::file_size(result.path));
    EXPECT_THAT(entries(config_.storage), SizeIs(1)) << "the take was removed";
}

TEST_F(VideoRecorderTest, CountsFramesWithoutAStampAtTheNominalRate) {
    config_.fps = 29.97;
    const auto result = record(std::vector<VideoFrame>(60, picture_.frame));
    const auto got = frame_times(result.path);
    ASSERT_THAT(got, SizeIs(60));
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], static_cast<double>(i) / 29.97, 12e-6);
}

TEST_F(VideoRecorderTest, KeepsTheKeyframeIntervalInSeconds) {
    config_.keyframe_s = 0.5;
    config_.fps = 10;
    const auto result = record(std::vector<VideoFrame>(40, picture_.frame));
    const auto report = testing::probed(result.path, "-show_entries packet=pts_time,flags -select_streams v");
    double last_key = 0;
    for (const auto& packet : report["packets"]) {
        const double t = std::stod(packet["pts_time"].get<std::string>());
        EXPECT_LE(t - last_key, 0.5 + 1e-6);
        if (packet["flags"].get<std::string>().front() == 'K') last_key = t;
    }
}

TEST_F(VideoRecorderTest, PadsOddSizesByOnePixel) {
    const Picture odd(161, 121, kColours[1]);
    const auto result = record({odd.frame, odd.frame});
    EXPECT_EQ(result.width, 162);
    EXPECT_EQ(result.height, 122);
    EXPECT_THAT(result.notes, Contains(HasSubstr("padded")));
    const auto corners = testing::output_of(fmt::format(
        "ffmpeg -v error -i '{}' -frames:v 1 -vf crop=2:2:160:120 -pix_fmt rgb24 -f rawvideo - | od -An -tu1",
        result.path));
    int r = 0, g = 0, b = 0;
    ASSERT_EQ(std::sscanf(corners.c_str(), "%d %d %d", &r, &g, &b), 3);
    EXPECT_NEAR(r, 0, 4);
    EXPECT_NEAR(g, 255, 4);
    EXPECT_NEAR(b, 0, 4);
}

TEST_F(VideoRecorderTest, ScalesFramesOfAnotherSizeToTheFirst) {
    const Picture larger(320, 240, kColours[2]), wider(300, 100, kColours[1]);
    const auto result = record({picture_.frame, larger.frame, wider.frame, larger.frame, picture_.frame});
    EXPECT_EQ(result.frames, 5u);
    EXPECT_EQ(result.width, 160);
    EXPECT_EQ(result.height, 120);
    EXPECT_EQ(std::ranges::count_if(result.notes, [](const auto& note) { return note.find("scaled") != note.npos; }),
              1);
    // The second fills the image; the third leaves black above and below.
    const auto pixel = [&](int frame, int y) {
        const auto text = testing::output_of(fmt::format(
            "ffmpeg -v error -i '{}' -vf \"select=eq(n\\,{}),crop=2:2:80:{}\" -fps_mode passthrough -pix_fmt "
            "rgb24 -f rawvideo - | od -An -tu1",
            result.path, frame, y));
        std::array<int, 3> rgb{};
        EXPECT_EQ(std::sscanf(text.c_str(), "%d %d %d", &rgb[0], &rgb[1], &rgb[2]), 3);
        return rgb;
    };
    EXPECT_NEAR(pixel(1, 4)[2], 255, 6);
    EXPECT_NEAR(pixel(1, 60)[2], 255, 6);
    EXPECT_NEAR(pixel(2, 60)[1], 255, 6);
    for (const int channel : {0, 1, 2}) EXPECT_NEAR(pixel(2, 8)[static_cast<std::size_t>(channel)], 0, 6);
}

TEST_F(VideoRecorderTest, KeepsTheColoursOfEveryFormatAndRange) {
    const std::vector<std::pair<VideoFrameFormat, PixelFormat>> formats{
        {VideoFrameFormat::raw_bgr24, PixelFormat::bgr24},
        {VideoFrameFormat::raw_rgb24, PixelFormat::rgb24},
        {VideoFrameFormat::raw_i420, PixelFormat::i420},
        {VideoFrameFormat::raw_nv12, PixelFormat::nv12},
        {VideoFrameFormat::raw_gray8, PixelFormat::gray8}};
    for (const auto file : {PixelRange::full, PixelRange::limited})
        for (const auto& [format, pixels] : formats)
            for (const auto range : {PixelRange::full, PixelRange::limited})
                for (const auto& colour : kColours) {
                    const bool rgb = format == VideoFrameFormat::raw_bgr24 || format == VideoFrameFormat::raw_rgb24;
                    const bool gray = format == VideoFrameFormat::raw_gray8;
                    if ((rgb && range == PixelRange::limited) ||
                        (gray && (colour.r != colour.g || colour.g != colour.b)))
                        continue;
                    const auto from = testing::frame_of(
                        pixels, colour, range == PixelRange::full ? ColorRange::full : ColorRange::limited);
                    VideoFrame frame{format, from.width, from.height, 0, from.bytes.span(), {}, range};
                    config_.pixel_range = file;
                    const auto result = record({frame, frame});
                    const auto got = testing::decoded_colour(result.path);
                    SCOPED_TRACE(fmt::format("{} {} {} to {}", to_string(format), colour.name,
                                             range == PixelRange::full ? "full" : "limited",
                                             file == PixelRange::full ? "full" : "limited"));
                    EXPECT_NEAR(got[0], colour.r, 3);
                    EXPECT_NEAR(got[1], colour.g, 3);
                    EXPECT_NEAR(got[2], colour.b, 3);
                }
}

TEST_F(VideoRecorderTest, TakesAnEncoderOnlyIfItOpens) {
    config_.codec = "h264_nvenc";
    auto named = recorder();
    if (named->start("gpu")) GTEST_SKIP() << "NVENC works here";
    const auto refused = named->start("gpu");
    EXPECT_THAT(refused.error().message, HasSubstr("h264_nvenc"));
    EXPECT_THAT(entries(config_.storage), IsEmpty());
    config_.codec = "auto";
    const auto result = record({picture_.frame});
    EXPECT_EQ(result.codec, "libx264");
    EXPECT_THAT(result.notes, Contains(HasSubstr("h264_nvenc")));
    config_.codec = "no_such_encoder";
    EXPECT_EQ(recorder()->start("x").error().code, ErrorCode::missing_part);
}

TEST_F(VideoRecorderTest, WritesEveryCodecThatTheContainerHolds) {
    struct Case {
        const char* codec;
        ContainerFormat format;
        const char* name;
    };
    for (const auto& [codec, format, name] :
         {Case{"libx264", ContainerFormat::mp4, "h264"}, Case{"libx265", ContainerFormat::mp4, "hevc"},
          Case{"mpeg4", ContainerFormat::mp4, "mpeg4"}, Case{"libx264", ContainerFormat::mkv, "h264"},
          Case{"ffv1", ContainerFormat::mkv, "ffv1"}, Case{"libx264", ContainerFormat::avi, "h264"},
          Case{"mpeg4", ContainerFormat::avi, "mpeg4"}, Case{"ffv1", ContainerFormat::avi, "ffv1"}}) {
        SCOPED_TRACE(fmt::format("{} {}", codec, static_cast<int>(format)));
        config_.codec = codec;
        config_.format = format;
        const Picture red(testing::kColourWidth, testing::kColourHeight, kColours[0]);
        const auto result = record(std::vector<VideoFrame>(20, red.frame));
        EXPECT_THAT(result.failures, IsEmpty());
        EXPECT_EQ(result.frames, 20u);
        EXPECT_EQ(result.codec, codec);
        ASSERT_FALSE(result.path.empty());
        EXPECT_EQ(testing::probed(result.path, "-show_streams")["streams"][0]["codec_name"], name);
        EXPECT_THAT(frame_times(result.path), SizeIs(20));
        EXPECT_NEAR(result.duration_s, 20 / 15.0, 0.002);
        EXPECT_NEAR(testing::decoded_colour(result.path)[0], 255, 3);
    }
    config_.codec = "ffv1";
    config_.format = ContainerFormat::mp4;
    const auto refused = recorder()->start("x");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("mkv"));
}

TEST_F(VideoRecorderTest, PlacesFramesAtTheConstantRateOfAnAvi) {
    config_.format = ContainerFormat::avi;
    config_.codec = "mpeg4";
    config_.fps = 29.97;
    const double start = now_s();
    std::vector<VideoFrame> frames;
    // Place 3 is asked for twice, 5 to 8 are empty.
    for (const double place : {0.0, 1.2, 1.9, 3.0, 3.3, 4.0, 9.1}) frames.push_back(picture_.at(start + place / 29.97));
    const auto result = record(frames);
    EXPECT_EQ(result.surplus, 1u);
    EXPECT_EQ(result.frames, 6u);
    EXPECT_THAT(result.notes, Contains(HasSubstr("constant frame rate")));
    const auto stream = testing::probed(result.path, "-show_streams")["streams"][0];
    EXPECT_EQ(stream["time_base"], "100/2997");
    const std::vector<int> places{0, 1, 2, 3, 4, 9};
    const auto got = frame_times(result.path);
    ASSERT_THAT(got, SizeIs(places.size()));
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], places[i] / 29.97, 1e-5);
}

TEST_F(VideoRecorderTest, LeavesNothingOfARecordingWithoutAFrame) {
    const auto result = record({});
    EXPECT_EQ(result.frames, 0u);
    EXPECT_THAT(result.path, IsEmpty());
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(entries(config_.storage), IsEmpty());
}

TEST_F(VideoRecorderTest, SkipsCompressedFramesAndRefusesWrongOnes) {
    auto compressed = picture_.frame;
    compressed.format = VideoFrameFormat::vp8;
    auto cut = picture_.frame;
    cut.bytes = cut.bytes.first(100);
    const double start = now_s();
    const auto result =
        record({compressed, picture_.at(start), picture_.at(start), compressed, cut, picture_.at(start - 1),
                picture_.at(std::numeric_limits<double>::quiet_NaN()), picture_.at(start + 0.1)});
    EXPECT_EQ(result.skipped, 2u);
    EXPECT_EQ(result.refused, 4u);
    EXPECT_EQ(result.frames, 2u);
    EXPECT_THAT(frame_times(result.path), SizeIs(2));
}

TEST_F(VideoRecorderTest, RecordingsOfOneSecondHaveFilesOfTheirOwn) {
    auto made = recorder();
    std::set<std::string> paths;
    for (int round = 0; round < 3; ++round) {
        const auto a = made->start("twin").value(), b = made->start("twin").value();
        EXPECT_TRUE(made->tap_frame(a, picture_.frame));
        EXPECT_TRUE(made->tap_frame(b, picture_.frame));
        EXPECT_TRUE(made->tap_frame(b, picture_.frame));
        const auto first = made->stop(a).value(), second = made->stop(b).value();
        EXPECT_EQ(first.frames, 1u);
        EXPECT_EQ(second.frames, 2u);
        paths.insert({first.path, second.path});
    }
    EXPECT_THAT(paths, SizeIs(6));
    EXPECT_THAT(entries(config_.storage), SizeIs(6));
}

TEST_F(VideoRecorderTest, NamesFilesBySessionAndUtcTime) {
    auto made = recorder();
    const auto handle = made->start("../P 1/ä;x").value();
    EXPECT_TRUE(made->tap_frame(handle, picture_.frame));
    const auto result = made->stop(handle).value();
    EXPECT_THAT(fs::path(result.path).filename().string(),
                ::testing::MatchesRegex("_._P_1___x_[0-9]{8}T[0-9]{6}\\.mp4"));
    EXPECT_EQ(made->start("").error().code, ErrorCode::invalid_argument);
}

TEST_F(VideoRecorderTest, CountsWhatAFullQueueDrops) {
    config_.preset = "veryslow";
    config_.queue_size = 1;
    config_.on_full = OnFull::drop;
    const Picture large(1280, 720, kColours[0]);
    const auto result = record(std::vector<VideoFrame>(60, large.frame));
    EXPECT_GT(result.dropped, 0u);
    EXPECT_THAT(frame_times(result.path), SizeIs(result.frames));
}

TEST_F(VideoRecorderTest, AnswersForUnknownHandlesAndAfterClose) {
    auto made = recorder();
    const auto handle = made->start("a").value();
    EXPECT_TRUE(made->tap_frame(handle, picture_.frame));
    EXPECT_EQ(made->stop({"b", 99})->session_id, "");
    EXPECT_EQ(made->tap_frame({"b", 99}, picture_.frame).error().code, ErrorCode::not_found);
    const auto results = made->close();
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(results[0].frames, 1u);
    EXPECT_EQ(made->tap_frame(handle, picture_.frame).error().code, ErrorCode::not_found);
    EXPECT_EQ(made->stop(handle)->frames, 0u);
    EXPECT_EQ(made->start("c").error().code, ErrorCode::wrong_state);
}

TEST_F(VideoRecorderTest, RecordsACameraOrTheTestSource) {
    VideoTrackConfig source;
    source.source = SourceKind::test;
    source.width = 160;
    source.height = 120;
    source.fps = 30;
    auto made = recorder();
    const auto result = made->record("test", source, 0.5).value();
    EXPECT_GT(result.frames, 5u);
    EXPECT_EQ(result.tapped, result.frames + result.dropped + result.lost);
    const auto handle = made->start("test", source).value();
    EXPECT_EQ(made->tap_frame(handle, picture_.frame).error().code, ErrorCode::refused);
}

TEST_F(VideoRecorderTest, RecoversWhatAKilledProgramLeft) {
    config_.fps = 30;
    for (const auto format : {ContainerFormat::mp4, ContainerFormat::mkv, ContainerFormat::avi}) {
        config_.format = format;
        auto made = recorder();
        const auto handle = made->start("killed").value();
        for (int i = 0; i < 90; ++i) EXPECT_TRUE(made->tap_frame(handle, picture_.frame));
        // What a program that is killed now leaves, as soon as the writer has most of it.
        const auto copy = dir_.file(fmt::format("copy{}", static_cast<int>(format)));
        std::vector<RecoveredRecording> recovered;
        for (int attempt = 0; attempt < 100; ++attempt) {
            fs::remove_all(copy);
            fs::create_directory(copy);
            for (const auto& name : entries(config_.storage))
                if (name.ends_with(".take"))
                    fs::copy(config_.storage + "/" + name, copy + "/" + name, fs::copy_options::recursive);
            recovered = recover_recordings(copy).value();
            ASSERT_THAT(recovered, SizeIs(1));
            if (!recovered[0].path.empty()) break;
        }
        EXPECT_THAT(recovered[0].failures, IsEmpty());
        ASSERT_FALSE(recovered[0].path.empty());
        EXPECT_THAT(frame_times(recovered[0].path), Not(IsEmpty()));
        EXPECT_THAT(entries(copy), SizeIs(1)) << "the take was removed";
        EXPECT_EQ(made->stop(handle)->frames, 90u);
        EXPECT_THAT(recover_recordings(copy).value(), IsEmpty());
    }
}

TEST_F(VideoRecorderTest, LeavesRecordingsThatAreBeingMadeAlone) {
    auto made = recorder();
    const auto handle = made->start("now").value();
    EXPECT_TRUE(made->tap_frame(handle, picture_.frame));
    EXPECT_THAT(recover_recordings(config_.storage).value(), IsEmpty());
    EXPECT_EQ(made->stop(handle)->frames, 1u);
}

TEST_F(VideoRecorderTest, ACallbackThatClosesItWaitsForNothing) {
    auto made = recorder();
    std::atomic<int> calls = 0;
    made->on_event([&](const VideoRecordingHandle&, const RecorderEvent&) {
        ++calls;
        EXPECT_THAT(made->close(), IsEmpty());
    });
    const auto handle = made->start("event").value();
    EXPECT_TRUE(made->tap_frame(handle, picture_.frame));
    EXPECT_TRUE(made->tap_frame(handle, Picture(80, 60, kColours[1]).frame)) << "of another size, which is noted";
    EXPECT_EQ(made->stop(handle)->frames, 2u);
    EXPECT_GT(calls, 0);
}

TEST_F(VideoRecorderTest, KeepsTheTakeWhereItIsAskedFor) {
    config_.keep_take = true;
    const auto result = record({picture_.frame, picture_.frame});
    EXPECT_THAT(entries(config_.storage), SizeIs(2));
    const auto report = check_take(config_.storage, fs::path(result.take).filename().string(), config_.storage).value();
    EXPECT_TRUE(report.whole());
    EXPECT_EQ(report.frames, 2u);
    // A later recovery of others leaves it alone.
    const auto recovered = recover_recordings(config_.storage).value();
    ASSERT_THAT(recovered, SizeIs(1));
    EXPECT_THAT(recovered[0].failures, IsEmpty());
    EXPECT_THAT(recovered[0].steps, ElementsAre(HasSubstr("kept")));
    EXPECT_TRUE(fs::exists(result.take));
    EXPECT_TRUE(fs::exists(result.path));
}

TEST_F(VideoRecorderTest, KeepsTheTakeOfWhatTheFileCanNotHold) {
    // An MP4 has no frame of more than six hours.
    const double start = now_s() - 8 * 3600;
    const auto result = record({picture_.at(start), picture_.at(start + 0.1), picture_.at(start + 7 * 3600)});
    EXPECT_THAT(result.failures, Contains(HasSubstr("lacks 1 frame")));
    ASSERT_FALSE(result.take.empty());
    EXPECT_EQ(check_take(config_.storage, fs::path(result.take).filename().string(), config_.storage)->frames, 3u);
    // Nor does a recovery remove it.
    fs::remove(result.path);
    const auto recovered = recover_recordings(config_.storage).value();
    ASSERT_THAT(recovered, SizeIs(1));
    EXPECT_THAT(recovered[0].failures, Not(IsEmpty()));
    EXPECT_TRUE(fs::exists(result.take));
}

TEST_F(VideoRecorderTest, RefusesSettingsOutOfRange) {
    for (const double fps : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e9}) {
        config_.fps = fps;
        EXPECT_EQ(VideoRecorder::create(config_).error().code, ErrorCode::invalid_argument);
    }
    config_.fps = 15;
    config_.format = ContainerFormat::mov;
    EXPECT_THAT(VideoRecorder::create(config_).error().message, HasSubstr("format"));
}

TEST_F(VideoRecorderTest, AChannelRecordsFromBindToUnbind) {
    const std::shared_ptr<VideoRecorder> files = recorder();
    const auto mock = std::make_shared<MockVideoRecorder>();
    VideoChannel channel(files);
    channel.add_recorder(mock);
    EXPECT_TRUE(channel.push(picture_.frame)) << "no session: nothing is recorded";
    ASSERT_TRUE(channel.bind("one"));
    EXPECT_EQ(channel.bind("two").error().code, ErrorCode::wrong_state);
    EXPECT_TRUE(channel.push(picture_.frame));
    EXPECT_TRUE(channel.push(picture_.frame));
    const auto results = channel.unbind();
    ASSERT_THAT(results, SizeIs(2));
    for (const auto& result : results) {
        EXPECT_EQ(result.session_id, "one");
        EXPECT_EQ(result.frames, 2u);
    }
    EXPECT_THAT(mock->frames(), SizeIs(2));
    EXPECT_EQ(mock->frames()[0].bytes, picture_.bytes);
    EXPECT_TRUE(fs::exists(results[0].path));
    EXPECT_THAT(channel.unbind(), IsEmpty());

    mock->fail_starts(Error{ErrorCode::io, "no space in the test"});
    const auto refused = channel.bind("three");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("no space in the test"));
    EXPECT_FALSE(channel.is_bound());
    EXPECT_THAT(entries(config_.storage), SizeIs(1)) << "what had started was stopped, and left nothing";
}

}  // namespace
}  // namespace onetake

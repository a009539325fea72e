#include "base/files.h"
#include "media/sync_marks.h"
#include "take/wav.h"
#include "unit/container/probe.h"
#include "unit/render/small_media_take.h"

#include <onetake/mux.h>

#include <cmath>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>
#include <stop_token>
#include <sys/stat.h>
#include <thread>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using testing::decoded_audio;
using testing::decoded_times;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::output_of;
using testing::probed;
using testing::ScratchFolder;
using ::testing::UnorderedElementsAre;

constexpr int kRate = 48000;
constexpr double kMatroskaTick = 0.001;

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Another program's video, made by the ffmpeg program: 2 s at 25 frames/s.
void make_video(const std::string& path, const std::string& options) {
    const auto command =
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=d=2:r=25:s=96x64 " + options + " '" + path + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

constexpr const char* kReordered = "-c:v libx264 -preset veryfast -bf 3";

// `seconds` of silence with a 1 kHz beep at each of the given samples.
void make_wav(const std::string& path, double seconds, const std::vector<std::int64_t>& beeps) {
    fs::remove(path);
    std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * kRate));
    for (const auto at : beeps)
        for (std::int64_t i = 0; i < kRate / 20 && at + i < std::ssize(samples); ++i)
            samples[static_cast<std::size_t>(at + i)] = static_cast<std::int16_t>(
                std::lrint(16000 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(i) / kRate)));
    auto wav = WavWriter::create(AT_FDCWD, path, kRate, 1).value();
    ASSERT_TRUE(wav.write(samples));
    ASSERT_TRUE(wav.refresh_header());
}

// Onsets of the beeps in a file's first audio track, s of media time.
std::vector<double> beeps_of(const std::string& path) {
    std::vector<double> onsets;
    for (const double at : find_beeps(decoded_audio(path), kRate, 1000)) onsets.push_back(at / kRate);
    return onsets;
}

// The bytes of a file's video packets and their times.
std::string video_packets(const std::string& path) {
    return output_of(
        "ffprobe -v error -select_streams v:0 -show_packets -show_data_hash md5 -show_entries "
        "packet=pts_time,data_hash -of csv=p=0 '" +
        path + "'");
}

std::vector<std::string> kinds_of(const std::string& path) {
    std::vector<std::string> kinds;
    const auto seen = probed(path);
    for (const auto& stream : seen["streams"])
        kinds.push_back(stream["codec_type"].get<std::string>() + ":" + stream["codec_name"].get<std::string>());
    return kinds;
}

MuxOptions by(double delta) {
    MuxOptions options;
    options.delta = delta;
    return options;
}

MuxOptions to_new_file(double delta, std::string path = {}) {
    auto options = by(delta);
    options.overwrite_in_place = false;
    options.out_path = std::move(path);
    return options;
}

class MuxAudioTest : public ::testing::Test {
 protected:
    void SetUp() override { make_wav(wav_, 3, {24000, 72000, 120000}); }

    // A failed mux changes no file and leaves none.
    Error failed_mux(const std::string& video, const MuxOptions& options) { return failed_mux(video, wav_, options); }
    Error failed_mux(const std::string& video, const std::string& audio, const MuxOptions& options) {
        const auto names = dir_.names();
        const auto before = bytes_of(video), wav = bytes_of(wav_);
        const auto result = mux_audio(video, audio, options);
        EXPECT_FALSE(result);
        EXPECT_TRUE(bytes_of(video) == before);
        EXPECT_TRUE(bytes_of(wav_) == wav);
        EXPECT_THAT(dir_.names(), ::testing::UnorderedElementsAreArray(names));
        return result ? Error{} : result.error();
    }

    ScratchFolder dir_;
    const std::string wav_ = dir_ / "a.wav";
};

struct Case {
    const char* file;
    const char* options;
    double video_begin;  // of the first frame, s
};

class PlacesAudio : public MuxAudioTest, public ::testing::WithParamInterface<Case> {};

TEST_P(PlacesAudio, ToTheSampleInBothSignsOfDelta) {
    const auto& [name, options, video_begin] = GetParam();
    const auto video = dir_ / name;
    make_video(video, options);
    const auto packets = video_packets(video);
    const bool matroska = video.ends_with(".mkv");
    for (const double delta : {0.3331, 0.0, -0.2503, -0.7777}) {
        const auto result = mux_audio(video, wav_, to_new_file(delta));
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->video_frames, 50u);
        EXPECT_NEAR(result->delta_s, delta, 1e-9);
        std::vector<double> expected;
        for (const double beep : {0.5, 1.5, 2.5})
            if (beep + delta > 0) expected.push_back(video_begin + beep + delta);
        const auto beeps = beeps_of(result->path);
        ASSERT_EQ(beeps.size(), expected.size()) << delta;
        for (std::size_t i = 0; i < beeps.size(); ++i)
            EXPECT_NEAR(beeps[i], expected[i], matroska ? kMatroskaTick : 100e-6) << delta;
        EXPECT_EQ(video_packets(result->path), packets);
        EXPECT_NEAR(result->audio_s, video_begin + 3 + delta, 1e-4);
        fs::remove(result->path);
    }
    EXPECT_THAT(dir_.names(), UnorderedElementsAre("a.wav", name));
}

INSTANTIATE_TEST_SUITE_P(
    Files, PlacesAudio,
    ::testing::Values(Case{"reordered.mp4", "-c:v libx264 -preset veryfast -bf 3", 0},
                      Case{"reordered.mkv", "-c:v libx264 -preset veryfast -bf 3", 0},
                      Case{"reordered.mov", "-c:v libx264 -preset veryfast -bf 3", 0},
                      Case{"later.mp4", "-vf setpts=PTS+0.4/TB -r 25 -c:v libx264 -preset veryfast -bf 3", 0.4},
                      Case{"opencv.mp4", "-c:v mpeg4 -vtag mp4v", 0}, Case{"opencv.avi", "-c:v mjpeg", 0},
                      Case{"xvid.avi", "-c:v mpeg4 -vtag XVID", 0}, Case{"reordered.avi", "-c:v mpeg4 -bf 2", 0}),
    [](const auto& of) {
        std::string name = of.param.file;
        std::ranges::replace(name, '.', '_');
        return name;
    });

TEST_F(MuxAudioTest, KeepsEveryPcmSampleInAvi) {
    const auto video = dir_ / "v.avi";
    make_video(video, "-c:v mjpeg");
    const auto result = mux_audio(video, wav_, to_new_file(0.25));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(kinds_of(result->path), ElementsAre("video:mjpeg", "audio:pcm_s16le"));
    const auto made = decoded_audio(result->path), recorded = decoded_audio(wav_);
    ASSERT_EQ(made.size(), recorded.size() + kRate / 4);
    for (std::size_t i = 0; i < recorded.size(); ++i) ASSERT_NEAR(made[i + kRate / 4], recorded[i], 1.01 / 32768) << i;
}

TEST_F(MuxAudioTest, ReplacesTheVideoAndItsPermissionsStay) {
    const auto video = dir_ / "v.mp4";
    make_video(video, kReordered);
    ASSERT_EQ(::chmod(video.c_str(), 0640), 0);
    fs::create_symlink("v.mp4", dir_ / "link.mp4");
    auto options = by(0.1);
    options.delete_audio = true;
    const auto result = mux_audio(dir_ / "link.mp4", wav_, options);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->audio_deleted);
    EXPECT_THAT(dir_.names(), UnorderedElementsAre("v.mp4", "link.mp4"));
    EXPECT_TRUE(fs::is_symlink(dir_ / "link.mp4"));
    EXPECT_EQ(fs::status(video).permissions(), fs::perms(0640));
    EXPECT_THAT(kinds_of(video), ElementsAre("video:h264", "audio:aac"));
}

TEST_F(MuxAudioTest, KeepsBothTailsUnlessAskedForTheShorter) {
    const auto video = dir_ / "v.mp4";
    make_video(video, kReordered);
    const auto both = mux_audio(video, wav_, to_new_file(0, dir_ / "both.mp4"));
    ASSERT_TRUE(both) << both.error().message;
    EXPECT_NEAR(both->audio_s, 3, 1e-4);
    auto options = to_new_file(0, dir_ / "shortest.mp4");
    options.shortest = true;
    const auto shortest = mux_audio(video, wav_, options);
    ASSERT_TRUE(shortest) << shortest.error().message;
    EXPECT_NEAR(shortest->audio_s, 2, 1e-3);
    options = to_new_file(-1.5, dir_ / "audio_shorter.mp4");
    options.shortest = true;
    const auto cut = mux_audio(video, wav_, options);
    ASSERT_TRUE(cut) << cut.error().message;
    EXPECT_NEAR(cut->audio_s, 1.5, 1e-3);
    const auto times = decoded_times(cut->path, "v:0");
    ASSERT_FALSE(times.empty());
    // 38 frames begin before 1.5 s; reordering may keep up to 3 more.
    EXPECT_GE(times.size(), 38u);
    EXPECT_LE(times.size(), 41u);
}

TEST_F(MuxAudioTest, GivesFramesTheirTrueTimes) {
    for (const auto* name : {"v.mp4", "v.mkv", "v.mov"}) {
        const auto video = dir_ / name;
        make_video(video, kReordered);
        std::ofstream stamps(dir_ / "stamps.txt");
        std::vector<double> expected;
        for (int i = 0; i < 50; ++i) {
            const double t = i * 0.04 + (i % 3) * 0.007 + (i > 20 ? 0.5 : 0);
            stamps << fmt::format("{:.9f}\n", 1000 + t);
            expected.push_back(t);
        }
        stamps.close();
        MuxOptions options;
        options.audio_start = 1000.25;  // the video's start is its first stamp
        options.video_timestamps = dir_ / "stamps.txt";
        const auto result = mux_audio(video, wav_, options);
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_NEAR(result->delta_s, 0.25, 1e-9);
        const auto times = decoded_times(video, "v:0");
        ASSERT_EQ(times.size(), expected.size());
        for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], expected[i], 0.000501);
        EXPECT_NEAR(beeps_of(video).at(0), 0.75, kMatroskaTick);
    }
}

TEST_F(MuxAudioTest, RefusesTimestampsThatDoNotFit) {
    const auto video = dir_ / "v.mp4", avi = dir_ / "v.avi";
    make_video(video, kReordered);
    make_video(avi, "-c:v mjpeg");
    const auto stamps = dir_ / "stamps.txt";
    const auto write = [&](int count, int wrong) {
        std::ofstream file(stamps);
        for (int i = 0; i < count; ++i) file << fmt::format("{:.3f}\n", (i == wrong ? i - 2 : i) * 0.04);
    };
    auto options = by(0);
    options.video_timestamps = stamps;
    write(49, -1);
    auto error = failed_mux(video, options);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_THAT(error.message, ::testing::AllOf(HasSubstr("has 49 times"), HasSubstr("has 50 frames")));
    write(50, 30);
    error = failed_mux(video, options);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("line 31"));
    write(50, -1);
    error = failed_mux(avi, options);
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_THAT(error.message, HasSubstr(".mkv or .mp4"));
    options.overwrite_in_place = false;
    options.out_path = dir_ / "from_avi.mkv";
    const auto made = mux_audio(avi, wav_, options);
    ASSERT_TRUE(made) << made.error().message;
}

TEST_F(MuxAudioTest, KeepsAudioThatIsThere) {
    const auto video = dir_ / "v.mp4";
    make_video(video, "-f lavfi -i sine=d=2 -map 0:v -map 1:a -c:v libx264 -c:a aac -metadata title=Cage");
    const auto result = mux_audio(video, wav_, by(0));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(kinds_of(video), ElementsAre("video:h264", "audio:aac", "audio:aac"));
    EXPECT_THAT(result->notes, ElementsAre(HasSubstr("had an audio track already")));
    EXPECT_EQ(probed(video)["format"]["tags"]["title"], "Cage");
}

TEST_F(MuxAudioTest, KeepsTheRotation) {
    const auto video = dir_ / "v.mp4";
    make_video(dir_ / "flat.mp4", kReordered);
    const auto turn =
        "ffmpeg -nostdin -v error -i '" + (dir_ / "flat.mp4") + "' -c copy -metadata:s:v rotate=90 '" + video + "'";
    ASSERT_EQ(std::system(turn.c_str()), 0);
    const auto rotation = [&] {
        return output_of("ffprobe -v error -select_streams v -show_entries stream_side_data=rotation -of csv=p=0 '" +
                         video + "'");
    };
    const auto before = rotation();
    if (before.find("90") == std::string::npos) GTEST_SKIP() << "this ffmpeg sets no rotation";
    ASSERT_TRUE(mux_audio(video, wav_, by(0)));
    EXPECT_EQ(rotation(), before);
}

TEST_F(MuxAudioTest, RefusesTimesThatCannotBe) {
    const auto video = dir_ / "v.mp4";
    make_video(video, kReordered);
    EXPECT_THAT(failed_mux(video, by(2.0)).message, HasSubstr("one clock"));
    EXPECT_THAT(failed_mux(video, by(-3.0)).message, HasSubstr("one clock"));
    EXPECT_THAT(failed_mux(video, by(std::nan(""))).message, HasSubstr("delta is nan"));
    EXPECT_THAT(failed_mux(video, MuxOptions{}).message, HasSubstr("When did the video begin"));
    MuxOptions options;
    options.video_start = 5;
    EXPECT_THAT(failed_mux(video, options).message, HasSubstr("A WAV has no time of its own"));
    options.delta = 1;
    EXPECT_EQ(failed_mux(video, options).code, ErrorCode::invalid_argument);
    options = {};
    options.video_start = 1e9;
    options.audio_start = 1e9 + 0.5;
    ASSERT_TRUE(mux_audio(video, wav_, options));
    EXPECT_NEAR(beeps_of(video).at(0), 1.0, 100e-6);
}

TEST_F(MuxAudioTest, NeverOverwritesOtherFiles) {
    const auto video = dir_ / "v.mp4";
    make_video(video, kReordered);
    std::ofstream(dir_ / "there.mp4") << "precious";
    EXPECT_EQ(failed_mux(video, to_new_file(0, dir_ / "there.mp4")).code, ErrorCode::already_exists);
    EXPECT_EQ(failed_mux(video, to_new_file(0, video)).code, ErrorCode::already_exists);
    auto options = to_new_file(0, wav_);
    options.replace_out = true;
    EXPECT_EQ(failed_mux(video, options).code, ErrorCode::invalid_argument);
    EXPECT_EQ(failed_mux(video, to_new_file(0, dir_ / "new.avi")).code, ErrorCode::unsupported);
    options = to_new_file(0, dir_ / "new.mkv");
    options.overwrite_in_place = true;
    EXPECT_EQ(failed_mux(video, options).code, ErrorCode::invalid_argument);
    EXPECT_EQ(bytes_of(dir_ / "there.mp4"), "precious");
    // The video itself, as a file to replace.
    options = to_new_file(0, video);
    options.replace_out = true;
    ASSERT_TRUE(mux_audio(video, wav_, options));
    EXPECT_THAT(kinds_of(video), ElementsAre("video:h264", "audio:aac"));
    make_video(video, kReordered);
    options = to_new_file(0, dir_ / "there.mp4");
    options.replace_out = true;
    ASSERT_TRUE(mux_audio(video, wav_, options));
    EXPECT_THAT(kinds_of(dir_ / "there.mp4"), ElementsAre("video:h264", "audio:aac"));
}

TEST_F(MuxAudioTest, RefusesDamagedVideos) {
    const auto video = dir_ / "v.mp4";
    std::ofstream(video) << std::string(100000, 'x');
    EXPECT_EQ(failed_mux(video, by(0)).code, ErrorCode::corrupt);
    std::ofstream(video).flush();
    EXPECT_EQ(failed_mux(video, by(0)).code, ErrorCode::corrupt);
    fs::remove(video);
    make_video(video, "-c:v libx264 -movflags +faststart");
    fs::resize_file(video, fs::file_size(video) - 1000);
    const auto error = failed_mux(video, by(0));
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_THAT(error.message, HasSubstr("not complete"));
    EXPECT_EQ(failed_mux(dir_ / "missing.mp4", by(0)).code, ErrorCode::not_found);
    EXPECT_EQ(failed_mux(wav_, to_new_file(0, dir_ / "n.mp4")).code, ErrorCode::unsupported);
    EXPECT_EQ(mux_audio(video, dir_ / "missing.wav", by(0)).error().code, ErrorCode::not_found);
}

TEST_F(MuxAudioTest, ReplacesNoVideoThatIsDamagedInTheMiddle) {
    const auto video = dir_ / "v.mkv";
    make_video(video, "-c:v libx264");
    auto damaged = bytes_of(video);
    damaged.replace(damaged.size() / 2, 3000, 3000, '\0');
    std::ofstream(video, std::ios::binary) << damaged;
    const auto error = failed_mux(video, by(0));
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_THAT(error.message, HasSubstr("write a new file instead"));
    const auto result = mux_audio(video, wav_, to_new_file(0));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->notes, ElementsAre(HasSubstr("is damaged")));
}

TEST_F(MuxAudioTest, NoticesAVideoThatIsStillBeingWritten) {
    const auto video = dir_ / "v.mkv";
    make_video(video, kReordered);
    make_wav(wav_, 600, {});  // so that the encoder has something to do meanwhile
    std::jthread writer([&](const std::stop_token& stop) {
        while (dir_.names().size() < 3 && !stop.stop_requested()) std::this_thread::yield();
        std::ofstream(video, std::ios::app) << "more";
    });
    const auto result = mux_audio(video, wav_, by(0));
    writer.request_stop();
    writer.join();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::wrong_state);
    EXPECT_THAT(kinds_of(video), ElementsAre("video:h264"));
    EXPECT_THAT(dir_.names(), UnorderedElementsAre("v.mkv", "a.wav"));
}

TEST_F(MuxAudioTest, LeavesNothingWhereItIsCancelled) {
    const auto video = dir_ / "v.mp4";
    make_video(video, kReordered);
    auto options = by(0);
    std::stop_source cancel;
    cancel.request_stop();
    options.cancel = cancel.get_token();
    EXPECT_EQ(failed_mux(video, options).code, ErrorCode::cancelled);
}

TEST_F(MuxAudioTest, PrintsAnFfmpegCommandWithTheSameResult) {
    const auto video = dir_ / "it's.mp4";
    make_video(dir_ / "v.mp4", kReordered);
    fs::rename(dir_ / "v.mp4", video);
    for (const double delta : {0.3, -0.3}) {
        const auto out = dir_ / fmt::format("out{}.mp4", delta);
        const auto command = ffmpeg_command(video, wav_, to_new_file(delta, out));
        ASSERT_TRUE(command) << command.error().message;
        EXPECT_FALSE(fs::exists(out));
        ASSERT_EQ(std::system((*command + " -nostdin -v error").c_str()), 0) << *command;
        EXPECT_NEAR(beeps_of(out).at(0), 0.5 + delta, 1e-3);
    }
}

TEST_F(MuxAudioTest, DeletesTakesOnlyWhereTheyAreAllAudio) {
    {
        SmallMediaTake take(dir_ / "takes", true);
        take.add(20);
        make_video(dir_ / "v.mp4", kReordered);
        EXPECT_EQ(failed_mux(dir_ / "v.mp4", dir_ / "takes/t", by(0)).code, ErrorCode::wrong_state);
        take.close();
    }
    const auto video = dir_ / "v.mp4";
    auto options = by(0);
    options.delete_audio = true;
    const auto result = mux_audio(video, dir_ / "takes/t", options);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_FALSE(result->audio_deleted);
    EXPECT_THAT(result->failures, ElementsAre(HasSubstr("other tracks, too (v1), and is kept")));
    EXPECT_TRUE(fs::exists(dir_ / "takes/t/audio.wav"));
}

}  // namespace
}  // namespace onetake

#include "base/clock.h"
#include "support/temp_dir.h"
#include "unit/input/collected.h"

#include <cmath>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const HostTime kBegin = host_time_from_ns(77'000'000'000);

MediaInputOptions options() {
    MediaInputOptions o;
    o.begin = kBegin;
    o.limits.open = 5s;
    return o;
}

void run(const std::string& command) {
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

// Two seconds at 30000/1001 frames/s with a tone, 101x75.
std::string make(const TempDir& dir, const std::string& name, const std::string& coding) {
    const auto path = dir.file(name);
    run("ffmpeg -nostdin -v error -y -f lavfi -i testsrc=s=101x75:r=30000/1001:d=2 -f lavfi -i "
        "sine=440:r=44100:d=2 -af volume=8 " +
        coding + " '" + path + "'");
    return path;
}

void read_all(const std::string& path, CollectedVideo& video, CollectedAudio& audio,
              const MediaInputOptions& o = options()) {
    auto input = open_media_input(path, o);
    ASSERT_TRUE(input) << input.error().message;
    start(*input, video, audio);
    EXPECT_TRUE(!input->video || video.wait_for_end());
    EXPECT_TRUE(!input->audio || audio.wait_for_end());
    stop(*input);
}

TEST(FileInput, EveryFrameHasExactlyItsTime) {
    TempDir dir;
    for (const char* coding : {"-c:v libx264 -bf 3 -pix_fmt yuv444p -video_track_timescale 30000 -c:a aac",
                               "-c:v mjpeg -pix_fmt yuvj444p -video_track_timescale 30000 -c:a pcm_s16le -f mov"}) {
        CollectedVideo video;
        CollectedAudio audio;
        read_all(make(dir, "a.mp4", coding), video, audio);
        ASSERT_EQ(video.media().size(), 60U) << coding;
        for (int i = 0; i < 60; ++i) {
            const auto& frame = video.media()[static_cast<std::size_t>(i)];
            EXPECT_EQ(frame.stamp.time, kBegin + from_ticks(i * 1001, 30000)) << coding << " " << i;
            EXPECT_EQ(frame.width, 101);
            EXPECT_EQ(frame.height, 75);
            EXPECT_TRUE(has_all_bytes(frame));
        }
        EXPECT_EQ(audio.count(SourceEvent::Kind::corrupt) + video.count(SourceEvent::Kind::corrupt), 0U);
    }
}

TEST(FileInput, EverySampleHasExactlyItsTimeAndPrimingIsLeftOut) {
    TempDir dir;
    for (const char* coding : {"-c:v mpeg4 -c:a aac", "-c:v mpeg4 -c:a pcm_s16le -f matroska"}) {
        CollectedVideo video;
        CollectedAudio audio;
        read_all(make(dir, "a.mp4", coding), video, audio);
        ASSERT_FALSE(audio.media().empty());
        EXPECT_NEAR(to_seconds(audio.media().front().time - kBegin), 0, 0.001) << coding;
        std::int64_t samples = 0;
        double energy = 0;
        for (const auto& block : audio.media()) {
            EXPECT_EQ(block.channels, 1);
            EXPECT_NEAR(to_seconds(block.time - kBegin), static_cast<double>(samples) / 44100, 0.001) << coding;
            samples += block.frames();
            for (const auto s : block.samples) energy += static_cast<double>(s) * s;
        }
        EXPECT_NEAR(static_cast<double>(samples), 88200, 1100) << coding;
        EXPECT_GT(std::sqrt(energy / static_cast<double>(samples)), 1000) << "a tone, no silence";
    }
}

TEST(FileInput, AStreamWhoseClockStartsAnywhereBeginsAtZero) {
    TempDir dir;
    CollectedVideo video;
    CollectedAudio audio;
    read_all(make(dir, "a.ts", "-c:v mpeg2video -r 25 -c:a mp2"), video, audio);
    ASSERT_GE(video.media().size(), 49U);
    const auto first = std::min(video.media().front().stamp.time, audio.media().front().time);
    EXPECT_NEAR(to_seconds(first - kBegin), 0, 0.05);
    EXPECT_EQ(video.media()[10].stamp.time - video.media()[9].stamp.time, 40ms);
}

TEST(FileInput, AnAviWithReorderedFramesHasThemInOrder) {
    TempDir dir;
    CollectedVideo video;
    CollectedAudio audio;
    read_all(make(dir, "a.avi", "-c:v mpeg4 -bf 2 -r 25 -c:a pcm_s16le"), video, audio);
    ASSERT_GE(video.media().size(), 49U);
    for (std::size_t i = 1; i < video.media().size(); ++i)
        EXPECT_EQ(video.media()[i].stamp.time - video.media()[i - 1].stamp.time, 40ms) << i;
}

TEST(FileInput, OnlyTheWantedTracksAreThere) {
    TempDir dir;
    const auto path = make(dir, "a.mkv", "-c:v mpeg4 -c:a flac");
    auto o = options();
    o.video = false;
    const auto audio_only = open_media_input(path, o).value();
    EXPECT_FALSE(audio_only.video);
    EXPECT_TRUE(audio_only.audio);
    run("ffmpeg -nostdin -v error -y -i '" + path + "' -an -c copy '" + dir.file("silent.mkv") + "'");
    EXPECT_THAT(open_media_input(dir.file("silent.mkv"), o).error().message, HasSubstr("no audio"));
}

TEST(FileInput, TenBitAndOddSizesAreDelivered) {
    TempDir dir;
    const auto path = dir.file("ten.mkv");
    run("ffmpeg -nostdin -v error -y -f lavfi -i color=red:s=33x17:r=10:d=1 -c:v ffv1 -pix_fmt yuv420p10le '" + path +
        "'");
    CollectedVideo video;
    CollectedAudio audio;
    read_all(path, video, audio);
    ASSERT_EQ(video.media().size(), 10U);
    const auto& frame = video.media()[0];
    EXPECT_EQ(frame.format, PixelFormat::i420);
    EXPECT_NEAR(planes_of(frame).data[0][0], 81, 2);
    EXPECT_NEAR(planes_of(frame).data[2][0], 240, 2);
}

TEST(FileInput, ATruncatedFileGivesWhatItHas) {
    TempDir dir;
    const auto path = make(dir, "a.mkv", "-c:v mpeg4 -c:a pcm_s16le");
    ::truncate(path.c_str(), static_cast<off_t>(std::filesystem::file_size(path) / 2));
    CollectedVideo video;
    CollectedAudio audio;
    read_all(path, video, audio);
    EXPECT_GT(video.media().size(), 10U);
    EXPECT_LT(video.media().size(), 60U);
}

TEST(FileInput, DamageIsCountedAndEndsNothing) {
    TempDir dir;
    const auto path = make(dir, "a.avi", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le");
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
    for (std::streamoff at = 20000; at + 4000 < size; at += 9000) {
        file.seekp(at);
        for (int i = 0; i < 600; ++i) file.put(static_cast<char>(i * 7));
    }
    file.close();
    CollectedVideo video;
    CollectedAudio audio;
    read_all(path, video, audio);
    EXPECT_FALSE(audio.media().empty());
    EXPECT_GT(video.media().size() + video.count(SourceEvent::Kind::corrupt), 30U);
}

TEST(FileInput, WhatIsNoMediaFileIsRefused) {
    TempDir dir;
    const auto garbage = dir.file("garbage.mp4");
    std::ofstream(garbage) << std::string(100000, 'x');
    EXPECT_EQ(open_media_input(garbage, options()).error().code, ErrorCode::corrupt);
    std::ofstream(dir.file("empty"));
    EXPECT_FALSE(open_media_input(dir.file("empty"), options()));
    EXPECT_EQ(open_media_input(dir.file("none"), options()).error().code, ErrorCode::not_found);
    EXPECT_EQ(open_media_input(dir.path(), options()).error().code, ErrorCode::unsupported);
    EXPECT_EQ(open_media_input("/dev/zero", options()).error().code, ErrorCode::unsupported);
    EXPECT_EQ(open_media_input("http://u:secret@127.0.0.1:1/a.mp4", options()).error().code, ErrorCode::unsupported);
}

TEST(FileInput, PlaylistsOpenNoOtherFilesAndHosts) {
    TempDir dir;
    const auto media = make(dir, "a.mkv", "-c:v mpeg4 -c:a flac");
    make(dir, "seg.ts", "-c:v mpeg2video -r 25 -c:a mp2");
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(dir.file(name)) << text;
        return dir.file(name);
    };
    const std::string m3u = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n";
    for (const auto& playlist :
         {write("passwd.m3u8", m3u + "file:///etc/passwd\n#EXT-X-ENDLIST\n"),
          write("http.m3u8", m3u + "http://127.0.0.1:1/seg.ts\n#EXT-X-ENDLIST\n"),
          write("local.m3u8", m3u + "seg.ts\n#EXT-X-ENDLIST\n"),
          write("list.txt", "ffconcat version 1.0\nfile '" + media + "'\n"),
          write("list.mkv", "ffconcat version 1.0\nfile '" + media + "'\n"),
          write("a.sdp", "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
          write("a.mpd",
                "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><BaseURL>file:"
                "///etc/passwd</BaseURL></Period></MPD>")}) {
        const auto input = open_media_input(playlist, options());
        ASSERT_FALSE(input) << playlist;
        EXPECT_THAT(input.error().message, HasSubstr(playlist));
    }
}

TEST(FileInput, AFrameThatIsTooLargeEndsOnlyItsTrack) {
    TempDir dir;
    const auto path = make(dir, "a.mkv", "-c:v mpeg4 -c:a flac");
    auto o = options();
    o.limits.pixels = 64 * 64;
    CollectedVideo video;
    CollectedAudio audio;
    read_all(path, video, audio, o);
    EXPECT_TRUE(video.media().empty());
    EXPECT_FALSE(audio.media().empty());
}

TEST(FileInput, AStreamOfAPipeIsStampedFromItsFirstPacketOn) {
    TempDir dir;
    const auto fifo = dir.file("pipe");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto path = make(dir, "a.mkv", "-c:v mpeg4 -r 25 -c:a flac");
    std::thread writer([&] { run("cat '" + path + "' > '" + fifo + "'"); });
    CollectedVideo video;
    CollectedAudio audio;
    auto o = options();
    o.begin.reset();
    const auto before = host_now();
    read_all(fifo, video, audio, o);
    writer.join();
    ASSERT_GE(video.media().size(), 49U);
    EXPECT_GE(video.media().front().stamp.time, before);
    EXPECT_LE(video.media().front().stamp.time, host_now());
    EXPECT_EQ(video.media()[20].stamp.time - video.media()[0].stamp.time, 800ms);
}

TEST(FileInput, APipeWithoutAWriterTimesOut) {
    TempDir dir;
    ASSERT_EQ(::mkfifo(dir.file("pipe").c_str(), 0600), 0);
    auto o = options();
    o.limits.open = 50ms;
    EXPECT_EQ(open_media_input(dir.file("pipe"), o).error().code, ErrorCode::timed_out);
}

TEST(FileInput, StoppingEndsAPipeThatIsSilent) {
    TempDir dir;
    const auto fifo = dir.file("pipe");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto path = make(dir, "a.mkv", "-c:v mpeg4 -c:a flac");
    const int keep_open = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);
    std::thread writer([&] { run("cat '" + path + "' > '" + fifo + "'"); });
    auto input = open_media_input(fifo, options()).value();
    CollectedVideo video;
    CollectedAudio audio;
    start(input, video, audio);
    EXPECT_TRUE(video.wait_for_media(20));
    writer.join();
    stop(input);
    ::close(keep_open);
    const auto count = video.media().size();
    EXPECT_LE(count, 60U);
    EXPECT_EQ(input.video->start(video).error().code, ErrorCode::wrong_state);
}

// Waits, as a receiver with a full queue does.
class SlowVideo final : public CollectedVideo {
 public:
    Delivery deliver(Frame frame) override {
        {
            MutexLock lock(mutex_);
            ++waiting_;
            changed_.notify_all();
            while (!open_) changed_.wait(lock);
        }
        return CollectedVideo::deliver(std::move(frame));
    }
    void let_go() {
        MutexLock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void wait_until_one_waits() {
        MutexLock lock(mutex_);
        while (waiting_ == 0) changed_.wait(lock);
    }

 private:
    Mutex mutex_;
    ConditionVariable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

TEST(FileInput, AReceiverThatWaitsSetsThePaceAndNothingIsLost) {
    TempDir dir;
    auto input = open_media_input(make(dir, "a.mkv", "-c:v mpeg4 -c:a flac"), options()).value();
    SlowVideo video;
    CollectedAudio audio;
    start(input, video, audio);
    video.wait_until_one_waits();
    video.let_go();
    EXPECT_TRUE(video.wait_for_end());
    stop(input);
    EXPECT_EQ(video.media().size(), 60U);
    EXPECT_EQ(video.count(SourceEvent::Kind::driver_drop), 0U);
}

TEST(FileInput, MediaWaitUntilEveryTrackIsStartedOrGone) {
    TempDir dir;
    auto input = open_media_input(make(dir, "a.mkv", "-c:v mpeg4 -c:a flac"), options()).value();
    CollectedVideo video;
    ASSERT_TRUE(input.video->start(video));
    input.audio.reset();
    EXPECT_TRUE(video.wait_for_end());
    input.video->stop();
    EXPECT_EQ(video.media().size(), 60U);
}

}  // namespace
}  // namespace onetake

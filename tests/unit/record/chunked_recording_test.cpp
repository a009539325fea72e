// Recordings in chunks through the public API: the same packets as without chunks, the sources of a command line, and
// encoders that fail. Files are read by the ffmpeg programs.
#include "base/clock.h"
#include "base/time.h"
#include "container/file_writer.h"
#include "support/temp_dir.h"
#include "unit/container/probe.h"

#include <onetake/chunked_writer.h>
#include <onetake/merge.h>
#include <onetake/stream_encoder.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/error.h>
}

namespace onetake {
namespace {

// Encoders of frames of this width fail from their 20th frame on, also those that are opened later.
std::atomic<int> failing_width{0}, frames_of_failing_width{0};

}  // namespace
}  // namespace onetake

// In place of libavcodec's, which it calls.
extern "C" int avcodec_send_frame(AVCodecContext* context, const AVFrame* frame) {
    using namespace onetake;
    static const auto real =
        reinterpret_cast<int (*)(AVCodecContext*, const AVFrame*)>(::dlsym(RTLD_NEXT, "avcodec_send_frame"));
    if (frame != nullptr && frame->width > 0 && frame->width == failing_width && ++frames_of_failing_width >= 20)
        return AVERROR_EXTERNAL;
    return real(context, frame);
}

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kImageWidth = 64, kImageHeight = 48;

std::vector<std::uint8_t> image(int n, int bytes_per_pixel, int width = kImageWidth) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * kImageHeight * bytes_per_pixel));
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(i / 7 + static_cast<std::size_t>(n) * 5 + (i >> 9));
    return bytes;
}

std::vector<std::uint8_t> sensor_reading(int n) {
    return std::vector<std::uint8_t>(1 + static_cast<std::size_t>(n) * 31 % 90, static_cast<std::uint8_t>(n * 7 + 1));
}

void wait_for_room(const EncoderQueue& queue) {
    while (queue.size() >= queue.capacity() / 2) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

/// Every packet of a stream ("v:0"), as ffprobe reads it: its time in ticks of the file, size and a digest of its
/// bytes.
std::vector<std::string> packets_of(const std::string& path, const std::string& stream) {
    std::istringstream lines(testing::output_of(
        fmt::format("ffprobe -v error -select_streams {} -show_packets -show_data_hash md5 -show_entries "
                    "packet=pts,size,data_hash -of csv=p=0 '{}'",
                    stream, path)));
    std::vector<std::string> packets;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) packets.push_back(line);
    return packets;
}

/// Media of four streams for some seconds: frames at irregular times, on the ticks of an encoder, with a gap.
class SameMedia {
 public:
    static constexpr int kLength_ms = 137, kChunks = 60;

    static VideoStreamConfig front() {
        VideoStreamConfig video{kImageWidth, kImageHeight, {30000, 1001}};
        video.bitrate = 150'000;
        // On one thread it makes the same packets of the same frames.
        video.stream_options = {{"preset", "ultrafast"}, {"threads", "1"}};
        return video;
    }
    static VideoStreamConfig depth() {
        VideoStreamConfig video{kImageWidth, kImageHeight, {30000, 1001}, "ffv1"};
        video.input_pixel_format = video.output_pixel_format = "gray16le";
        video.stream_options = {{"threads", "1"}};
        return video;
    }
    static double front_time(int i) {
        std::int64_t ticks = i * std::int64_t{3003} + i * 7919 % 1201;
        if (i >= 100) ticks += 60'000;
        if (i >= 170) ticks += 120'000;
        if (ticks % 90 == 45) ++ticks;  // not between two ticks of the file
        return static_cast<double>(ticks) / 90'000;
    }
    static double depth_time(int i) { return front_time(i) + 180.0 / 90'000; }
    static double block_time(int n) { return 0.003 + n * 480 / 48000.0; }
    static double reading_time(int n) { return 0.001 + n * 0.0031 + (n % 50 < 3 ? -0.0004 : 0); }
    static double end() { return (kChunks * kLength_ms - 20) / 1000.0; }
    static long chunk_at(double t) { return std::lround(t * 1000) / kLength_ms; }

    /// Records them, and returns the merged file.
    static std::string record(const TempDir& dir, const std::string& name, double chunk_length_s, double start,
                              std::size_t chunks) {
        ChunkedWriterConfig config;
        config.name = name;
        config.output_directory = dir.path();
        config.stream_configs = {{"front", front()}, {"depth", depth()}, {"microphone", AudioStreamConfig{}}};
        config.sensor_stream_configs = {{"IMU", {}}};
        config.chunk_length_s = chunk_length_s;
        auto writer = ChunkedWriter::create(config).value();
        const auto status = writer->start();
        EXPECT_TRUE(status) << (status ? "" : status.error().message);
        auto queue = writer->get_encoder_queue("front").value();
        int blocks = 0, readings = 0;
        for (int i = 0; front_time(i) < end(); ++i) {
            wait_for_room(queue);
            const double t = front_time(i);
            EXPECT_TRUE(queue.put(image(i, 3), start + t));
            EXPECT_TRUE(writer->push("depth", image(i, 2), start + depth_time(i)));
            for (; block_time(blocks) < t; ++blocks) {
                std::vector<std::int16_t> samples;
                for (int k = 0; k < 480; ++k)
                    samples.push_back(static_cast<std::int16_t>(9000 * std::sin(0.05 * (blocks * 480 + k))));
                EXPECT_TRUE(
                    writer->push("microphone", std::span<const std::int16_t>(samples), start + block_time(blocks)));
            }
            for (; reading_time(readings) < t; ++readings)
                EXPECT_TRUE(writer->push("IMU", sensor_reading(readings), start + reading_time(readings)));
        }
        const auto result = writer->stop().value();
        EXPECT_THAT(result.failures, IsEmpty());
        EXPECT_FALSE(result.lossy());
        EXPECT_THAT(result.chunks, SizeIs(chunks));
        const auto merged = merge_recording_chunks(dir.file(name), dir.file(name + ".mkv"));
        EXPECT_TRUE(merged) << (merged ? "" : merged.error().message);
        return dir.file(name + ".mkv");
    }

    /// The packets of the encoders alone, one file for both videos: a keyframe where a chunk begins, and no chunks.
    static std::string tapped(const TempDir& dir) {
        auto file = FileWriter::create(dir.file("tapped.mkv"), ContainerFormat::mkv, {}).value();
        std::map<int, std::vector<Packet>> packets;
        int number = 0;
        for (const auto& config : {front(), depth()}) {
            auto encoder = VideoStreamEncoder::create(config).value();
            const auto& stream = encoder->stream();
            StreamParams params;
            params.codec = stream.codec;
            params.time_scale = stream.time_scale;
            params.extradata = stream.extradata;
            params.width = stream.width;
            params.height = stream.height;
            params.pixel_format = stream.pixel_format;
            EXPECT_TRUE(file.add_track(params));
            const auto take = [&](std::vector<EncodedPacket> encoded) {
                for (auto& from : encoded) {
                    auto& packet = packets[number].emplace_back();
                    packet.pts = from.pts;
                    packet.dts = from.dts;
                    packet.key = from.key;
                    packet.bytes = std::move(from.bytes);
                }
            };
            long chunk = -1;
            for (int i = 0; front_time(i) < end(); ++i) {
                const double t = number == 0 ? front_time(i) : depth_time(i);
                const bool begins = chunk_at(t) != std::exchange(chunk, chunk_at(t));
                take(encoder->encode(image(i, number == 0 ? 3 : 2), t, begins).value());
            }
            take(encoder->flush().value());
            ++number;
        }
        EXPECT_TRUE(file.begin());
        for (auto& [track, all] : packets) {
            EXPECT_TRUE(file.write(track, all));
            EXPECT_TRUE(file.end_track(track));
        }
        EXPECT_TRUE(file.finish());
        return dir.file("tapped.mkv");
    }
};

TEST(ChunkedRecording, HasThePacketsThatItWouldHaveWithoutChunks) {
    const TempDir dir;
    const double start = to_seconds(host_now().time_since_epoch());
    // The gaps are longer than four chunks, but sound and data go on.
    const auto chunked = SameMedia::record(dir, "chunked", SameMedia::kLength_ms / 1000.0, start, SameMedia::kChunks);
    const auto unchunked = SameMedia::record(dir, "unchunked", 1e6, start, 1);
    const auto tapped = SameMedia::tapped(dir);
    for (const auto* stream : {"v:0", "v:1"}) {
        const auto found = packets_of(chunked, stream), expected = packets_of(tapped, stream);
        EXPECT_GT(found.size(), 150u);
        EXPECT_TRUE(found == expected) << stream << ": " << found.size() << " and " << expected.size();
    }
    for (const auto* stream : {"a:0", "s:0"}) {
        const auto found = packets_of(chunked, stream), expected = packets_of(unchunked, stream);
        EXPECT_GT(found.size(), 50u);
        EXPECT_TRUE(found == expected) << stream << ": " << found.size() << " and " << expected.size();
    }
    const auto samples = [](const std::string& path) {
        return testing::output_of(fmt::format("ffmpeg -v error -i '{}' -map 0:a -f md5 -", path));
    };
    EXPECT_EQ(samples(chunked), samples(unchunked));
    // What was pushed, byte by byte.
    std::string pushed;
    const auto readings = packets_of(chunked, "s:0").size();
    for (int n = 0; n < static_cast<int>(readings); ++n) {
        const auto bytes = sensor_reading(n);
        pushed.append(bytes.begin(), bytes.end());
    }
    EXPECT_TRUE(testing::output_of(fmt::format("ffmpeg -v error -i '{}' -map 0:s -c copy -f data -", chunked)) ==
                pushed);
}

TEST(ChunkedRecording, CallsOnErrorOnceForAnEncoderThatFailsTwice) {
    const TempDir dir;
    std::mutex mutex;
    std::vector<std::string> failed;
    ChunkedWriterConfig config;
    config.name = "rig";
    config.output_directory = dir.path();
    config.chunk_length_s = 1;
    constexpr int kFailingWidth = 80;
    VideoStreamConfig front{kImageWidth, kImageHeight}, side{kFailingWidth, kImageHeight};
    front.codec = side.codec = "mpeg4";
    config.stream_configs = {{"front", front}, {"side", side}};
    config.sensor_stream_configs = {{"IMU", {}}};
    config.on_error = [&](const std::string& stream) {
        const std::lock_guard lock(mutex);
        failed.push_back(stream);
    };
    failing_width = kFailingWidth;
    auto writer = ChunkedWriter::create(config).value();
    ASSERT_TRUE(writer->start());
    const double start = to_seconds(host_now().time_since_epoch());
    for (int i = 0; i < 90; ++i) {
        EXPECT_TRUE(writer->push("front", image(i, 3), start + i / 30.0));
        EXPECT_TRUE(writer->push("side", image(i, 3, kFailingWidth), start + i / 30.0));
        EXPECT_TRUE(writer->push("IMU", sensor_reading(i), start + i / 30.0));
    }
    const auto result = writer->stop().value();
    failing_width = 0;
    EXPECT_THAT(failed, ElementsAre("side"));
    EXPECT_THAT(result.failures, IsEmpty());
    const auto became = [](std::uint64_t written, std::uint64_t lost) {
        return ::testing::AllOf(Field(&ChunkedStream::pushed, 90u), Field(&ChunkedStream::written, written),
                                Field(&ChunkedStream::lost, lost));
    };
    EXPECT_THAT(result.streams, ElementsAre(became(90, 0), became(19, 71), became(90, 0)));
    EXPECT_THAT(result.chunks, SizeIs(3));
    ASSERT_TRUE(merge_recording_chunks(dir.file("rig"), dir.file("rig.mkv")));
    EXPECT_EQ(testing::decoded_times(dir.file("rig.mkv"), "v:0").size(), 90u);
    EXPECT_EQ(testing::decoded_times(dir.file("rig.mkv"), "v:1").size(), 19u);
    EXPECT_THAT(packets_of(dir.file("rig.mkv"), "s:0"), SizeIs(90));
}

class RecordChunks : public ::testing::Test {
 protected:
    RecordChunks() {
        make("a.mp4", "-f lavfi -i testsrc=s=64x48:r=25:d=3 -f lavfi -i sine=r=16000:d=3 -c:v libx264 -c:a aac");
        make("b.mkv", "-f lavfi -i testsrc2=s=80x48:r=10:d=3 -c:v ffv1");
        config_.directory = dir_.file("rig");
        config_.chunk_length_s = 1;
        config_.recorder.store.preset = "ultrafast";
    }
    void make(const std::string& name, const std::string& how) const {
        ASSERT_EQ(std::system(fmt::format("ffmpeg -nostdin -v error {} '{}'", how, dir_.file(name)).c_str()), 0);
    }
    void add(const std::string& spec) {
        auto track = parse_track_spec(spec);
        ASSERT_TRUE(track) << track.error().message;
        config_.tracks.push_back(std::move(*track));
    }
    std::string file(const std::string& name, const std::string& path, const std::string& behind = "") const {
        return fmt::format("{}={}{}", name, dir_.file(path), behind);
    }
    Result<ChunkedResult> record(double duration_s = 1e9) const { return record_chunks(config_, duration_s); }
    nlohmann::json merged() const {
        const auto result = merge_recording_chunks(config_.directory, dir_.file("rig.mkv"));
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return testing::probed(dir_.file("rig.mkv"), "-show_streams -count_packets")["streams"];
    }

    TempDir dir_;
    ChunkRecordingConfig config_;
};

TEST_F(RecordChunks, OfFilesInStepWithTheirOwnTimes) {
    add(file("front", "a.mp4"));
    add(file("side", "b.mkv", "@0.5-2.5"));
    config_.recorder.encode.container = ContainerFormat::mp4;  // of no meaning here
    const auto result = record();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->failures, IsEmpty());
    EXPECT_FALSE(result->lossy());
    ASSERT_THAT(result->streams, SizeIs(3));
    for (const auto& stream : result->streams) {
        EXPECT_EQ(stream.name, stream.kind == "audio" || &stream == &result->streams[0] ? "front" : "side");
        EXPECT_EQ(stream.codec, stream.kind == "audio" ? "flac" : "libx264") << "the encoder that was chosen";
    }
    ASSERT_THAT(result->chunks, SizeIs(::testing::Ge(3)));
    const auto streams = merged();
    ASSERT_THAT(streams, SizeIs(3));
    EXPECT_EQ(streams[0]["tags"]["title"], "front");
    EXPECT_EQ(streams[1]["tags"]["title"], "side");
    EXPECT_EQ(streams[2]["codec_name"], "flac");
    const auto front = testing::decoded_times(dir_.file("rig.mkv"), "v:0");
    ASSERT_THAT(front, SizeIs(75));
    for (std::size_t i = 0; i < front.size(); ++i) EXPECT_NEAR(front[i], static_cast<double>(i) / 25, 0.00051);
    const auto side = testing::decoded_times(dir_.file("rig.mkv"), "v:1");
    ASSERT_THAT(side, SizeIs(20)) << "it joined after 0.5 s and left after 2.5 s";
    for (std::size_t i = 0; i < side.size(); ++i) EXPECT_NEAR(side[i], 0.5 + static_cast<double>(i) / 10, 0.00051);
    EXPECT_NEAR(static_cast<double>(testing::decoded_audio(dir_.file("rig.mkv")).size()), 3 * 16000, 1100);
}

TEST_F(RecordChunks, OfFilesForAsLongAsAsked) {
    config_.recorder.store.codec = "ffv1";
    add(file("front:no-audio", "a.mp4"));
    const auto result = record(1.2);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_THAT(result->streams, SizeIs(1));
    EXPECT_EQ(result->streams[0].written, 30u);
    EXPECT_EQ(result->streams[0].codec, "ffv1");
    EXPECT_THAT(result->chunks, SizeIs(2));
}

TEST_F(RecordChunks, OfLiveSourcesAndAFileBesideThem) {
    config_.recorder.video.at(0).width = 96;
    config_.recorder.video.at(0).height = 64;
    add("front=test");
    add("screen:screen=test");
    add(file("player:no-video", "a.mp4"));
    const auto result = record(1.5);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->failures, IsEmpty());
    const auto streams = merged();
    ASSERT_THAT(streams, SizeIs(4));
    EXPECT_EQ(streams[0]["width"], 96);
    EXPECT_EQ(streams[1]["tags"]["title"], "screen screen");
    EXPECT_EQ(streams[2]["tags"]["title"], "front");
    EXPECT_EQ(streams[3]["tags"]["title"], "player");
    // The file was read in real time, not to its end.
    EXPECT_LT(result->streams[3].written, 2u * 16000);
    for (const auto& stream : result->streams) EXPECT_GT(stream.written, 0u) << stream.name;
}

TEST_F(RecordChunks, RefusesSourcesThatCanNotBeRecorded) {
    add("front=test");
    add("front=test");
    EXPECT_THAT(record(1).error().message, HasSubstr("two video tracks of the name \"front\""));
    config_.tracks.clear();
    add(file("front", "none.mp4"));
    EXPECT_THAT(record(1).error().message, HasSubstr("none.mp4"));
    config_.tracks.clear();
    add("front:no-video:screen=test");
    EXPECT_THAT(record(1).error().message, HasSubstr("no track that is wanted"));
    EXPECT_FALSE(fs::exists(config_.directory));
}

}  // namespace
}  // namespace onetake

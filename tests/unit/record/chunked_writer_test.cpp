// Several streams recorded in chunks: what was pushed is in the files, whatever becomes of one of the streams. Files
// are judged by the ffmpeg programs.
#include "base/clock.h"
#include "base/time.h"
#include "container/file_writer.h"
#include "encode/image_stream_encoder.h"
#include "record/chunk_session.h"
#include "record/pushed_frame.h"
#include "record/stream_settings.h"
#include "support/temp_dir.h"
#include "unit/container/probe.h"

#include <onetake/chunked_writer.h>
#include <onetake/markers.h>
#include <onetake/merge.h>
#include <onetake/stream_encoder.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kWidth = 64, kHeight = 48, kRate = 48000, kBlock = 1024;

using Bytes = std::vector<std::uint8_t>;

double now_s() {
    return to_seconds(host_now().time_since_epoch());
}

// A moving gradient in any format of tightly packed rows.
Bytes picture(int n, int bytes_per_pixel) {
    Bytes bytes(static_cast<std::size_t>(kWidth * kHeight * bytes_per_pixel));
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(i / 7 + static_cast<std::size_t>(n) * 5 + (i >> 9));
    return bytes;
}

Bytes reading(int n) {
    return Bytes(1 + static_cast<std::size_t>(n) * 31 % 90, static_cast<std::uint8_t>(n * 7 + 1));
}

std::vector<std::int16_t> tone(int block) {
    std::vector<std::int16_t> samples;
    for (int i = 0; i < kBlock; ++i)
        samples.push_back(static_cast<std::int16_t>(9000 * std::sin(0.05 * (block * kBlock + i))));
    return samples;
}

std::string bytes_of(const std::string& file, const std::string& stream, const std::string& as) {
    return testing::output_of(
        fmt::format("ffmpeg -v error -i '{}' -map 0:{} -fps_mode passthrough {} -", file, stream, as));
}

class ChunkedWriterTest : public ::testing::Test {
 protected:
    ChunkedWriterTest() {
        ::setenv("XDG_RUNTIME_DIR", dir_.path().c_str(), 1);
        config_.name = "rig";
        config_.output_directory = dir_.file("recordings");
        config_.chunk_length_s = 1;
        config_.on_event = [this](const RecorderEvent& event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(event.text);
        };
    }
    static VideoStreamConfig camera(const std::string& codec = "libx264") {
        VideoStreamConfig video;
        video.width = kWidth;
        video.height = kHeight;
        video.codec = codec;
        video.bitrate = 200'000;
        return video;
    }
    static VideoStreamConfig depth() {
        auto video = camera("ffv1");
        video.input_pixel_format = video.output_pixel_format = "gray16le";
        return video;
    }
    void use_all_streams() {
        config_.stream_configs = {{"front", camera()}, {"depth", depth()}, {"microphone", AudioStreamConfig{}}};
        config_.sensor_stream_configs = {{"IMU", {}}};
    }
    std::unique_ptr<ChunkedWriter> started() {
        auto writer = ChunkedWriter::create(config_).value();
        const auto status = writer->start();
        EXPECT_TRUE(status) << (status ? "" : status.error().message);
        start_ = now_s();
        return writer;
    }
    // Media of all streams, for so many seconds from `from` on.
    void push_all(ChunkedWriter& writer, double from, double to) {
        for (int i = static_cast<int>(std::lround(from * 30)); i < std::lround(to * 30); ++i) {
            const double t = i / 30.0;
            EXPECT_TRUE(writer.push("front", picture(i, 3), start_ + t));
            EXPECT_TRUE(writer.push("depth", picture(i, 2), start_ + t + 0.003));
            for (; blocks_ * kBlock < static_cast<int>(t * kRate); ++blocks_)
                EXPECT_TRUE(
                    writer.push("microphone", tone(blocks_), start_ + static_cast<double>(blocks_) * kBlock / kRate));
            for (; readings_ * 0.005 < t; ++readings_)
                EXPECT_TRUE(writer.push("IMU", reading(readings_), start_ + readings_ * 0.005));
        }
    }
    std::string folder() const { return dir_.file("recordings/rig"); }
    std::string chunk(const std::string& id) const { return folder() + "/" + id + ".mkv"; }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(folder())) all.push_back(entry.path().filename().string());
        std::ranges::sort(all);
        return all;
    }
    std::string merged() const {
        const auto result = merge_recording_chunks(folder(), dir_.file("merged.mkv"), {true, false, {}});
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return dir_.file("merged.mkv");
    }
    static void await(const std::function<bool()>& condition) {
        while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    static const ChunkedStream& stream(const ChunkedResult& result, const std::string& name) {
        const auto found = std::ranges::find(result.streams, name, &ChunkedStream::name);
        EXPECT_NE(found, result.streams.end()) << name;
        EXPECT_EQ(found->pushed, found->written + found->dropped + found->refused + found->lost) << name;
        return *found;
    }
    std::size_t events_with(const std::string& text) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::ranges::count_if(
            events_, [&](const std::string& event) { return event.find(text) != std::string::npos; }));
    }

    TempDir dir_;
    ChunkedWriterConfig config_;
    double start_ = 0;
    int blocks_ = 0, readings_ = 0;
    std::mutex mutex_;
    std::vector<std::string> events_;
};

TEST_F(ChunkedWriterTest, HasWhatWasPushed) {
    use_all_streams();
    auto& front = std::get<VideoStreamConfig>(config_.stream_configs[0].second);
    front.fps = 29.97;
    front.metadata = {{"SERIAL", "77"}};
    front.stream_options = {{"preset", "ultrafast"}, {"g", "20"}};
    auto writer = started();
    EXPECT_TRUE(writer->is_data_stream("IMU"));
    EXPECT_FALSE(writer->is_data_stream("front"));
    EXPECT_FALSE(writer->is_data_stream("none"));
    push_all(*writer, 0, 4.5);
    EXPECT_TRUE(writer->mark("two & a half", start_ + 2.5));
    EXPECT_TRUE(mark_take(dir_.file("recordings"), "rig", "from outside"));
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_EQ(result.take, "");
    EXPECT_FALSE(result.lossy());
    ASSERT_EQ(result.chunks.size(), 5u);
    EXPECT_THAT(names(), ElementsAre("00001.markers.vtt", "00001.mkv", "00002.mkv", "00003.markers.vtt", "00003.mkv",
                                     "00004.mkv", "00005.mkv"));
    EXPECT_EQ(result.chunks[2].id, "00003");
    EXPECT_EQ(result.chunks[2].start_s, 2);
    EXPECT_EQ(result.chunks[2].bytes, fs::file_size(chunk("00003")));
    EXPECT_EQ(stream(result, "front").written, 135u);
    EXPECT_EQ(stream(result, "microphone").written, static_cast<std::uint64_t>(blocks_) * kBlock);
    EXPECT_EQ(stream(result, "IMU").written, static_cast<std::uint64_t>(readings_));

    const auto seen = testing::probed(chunk("00003"), "-show_streams -show_chapters");
    ASSERT_EQ(seen["streams"].size(), 4u);
    EXPECT_EQ(seen["streams"][0]["tags"]["title"], "front");
    EXPECT_EQ(seen["streams"][0]["tags"]["SERIAL"], "77");
    EXPECT_EQ(seen["streams"][1]["pix_fmt"], "gray16le");
    EXPECT_EQ(seen["streams"][2]["codec_name"], "flac");
    EXPECT_EQ(seen["chapters"][0]["tags"]["title"], "two & a half");
    EXPECT_EQ(seen["chapters"][0]["start_time"], "0.500000");

    const auto file = merged();
    // Depth and data byte by byte; every time at its nearest millisecond.
    std::string pushed;
    for (int i = 0; i < 135; ++i) {
        const auto image = picture(i, 2);
        pushed.append(image.begin(), image.end());
    }
    EXPECT_TRUE(bytes_of(file, "v:1", "-f rawvideo -pix_fmt gray16le") == pushed);
    pushed.clear();
    for (int i = 0; i < readings_; ++i) {
        const auto bytes = reading(i);
        pushed.append(bytes.begin(), bytes.end());
    }
    EXPECT_TRUE(bytes_of(file, "s:0", "-c copy -f data") == pushed);
    const auto times = testing::decoded_times(file, "v:0");
    ASSERT_EQ(times.size(), 135u);
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], static_cast<double>(i) / 30, 0.00051);
    const auto audio = testing::decoded_audio(file);
    ASSERT_EQ(audio.size(), static_cast<std::size_t>(blocks_) * kBlock);
    double worst = 0;
    for (int b = 0; b < blocks_; ++b) {
        const auto samples = tone(b);
        for (int i = 0; i < kBlock; ++i)
            worst = std::max<double>(worst, std::abs(audio[static_cast<std::size_t>(b * kBlock + i)] * 32768.0 -
                                                     samples[static_cast<std::size_t>(i)]));
    }
    EXPECT_LT(worst, 3) << "of 32768, by the interpolation of a clock that is fitted";
    EXPECT_EQ(testing::output_of(fmt::format("ffmpeg -v error -i '{}' -map 0:v -map 0:a -f null - 2>&1", file)), "");
}

TEST_F(ChunkedWriterTest, RecordsAndMergesDataAlone) {
    config_.sensor_stream_configs = {{"IMU", {}}, {"GPS", {}}};
    auto writer = started();
    std::string pushed;
    for (int i = 0; i < 500; ++i) {  // several in a millisecond, and some seconds without any
        const double t = i * 0.0004 + (i >= 300 ? 3.5 : 0);
        const auto bytes = reading(i);
        pushed.append(bytes.begin(), bytes.end());
        EXPECT_TRUE(writer->push("IMU", bytes, start_ + t));
        if (i % 100 == 99) {
            EXPECT_TRUE(writer->push("GPS", reading(i), start_ + t + 0.0001));
        }
    }
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(names(), ElementsAre("00001.mkv", "00004.mkv"));
    EXPECT_EQ(stream(result, "IMU").written, 500u);
    const auto file = merged();
    EXPECT_TRUE(bytes_of(file, "s:0", "-c copy -f data") == pushed);
    const auto packets = testing::probed(file, "-show_packets")["packets"];
    ASSERT_EQ(packets.size(), 505u);
    int imu = 0;
    for (const auto& packet : packets) {
        if (packet["stream_index"] != 0) continue;
        const double t = imu * 0.0004 + (imu >= 300 ? 3.5 : 0);
        EXPECT_NEAR(std::stod(packet["pts_time"].get<std::string>()), t, 0.00051) << imu;
        ++imu;
    }
    EXPECT_EQ(imu, 500);
}

TEST_F(ChunkedWriterTest, ContinuesAacAndX265FromChunkToChunk) {
    AudioStreamConfig audio;
    audio.codec = "aac";
    config_.stream_configs = {{"front", camera("libx265")}, {"depth", depth()}, {"microphone", audio}};
    config_.sensor_stream_configs = {{"IMU", {}}};
    auto writer = started();
    push_all(*writer, 0, 3.2);
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    ASSERT_EQ(result.chunks.size(), 4u);
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 96u);
    // Only the first has priming.
    const auto first_packet = [&](const std::string& id) {
        const auto packets = testing::probed(chunk(id), "-select_streams a:0 -show_packets")["packets"];
        return std::stod(packets[0]["pts_time"].get<std::string>());
    };
    EXPECT_LT(first_packet("00001"), -0.02);
    EXPECT_GE(first_packet("00002"), 0);
    EXPECT_GE(first_packet("00004"), 0);
    EXPECT_NEAR(static_cast<double>(testing::decoded_audio(merged()).size()), blocks_ * kBlock, 1100);
}

TEST_F(ChunkedWriterTest, FinishesChunksWhileOneStreamIsStalledForEver) {
    config_.stream_configs = {{"front", camera()}, {"side", camera()}};
    config_.sensor_stream_configs = {{"IMU", {}}, {"never", {}}};
    config_.stall_timeout_s = 0.3;
    auto writer = started();
    for (int i = 0; i < 150; ++i) {
        const double t = start_ + i / 30.0;
        EXPECT_TRUE(writer->push("front", picture(i, 3), t));
        if (i < 40) {
            EXPECT_TRUE(writer->push("side", picture(i, 3), t + 0.001));
        }
        EXPECT_TRUE(writer->push("IMU", reading(i), t + 0.002));
    }
    // Finished while it goes on, with nothing from the side.
    await([&] { return fs::exists(chunk("00004")); });
    EXPECT_FALSE(fs::exists(chunk("00005")));
    EXPECT_EQ(writer->push("side", picture(0, 3), start_ + 2.5).error().code, ErrorCode::refused);
    EXPECT_FALSE(writer->push("side", picture(0, 3), start_ + 2.6));
    EXPECT_EQ(testing::decoded_times(chunk("00002"), "v:1").size(), 10u);
    // What was in finished chunks is not in the take any more, but for the last part of a stream.
    await([&] { return !fs::exists(folder() + "/.rig.take/video/p_0003.mkv"); });
    EXPECT_TRUE(writer->push("side", picture(0, 3), start_ + 5.1)) << "it goes on";
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_EQ(stream(result, "front").written, 150u);
    EXPECT_EQ(stream(result, "IMU").written, 150u);
    EXPECT_EQ(stream(result, "side").written, 41u);
    EXPECT_EQ(stream(result, "side").refused, 2u);
    EXPECT_EQ(stream(result, "never").written, 0u);
    EXPECT_EQ(events_with("chunk that is finished"), 1u);
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 150u);
    EXPECT_EQ(testing::decoded_times(merged(), "v:1").size(), 41u);
}

TEST_F(ChunkedWriterTest, KeepsTheLastFramesOfACameraThatStallsBesideAMicrophone) {
    use_all_streams();
    config_.stall_timeout_s = 0.3;
    auto writer = started();
    push_all(*writer, 0, 1.5);
    // Sound goes on, whose place is known only later.
    const auto push_sound = [&](double to) {
        for (; blocks_ * kBlock < to * kRate; ++blocks_)
            EXPECT_TRUE(
                writer->push("microphone", tone(blocks_), start_ + static_cast<double>(blocks_) * kBlock / kRate));
    };
    for (int i = 1; i <= 60; ++i) {
        push_sound(1.5 + i * 0.02);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    push_sound(60);
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_FALSE(result.lossy());
    EXPECT_EQ(stream(result, "front").written, 45u);
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 45u);
}

TEST_F(ChunkedWriterTest, DoesNotWaitForAMicrophoneThatIsStalled) {
    use_all_streams();
    config_.stall_timeout_s = 0.3;
    auto writer = started();
    push_all(*writer, 0, 1.5);
    for (int i = 45; i < 150; ++i) EXPECT_TRUE(writer->push("front", picture(i, 3), start_ + i / 30.0));
    await([&] { return fs::exists(chunk("00004")); });
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_FALSE(result.lossy());
    // What was recorded, then silence.
    const auto audio = testing::decoded_audio(merged());
    const auto recorded = static_cast<std::size_t>(blocks_) * kBlock;
    ASSERT_GT(audio.size(), static_cast<std::size_t>(3.9 * kRate));
    EXPECT_TRUE(std::any_of(audio.begin() + static_cast<std::ptrdiff_t>(recorded) - 100,
                            audio.begin() + static_cast<std::ptrdiff_t>(recorded), [](float v) { return v != 0; }));
    EXPECT_TRUE(std::all_of(audio.begin() + static_cast<std::ptrdiff_t>(recorded) + 100, audio.end(),
                            [](float v) { return v == 0; }));
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 150u);
}

// An encoder that fails with its 20th image, and whenever it is opened again.
class FailingEncoder final : public StreamEncoder {
 public:
    explicit FailingEncoder(std::unique_ptr<StreamEncoder> real)
        : StreamEncoder(real->params(), real->codec()), real_(std::move(real)) {}

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override {
        if (++taken_ >= 20) return fail(ErrorCode::internal, "The card fell out.");
        return real_->encode(std::move(input), out);
    }
    Status take_end(std::vector<Packet>& out) override { return real_->finish(out); }
    std::unique_ptr<StreamEncoder> real_;
    int taken_ = 0;
};

TEST_F(ChunkedWriterTest, KeepsTheOthersWhereOneEncoderFails) {
    ChunkSessionOptions options;
    options.directory = folder();
    options.name = "rig";
    options.length = std::chrono::seconds(1);
    options.recorder.video.resize(2);
    options.recorder.audio.clear();
    options.recorder.store.queue_size = 200;
    int errors = 0;
    for (int i = 0; i < 2; ++i) {
        options.recorder.video[static_cast<std::size_t>(i)].source = SourceKind::external;
        options.streams.push_back({{TrackKind::video, i + 1}, i == 0 ? "front" : "side", "mpeg4"});
        auto& setup = options.video.emplace_back(video_setup(camera("mpeg4")).value());
        setup.open_encoder = [i](const VideoEncoderSettings& settings) -> Result<OpenedEncoder> {
            std::unique_ptr<StreamEncoder> real = ImageStreamEncoder::open(settings).value();
            if (i == 1) real = std::make_unique<FailingEncoder>(std::move(real));
            return OpenedEncoder{std::move(real), 1};
        };
        setup.on_encoder_error = [&errors, i](const Error& error) {
            errors += i;
            EXPECT_THAT(error.message, HasSubstr("fell out"));
        };
    }
    auto session = ChunkSession::start(std::move(options)).value();
    start_ = now_s();
    for (int i = 0; i < 90; ++i)
        for (int track = 0; track < 2; ++track) {
            auto* source = session->recording().pushed_video(track).value();
            auto frame = raw_frame(PixelFormat::rgb24, kWidth, kHeight, 0, picture(i, 3), {}, *source).value();
            EXPECT_TRUE(source->push(std::move(frame), start_ + i / 30.0));
        }
    const auto result = session->stop({}).value();
    EXPECT_EQ(stream(result, "front").written, 90u);
    EXPECT_EQ(stream(result, "side").written, 38u) << "an encoder is opened once more";
    EXPECT_EQ(stream(result, "side").lost, 52u);
    EXPECT_EQ(errors, 1);
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 90u);
    EXPECT_EQ(testing::decoded_times(merged(), "v:1").size(), 38u);
}

TEST_F(ChunkedWriterTest, CountsStampsThatGoBackAndReportsThemOnce) {
    config_.stream_configs = {{"front", camera()}};
    config_.sensor_stream_configs = {{"IMU", {}}};
    auto writer = started();
    for (int i = 0; i < 60; ++i) {
        EXPECT_TRUE(writer->push("front", picture(i, 3), start_ + i / 30.0));
        if (i % 20 == 10) {
            EXPECT_EQ(writer->push("front", picture(i, 3), start_ + i / 30.0 - 0.01).error().code, ErrorCode::refused);
        }
        EXPECT_TRUE(writer->push("IMU", reading(i), start_ + 0.001 + i / 30.0));
    }
    EXPECT_EQ(writer->push("IMU", reading(0), start_ - 5).error().code, ErrorCode::refused);
    const auto result = writer->stop().value();
    EXPECT_EQ(stream(result, "front").refused, 3u);
    EXPECT_EQ(stream(result, "front").written, 60u);
    EXPECT_EQ(stream(result, "IMU").refused, 1u);
    EXPECT_EQ(events_with("Stream \"front\""), 1u);
    EXPECT_FALSE(result.lossy());
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 60u);
}

TEST_F(ChunkedWriterTest, GoesStraightToTheRightChunkAfterAGap) {
    config_.stream_configs = {{"front", camera()}};
    config_.chunk_length_s = 2;
    auto writer = started();
    const auto time = [&](int i) { return i < 75 ? i / 30.0 : i / 30.0 + 7; };
    for (int i = 0; i < 159; ++i) EXPECT_TRUE(writer->push("front", picture(i, 3), start_ + time(i)));
    std::vector<double> fractions;
    const auto result = writer->stop([&](const Progress& progress) { fractions.push_back(progress.fraction); }).value();
    EXPECT_EQ(stream(result, "front").written, 159u) << "also those that were queued at stop";
    EXPECT_THAT(result.chunks, ElementsAre(Field(&WrittenChunk::id, "00001"), Field(&WrittenChunk::id, "00002"),
                                           Field(&WrittenChunk::id, "00005"), Field(&WrittenChunk::id, "00006"),
                                           Field(&WrittenChunk::id, "00007")));
    EXPECT_FALSE(fractions.empty());
    const auto times = testing::decoded_times(merged(), "v:0");
    ASSERT_EQ(times.size(), 159u);
    for (int i = 0; i < 159; ++i) EXPECT_NEAR(times[static_cast<std::size_t>(i)], time(i), 0.00051);
}

TEST_F(ChunkedWriterTest, NamesChunksAsTheProgramDoes) {
    config_.stream_configs = {{"front", camera()}};
    config_.clock = StampClock::realtime;
    std::vector<double> begun;
    config_.start_chunk_callback = [&](const std::string& name, double at,
                                       const std::string& extension) -> std::string {
        begun.push_back(at);
        if (begun.size() == 2) throw std::runtime_error("no name");
        if (begun.size() == 3) return "../elsewhere";
        return fmt::format("{}_{}{}", name, begun.size(), extension.substr(1));
    };
    auto writer = started();
    const double wall = static_cast<double>(to_ns(read_clocks().wall)) * 1e-9;
    for (int i = 0; i < 120; ++i) EXPECT_TRUE(writer->push("front", picture(i, 3), wall + i / 30.0));
    const auto result = writer->stop().value();
    EXPECT_THAT(names(), ElementsAre("00002.mkv", "00003.mkv", "rig_1mkv.mkv", "rig_4mkv.mkv"));
    ASSERT_EQ(begun.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(begun[i], wall + static_cast<double>(i), 0.01);
    EXPECT_EQ(events_with("start_chunk_callback"), 2u);
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), 120u);
}

TEST_F(ChunkedWriterTest, RefusesWhatCanNotBeRecorded) {
    const auto message = [&] {
        std::string text;
        {
            const auto writer = ChunkedWriter::create(config_);
            const auto status = writer ? (*writer)->start() : Status(fail(writer.error()));
            if (!status) text = status.error().message;
        }
        fs::remove_all(folder());
        return text;
    };
    EXPECT_THAT(message(), HasSubstr("nothing to record"));
    config_.stream_configs = {{"front", camera()}, {"front", camera()}};
    EXPECT_THAT(message(), HasSubstr("two streams"));
    const auto with = [&](auto change) {
        auto video = camera();
        change(video);
        config_.stream_configs = {{"front", video}};
        return message();
    };
    EXPECT_THAT(with([](auto& v) { v.codec = "no_such_codec"; }), HasSubstr("no_such_codec"));
    EXPECT_THAT(with([](auto& v) { v.stream_options = {{"no_such_option", "1"}}; }), HasSubstr("no_such_option"));
    EXPECT_THAT(with([](auto& v) { v.stream_options = {{"bf", "2"}}; }), HasSubstr("B-frames"));
    EXPECT_THAT(with([](auto& v) { v.input_pixel_format = "rgba"; }), HasSubstr("rgb24, bgr24"));
    EXPECT_THAT(with([](auto& v) { v.output_pixel_format = "gray16le"; }), HasSubstr("not converted"));
    EXPECT_THAT(with([](auto& v) { v.width = 0; }), HasSubstr("width"));
    EXPECT_THAT(with([](auto& v) { v.fps = {30000, 0}; }), HasSubstr("fps"));
    config_.stream_configs = {{"microphone", AudioStreamConfig{48000, 1, "no_such_codec"}}};
    EXPECT_THAT(message(), HasSubstr("no_such_codec"));
    config_.stream_configs = {{"front", camera()}};
    EXPECT_EQ(message(), "");
    config_.sensor_stream_configs = {{"IMU", {"subrip", {}}}};
    EXPECT_THAT(message(), HasSubstr("subrip"));
    config_.sensor_stream_configs.clear();

    auto writer = started();
    EXPECT_EQ(writer->push("none", reading(1), start_).error().code, ErrorCode::not_found);
    EXPECT_EQ(writer->push("front", reading(1), start_).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(writer->push("front", tone(1), start_).error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(writer->start());
    auto queue = writer->get_encoder_queue("front").value();
    EXPECT_EQ(queue.capacity(), 200);
    EXPECT_TRUE(queue.put(picture(0, 3), start_));
    EXPECT_LE(queue.size(), 1);
    ChunkedWriterConfig again = config_;
    EXPECT_EQ(ChunkedWriter::create(again).value()->start().error().code, ErrorCode::already_exists);
    EXPECT_TRUE(writer->stop());
    EXPECT_EQ(writer->stop().error().code, ErrorCode::wrong_state);
    EXPECT_EQ(writer->push("front", picture(0, 3), start_ + 1).error().code, ErrorCode::wrong_state);
    EXPECT_EQ(ChunkedWriter::create(again).value()->start().error().code, ErrorCode::already_exists)
        << "chunks of another";
}

TEST_F(ChunkedWriterTest, DropsWhatDoesNotFitTheQueue) {
    config_.stream_configs = {{"front", camera("libx265")}};
    config_.max_encoder_queue_size = 3;
    auto writer = started();
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(writer->push("front", picture(i, 3), start_ + i / 30.0));
    const auto result = writer->stop().value();
    EXPECT_GT(stream(result, "front").dropped, 0u);
    EXPECT_EQ(stream(result, "front").pushed, 100u);
    EXPECT_TRUE(result.lossy());
    EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), stream(result, "front").written);
}

TEST_F(ChunkedWriterTest, LeavesNothingWithoutMedia) {
    config_.stream_configs = {{"front", camera()}};
    auto writer = started();
    const auto result = writer->stop().value();
    EXPECT_THAT(result.chunks, IsEmpty());
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(names(), IsEmpty());
}

// Memory and open files do not grow with the number of chunks. ONETAKE_CHUNKS=10000 for more of them.
TEST_F(ChunkedWriterTest, IsFlatOverManyChunks) {
    const auto* wanted = std::getenv("ONETAKE_CHUNKS");
    const int chunks = wanted != nullptr ? std::atoi(wanted) : 200;
    config_.stream_configs = {{"front", camera("mpeg4")}};
    config_.sensor_stream_configs = {{"IMU", {}}};
    config_.chunk_length_s = 0.1;
    config_.stall_timeout_s = 1;
    auto writer = started();
    const auto open_files = [] {
        return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
    };
    const auto memory = [] {
        std::ifstream statm("/proc/self/statm");
        long size = 0, resident = 0;
        statm >> size >> resident;
        return resident * ::sysconf(_SC_PAGESIZE);
    };
    auto queue = writer->get_encoder_queue("front").value();
    // Chunks that wait to be finished need memory and files: how many depends on the machine, so none may wait.
    const auto caught_up = [&](int frame) {
        await([&] { return fs::exists(chunk(fmt::format("{:05}", (frame / 3) - 2))); });
    };
    long early = 0, early_files = 0;
    for (int i = 0; i < chunks * 3; ++i) {
        const double t = start_ + i / 30.0;
        await([&] { return queue.size() < 100; });
        EXPECT_TRUE(queue.put(picture(i, 3), t));
        EXPECT_TRUE(writer->push("IMU", reading(i), t));
        if (i % 60 == 59) {  // not further ahead of the chunks than some
            const auto before = fmt::format("{:05}", (i / 3) - 12);
            await([&] { return i / 3 < 14 || fs::exists(chunk(before)); });
        }
        if (i == chunks * 3 / 4) {
            caught_up(i);
            early = memory();
            early_files = open_files();
        }
    }
    caught_up((chunks * 3) - 1);
    EXPECT_LE(open_files(), early_files + 5);
    EXPECT_LT(memory() - early, (8 << 20) + chunks * 1500L);
    std::size_t parts = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder() + "/.rig.take/video")) ++parts;
    EXPECT_LT(parts, 60u);
    const auto result = writer->stop().value();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_FALSE(result.lossy());
    EXPECT_EQ(result.chunks.size(), static_cast<std::size_t>(chunks));
    EXPECT_EQ(stream(result, "front").written, static_cast<std::uint64_t>(chunks * 3));
    if (chunks <= 1000) {
        EXPECT_EQ(testing::decoded_times(merged(), "v:0").size(), static_cast<std::size_t>(chunks * 3));
    }
}

TEST(StreamEncoders, MakePacketsForFilesOfAProgram) {
    VideoStreamConfig depth{kWidth, kHeight, {30000, 1001}, "ffv1"};
    depth.input_pixel_format = depth.output_pixel_format = "gray16le";
    auto encoder = VideoStreamEncoder::create(depth).value();
    StreamParams params;
    params.codec = encoder->stream().codec;
    params.time_scale = encoder->stream().time_scale;
    params.extradata = encoder->stream().extradata;
    params.width = encoder->stream().width;
    params.height = encoder->stream().height;
    params.pixel_format = encoder->stream().pixel_format;
    const TempDir dir;
    auto file = FileWriter::create(dir.file("depth.mkv"), ContainerFormat::mkv, {}).value();
    ASSERT_TRUE(file.add_track(params));
    std::vector<Packet> packets;
    const auto take = [&](Result<std::vector<EncodedPacket>> encoded) {
        ASSERT_TRUE(encoded) << encoded.error().message;
        for (auto& from : *encoded) {
            auto& packet = packets.emplace_back();
            packet.pts = from.pts;
            packet.dts = from.dts;
            packet.key = from.key;
            packet.bytes = std::move(from.bytes);
        }
    };
    std::string pushed;
    for (int i = 0; i < 10; ++i) {
        const auto image = picture(i, 2);
        pushed.append(image.begin(), image.end());
        take(encoder->encode(image, 5 + i * 0.033));
    }
    EXPECT_EQ(encoder->encode(picture(0, 2), 5.1).error().code, ErrorCode::refused);
    EXPECT_EQ(encoder->encode(picture(0, 3), 6).error().code, ErrorCode::invalid_argument) << "bytes of another size";
    take(encoder->flush());
    EXPECT_EQ(encoder->encode(picture(0, 2), 7).error().code, ErrorCode::wrong_state);
    ASSERT_EQ(packets.size(), 10u);
    EXPECT_EQ(packets[3].pts, std::llround(5.099 * static_cast<double>(params.time_scale)));
    ASSERT_TRUE(file.write(0, packets));
    ASSERT_TRUE(file.finish());
    EXPECT_TRUE(bytes_of(dir.file("depth.mkv"), "v:0", "-f rawvideo -pix_fmt gray16le") == pushed);

    auto data = DataStreamEncoder::create({"ass", {{"UNITS", "m"}}}).value();
    EXPECT_EQ(data->stream().metadata.front().second, "m");
    const auto packet = data->encode(reading(9), 1.5).value();
    ASSERT_EQ(packet.size(), 1u);
    EXPECT_EQ(packet[0].bytes, reading(9));
    EXPECT_EQ(packet[0].pts, 1'500'000'000);
    EXPECT_EQ(data->encode({}, 2).error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(data->flush()->empty());
}

}  // namespace
}  // namespace onetake

#include "sink/track_encoder.h"

#include "base/clock.h"
#include "codec/jpeg_encoder.h"
#include "encode/image_stream_encoder.h"
#include "sink/take_sink.h"
#include "sink/track_input.h"
#include "support/temp_dir.h"
#include "take/journal_reader.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <tuple>

namespace onetake {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr HostTime kStart{100s};

/// Encodes nothing, but fails after some frames; its packets come `held` frames later.
class FailingEncoder final : public StreamEncoder {
 public:
    FailingEncoder(const VideoEncoderSettings& settings, int held, int fails_after)
        : StreamEncoder(params_of(settings), settings.codec), held_(held), fails_after_(fails_after) {}

 private:
    static StreamParams params_of(const VideoEncoderSettings& settings) {
        StreamParams p;
        p.codec = "ffv1";
        p.width = settings.width;
        p.height = settings.height;
        p.time_scale = settings.time_scale;
        return p;
    }
    Status take(EncoderInput input, std::vector<Packet>& out) override {
        if (fails_after_-- == 0) return fail(ErrorCode::internal, "The encoder lost its hardware.");
        auto& timed = std::get<TimedImage>(input);
        Packet packet;
        packet.pts = packet.dts = to_ticks(timed.time.time_since_epoch(), params_.time_scale);
        packet.key = timed.key;
        packet.bytes = {1, 2, 3};
        in_it_.push_back(std::move(packet));
        if (in_it_.size() > static_cast<std::size_t>(held_)) take_one(out);
        return {};
    }
    Status take_end(std::vector<Packet>& out) override {
        while (!in_it_.empty()) take_one(out);
        return {};
    }
    void take_one(std::vector<Packet>& out) {
        out.push_back(std::move(in_it_.front()));
        in_it_.erase(in_it_.begin());
    }

    std::vector<Packet> in_it_;
    int held_, fails_after_;
};

class EncodedTrack : public ::testing::Test {
 protected:
    void begin(const LiveVideoSettings& settings, double fps = 30) {
        options_.writer.data_dir = dir_.path();
        options_.writer.name = "t";
        options_.writer.encoded_tracks = true;
        options_.on_full = OnFull::block;
        sink_ = TakeSink::create(options_).value();
        VideoDescription video;
        video.fps = fps_ = fps;
        auto input = sink_->add_video(video, {false, settings});
        ASSERT_TRUE(input) << input.error().message;
        input_ = *input;
        ASSERT_TRUE(sink_->start());
    }

    static HostTime stamp(int i, double fps) {
        return kStart + duration_from_seconds(i / fps) + Duration((i * 7919) % 1000 * 1001);
    }
    Frame frame(int i, int width = 96, int height = 64, PixelFormat format = PixelFormat::i420) {
        auto f = testing::as_frame(testing::shaded_image(width, height, Chroma::s420, *pool_, i), format);
        f.stamp = {stamp(i, fps_), stamp(i, fps_) + 1ms, StampSource::test, static_cast<std::uint32_t>(i)};
        return f;
    }
    void close() {
        sink_->drain();
        metrics_ = sink_->metrics();
        const auto status = sink_->close(metrics_);
        EXPECT_TRUE(status) << status.error().message;
    }
    template <class Record>
    std::vector<Record> records() const {
        std::vector<Record> all;
        auto reader = JournalReader::open(dir_.file("t")).value();
        while (auto record = reader.next().value())
            if (auto* r = std::get_if<Record>(&*record)) all.push_back(std::move(*r));
        return all;
    }
    std::string part(int n) const { return dir_.file("t/video/" + part_file(n)); }
    /// Stamps of the frames that ffmpeg decodes from a part, by its part record.
    std::vector<HostTime> decoded(const PartRecord& record) const {
        std::vector<HostTime> times;
        const auto seen = testing::probed(part(record.number), "-show_frames -show_entries frame=pts");
        for (const auto& f : seen["frames"]) times.push_back(record.begin + Duration(f["pts"].get<std::int64_t>()));
        return times;
    }
    const TrackCounters& counters() const { return metrics_.counters.at(0); }

    TempDir dir_;
    TakeSinkOptions options_;
    std::shared_ptr<BufferPool> pool_ = BufferPool::create(8);
    std::unique_ptr<TakeSink> sink_;
    VideoTrackInput* input_ = nullptr;
    double fps_ = 30;
    Metrics metrics_;
};

class EncodedTrackOf : public EncodedTrack, public ::testing::WithParamInterface<const char*> {};

TEST_P(EncodedTrackOf, HasEveryFrameAtItsExactStamp) {
    LiveVideoSettings settings;
    settings.codec = GetParam();
    begin(settings);
    constexpr int kFrames = 150;
    for (int i = 0; i < kFrames; ++i) input_->deliver(frame(i));
    close();
    EXPECT_EQ(counters().written, static_cast<std::uint64_t>(kFrames));
    EXPECT_TRUE(metrics_.balanced());
    EXPECT_EQ(metrics_.encoder, GetParam());
    EXPECT_LE(metrics_.loss_bound_s, 1);
    std::vector<HostTime> stamps;
    std::optional<HostTime> last_key;
    for (const auto& f : records<FrameRecord>()) {
        EXPECT_EQ(f.stamp.time, stamp(static_cast<int>(f.number) - 1, 30));
        EXPECT_EQ(f.stamp.driver_sequence, static_cast<std::uint32_t>(f.number - 1));
        if (f.packet->key) last_key = f.stamp.time;
        ASSERT_TRUE(last_key);
        EXPECT_LE(f.stamp.time - *last_key, 2s);
        stamps.push_back(f.stamp.time);
    }
    const auto parts = records<PartRecord>();
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_GE(parts[0].threads, 1);
    EXPECT_EQ(decoded(parts[0]), stamps);
}

INSTANTIATE_TEST_SUITE_P(Codecs, EncodedTrackOf, ::testing::Values("libx264", "libx265", "ffv1", "mpeg4"));

TEST_F(EncodedTrack, HoldsAtMostHalfASecondBack) {
    for (const auto* codec : {"libx264", "libx265", "ffv1", "mpeg4"})
        for (const double fps : {5.0, 10.0, 30.0, 60.0})
            for (const bool steady : {true, false}) {
                SCOPED_TRACE(fmt::format("{} {} {}", codec, fps, steady));
                LiveVideoSettings settings;
                settings.codec = codec;
                settings.steady_rate = steady;
                settings.fps = fps;
                const int held = frames_held(settings);
                EXPECT_EQ(held, steady ? static_cast<int>(fps / 2) : 0);
                begin(settings, fps);
                constexpr int kFrames = 100;
                for (int i = 0; i < kFrames; ++i) input_->deliver(frame(i));
                // What is not held reaches the journal without any further frame.
                while (sink_->counts().frames < static_cast<std::uint64_t>(kFrames - held)) std::this_thread::yield();
                close();
                EXPECT_EQ(counters().written, static_cast<std::uint64_t>(kFrames));
                std::filesystem::remove_all(dir_.file("t"));
            }
}

TEST_F(EncodedTrack, DecodesJpegsAndLosesThoseThatAreDamaged) {
    begin({"libx264"});
    auto jpegs = JpegEncoder::create({}).value();
    for (int i = 0; i < 10; ++i) {
        auto f = frame(i);
        f.bytes = jpegs.encode(f, *pool_).value();
        f.format = PixelFormat::jpeg;
        if (i == 4) f.bytes = Buffer(std::vector<std::uint8_t>{0xff, 0xd8, 1, 2});
        input_->deliver(std::move(f));
    }
    close();
    EXPECT_EQ(counters().written, 9u);
    EXPECT_EQ(counters().corrupt, 1u);
    EXPECT_TRUE(metrics_.balanced());
    EXPECT_EQ(decoded(records<PartRecord>().at(0)).size(), 9u);
}

TEST_F(EncodedTrack, BeginsANewPartForAnotherSize) {
    begin({"libx264"});
    for (int i = 0; i < 40; ++i) input_->deliver(i < 20 ? frame(i) : frame(i, 128, 96));
    close();
    EXPECT_EQ(counters().written, 40u);
    const auto parts = records<PartRecord>();
    ASSERT_EQ(parts.size(), 2u);
    for (std::size_t n = 0; n < 2; ++n) {
        std::vector<HostTime> stamps;
        for (int i = 0; i < 20; ++i) stamps.push_back(stamp(static_cast<int>(n) * 20 + i, 30));
        EXPECT_EQ(decoded(parts[n]), stamps);
        EXPECT_EQ(parts[n].params.width, n == 0 ? 96 : 128);
    }
    EXPECT_THAT(metrics_.notes, Contains(HasSubstr("96x64 to 128x96")));
}

TEST_F(EncodedTrack, KeepsEveryBitOfDepthWithFfv1) {
    begin({"ffv1"});
    Frame depth;
    depth.format = PixelFormat::gray16;
    depth.width = 64;
    depth.height = 48;
    depth.stride = 128;
    depth.stamp = {kStart, kStart, StampSource::test, {}};
    std::vector<std::uint8_t> bytes(128 * 48);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 128);
    depth.bytes = Buffer(bytes);
    input_->deliver(std::move(depth));
    close();
    const auto raw = testing::output_of("ffmpeg -v error -i '" + part(1) + "' -f rawvideo -pix_fmt gray16le -");
    EXPECT_EQ(std::vector<std::uint8_t>(raw.begin(), raw.end()), bytes);
}

TEST_F(EncodedTrack, CountsWhatAFailedEncoderHeldAndOpensItOnceMore) {
    int opened = 0;
    options_.open_encoder = [&](const VideoEncoderSettings& settings) -> Result<OpenedEncoder> {
        // The first one is the trial at the start.
        const int fails_after = ++opened == 2 ? 20 : opened == 3 ? 30 : -1;
        return OpenedEncoder{std::make_unique<FailingEncoder>(settings, 5, fails_after), 1};
    };
    begin({"ffv1"});
    for (int i = 0; i < 100; ++i) input_->deliver(frame(i));
    close();
    EXPECT_EQ(opened, 3);
    // Each failure costs the five frames held and the one at which it failed; after the second the track has ended.
    EXPECT_EQ(counters().written, 15u + 25u);
    EXPECT_EQ(counters().corrupt, 60u);
    EXPECT_TRUE(metrics_.balanced());
    const auto parts = records<PartRecord>();
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[1].begin, stamp(21, 30));
    const auto frames = records<FrameRecord>();
    ASSERT_EQ(frames.size(), 40u);
    EXPECT_TRUE(frames[15].packet->key);
    EXPECT_EQ(frames[15].packet->part, 2);
    EXPECT_EQ(frames[15].stamp.time, stamp(21, 30));
    EXPECT_THAT(metrics_.notes, Contains(HasSubstr("failed and lost 6 frames; it is opened again")));
    EXPECT_THAT(metrics_.notes, Contains(HasSubstr("failed and lost 6 frames; the track ends")));
}

TEST_F(EncodedTrack, EndsAloneWhenItsEncoderCannotBeOpenedAgain) {
    int opened = 0;
    options_.open_encoder = [&](const VideoEncoderSettings& settings) -> Result<OpenedEncoder> {
        if (++opened > 1) return fail(ErrorCode::unsupported, "No session is free.");
        return OpenedEncoder{std::make_unique<FailingEncoder>(settings, 0, -1), 1};
    };
    begin({"ffv1"});
    for (int i = 0; i < 5; ++i) input_->deliver(frame(i));
    close();
    EXPECT_EQ(opened, 3);
    EXPECT_EQ(counters().corrupt, 5u);
    EXPECT_TRUE(metrics_.balanced());
    EXPECT_THAT(metrics_.notes, Contains(HasSubstr("No session is free.")));
}

// The encoder of a track with a steady rate holds frames when the next chunk begins.
TEST_F(EncodedTrack, BeginsAPartPerChunkWhileItsEncoderRunsOn) {
    constexpr int kFrames = 150;
    int opened = 0;
    options_.open_encoder = [&](const VideoEncoderSettings& settings) -> Result<OpenedEncoder> {
        ++opened;
        return OpenedEncoder{ImageStreamEncoder::open(settings).value(), 1};
    };
    LiveVideoSettings settings{"libx264"};
    settings.pixel_format = PixelFormat::i420;
    const auto grid = std::make_shared<ChunkGrid>(700ms);
    grid->begin(stamp(0, 30));
    options_.writer = {dir_.path(), "t", "test", "{}", false, true};
    options_.on_full = OnFull::block;
    sink_ = TakeSink::create(options_).value();
    VideoDescription video;
    video.fps = 30;
    video.width = 96;
    video.height = 64;
    VideoTrackOptions track{false, settings};
    track.chunks = grid;
    input_ = sink_->add_video(video, track).value();
    const auto stream = sink_->streams().at(0).value();
    ASSERT_TRUE(sink_->start());
    // Nothing comes for two chunks, and then goes on.
    const auto index = [](int i) { return i < 90 ? i : i + 60; };
    for (int i = 0; i < kFrames; ++i) EXPECT_EQ(input_->deliver(frame(index(i))), Delivery::accepted);
    close();
    EXPECT_EQ(opened, 1);
    EXPECT_TRUE(metrics_.balanced());
    const auto parts = records<PartRecord>();
    const auto frames = records<FrameRecord>();
    ASSERT_EQ(frames.size(), static_cast<std::size_t>(kFrames));
    int last = 0;
    std::vector<std::vector<HostTime>> expected(parts.size());
    for (const auto& f : frames) {
        EXPECT_EQ(f.packet->key || f.packet->part == last, true) << "a part begins with a keyframe";
        last = f.packet->part;
        const auto& part = parts.at(static_cast<std::size_t>(last) - 1);
        EXPECT_EQ(grid->chunk_at(f.stamp.time), grid->chunk_at(part.begin));
        expected[static_cast<std::size_t>(last) - 1].push_back(f.stamp.time);
    }
    std::set<std::int64_t> chunks;
    for (const auto& part : parts) {
        EXPECT_TRUE(chunks.insert(grid->chunk_at(part.begin)).second) << "a part per chunk";
        EXPECT_EQ(part.params.extradata, stream.extradata);
        EXPECT_EQ(decoded(part), expected[static_cast<std::size_t>(part.number) - 1]) << "each plays by itself";
    }
    EXPECT_GT(*chunks.rbegin(), static_cast<std::int64_t>(chunks.size())) << "some chunks have no frame";
}

TEST_F(EncodedTrack, RefusesOptionsThatItsEncoderDoesNotHaveOrThatReorderFrames) {
    options_.writer = {dir_.path(), "t", "test", "{}", false, true};
    sink_ = TakeSink::create(options_).value();
    LiveVideoSettings settings{"libx264"};
    for (const auto& [key, value, text] :
         {std::tuple{"no_such_option", "1", "no option"}, std::tuple{"bf", "2", "B-frames"},
          std::tuple{"preset", "hurried", "no preset"}, std::tuple{"x264-params", "bframes=3", "B-frames"}}) {
        settings.options = {{key, value}};
        const auto input = sink_->add_video({}, {false, settings});
        ASSERT_FALSE(input) << key;
        EXPECT_EQ(input.error().code, ErrorCode::invalid_argument);
        EXPECT_THAT(input.error().message, HasSubstr(text));
    }
    settings.options = {{"preset", "ultrafast"}, {"crf", "30"}, {"x264-params", "keyint=17"}};
    EXPECT_TRUE(sink_->add_video({}, {false, settings}));
}

TEST_F(EncodedTrack, HasSettingsOfItsOwn) {
    options_.writer = {dir_.path(), "t", "test", "{}", false, true};
    options_.on_full = OnFull::block;
    sink_ = TakeSink::create(options_).value();
    VideoDescription video;
    video.fps = fps_ = 30;
    const std::vector inputs{sink_->add_video(video, {false, LiveVideoSettings{"libx264"}}).value(),
                             sink_->add_video(video, {false, LiveVideoSettings{"ffv1"}}).value(),
                             sink_->add_video(video).value()};
    ASSERT_TRUE(sink_->start());
    for (int i = 0; i < 5; ++i)
        for (auto* input : inputs) EXPECT_EQ(input->deliver(frame(i)), Delivery::accepted);
    close();
    std::map<int, std::string> codecs;
    for (const auto& record : records<PartRecord>()) codecs[record.track.number] = record.params.codec;
    EXPECT_EQ(codecs, (std::map<int, std::string>{{1, "h264"}, {2, "ffv1"}}));
    EXPECT_TRUE(std::filesystem::exists(dir_.file("t/v3/frames/f_000005.jpg")));
    EXPECT_EQ(sink_->counts().jpegs, 5u);
    EXPECT_TRUE(metrics_.balanced());
}

TEST_F(EncodedTrack, RefusesAnEncoderThatDoesNotOpenBeforeAnythingIsRecorded) {
    options_.writer.data_dir = dir_.path();
    options_.writer.name = "t";
    options_.writer.encoded_tracks = true;
    for (const auto& [codec, why] : {std::pair{"no_such_codec", "no_such_codec"}, std::pair{"rawvideo", "rawvideo"}}) {
        sink_ = TakeSink::create(options_).value();
        const auto input = sink_->add_video({}, {false, LiveVideoSettings{codec}});
        ASSERT_FALSE(input) << codec;
        EXPECT_THAT(input.error().message, HasSubstr(why));
        sink_.reset();
        std::filesystem::remove_all(dir_.file("t"));
    }
}

TEST_F(EncodedTrack, FallsBackFromHardwareThatIsNotThere) {
    options_.open_encoder = [&](const VideoEncoderSettings& settings) -> Result<OpenedEncoder> {
        if (settings.codec == "h264_nvenc") return fail(ErrorCode::unsupported, "No GPU.");
        return OpenedEncoder{std::make_unique<FailingEncoder>(settings, 0, -1), 1};
    };
    begin({"auto"});
    input_->deliver(frame(0));
    close();
    EXPECT_EQ(metrics_.encoder, "libx264");
    EXPECT_THAT(metrics_.notes, Contains(HasSubstr("h264_nvenc can't be used here")));
}

TEST_F(EncodedTrack, RefusesAFrameThatIsStampedBeforeTheLast) {
    begin({"libx264"});
    for (const int i : {0, 1, 5, 3, 6}) input_->deliver(frame(i));
    close();
    EXPECT_EQ(counters().written, 4u);
    EXPECT_EQ(counters().corrupt, 1u);
    EXPECT_TRUE(metrics_.balanced());
}

}  // namespace
}  // namespace onetake

// Rooms. What goes wrong in other room recorders is a test here: rates, stamps, sound cards, losses, tracks that come
// and go.
#include "base/clock.h"
#include "base/time.h"
#include "support/temp_dir.h"
#include "unit/encode/plain_colour.h"

#include <onetake/room.h>
#include <onetake/take.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>
#include <regex>
#include <span>
#include <stdexcept>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kColours;
using testing::Rgb;
using ::testing::SizeIs;

/// A frame of one colour, with its bytes.
struct PlainFrame {
    PlainFrame(int width, int height, Rgb colour, VideoFrameFormat format = VideoFrameFormat::raw_bgr24)
        : bytes(static_cast<std::size_t>(width * height) * 3) {
        const bool bgr = format == VideoFrameFormat::raw_bgr24;
        for (std::size_t i = 0; i < bytes.size(); i += 3) {
            bytes[i] = static_cast<std::uint8_t>(bgr ? colour.b : colour.r);
            bytes[i + 1] = static_cast<std::uint8_t>(colour.g);
            bytes[i + 2] = static_cast<std::uint8_t>(bgr ? colour.r : colour.b);
        }
        frame.format = format;
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

/// Audio of a card that runs at `rate`, with a click at each whole second of true time.
struct Clicks {
    double rate = 16000;
    int channels = 1;
    int block = 320;

    std::int64_t samples_until(double s) const { return std::llround(s * rate); }
    std::vector<std::int16_t> samples(std::int64_t first) const {
        std::vector<std::int16_t> all;
        for (std::int64_t i = first; i < first + block; ++i) {
            const double t = static_cast<double>(i) / rate;
            const double from_click = std::abs(t - std::round(t));
            const auto value = static_cast<std::int16_t>(from_click < 0.0004 ? 20000 : 0);
            all.insert(all.end(), static_cast<std::size_t>(channels), value);
        }
        return all;
    }
};

/// When the click near `second` is heard in 16 kHz audio; NaN if there is none.
double click_near(const std::vector<float>& audio, double second) {
    constexpr double kRate = 16000;
    const auto from = static_cast<std::size_t>(std::max(0.0, (second - 0.3) * kRate));
    const auto to = std::min(audio.size(), static_cast<std::size_t>((second + 0.3) * kRate));
    std::size_t best = from;
    for (auto i = from; i < to; ++i)
        if (std::abs(audio[i]) > std::abs(audio[best])) best = i;
    if (to <= from || std::abs(audio[best]) < 0.05F) return std::nan("");
    double weight = 0, sum = 0;
    for (auto i = best > from + 16 ? best - 16 : from; i < std::min(to, best + 17); ++i) {
        weight += audio[i] * audio[i];
        sum += audio[i] * audio[i] * static_cast<double>(i);
    }
    return sum / weight / kRate;
}

class RoomTest : public ::testing::Test {
 protected:
    RoomTest() {
        config_.storage = dir_.file("recordings");
        config_.layout = RoomLayout::tracks;
        config_.on_full = OnFull::block;
        config_.width = 320;
        config_.height = 180;
        room_config_.name = "test";
        room_config_.on_full = OnFull::block;  // media come faster than in real time
        begin_ = to_seconds(host_now().time_since_epoch());
    }
    void open() {
        recorder_ = FileMediaRecorder::create(config_).value();
        room_ = Room::create(room_config_).value();
        ASSERT_TRUE(room_->bind({recorder_, {}, "file"}));
    }
    RecordingTrack join(const std::string& who, RoomMedia media, double fps = 10) {
        RoomTrackConfig track;
        track.media = media;
        track.fps = fps;
        track.sample_rate = 16000;
        return room_->join(who, track).value();
    }
    void video(const RecordingTrack& track, const PlainFrame& frame, double from, double to, double fps = 10) {
        for (int i = 0; from + i / fps < to - 1e-9; ++i)
            ASSERT_TRUE(room_->push_video(track, frame.at(begin_ + from + i / fps)));
    }
    /// `keep`: whether a block that begins at a time is delivered.
    void clicks(const RecordingTrack& track, const Clicks& card, double from, double to,
                const std::function<bool(double)>& keep = {}) {
        for (auto i = card.samples_until(from); i < card.samples_until(to); i += card.block) {
            const double t = static_cast<double>(i) / card.rate;
            if (keep && !keep(t)) continue;
            ASSERT_TRUE(room_->push_audio(track, card.samples(i), begin_ + t));
        }
    }
    MediaRecordingResult close() {
        auto results = room_->close();
        EXPECT_THAT(results, SizeIs(::testing::Ge(1)));
        EXPECT_TRUE(results[0].returned);
        EXPECT_THAT(results[0].errors, IsEmpty());
        EXPECT_THAT(results[0].losses, IsEmpty());
        for (const auto& track : results[0].recording.tracks)
            EXPECT_EQ(track.delivered, track.written + track.dropped + track.refused + track.lost)
                << track.participant << ' ' << to_string(track.media);
        return results[0].recording;
    }
    static std::vector<std::string> titles(const std::string& path) {
        std::vector<std::string> all;
        const auto report = testing::probed(path);
        for (const auto& stream : report["streams"]) {
            const auto tags = stream.value("tags", nlohmann::json::object());
            all.push_back(tags.value("title", tags.value("handler_name", "")));
        }
        return all;
    }
    static std::array<int, 3> pixel(const std::string& path, const std::string& stream, double t, int x, int y) {
        const auto text = testing::output_of(fmt::format(
            "ffmpeg -v error -i '{}' -map 0:{} -vf \"select=gte(t\\,{}),format=rgb24,crop=2:2:{}:{}\" -frames:v 1 "
            "-f rawvideo - | od -An -tu1",
            path, stream, t - 1e-4, x, y));
        std::array<int, 3> rgb{};
        EXPECT_EQ(std::sscanf(text.c_str(), "%d %d %d", &rgb[0], &rgb[1], &rgb[2]), 3) << text;
        return rgb;
    }
    static void expect_colour(const std::array<int, 3>& got, Rgb colour) {
        EXPECT_NEAR(got[0], colour.r, 12);
        EXPECT_NEAR(got[1], colour.g, 12);
        EXPECT_NEAR(got[2], colour.b, 12);
    }

    const TempDir dir_;
    FileRecordingConfig config_;
    RoomConfig room_config_;
    std::shared_ptr<FileMediaRecorder> recorder_;
    std::unique_ptr<Room> room_;
    double begin_ = 0;
    const PlainFrame red_{96, 64, kColours[0]}, green_{96, 64, kColours[1]};
};

TEST_F(RoomTest, KeepsEveryTrackAsAStreamAtItsOwnTimes) {
    open();
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    const auto screen = join("bob", RoomMedia::screen_share);
    video(camera, red_, 0, 3);
    clicks(sound, {}, 0, 3);
    video(screen, green_, 0.5, 3, 5);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_TRUE(std::regex_search(result.path, std::regex("/room_[0-9a-f]{12}_[0-9]{8}T[0-9]{6}\\.mp4$")))
        << result.path;
    EXPECT_THAT(titles(result.path), ElementsAre("alice (video)", "alice (audio)", "bob (screen share)"));
    EXPECT_THAT(testing::decoded_times(result.path, "v:0"), SizeIs(30));
    const auto shared = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(shared, SizeIs(13));
    EXPECT_NEAR(shared[0], 0.5, 12e-6);
    EXPECT_EQ(result.size_bytes, fs::file_size(result.path));
    EXPECT_NEAR(result.duration_s, 3, 0.25);
    EXPECT_EQ(std::distance(fs::directory_iterator(config_.storage), {}), 1) << "the take was removed";
    expect_colour(pixel(result.path, "v:0", 1, 40, 30), kColours[0]);
    expect_colour(pixel(result.path, "v:1", 1, 40, 30), kColours[1]);
}

TEST_F(RoomTest, TakesARateOtherThanTheNominalOneAndJitterAsTheyAre) {
    open();
    const auto fast = join("fast", RoomMedia::video, 30), jittered = join("jittered", RoomMedia::video, 30);
    video(fast, red_, 0, 2, 60);
    std::vector<double> times;
    for (int i = 0; i < 60; ++i) times.push_back(i / 29.97 + 0.021 * std::sin(i * 1.7));
    std::ranges::sort(times);
    for (const double t : times) ASSERT_TRUE(room_->push_video(jittered, green_.at(begin_ + 0.03 + t)));
    const auto result = close();
    const auto got_fast = testing::decoded_times(result.path, "v:0");
    ASSERT_THAT(got_fast, SizeIs(120));
    for (std::size_t i = 0; i < 120; ++i) EXPECT_NEAR(got_fast[i], static_cast<double>(i) / 60, 12e-6);
    const auto got = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(got, SizeIs(60));
    for (std::size_t i = 0; i < 60; ++i) EXPECT_NEAR(got[i], 0.03 + times[i], 12e-6);
}

TEST_F(RoomTest, PlacesTheAudioOfSoundCardsThatRunFastAndSlow) {
    for (const double ppm : {2000.0, -2000.0}) {
        open();
        const auto sound = join("alice", RoomMedia::audio), camera = join("alice", RoomMedia::video);
        clicks(sound, {16000 * (1 + ppm * 1e-6)}, 0, 12);
        video(camera, red_, 0, 1);
        const auto result = close();
        const auto audio = testing::decoded_audio(result.path);
        // The file may begin earlier by as much as the card is off in its first second; all tracks alike.
        const double first = testing::decoded_times(result.path, "v:0").at(0);
        for (int s = 1; s <= 11; ++s) EXPECT_NEAR(click_near(audio, s) - first, s, 0.001) << ppm;
    }
}

TEST_F(RoomTest, KeepsAudioInPlaceThroughLosses) {
    open();
    const auto sound = join("alice", RoomMedia::audio);
    // 20 ms are lost each second, 300 ms after the click.
    clicks(sound, {}, 0, 9, [](double t) { return std::abs(t - std::floor(t) - 0.3) > 1e-6; });
    const auto result = close();
    const auto audio = testing::decoded_audio(result.path);
    for (int s = 1; s <= 8; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
    EXPECT_EQ(result.tracks.at(0).written, 16000u * 9 - 9 * 320);
}

TEST_F(RoomTest, KeepsAudioInPlaceWhereDeliveryStallsAndABurstFollows) {
    auto recorder = FileMediaRecorder::create(config_).value();
    const auto handle = recorder->on_recording_start({"stall", {}, 0}).value();
    RecordingTrack track;
    track.number = 1;
    track.participant = "alice";
    track.media = RoomMedia::audio;
    track.sample_rate = 16000;
    track.channels = 1;
    ASSERT_TRUE(recorder->on_track_added(handle, track));
    const Clicks card;
    const double length = card.block / card.rate;
    for (std::int64_t i = 0; i < card.samples_until(12); i += card.block) {
        // Nothing is delivered between 4.0 and 4.4 s.
        const double t = static_cast<double>(i) / card.rate;
        const double delivered = t + length >= 4 && t + length < 4.4 ? 4.4 : t + length;
        const auto samples = card.samples(i);
        MediaData data;
        data.bytes = {reinterpret_cast<const std::uint8_t*>(samples.data()), samples.size() * 2};
        data.is_arrival = true;
        ASSERT_TRUE(recorder->on_data(handle, track, data, (begin_ + delivered - length) * 1e3));
    }
    const auto result = recorder->on_recording_stop(handle).value();

    const auto audio = testing::decoded_audio(result.path);
    for (int s = 1; s <= 11; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
}

TEST_F(RoomTest, ATrackThatNeverDeliversCostsTheOthersNothing) {
    open();
    const auto silent = join("ghost", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    clicks(sound, {}, 0, 6);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    ASSERT_THAT(result.tracks, SizeIs(2));
    EXPECT_THAT(result.tracks[0].intervals, IsEmpty());
    EXPECT_EQ(result.tracks[1].written, 6u * 16000);
    const auto audio = testing::decoded_audio(result.path);
    for (int s = 1; s <= 5; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
}

TEST_F(RoomTest, MayBeginWhenEveryTrackHasDelivered) {
    config_.start_when = RoomStart::all_tracks;
    for (const bool all_come : {true, false}) {
        open();
        const auto sound = join("alice", RoomMedia::audio), camera = join("bob", RoomMedia::video);
        clicks(sound, {}, 0, 2.5);
        if (all_come) video(camera, red_, 2.505, 3.2);
        clicks(sound, {}, 2.5, 8);
        const auto result = close();
        EXPECT_THAT(result.failures, IsEmpty());
        const auto audio = testing::decoded_audio(result.path);
        const double cut = all_come ? 2.505 : 0;
        for (int s = all_come ? 3 : 1; s <= 7; ++s) EXPECT_NEAR(click_near(audio, s - cut), s - cut, 0.001) << all_come;
        EXPECT_NEAR(result.duration_s, 8 - cut, 0.2);
        EXPECT_EQ(
            std::ranges::any_of(result.notes, [](const auto& n) { return n.find("begins without it") != n.npos; }),
            !all_come);
    }
}

TEST_F(RoomTest, ListsWhoWasThereWhen) {
    open();
    const auto alice = join("alice", RoomMedia::video);
    video(alice, red_, 0, 2);
    auto bob = join("bob", RoomMedia::video);
    auto bobs_sound = join("bob", RoomMedia::audio);
    video(bob, green_, 2, 4);
    clicks(bobs_sound, {}, 2, 4);
    room_->leave("bob");
    video(alice, red_, 2, 6);
    bob = join("bob", RoomMedia::video);
    video(bob, green_, 6, 7);
    video(bob, green_, 8, 8.5);  // with a gap of a second
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    ASSERT_THAT(result.tracks, SizeIs(3));
    const auto expect = [](const RecordedInterval& got, double from, double to) {
        EXPECT_NEAR(got.from_s, from, 0.001);
        EXPECT_NEAR(got.to_s, to, 0.101);
    };
    ASSERT_THAT(result.tracks[0].intervals, SizeIs(1));
    expect(result.tracks[0].intervals[0], 0, 6);
    ASSERT_THAT(result.tracks[1].intervals, SizeIs(2));
    expect(result.tracks[1].intervals[0], 2, 4);
    expect(result.tracks[1].intervals[1], 6, 8.5);
    ASSERT_THAT(result.tracks[1].gaps, SizeIs(1));
    expect(result.tracks[1].gaps[0], 6.9, 8);
    ASSERT_THAT(result.tracks[2].intervals, SizeIs(1));
    const auto times = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(times, SizeIs(35)) << "who comes again is in the same stream";
    EXPECT_NEAR(times[20], 6, 12e-6);
    EXPECT_NEAR(click_near(testing::decoded_audio(result.path), 3), 3, 0.001);
}

TEST_F(RoomTest, RecordsOddAndChangingSizesAndBothOrdersOfColours) {
    open();
    const PlainFrame odd(97, 65, kColours[0]), larger(192, 128, kColours[1]),
        rgb(96, 64, kColours[2], VideoFrameFormat::raw_rgb24);
    const auto alice = join("alice", RoomMedia::video), bob = join("bob", RoomMedia::video);
    video(alice, odd, 0, 1);
    video(bob, rgb, 0, 1);
    video(bob, larger, 1, 2);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(result.notes, Contains(HasSubstr("padded")));
    EXPECT_THAT(result.notes, Contains(HasSubstr("scaled")));
    expect_colour(pixel(result.path, "v:0", 0.5, 90, 60), kColours[0]);
    expect_colour(pixel(result.path, "v:1", 0.5, 40, 30), kColours[2]);
    expect_colour(pixel(result.path, "v:1", 1.5, 40, 30), kColours[1]);
    EXPECT_THAT(testing::decoded_times(result.path, "v:1"), SizeIs(20));
}

TEST_F(RoomTest, ConvertsFramesOfBt709) {
    // Red and green of BT.709 in limited range.
    const auto frame_of = [](std::array<std::uint8_t, 3> yuv) {
        constexpr std::size_t kLuma = 96 * 64;
        std::vector<std::uint8_t> bytes(kLuma * 3 / 2, yuv[0]);
        std::fill(bytes.begin() + kLuma, bytes.begin() + kLuma * 5 / 4, yuv[1]);
        std::fill(bytes.begin() + kLuma * 5 / 4, bytes.end(), yuv[2]);
        return bytes;
    };
    const auto red = frame_of({63, 102, 240}), green = frame_of({173, 42, 26});
    for (const auto layout : {RoomLayout::tracks, RoomLayout::composite}) {
        config_.layout = layout;
        open();
        const auto alice = join("alice", RoomMedia::video);
        for (int i = 0; i < 10; ++i) {
            VideoFrame frame;
            frame.format = VideoFrameFormat::raw_i420;
            frame.width = 96;
            frame.height = 64;
            frame.bytes = i < 5 ? red : green;
            frame.t = begin_ + i * 0.1;
            frame.range = PixelRange::limited;
            frame.matrix = PixelMatrix::bt709;
            ASSERT_TRUE(room_->push_video(alice, frame));
        }
        const auto result = close();
        const int x = layout == RoomLayout::tracks ? 40 : 160, y = layout == RoomLayout::tracks ? 30 : 80;
        expect_colour(pixel(result.path, "v:0", 0.2, x, y), kColours[0]);
        expect_colour(pixel(result.path, "v:0", 0.7, x, y), kColours[1]);
    }
}

/// How much of a tone is in audio of 16 kHz.
double share_of_tone(const std::vector<float>& audio, double hz) {
    double re = 0, im = 0, all = 0;
    for (std::size_t i = 0; i < audio.size(); ++i) {
        const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / 16000;
        re += audio[i] * std::cos(angle);
        im += audio[i] * std::sin(angle);
        all += audio[i] * audio[i];
    }
    return all > 0 ? 2 * (re * re + im * im) / (all * static_cast<double>(audio.size())) : 0;
}

TEST_F(RoomTest, KeepsTheChannelsOfATrackApartAndInTheirOrder) {
    open();
    constexpr int kMost = 8, kSamples = 16000;
    const auto tone = [](int channel) { return 300.0 + 250 * channel; };
    for (int channels = 3; channels <= kMost; ++channels) {
        RoomTrackConfig track;
        track.media = RoomMedia::audio;
        track.sample_rate = 16000;
        track.channels = channels;
        const auto sound = room_->join(fmt::format("of {}", channels), track).value();
        std::vector<std::int16_t> samples;
        for (int i = 0; i < kSamples; ++i)
            for (int c = 0; c < channels; ++c)
                samples.push_back(
                    static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * tone(c) * i / 16000)));
        const auto block = static_cast<std::size_t>(320 * channels);
        for (std::size_t at = 0; at < samples.size(); at += block)
            ASSERT_TRUE(room_->push_audio(sound, std::span(samples).subspan(at, block),
                                          begin_ + static_cast<double>(at) / channels / 16000));
    }
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    for (int channels = 3; channels <= kMost; ++channels) {
        const auto bytes = testing::output_of(
            fmt::format("ffmpeg -v error -i '{}' -map 0:a:{} -f f32le -", result.path, channels - 3));
        std::vector<float> all(bytes.size() / sizeof(float));
        std::memcpy(all.data(), bytes.data(), all.size() * sizeof(float));
        for (int c = 0; c < channels; ++c) {
            if (c == 3 && (channels == 6 || channels == 8)) continue;  // for low frequencies
            std::vector<float> own;
            for (auto i = static_cast<std::size_t>(4000 * channels + c); i < all.size() && own.size() < 8000;
                 i += static_cast<std::size_t>(channels))
                own.push_back(all[i]);
            ASSERT_THAT(own, SizeIs(8000)) << channels;
            EXPECT_GT(share_of_tone(own, tone(c)), 0.5) << "channel " << c << " of " << channels;
        }
    }
    EXPECT_THAT(result.notes, Contains(HasSubstr("Channel 4 of the 6 of of 6 (audio)")));
    EXPECT_THAT(result.notes, Contains(HasSubstr("Channel 4 of the 8")));
    EXPECT_THAT(result.notes, ::testing::Not(Contains(HasSubstr("of the 7"))));
}

TEST_F(RoomTest, RecordsMoreThanTwoChannels) {
    open();
    RoomTrackConfig six;
    six.media = RoomMedia::audio;
    six.sample_rate = 16000;
    six.channels = 6;
    const auto sound = room_->join("alice", six).value();
    clicks(sound, {.channels = 6}, 0, 3);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_EQ(result.tracks.at(0).written, 3u * 16000);
    EXPECT_NEAR(result.duration_s, 3, 0.2);
    EXPECT_EQ(testing::probed(result.path)["streams"][0]["channels"], 6);
}

TEST_F(RoomTest, RecordsWhatIsNotOptedOutOf) {
    room_config_.record.screen_share = false;
    open();
    auto others = std::make_shared<MockMediaRecorder>();
    ASSERT_TRUE(room_->bind({others, {.video = false}, {}}));
    const auto sound = join("alice", RoomMedia::audio), camera = join("alice", RoomMedia::video);
    const auto screen = join("alice", RoomMedia::screen_share);
    const auto shy = room_->join("bob", {.media = RoomMedia::video, .record = false}).value();
    clicks(sound, {}, 0, 1);
    video(camera, red_, 0, 1);
    video(screen, green_, 0, 1);
    video(shy, green_, 0, 1);
    const auto result = close();
    ASSERT_THAT(result.tracks, SizeIs(2));
    EXPECT_THAT(others->tracks(), SizeIs(1));
    EXPECT_THAT(others->removed_tracks(), SizeIs(1));
    EXPECT_THAT(others->chunks(), SizeIs(50));
    EXPECT_EQ(others->results().at(0).size_bytes, 32000u);
    EXPECT_NEAR(others->chunks().at(1).timestamp_ms, (begin_ + 0.02) * 1e3, 1e-4);
}

TEST_F(RoomTest, LayersRecordBesideEachOther) {
    open();
    VideoRecordingConfig single;
    single.storage = dir_.file("video");
    single.on_full = OnFull::block;
    auto videos = std::make_shared<VideoSessionRecorder>(std::shared_ptr(VideoRecorder::create(single).value()));
    ASSERT_TRUE(room_->bind({videos, {}, {}}));
    ASSERT_TRUE(room_->bind({std::make_shared<WavFileRecorder>(dir_.file("audio")), {}, {}}));
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    video(camera, red_, 0, 2);
    clicks(sound, {}, 0, 2, [](double t) { return t < 0.8 || t > 0.9; });
    const auto results = room_->close();
    ASSERT_THAT(results, SizeIs(3));
    for (const auto& result : results) {
        EXPECT_THAT(result.errors, IsEmpty());
        EXPECT_THAT(result.recording.failures, IsEmpty());
    }
    EXPECT_THAT(testing::decoded_times(results[0].recording.path, "v:0"), SizeIs(20));
    ASSERT_THAT(videos->results(), SizeIs(1));
    EXPECT_THAT(testing::decoded_times(videos->results()[0].path, "v:0"), SizeIs(20));
    EXPECT_NEAR(click_near(testing::decoded_audio(results[2].recording.path), 1), 1, 0.001) << "silence was put in";
    EXPECT_EQ(results[2].recording.tracks.at(0).written, 16000u * 2 - 6 * 320) << "six blocks are missing";
}

TEST_F(RoomTest, AnEncoderThatIsNotThereIsAnErrorOrReplaced) {
    config_.video_codec = "h264_nvenc";
    auto recorder = FileMediaRecorder::create(config_);
    const auto started = recorder ? (*recorder)->on_recording_start({}) : fail(recorder.error());
    if (started) GTEST_SKIP() << "this machine has NVENC";
    EXPECT_THAT(started.error().message, HasSubstr("h264_nvenc"));
    config_.video_codec = "auto";
    open();
    const auto camera = join("alice", RoomMedia::video);
    video(camera, red_, 0, 1);
    const auto result = close();
    EXPECT_EQ(result.codec, "libx264");
    EXPECT_THAT(result.notes, Contains(HasSubstr("h264_nvenc can't be used here")));
}

/// A back end of a program's own that does what a test says.
class BackEnd final : public MediaRecorder {
 public:
    std::function<void()> on_each = [] {};
    std::string name() const override { return "own"; }
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig&) override {
        return MediaRecordingHandle{1};
    }
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle&) override {
        MediaRecordingResult result;
        result.path = "https://example.org/recording";
        return result;
    }
    Status on_track_added(const MediaRecordingHandle&, const RecordingTrack&) override { return {}; }
    Status on_track_removed(const MediaRecordingHandle&, const RecordingTrack&) override { return {}; }
    Status on_data(const MediaRecordingHandle&, const RecordingTrack&, const MediaData&, double) override {
        on_each();
        return {};
    }
    double stop_timeout_s() const override { return 0.05; }
};

TEST_F(RoomTest, ABackEndThatThrowsOrBlocksHarmsNobody) {
    room_config_.on_full = OnFull::drop;
    room_config_.queue_size = 100;
    open();
    auto throwing = std::make_shared<BackEnd>(), stuck = std::make_shared<BackEnd>();
    throwing->on_each = [] { throw std::runtime_error("no network"); };
    std::promise<void> release;
    stuck->on_each = [ready = release.get_future().share()] { ready.wait(); };
    ASSERT_TRUE(room_->bind({throwing, {}, "throwing"}));
    ASSERT_TRUE(room_->bind({stuck, {}, "stuck"}));
    const auto camera = join("alice", RoomMedia::video, 100), sound = join("alice", RoomMedia::audio);
    video(camera, red_, 0, 0.9, 100);
    clicks(sound, {}, 0, 2);
    // The stuck one has its first item in hand; of the others as many as fit are queued.
    video(camera, red_, 0.9, 2, 100);
    const auto results = room_->close();
    release.set_value();
    ASSERT_THAT(results, SizeIs(3));
    EXPECT_TRUE(results[0].returned);
    EXPECT_THAT(results[0].recording.failures, IsEmpty());
    EXPECT_EQ(results[0].recording.tracks.at(1).written, 32000u) << "audio is never dropped";
    EXPECT_TRUE(results[1].returned);
    EXPECT_THAT(results[1].errors, Contains(HasSubstr("no network")));
    EXPECT_EQ(results[1].recording.path, "https://example.org/recording");
    std::uint64_t failed = 0;
    for (const auto& loss : results[1].losses) failed += loss.failed + loss.dropped;
    EXPECT_EQ(failed, 300u);
    EXPECT_FALSE(results[2].returned);
    std::uint64_t dropped = 0, audio_dropped = 0;
    for (const auto& loss : results[2].losses)
        (loss.media == RoomMedia::audio ? audio_dropped : dropped) += loss.dropped;
    EXPECT_EQ(dropped, 199u) << "all but the one in hand";
    EXPECT_EQ(audio_dropped, 100u);
}

TEST_F(RoomTest, RefusesWhatCanNotBe) {
    open();
    EXPECT_FALSE(room_->bind({}));
    EXPECT_FALSE(room_->join("", {}));
    EXPECT_FALSE(room_->join("alice", {.media = RoomMedia::audio, .channels = 9}));
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    auto cut = red_.at(begin_);
    cut.bytes = cut.bytes.first(100);
    EXPECT_FALSE(room_->push_video(camera, cut));
    EXPECT_FALSE(room_->push_video(sound, red_.at(begin_)));
    EXPECT_FALSE(room_->push_audio(camera, std::vector<std::int16_t>(10)));
    EXPECT_FALSE(room_->push_audio(sound, {}));
    ASSERT_TRUE(room_->leave(camera));
    EXPECT_FALSE(room_->leave(camera));
    EXPECT_EQ(room_->push_video(camera, red_.at(begin_)).error().code, ErrorCode::not_found);
    const auto results = room_->close();
    EXPECT_EQ(room_->join("bob", {}).error().code, ErrorCode::wrong_state);
    EXPECT_EQ(results[0].recording.path, "") << "nothing came, so there is no file";
    EXPECT_TRUE(fs::is_empty(config_.storage));
}

TEST_F(RoomTest, ACompositeOfOneVideoKeepsItsStamps) {
    config_.layout = RoomLayout::composite;
    open();
    const auto camera = join("alice", RoomMedia::video), sound = join("alice", RoomMedia::audio);
    std::vector<double> times;
    for (int i = 0; i < 40; ++i) times.push_back(i / 14.83 + 0.01 * std::sin(i * 2.3));
    for (const double t : times) ASSERT_TRUE(room_->push_video(camera, red_.at(begin_ + 0.05 + t)));
    clicks(sound, {}, 0, 3);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    const auto got = testing::decoded_times(result.path, "v:0");
    ASSERT_THAT(got, SizeIs(40));
    for (std::size_t i = 0; i < 40; ++i) EXPECT_NEAR(got[i], 0.05 + times[i], 12e-6);
    EXPECT_EQ(result.tracks.at(0).written, 40u);
    const auto audio = testing::decoded_audio(result.path);
    for (int s = 1; s <= 2; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
}

TEST_F(RoomTest, ACompositeShowsWhoIsThereAndMixesTheSound) {
    config_.layout = RoomLayout::composite;
    open();
    const auto alice = join("alice", RoomMedia::video), hers = join("alice", RoomMedia::audio);
    std::optional<RecordingTrack> bob, his;
    for (int tenth = 0; tenth < 60; ++tenth) {
        const double t = tenth * 0.1;
        if (tenth == 20) {
            bob = join("bob", RoomMedia::video);
            his = join("bob", RoomMedia::audio);
        }
        if (tenth == 40) room_->leave("bob");
        video(alice, red_, t, t + 0.1);
        clicks(hers, {}, t, t + 0.1);
        if (tenth >= 20 && tenth < 40) {
            video(*bob, green_, t, t + 0.1);
            clicks(*his, {}, t, t + 0.1);
        }
    }
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(testing::probed(result.path)["streams"], SizeIs(2));
    // Alone in the middle; beside each other; alone again.
    expect_colour(pixel(result.path, "v:0", 1, 160, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 80, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 240, 80), kColours[1]);
    expect_colour(pixel(result.path, "v:0", 5.5, 160, 80), kColours[0]);
    const auto audio = testing::decoded_audio(result.path);
    const auto peak = [&](double second) {
        float loudest = 0;
        for (auto i = static_cast<std::size_t>((second - 0.05) * 16000);
             i < static_cast<std::size_t>((second + 0.05) * 16000); ++i)
            loudest = std::max(loudest, std::abs(audio.at(i)));
        return loudest;
    };
    for (int s = 1; s <= 5; ++s) EXPECT_NEAR(click_near(audio, s), s, 0.001);
    EXPECT_GT(peak(3), 1.4F * peak(1)) << "two clicks are louder than one";
    EXPECT_LE(peak(3), 1.0F);
    ASSERT_THAT(result.tracks, SizeIs(4));
    EXPECT_EQ(result.tracks[2].media, RoomMedia::video);
    EXPECT_NEAR(result.tracks[2].intervals.at(0).from_s, 2, 0.001);
}

TEST_F(RoomTest, WhoIsOnlyHeardHasATile) {
    config_.layout = RoomLayout::composite;
    open();
    const auto alice = join("alice", RoomMedia::video), hers = join("alice", RoomMedia::audio);
    std::optional<RecordingTrack> bob;
    for (int tenth = 0; tenth < 60; ++tenth) {
        const double t = tenth * 0.1;
        if (tenth == 20) bob = join("bob", RoomMedia::audio);
        if (tenth == 40) room_->leave("bob");
        if (tenth >= 20 && tenth < 40) clicks(*bob, {}, t, t + 0.1);
        video(alice, red_, t, t + 0.1);
        clicks(hers, {}, t, t + 0.1);
    }
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    // Alone in the middle; beside a plain tile, which has the name in its middle; alone again.
    constexpr Rgb kPlain{"plain", 40, 40, 40};
    expect_colour(pixel(result.path, "v:0", 1, 160, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 80, 80), kColours[0]);
    expect_colour(pixel(result.path, "v:0", 3, 300, 20), kPlain);
    expect_colour(pixel(result.path, "v:0", 5.5, 160, 80), kColours[0]);
    const auto times = testing::decoded_times(result.path, "v:0");
    ASSERT_THAT(times, SizeIs(60)) << "one video is active: its frames keep their own stamps";
    for (std::size_t i = 0; i < 60; ++i) EXPECT_NEAR(times[i], static_cast<double>(i) / 10, 12e-6);
}

TEST_F(RoomTest, ALateTrackComesIntoTheFile) {
    config_.format = ContainerFormat::mkv;
    open();
    std::vector<Progress> progress;  // of one thread, which ends before close() returns
    recorder_->on_progress([&](const Progress& p) { progress.push_back(p); });
    const auto alice = join("alice", RoomMedia::video);
    video(alice, red_, 0, 10);
    const auto bob = join("bob", RoomMedia::video), his = join("bob", RoomMedia::audio);
    video(bob, green_, 10, 12);
    clicks(his, {}, 10, 12);
    const auto result = close();
    EXPECT_THAT(result.failures, IsEmpty());
    EXPECT_THAT(titles(result.path), ElementsAre("alice (video)", "bob (video)", "bob (audio)"));
    const auto streams = testing::probed(result.path)["streams"];
    EXPECT_EQ(streams[0]["tags"]["PARTICIPANT"], "alice");
    EXPECT_EQ(streams[0]["tags"]["KIND"], "video");
    EXPECT_EQ(streams[2]["tags"]["PARTICIPANT"], "bob");
    EXPECT_EQ(streams[2]["tags"]["KIND"], "audio");
    ASSERT_THAT(progress, ::testing::Not(IsEmpty())) << "the progress of the copy is reported";
    for (const auto& p : progress) EXPECT_EQ(p.phase, Progress::Phase::rendering);
    EXPECT_EQ(progress.back().fraction, 1);
    EXPECT_EQ(progress.back().frames, 120u);
    const auto times = testing::decoded_times(result.path, "v:1");
    ASSERT_THAT(times, SizeIs(20));
    EXPECT_NEAR(times[0], 10, 0.0005);
    EXPECT_NEAR(click_near(testing::decoded_audio(result.path), 11), 11, 0.001);
}

TEST_F(RoomTest, RecoversTheFileOfAKilledProgram) {
    for (const auto layout : {RoomLayout::tracks, RoomLayout::composite}) {
        config_.layout = layout;
        config_.keep_take = true;
        open();
        const auto alice = join("alice", RoomMedia::video), hers = join("alice", RoomMedia::audio);
        video(alice, red_, 0, 3);
        clicks(hers, {}, 0, 3);
        const auto result = close();
        // As it lies after a kill: no file, no manifest, the journal without its end.
        fs::remove(result.path);
        ASSERT_TRUE(fs::remove(fs::path(result.take) / "manifest.json")) << "a take that is kept has one";
        const auto journal = fs::path(result.take) / "timeline.jsonl";
        fs::resize_file(journal, fs::file_size(journal) - 10);
        const auto recovered = recover_recordings(config_.storage).value();
        ASSERT_THAT(recovered, SizeIs(1));
        EXPECT_THAT(recovered[0].failures, IsEmpty());
        EXPECT_EQ(recovered[0].path, result.path);
        EXPECT_THAT(testing::decoded_times(result.path, "v:0"), SizeIs(30));
        EXPECT_EQ(testing::probed(result.path)["streams"][1]["sample_rate"], "16000");
        EXPECT_NEAR(click_near(testing::decoded_audio(result.path), 2), 2, 0.001);
        fs::remove_all(config_.storage);
    }
}

}  // namespace
}  // namespace onetake

// What rooms record: rates, stamps, sound cards, losses, sizes, colours, channels. What goes wrong in other room
// recorders is a test here.
#include "unit/record/room_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>
#include <span>

namespace onetake {
namespace {

using testing::click_near;
using testing::Clicks;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kColours;
using testing::PlainFrame;
using testing::RoomTest;
using ::testing::SizeIs;

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

}  // namespace
}  // namespace onetake

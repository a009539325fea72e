#pragma once

#include "base/clock.h"
#include "base/time.h"
#include "support/temp_dir.h"
#include "unit/encode/plain_colour.h"

#include <onetake/room.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace onetake::testing {

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
inline double click_near(const std::vector<float>& audio, double second) {
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
        EXPECT_THAT(results, ::testing::SizeIs(::testing::Ge(1)));
        EXPECT_TRUE(results[0].returned);
        EXPECT_THAT(results[0].errors, ::testing::IsEmpty());
        EXPECT_THAT(results[0].losses, ::testing::IsEmpty());
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

}  // namespace onetake::testing

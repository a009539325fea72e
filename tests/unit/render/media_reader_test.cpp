#include "render/media_reader.h"

#include "unit/render/small_media_take.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

namespace onetake {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kVideo = 0, kAudio = 1;  // tracks of the file

/// All that a reader emits, by kind.
struct Output {
    std::vector<DecodedFrame> frames;
    std::vector<CopiedFrame> copies;
    std::vector<PlacedAudio> audio;
    std::vector<TrackLoss> losses;
    std::vector<std::string> notes;

    std::vector<MediaTime> times() const {
        std::vector<MediaTime> all;
        for (const auto& f : frames) all.push_back(f.time);
        return all;
    }
    std::size_t samples() const {
        std::size_t count = 0;
        for (const auto& a : audio) count += a.run.samples.size();
        return count;
    }
};

class MediaReaderTest : public ::testing::Test {
 protected:
    MediaReaderOptions options() const {
        MediaReaderOptions o;
        o.take_folder = dir_.file("takes/t");
        return o;
    }
    static std::unique_ptr<MediaReader> open(MediaReaderOptions options) {
        auto reader = MediaReader::open(std::move(options));
        EXPECT_TRUE(reader) << (reader ? "" : reader.error().message);
        return reader ? std::move(*reader) : nullptr;
    }
    static void map(MediaReader& reader) {
        for (const auto& t : reader.tracks()) {
            if (t.track.kind == TrackKind::audio) {
                reader.map_audio(t.track, kAudio);
            } else if (const auto format = reader.find_frame_format(t, 10)) {
                reader.map_video(t.track, kVideo, *format);
            }
        }
    }
    static Output read(MediaReader& reader) {
        BoundedQueue<RenderItem> queue(std::numeric_limits<std::size_t>::max());
        EXPECT_TRUE(reader.run(queue));
        queue.close();
        Output out;
        while (auto item = queue.pop()) {
            if (auto* frame = std::get_if<DecodedFrame>(&*item)) out.frames.push_back(std::move(*frame));
            if (auto* copy = std::get_if<CopiedFrame>(&*item)) out.copies.push_back(std::move(*copy));
            if (auto* audio = std::get_if<PlacedAudio>(&*item)) out.audio.push_back(std::move(*audio));
        }
        out.losses = reader.losses();
        out.notes = reader.take_notes();
        return out;
    }
    Output read_take(MediaReaderOptions options) {
        const auto reader = open(std::move(options));
        map(*reader);
        return read(*reader);
    }

    TempDir dir_;
    std::string data_dir_ = dir_.file("takes");
};

TEST_F(MediaReaderTest, EmitsEachFrameDecodedAtItsTimeAndAllAudio) {
    SmallMediaTake take(data_dir_);
    take.add(5);
    take.close();
    const auto out = read_take(options());
    ASSERT_THAT(out.frames, SizeIs(5));
    for (int i = 0; i < 5; ++i) {
        const auto& frame = out.frames[static_cast<std::size_t>(i)];
        EXPECT_EQ(frame.track, kVideo);
        EXPECT_EQ(frame.number, i + 1);
        EXPECT_EQ(frame.time, MediaTime(i * SmallMediaTake::kInterval));
        EXPECT_NEAR(frame.image.plane(0)[0], 10 * (i + 1), 2);
    }
    EXPECT_EQ(out.samples(), 5u * SmallMediaTake::kBlock);
    ASSERT_FALSE(out.audio.empty());
    EXPECT_EQ(out.audio.front().track, kAudio);
    EXPECT_EQ(out.audio.front().run.begin, MediaTime{});
    EXPECT_TRUE(out.audio.front().run.after_gap);
    EXPECT_EQ(out.audio.back().run.end, MediaTime(milliseconds(500)));
    std::vector<std::int16_t> samples;
    for (const auto& a : out.audio) samples.insert(samples.end(), a.run.samples.begin(), a.run.samples.end());
    for (std::size_t i = 0; i < samples.size(); ++i)
        ASSERT_EQ(samples[i], 100 * (1 + static_cast<int>(i) / SmallMediaTake::kBlock)) << i;
    for (const auto& loss : out.losses) EXPECT_EQ(loss.lost, 0u);
    EXPECT_THAT(out.notes, IsEmpty());
}

TEST_F(MediaReaderTest, EmitsStoredJpegsUntouchedWhereTheyAreCopied) {
    SmallMediaTake take(data_dir_, false);
    take.add(3);
    take.close();
    auto o = options();
    o.copy = true;
    const auto out = read_take(o);
    EXPECT_THAT(out.frames, IsEmpty());
    ASSERT_THAT(out.copies, SizeIs(3));
    for (int i = 0; i < 3; ++i) {
        const auto jpeg =
            plain_jpeg(SmallMediaTake::kWidth, SmallMediaTake::kHeight, static_cast<std::uint8_t>(10 * (i + 1)));
        const auto& copy = out.copies[static_cast<std::size_t>(i)];
        EXPECT_EQ(std::string(copy.bytes.begin(), copy.bytes.end()), jpeg);
        EXPECT_EQ(copy.time, MediaTime(i * SmallMediaTake::kInterval));
    }
}

TEST_F(MediaReaderTest, CountsTimeFromTheEarlierOfAudioAndVideo) {
    SmallMediaTake take(data_dir_);
    take.add_block(SmallMediaTake::begin() - milliseconds(100), false);
    take.add_frame();
    take.close();
    const auto out = read_take(options());
    EXPECT_THAT(out.times(), ElementsAre(MediaTime(milliseconds(100))));
    EXPECT_EQ(out.audio.front().run.begin, MediaTime{});
}

TEST_F(MediaReaderTest, CountsAMissingADamagedAndAnotherSizedFrameAsLostAndGoesOn) {
    SmallMediaTake take(data_dir_, false);
    take.add(3);
    take.add_frame(SmallMediaTake::begin() + milliseconds(300), 32, 32);
    take.add_frame();
    take.close();
    std::filesystem::remove(take.frame_path(2));
    std::filesystem::resize_file(take.frame_path(3), 30);
    const auto out = read_take(options());
    EXPECT_THAT(out.times(), ElementsAre(MediaTime{}, MediaTime(milliseconds(400))));
    ASSERT_THAT(out.losses, SizeIs(1));
    EXPECT_EQ(out.losses[0].named, 5u);
    EXPECT_EQ(out.losses[0].lost, 3u);
    EXPECT_THAT(out.notes, Contains(HasSubstr("v1 frame 2")));
    EXPECT_THAT(out.notes, Contains(HasSubstr("v1 frame 3")));
    EXPECT_THAT(out.notes, Contains(HasSubstr("v1 frame 4")));
}

TEST_F(MediaReaderTest, CountsWhatTheWavLacksAsLost) {
    SmallMediaTake take(data_dir_);
    take.add(5);
    take.close();
    const auto wav = take.folder() + "/audio.wav";
    std::filesystem::resize_file(wav, std::filesystem::file_size(wav) - 2 * SmallMediaTake::kBlock);
    const auto out = read_take(options());
    EXPECT_EQ(out.samples(), 4u * SmallMediaTake::kBlock);
    ASSERT_THAT(out.losses, SizeIs(2));
    EXPECT_EQ(out.losses[1].lost, static_cast<std::uint64_t>(SmallMediaTake::kBlock));
    EXPECT_THAT(out.notes, Contains(HasSubstr("audio.wav")));
}

TEST_F(MediaReaderTest, BeginsARunAfterAGapWhereSamplesWereLost) {
    SmallMediaTake take(data_dir_, true);
    take.add(30);
    take.add_block(SmallMediaTake::begin() + milliseconds(3400), true);  // 400 ms late: lost
    for (int i = 35; i < 60; ++i) take.add_block(SmallMediaTake::begin() + i * SmallMediaTake::kInterval, false);
    take.close();
    const auto out = read_take(options());
    int gaps = 0;
    for (std::size_t i = 1; i < out.audio.size(); ++i) {
        const auto& before = out.audio[i - 1].run;
        const auto& run = out.audio[i].run;
        if (!run.after_gap) {
            EXPECT_EQ(run.begin, before.end);
            continue;
        }
        ++gaps;
        EXPECT_EQ(before.end, MediaTime(milliseconds(3000)));
        EXPECT_EQ(run.begin, MediaTime(milliseconds(3400)));
    }
    EXPECT_EQ(gaps, 1);
}

TEST_F(MediaReaderTest, LosesAFrameWhoseStampNoFileCanHold) {
    SmallMediaTake take(data_dir_, false);
    take.add(2);
    take.add_frame(SmallMediaTake::begin() + hours(7));
    take.close();
    auto o = options();
    o.longest_gap = hours(6);
    const auto out = read_take(o);
    EXPECT_THAT(out.times(), SizeIs(2));
    EXPECT_EQ(out.losses[0].lost, 1u);
    EXPECT_THAT(out.notes, Contains(HasSubstr("7.0 h")));
}

TEST_F(MediaReaderTest, KeepsAudioThatBeginsHoursAfterTheFirstFrame) {
    SmallMediaTake take(data_dir_);
    take.add_frame();
    take.add_block(SmallMediaTake::begin() + hours(7), false);
    take.close();
    auto o = options();
    o.longest_gap = hours(6);
    const auto out = read_take(o);
    ASSERT_THAT(out.audio, SizeIs(1));
    EXPECT_EQ(out.audio[0].run.begin, MediaTime(hours(7)));
    for (const auto& loss : out.losses) EXPECT_EQ(loss.lost, 0u);
}

TEST_F(MediaReaderTest, PassesOverATrackThatIsNotMappedAndCountsIt) {
    SmallMediaTake take(data_dir_);
    take.add(3);
    take.close();
    const auto reader = open(options());
    reader->map_audio({TrackKind::audio, 1}, kAudio);
    const auto out = read(*reader);
    EXPECT_THAT(out.frames, IsEmpty());
    EXPECT_EQ(out.samples(), 3u * SmallMediaTake::kBlock);
    EXPECT_EQ(out.losses[0].lost, 3u);
}

TEST_F(MediaReaderTest, FindsTheSizeThatMostFramesHaveWhereTheRecordedOneIsWrong) {
    SmallMediaTake take(data_dir_, false);
    take.add_frame(SmallMediaTake::begin(), 32, 32);
    for (int i = 1; i < 4; ++i) take.add_frame(SmallMediaTake::begin() + i * SmallMediaTake::kInterval, 80, 32);
    take.close();
    const auto reader = open(options());
    const auto format = reader->find_frame_format(reader->tracks().front(), 4);
    ASSERT_TRUE(format);
    EXPECT_EQ(format->width, 80);
    EXPECT_EQ(format->height, 32);
}

TEST_F(MediaReaderTest, FindsNoFrameFormatWhereNoFrameCanBeDecoded) {
    SmallMediaTake take(data_dir_);
    take.add(2);
    take.close();
    for (int i = 1; i <= 2; ++i) std::filesystem::resize_file(take.frame_path(i), 10);
    const auto reader = open(options());
    EXPECT_FALSE(reader->find_frame_format(reader->tracks().front(), 2));
}

TEST_F(MediaReaderTest, FollowsATakeThatIsStillWritten) {
    SmallMediaTake take(data_dir_, false);
    take.add(2);
    auto o = options();
    int asked = 0;
    o.wait_for_more = [&] {
        if (++asked == 1) take.add(3);
        if (asked == 2) take.close();
        return asked < 2;
    };
    const auto out = read_take(o);
    EXPECT_THAT(out.frames, SizeIs(5));
}

TEST_F(MediaReaderTest, EndsEarlyWhereTheQueueIsClosed) {
    SmallMediaTake take(data_dir_, false);
    take.add(4);
    take.close();
    const auto reader = open(options());
    map(*reader);
    BoundedQueue<RenderItem> queue(100);
    queue.close();
    EXPECT_TRUE(reader->run(queue));
    EXPECT_FALSE(queue.pop());
}

TEST_F(MediaReaderTest, RefusesATakeWithoutMediaAndOneThatIsNotThere) {
    SmallMediaTake take(data_dir_);
    take.close();
    EXPECT_EQ(MediaReader::open(options()).error().code, ErrorCode::not_found);
    auto o = options();
    o.take_folder = dir_.file("takes/none");
    EXPECT_EQ(MediaReader::open(o).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace onetake

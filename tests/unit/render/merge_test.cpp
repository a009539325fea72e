// Chunks merged: the same packets at the same times as in a file that was never cut.
#include "container/chunk_tags.h"
#include "container/demuxer.h"
#include "container/file_writer.h"
#include "encode/audio_stream_encoder.h"
#include "encode/data_encoder.h"
#include "encode/image_stream_encoder.h"
#include "encode/live_settings.h"
#include "support/temp_dir.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <onetake/merge.h>

#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr int kChunks = 60, kRate = 48000;

/// Lengths from 71 to 270 ms.
milliseconds chunk_length(int chunk) {
    return milliseconds(71 + chunk * 7919 % 200);
}

struct Track {
    StreamParams params;
    std::vector<Packet> packets;
};

class Merge : public ::testing::Test {
 protected:
    // Encodes all tracks, as an unchunked recording would: continuous encoders, a keyframe where a chunk begins.
    void encode(const std::string& audio_codec = "flac") {
        Duration end{};
        for (int i = 0; i < kChunks; ++i) {
            starts_.push_back(std::chrono::duration_cast<milliseconds>(end));
            end += chunk_length(i);
        }
        starts_.push_back(std::chrono::duration_cast<milliseconds>(end));
        tracks_ = {video(end), audio(end, audio_codec), data(end)};
    }
    Track video(Duration end) {
        LiveVideoSettings live;
        live.codec = "libx264";
        auto encoder =
            ImageStreamEncoder::open(live_encoder_settings(live, 96, 64, PixelFormat::i420, 1), "camera").value();
        Track track{encoder->params(), {}};
        const auto pool = BufferPool::create(80);
        std::size_t chunk = starts_.size();
        int n = 0;
        // 29.97 frames a second, stamped with some scatter.
        for (Duration t{}; t < end; ++n, t = n * Duration(33'366'700) + Duration(n * 7919 % 1000 * 3001)) {
            const auto now = chunk_at(t);
            auto image = testing::shaded_image(96, 64, Chroma::s420, *pool, n);
            EXPECT_TRUE(encoder->encode(TimedImage{std::move(image), MediaTime(t), now != chunk}, track.packets));
            chunk = now;
        }
        EXPECT_TRUE(encoder->finish(track.packets));
        EXPECT_EQ(track.packets.size(), static_cast<std::size_t>(n));
        return track;
    }
    static Track audio(Duration end, const std::string& codec) {
        AudioStreamSettings settings;
        settings.sample_rate = kRate;
        settings.codec = codec;
        auto encoder = AudioStreamEncoder::open(settings).value();
        Track track{encoder->params(), {}};
        AudioSamples samples;
        for (std::int64_t i = 0; i < to_ticks(end, kRate); ++i)
            samples.interleaved.push_back(static_cast<float>(0.4 * std::sin(0.05 * static_cast<double>(i))));
        EXPECT_TRUE(encoder->encode(std::move(samples), track.packets));
        EXPECT_TRUE(encoder->finish(track.packets));
        return track;
    }
    static Track data(Duration end) {
        DataEncoder encoder("IMU");
        Track track{encoder.params(), {}};
        int n = 0;
        // Several packets a millisecond, at times.
        for (Duration t{}; t < end; ++n, t += Duration(n % 50 < 3 ? 200'000 : 3'141'592)) {
            std::vector<std::uint8_t> bytes(1 + static_cast<std::size_t>(n) * 31 % 90, static_cast<std::uint8_t>(n));
            EXPECT_TRUE(encoder.encode(CompressedFrame{std::move(bytes), MediaTime(t)}, track.packets));
        }
        return track;
    }
    std::size_t chunk_at(Duration t) const {
        return static_cast<std::size_t>(std::ranges::upper_bound(starts_, t) - starts_.begin()) - 1;
    }

    // Writes the packets of one chunk, or of all, with times from its start.
    void write(const std::string& path, std::optional<std::size_t> chunk, const std::string& recording = "r1") const {
        MuxerOptions options;
        const auto start = chunk ? starts_[*chunk] : milliseconds{};
        if (chunk) options.metadata = chunk_tags({recording, start.count()});
        auto file = FileWriter::create(path, ContainerFormat::mkv, options).value();
        for (const auto& track : tracks_) ASSERT_TRUE(file.add_track(track.params));
        ASSERT_TRUE(file.begin());
        for (std::size_t i = 0; i < tracks_.size(); ++i) {
            std::vector<Packet> mine;
            std::size_t in = 0;
            for (auto packet : tracks_[i].packets) {
                const auto scale = tracks_[i].params.time_scale;
                const auto begun = std::max(from_ticks(packet.pts, scale), Duration{});
                if (i != 0 || packet.key) in = chunk_at(begun);
                if (chunk && in != *chunk) continue;
                packet.pts -= to_ticks(start, scale);
                packet.dts -= to_ticks(start, scale);
                mine.push_back(std::move(packet));
            }
            const int number = static_cast<int>(i);
            ASSERT_TRUE(file.write(number, mine));
            ASSERT_TRUE(file.end_track(number));
        }
        ASSERT_TRUE(file.finish());
    }
    void write_chunks() const {
        fs::create_directory(dir_.file("chunks"));
        for (std::size_t i = 0; i < kChunks; ++i) write(chunk_path(i), i);
    }
    std::string chunk_path(std::size_t i) const { return dir_.file(fmt::format("chunks/{:05}.mkv", i + 1)); }

    // Every packet of a file: stream, time in ms, bytes; by stream, for streams may be interleaved differently.
    static std::vector<std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>>> packets(
        const std::string& path) {
        auto demuxer = Demuxer::open(path).value();
        std::vector<std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>>> all(demuxer.streams().size());
        while (auto packet = demuxer.next().value())
            all[static_cast<std::size_t>(packet->stream)].emplace_back(packet->pts, std::move(packet->bytes));
        return all;
    }
    static std::string decoded(const std::string& path, const std::string& stream) {
        return testing::output_of(
            fmt::format("ffmpeg -v error -i '{}' -map 0:{} -fps_mode passthrough -f md5 -", path, stream));
    }
    // What the programs for Matroska find wrong; empty where they are not installed.
    static std::string faults(const std::string& path) {
        return testing::output_of(
            fmt::format("command -v mkvmerge > /dev/null && mkvmerge -J '{}' | jq -c "
                        "'(.errors + .warnings)[]'",
                        path));
    }

    TempDir dir_;
    std::vector<milliseconds> starts_;  // of the chunks, and the end of the last
    std::vector<Track> tracks_;
};

TEST_F(Merge, EqualsTheUnchunkedRecordingPacketForPacket) {
    encode();
    write(dir_.file("whole.mkv"), std::nullopt);
    write_chunks();
    const auto merged = merge_recording_chunks(dir_.file("chunks"), dir_.file("merged.mkv"));
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(merged->parts.size(), std::size_t{kChunks});
    EXPECT_TRUE(merged->notes.empty()) << ::testing::PrintToString(merged->notes);
    const auto whole = packets(dir_.file("whole.mkv")), found = packets(merged->path);
    ASSERT_EQ(found.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(found[i].size(), tracks_[i].packets.size());
        EXPECT_TRUE(found[i] == whole[i]) << "stream " << i;
        EXPECT_EQ(merged->streams[i].packets, tracks_[i].packets.size());
    }
    for (const auto* stream : {"v", "a"})
        EXPECT_EQ(decoded(merged->path, stream), decoded(dir_.file("whole.mkv"), stream));
    EXPECT_EQ(faults(merged->path), "");
    EXPECT_EQ(faults(chunk_path(7)), "");
    const auto seen = testing::probed(merged->path);
    EXPECT_EQ(seen["streams"][2]["disposition"]["default"], 0);
    EXPECT_EQ(seen["streams"][2]["tags"]["title"], "IMU");
    EXPECT_TRUE(fs::exists(chunk_path(0))) << "nothing is deleted unasked";
    // A merged file is no chunk, wherever it lies.
    fs::copy(merged->path, dir_.file("chunks/merged.mkv"));
    EXPECT_EQ(merge_recording_chunks(dir_.file("chunks"), dir_.file("again.mkv"))->parts.size(), std::size_t{kChunks});
}

TEST_F(Merge, KeepsAacWithItsPriming) {
    encode("aac");
    write(dir_.file("whole.mkv"), std::nullopt);
    write_chunks();
    const auto merged = merge_recording_chunks(dir_.file("chunks"), dir_.file("merged.mkv"));
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_TRUE(packets(merged->path) == packets(dir_.file("whole.mkv")));
    EXPECT_EQ(decoded(merged->path, "a"), decoded(dir_.file("whole.mkv"), "a"));
}

TEST_F(Merge, JoinsSomeChunksAndFilesThatSayNothing) {
    encode();
    for (const std::size_t i : {10, 11, 13}) write(dir_.file(fmt::format("{}.mkv", i)), i);
    const std::vector parts{dir_.file("10.mkv"), dir_.file("11.mkv"), dir_.file("13.mkv")};
    const auto merged = merge_stream_files(parts, dir_.file("some.mkv"));
    ASSERT_TRUE(merged) << merged.error().message;
    const auto found = packets(merged->path)[0], last = packets(parts[2])[0];
    // Where a chunk is missing there is a gap, and what follows is in its place.
    EXPECT_EQ(found[found.size() - last.size()].first - last[0].first, (starts_[13] - starts_[10]).count());

    auto again = merge_stream_files({parts[1], parts[0]}, dir_.file("x.mkv"));
    EXPECT_EQ(again.error().code, ErrorCode::invalid_argument) << "in the wrong order";
    write(dir_.file("other.mkv"), 12, "r2");
    again = merge_stream_files({parts[0], dir_.file("other.mkv")}, dir_.file("x.mkv"));
    EXPECT_THAT(again.error().message, HasSubstr("different recordings"));
    write(dir_.file("plain.mkv"), std::nullopt);
    again = merge_stream_files({parts[0], dir_.file("plain.mkv")}, dir_.file("x.mkv"));
    EXPECT_EQ(again.error().code, ErrorCode::invalid_argument);
    const auto twice = merge_stream_files({dir_.file("plain.mkv"), dir_.file("plain.mkv")}, dir_.file("twice.mkv"));
    ASSERT_TRUE(twice) << twice.error().message;
    EXPECT_EQ(twice->notes.size(), 1u);
    EXPECT_EQ(twice->streams[0].packets, 2 * tracks_[0].packets.size());
    EXPECT_FALSE(fs::exists(dir_.file("x.mkv")));
}

TEST_F(Merge, KeepsWhatIsThereUnlessAskedAndLeavesNothingHalf) {
    encode();
    fs::create_directory(dir_.file("chunks"));
    for (const std::size_t i : {0, 1}) write(chunk_path(i), i);
    const auto out = dir_.file("out.mkv");
    EXPECT_EQ(merge_recording_chunks(dir_.file("chunks"), dir_.file("out.mp4")).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(merge_stream_files({chunk_path(0)}, chunk_path(0), {true, false, {}}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(merge_stream_files({}, out).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(merge_recording_chunks(dir_.path(), out).error().code, ErrorCode::not_found);
    std::ofstream(out) << "mine";
    EXPECT_EQ(merge_recording_chunks(dir_.file("chunks"), out).error().code, ErrorCode::already_exists);
    EXPECT_EQ(fs::file_size(out), 4u);
    // A chunk that is cut off in its header is an error, and nothing is made or deleted.
    fs::copy(chunk_path(1), dir_.file("kept.mkv"));
    fs::resize_file(chunk_path(1), 100);
    EXPECT_FALSE(merge_recording_chunks(dir_.file("chunks"), out, {true, true, {}}));
    EXPECT_EQ(fs::file_size(out), 4u);
    EXPECT_TRUE(fs::exists(chunk_path(0)));
    // One that is cut off anywhere, or damaged.
    const auto whole = fs::file_size(dir_.file("kept.mkv"));
    for (const auto size : {whole / 3, whole / 2, whole - 700}) {
        fs::copy(dir_.file("kept.mkv"), chunk_path(1), fs::copy_options::overwrite_existing);
        fs::resize_file(chunk_path(1), size);
        const auto cut = merge_recording_chunks(dir_.file("chunks"), out, {true, true, {}});
        ASSERT_FALSE(cut) << size << " of " << whole;
        EXPECT_THAT(cut.error().message, ::testing::HasSubstr(chunk_path(1)));
        EXPECT_TRUE(fs::exists(chunk_path(0)) && fs::exists(chunk_path(1)));
        EXPECT_EQ(fs::file_size(out), 4u);
    }
    fs::copy(dir_.file("kept.mkv"), chunk_path(1), fs::copy_options::overwrite_existing);
    std::stop_source cancel;
    cancel.request_stop();
    EXPECT_EQ(merge_recording_chunks(dir_.file("chunks"), out, {true, true, cancel.get_token()}).error().code,
              ErrorCode::cancelled);
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir_.path())) ++files;
    EXPECT_EQ(files, 3u) << "chunks, kept.mkv and out.mkv";
    ASSERT_TRUE(merge_recording_chunks(dir_.file("chunks"), out, {true, true, {}}));
    EXPECT_GT(fs::file_size(out), 1000u);
    EXPECT_FALSE(fs::exists(chunk_path(0)));
    EXPECT_FALSE(fs::exists(chunk_path(1)));
}

TEST_F(Merge, RefusesStreamsThatDiffer) {
    encode();
    write(dir_.file("a.mkv"), 0);
    std::swap(tracks_[0], tracks_[1]);
    write(dir_.file("b.mkv"), 1);
    EXPECT_EQ(merge_stream_files({dir_.file("a.mkv"), dir_.file("b.mkv")}, dir_.file("x.mkv")).error().code,
              ErrorCode::unsupported);
    tracks_.pop_back();
    write(dir_.file("c.mkv"), 2);
    EXPECT_EQ(merge_stream_files({dir_.file("a.mkv"), dir_.file("c.mkv")}, dir_.file("x.mkv")).error().code,
              ErrorCode::unsupported);
}

}  // namespace
}  // namespace onetake

// Chunks made from a stored recording: the same packets at the same ticks as before it was divided, also where a kill
// interrupted that.
#include "render/chunk_render.h"

#include "container/demuxer.h"
#include "encode/audio_stream_encoder.h"
#include "media/chunk_grid.h"
#include "sink/take_sink.h"
#include "support/temp_dir.h"
#include "take/take_source.h"
#include "take/video_part.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <onetake/merge.h>
#include <onetake/video_recorder.h>

#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kRate = 48000, kBlock = 480;
constexpr auto kLength = 137ms;
constexpr int kChunks = 60;
constexpr Duration kLast = kLength * kChunks - 20ms;
const HostTime kOrigin{1000s + Duration(123'457)};

using TimedBytes = std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>>;  // ms, payload

class ChunkRender : public ::testing::Test {
 protected:
    ChunkRender() {
        fs::create_directory(dir_.file("rig"));
        record();
    }

    // 29.97 frames/s with scatter, several data packets a millisecond at times, audio by blocks.
    void record() {
        TakeSinkOptions options;
        options.writer = {dir_.file("rig"), ".rig.take", "test", "{}", false, true, "01RECORDING", true};
        options.on_full = OnFull::block;
        auto sink = TakeSink::create(options).value();
        VideoTrackOptions track;
        track.encode = LiveVideoSettings{"libx264"};
        track.encode->pixel_format = PixelFormat::i420;
        track.encode->steady_rate = false;
        track.chunks = grid_;
        VideoDescription camera;
        camera.width = 96;
        camera.height = 64;
        camera.fps = 29.97;
        auto* video = sink->add_video(camera, track).value();
        AudioDescription microphone;
        microphone.sample_rate = kRate;
        microphone.channels = 1;
        auto* audio = sink->add_audio(microphone).value();
        auto* data = sink->add_data({}).value();
        ASSERT_TRUE(sink->start());
        ChunksRecord chunks{kOrigin, grid_->length(), {}};
        chunks.streams.push_back(
            {{TrackKind::video, 1}, "front", "", 0, sink->streams()[0].value(), {{"SERIAL", "77"}}});
        chunks.streams.push_back({{TrackKind::audio, 1}, "microphone", "flac"});
        chunks.streams.push_back({{TrackKind::data, 1}, "IMU", ""});
        sink->write_later(chunks);
        const auto pool = BufferPool::create(4);
        Duration block{3ms}, packet{1ms};
        int blocks = 0, packets = 0, n = 0;
        for (Duration t{}; t < kLast; ++n, t = n * Duration(33'366'700) + Duration(n * 7919 % 1000 * 3001)) {
            auto frame = testing::as_frame(testing::shaded_image(96, 64, Chroma::s420, *pool, n), PixelFormat::i420);
            frame.stamp = {kOrigin + t, kOrigin + t, StampSource::pushed, {}};
            ASSERT_EQ(video->deliver(std::move(frame)), Delivery::accepted);
            for (; block < t + 30ms; block += from_ticks(kBlock, kRate), ++blocks)
                ASSERT_EQ(audio->deliver(block_at(block, blocks)), Delivery::accepted);
            for (; packet < t; ++packets, packet += Duration(packets % 50 < 3 ? 200'000 : 3'141'592))
                ASSERT_EQ(data->deliver({payload(packets), kOrigin + packet, kOrigin + packet}), Delivery::accepted);
            blocks_ = blocks;
        }
        sink->drain();
        // Not closed: as a kill leaves it.
    }
    static AudioBlock block_at(Duration t, int n) {
        AudioBlock block;
        for (int i = 0; i < kBlock; ++i)
            block.samples.push_back(static_cast<std::int16_t>(9000 * std::sin(0.05 * (n * kBlock + i))));
        block.time = block.arrival = kOrigin + t;
        block.source = StampSource::pushed;
        return block;
    }
    static std::vector<std::uint8_t> payload(int n) {
        return std::vector<std::uint8_t>(1 + static_cast<std::size_t>(n) * 31 % 90, static_cast<std::uint8_t>(n));
    }

    // The packets that the recording has before it is divided, at the ticks of a Matroska file from its origin.
    std::vector<TimedBytes> tapped() const {
        std::vector<TimedBytes> all(3);
        const auto ms = [](HostTime t) { return to_ticks(t - kOrigin, 1000); };
        const auto take = TakeDir::open(dir_.file("rig/.rig.take")).value();
        auto data = DataFileReader::open(take, {TrackKind::data, 1}).value();
        auto journal = JournalReader::open(take).value();
        std::optional<PartReader> part;
        std::vector<std::uint8_t> bytes;
        while (auto record = journal.next().value()) {
            if (const auto* begun = std::get_if<PartRecord>(&*record)) {
                part.emplace(PartReader::open(take, *begun).value());
            } else if (const auto* frame = std::get_if<FrameRecord>(&*record)) {
                EXPECT_TRUE(part->read(*frame, bytes));
                all[0].emplace_back(ms(frame->stamp.time), bytes);
            } else if (const auto* packet = std::get_if<DataRecord>(&*record)) {
                EXPECT_TRUE(data.read(*packet, bytes));
                all[2].emplace_back(ms(packet->time), bytes);
            }
        }
        AudioStreamSettings settings;
        settings.sample_rate = kRate;
        settings.codec = "flac";
        const auto encoder = AudioStreamEncoder::open(settings).value();
        auto source = TakeSource::open(dir_.file("rig/.rig.take")).value();
        auto wav = WavReader::read_from(take.open_file("audio.wav", 0).value(), "audio.wav").value();
        std::vector<Packet> packets;
        while (const auto event = source.next().value()) {
            const auto* stored = std::get_if<StoredAudio>(&*event);
            if (stored == nullptr) continue;
            TimedAudio run;
            const auto& span = stored->span;
            EXPECT_TRUE(wav.read(span.first_sample, span.frames, run.samples));
            run.begin = media_time(span.begin, kOrigin);
            run.end = media_time(span.end, kOrigin);
            run.after_gap = packets.empty() && span.first_sample == 0;
            EXPECT_TRUE(encoder->encode(std::move(run), packets));
        }
        EXPECT_TRUE(encoder->finish(packets));
        for (auto& packet : packets) all[1].emplace_back(to_ticks(from_ticks(packet.pts, kRate), 1000), packet.bytes);
        return all;
    }
    static std::vector<TimedBytes> packets_of(const std::string& path) {
        auto demuxer = Demuxer::open(path).value();
        std::vector<TimedBytes> all(demuxer.streams().size());
        while (auto packet = demuxer.next().value())
            all[static_cast<std::size_t>(packet->stream)].emplace_back(packet->pts, std::move(packet->bytes));
        return all;
    }
    Result<ChunkRenderReport> render(const std::string& to, std::vector<FinishedChunk>* finished = nullptr) const {
        fs::create_directory(to);
        ChunkRenderOptions options;
        options.take_folder = dir_.file("rig/.rig.take");
        options.folder = to;
        options.on_finished = [&](const FinishedChunk& chunk) {
            if (finished != nullptr) finished->push_back(chunk);
        };
        RenderProgress progress({});
        return render_chunks(options, progress);
    }
    // What the programs for Matroska find wrong; empty where they are not installed.
    static std::string faults(const std::string& path) {
        return testing::output_of(fmt::format(
                   "command -v mkvmerge > /dev/null && mkvmerge -J '{}' | jq -c '(.errors + .warnings)[]'", path)) +
               testing::output_of(fmt::format("ffmpeg -v error -i '{}' -map 0:v -map 0:a -f null - 2>&1", path));
    }
    static std::string samples_of(const std::string& path) {
        return testing::output_of(fmt::format("ffmpeg -v error -i '{}' -map 0:a -f s16le -", path));
    }

    TempDir dir_;
    std::shared_ptr<ChunkGrid> grid_ = std::make_shared<ChunkGrid>(kOrigin, kLength);
    int blocks_ = 0;
};

TEST_F(ChunkRender, HasEveryPacketInTheChunkOfItsTime) {
    std::vector<FinishedChunk> finished;
    const auto report = render(dir_.file("out"), &finished);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(finished.size(), static_cast<std::size_t>(kChunks));
    EXPECT_EQ(report->chunks, static_cast<std::uint64_t>(kChunks));
    const auto expected = tapped();
    EXPECT_EQ(report->packets, expected[0].size() + expected[1].size() + expected[2].size());
    for (const auto& chunk : {finished[0], finished[29], finished.back()}) {
        const auto seen = testing::probed(chunk.path);
        EXPECT_EQ(seen["streams"][0]["tags"]["title"], "front");
        EXPECT_EQ(seen["streams"][0]["tags"]["SERIAL"], "77");
        EXPECT_EQ(seen["streams"][2]["codec_name"], "ass");
        EXPECT_EQ(faults(chunk.path), "");
        for (const auto& stream : packets_of(chunk.path))
            for (const auto& [pts, bytes] : stream) {
                EXPECT_GE(pts, 0);
                EXPECT_LT(pts, std::chrono::milliseconds(kLength).count());
            }
    }
    const auto merged = merge_recording_chunks(dir_.file("out"), dir_.file("merged.mkv"));
    ASSERT_TRUE(merged) << merged.error().message;
    const auto found = packets_of(merged->path);
    ASSERT_EQ(found.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(found[i] == expected[i]) << "stream " << i;
    EXPECT_EQ(faults(merged->path), "");
    // Every sample: those of the blocks, from the first block on.
    EXPECT_EQ(samples_of(merged->path).size() / 2, static_cast<std::size_t>(blocks_ * kBlock + 144));
}

TEST_F(ChunkRender, MakesTheMissingChunksOfAKilledRecording) {
    std::vector<FinishedChunk> finished;
    ASSERT_TRUE(render(dir_.file("whole"), &finished));
    const auto take = dir_.file("rig/.rig.take");
    // Chunks up to the 40th were finished, and are not in the take any more; the 41st was being written.
    for (const auto& chunk : finished) {
        if (chunk.number > 40) continue;
        fs::copy(chunk.path, dir_.file("rig/" + chunk.id + ".mkv"));
        fs::remove(fmt::format("{}/video/{}", take, part_file(chunk.number)));
    }
    std::ofstream(dir_.file("rig/00041.mkv.999999-0.part")) << "incomplete";
    std::ofstream(take + "/timeline.jsonl", std::ios::app) << R"({"k":"f","v":"v1","n")";
    const auto recovered = recover_recordings(dir_.file("rig"));
    ASSERT_TRUE(recovered) << recovered.error().message;
    ASSERT_EQ(recovered->size(), 1u);
    EXPECT_THAT(recovered->front().failures, ::testing::IsEmpty());
    EXPECT_EQ(recovered->front().path, dir_.file("rig"));
    EXPECT_FALSE(fs::exists(take));
    EXPECT_FALSE(fs::exists(dir_.file("rig/00041.mkv.999999-0.part")));
    for (const auto* folder : {"rig", "whole"})
        ASSERT_TRUE(merge_recording_chunks(dir_.file(folder), dir_.file(fmt::format("{}.mkv", folder))));
    const auto found = packets_of(dir_.file("rig.mkv")), whole = packets_of(dir_.file("whole.mkv"));
    EXPECT_TRUE(found[0] == whole[0]);
    EXPECT_TRUE(found[2] == whole[2]);
    ASSERT_EQ(found[1].size(), whole[1].size());
    for (std::size_t i = 0; i < whole[1].size(); ++i) EXPECT_EQ(found[1][i].first, whole[1][i].first);
    EXPECT_EQ(samples_of(dir_.file("rig.mkv")), samples_of(dir_.file("whole.mkv")));
    EXPECT_EQ(faults(dir_.file("rig.mkv")), "");
    EXPECT_TRUE(recover_recordings(dir_.file("rig"))->empty()) << "nothing is left to do";
}

}  // namespace
}  // namespace onetake

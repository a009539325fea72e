#pragma once

#include "support/temp_dir.h"
#include "take/take_writer.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace onetake {

/// The smallest bytes accepted as a JPEG of 16x16 pixels; `filler` distinguishes them.
inline std::vector<std::uint8_t> tiny_jpeg(std::uint8_t filler, std::size_t length = 60) {
    constexpr std::uint8_t kHeader[]{0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 16, 0, 16, 1, 1,
                                     0x11, 0,    0xff, 0xda, 0, 8,  1, 1, 0,  0, 63, 0};
    std::vector<std::uint8_t> jpeg(std::size(kHeader) + length + 2, filler);
    std::ranges::copy(kHeader, jpeg.begin());
    jpeg[jpeg.size() - 2] = 0xff;
    jpeg[jpeg.size() - 1] = 0xd9;
    return jpeg;
}

constexpr int kTakeFrames = 6;
constexpr int kTakeBlocks = 8;
constexpr int kBlockSamples = 50;

/// Writes a take "t" of six frames and eight blocks into `dir`; `close`: finished normally, else as after a kill.
inline void write_small_take(const TempDir& dir, bool close) {
    constexpr std::int64_t kMs = 1'000'000;
    auto writer = TakeWriter::create({dir.path(), "t", "test", "{}", false}, read_clocks()).value();
    VideoDescription v;
    v.width = v.height = 16;
    v.fps = 20;
    const auto video = writer.add_video_track(v).value();
    AudioDescription a;
    a.sample_rate = 1000;
    a.channels = 1;
    const auto audio = writer.add_audio_track(a).value();
    for (int i = 0; i < kTakeBlocks; ++i) {
        AudioBlock block;
        block.samples.assign(kBlockSamples, static_cast<std::int16_t>(i));
        block.time = block.arrival = host_time_from_ns((1000 + i * 50) * kMs);
        ASSERT_TRUE(writer.write_block(audio, block));
        if (i >= kTakeFrames) continue;
        const auto t = host_time_from_ns((1000 + i * 50) * kMs);
        ASSERT_TRUE(
            writer.write_frame(video, tiny_jpeg(static_cast<std::uint8_t>(i + 1)), {t, t, StampSource::test, {}}));
    }
    if (!close) return;
    Metrics m;
    m.encoder = "turbojpeg";
    m.queue_max = 3;
    m.frames = kTakeFrames;
    ASSERT_TRUE(writer.finish({host_time_from_ns(1400 * kMs), "stopped", 0, 0, 0.4}, m));
}

/// Writes an encoded take "t" of six packets in two parts, without audio, into `dir`. The packets are no video.
inline void write_encoded_take(const TempDir& dir, bool close) {
    constexpr std::int64_t kMs = 1'000'000;
    TakeWriterOptions options{dir.path(), "t", "test", "{}", false, true};
    auto writer = TakeWriter::create(options, read_clocks()).value();
    VideoDescription v;
    v.width = v.height = 16;
    v.fps = 20;
    const auto video = writer.add_video_track(v, TrackStore::encoded).value();
    for (int i = 0; i < kTakeFrames; ++i) {
        const auto t = host_time_from_ns((1000 + i * 50) * kMs);
        if (i % 4 == 0) {
            PartRecord part;
            part.track = video;
            part.begin = t;
            part.params.codec = "ffv1";
            part.params.width = part.params.height = 16;
            part.encoder = "ffv1";
            ASSERT_TRUE(writer.begin_part(part));
        }
        const std::vector<std::uint8_t> packet(static_cast<std::size_t>(40 + i), static_cast<std::uint8_t>(i + 1));
        ASSERT_TRUE(writer.write_packet(video, packet, i % 2 == 0, {t, t, StampSource::test, {}}));
    }
    if (!close) return;
    Metrics m;
    m.encoder = "ffv1";
    m.frames = kTakeFrames;
    ASSERT_TRUE(writer.finish({host_time_from_ns(1400 * kMs), "stopped", 0, 0, 0.3}, m));
}

inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Content and modification time of every file in a folder.
inline std::map<std::string, std::string> snapshot(const std::string& folder) {
    namespace fs = std::filesystem;
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const auto when = std::to_string(entry.last_write_time().time_since_epoch().count());
        files[fs::relative(entry.path(), folder).string()] =
            when + (entry.is_regular_file() ? bytes_of(entry.path()) : "");
    }
    return files;
}

}  // namespace onetake

#include "media/matroska_part.h"

#include "codec/video_encoder.h"
#include "media/decoder_config.h"
#include "unit/codec/shaded_image.h"
#include "unit/container/probe.h"

#include <cstdio>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

using testing::output_of;
using testing::probed;
using testing::ScratchFolder;
using Bytes = std::vector<std::uint8_t>;

constexpr int kFrames = 40;

// The stamps of an irregular camera, ns.
std::int64_t stamp(int i) {
    return std::int64_t{i} * 33'333'331 + (i * 7919 % 1000) * 3'001 + (i >= 30 ? 7'000'000'007 : 0);
}

struct Part {
    Bytes stream;                   // as the encoder emits it: extradata, then packets
    Bytes file;                     // the part
    std::vector<std::size_t> ends;  // of the header, and of each cluster
};

Part make_part(const std::string& codec, ColorInfo color = {}) {
    VideoEncoderSettings settings;
    settings.codec = codec;
    settings.width = 96;
    settings.height = 64;
    settings.color = color;
    settings.time_scale = 1000;
    settings.keyframe_interval = 12;
    settings.options = {{"bf", "0"}};
    auto encoder = VideoEncoder::open(settings).value();
    const auto pool = BufferPool::create(4);
    std::vector<Packet> packets;
    for (int i = 0; i < kFrames; ++i)
        EXPECT_TRUE(encoder.encode(testing::shaded_image(96, 64, Chroma::s420, *pool, i, color), i, packets));
    EXPECT_TRUE(encoder.finish(packets));

    auto params = encoder.params();
    Part part;
    const bool byte_stream = is_byte_stream(params.codec, params.extradata);
    EXPECT_EQ(byte_stream, codec == "libx264" || codec == "libx265");
    part.stream = params.extradata;
    params.extradata = decoder_config(params.codec, params.extradata).value();
    part.file = part_header(params).value();
    part.ends = {part.file.size()};
    for (std::size_t i = 0; i < packets.size(); ++i) {
        part.stream.insert(part.stream.end(), packets[i].bytes.begin(), packets[i].bytes.end());
        const auto packet = byte_stream ? with_lengths(packets[i].bytes) : packets[i].bytes;
        const auto header = cluster_header(Duration(stamp(static_cast<int>(i))), packets[i].key, packet);
        part.file.insert(part.file.end(), header.begin(), header.end());
        part.file.insert(part.file.end(), packet.begin(), packet.end());
        part.ends.push_back(part.file.size());
    }
    return part;
}

void save(const std::string& path, std::span<const std::uint8_t> bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// A hash per decoded frame. `format`: ffmpeg's name, if it is no container.
std::vector<std::string> hashes(const std::string& path, const std::string& format = "") {
    std::istringstream lines(
        output_of(fmt::format("ffmpeg -v error {} -i 'file:{}' -fps_mode passthrough -f framehash "
                              "-hash md5 -",
                              format.empty() ? "" : "-f " + format, path)));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty() && line[0] != '#') all.push_back(line.substr(line.rfind(' ') + 1));
    return all;
}

std::vector<std::int64_t> decoded_ns(const std::string& path) {
    std::vector<std::int64_t> times;
    const auto seen = probed(path, "-show_frames -show_entries frame=pts");
    for (const auto& frame : seen["frames"]) times.push_back(frame["pts"].get<std::int64_t>());
    return times;
}

class EveryCodec : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(EveryCodec, IsDecodedToTheSameFramesAtTheExactNanosecond) {
    const auto [codec, raw_format] = GetParam();
    ScratchFolder dir;
    const auto part = make_part(codec);
    save(dir / "p.mkv", part.file);
    std::vector<std::int64_t> expected;
    for (int i = 0; i < kFrames; ++i) expected.push_back(stamp(i));
    EXPECT_EQ(decoded_ns(dir / "p.mkv"), expected);
    EXPECT_EQ(probed(dir / "p.mkv")["streams"][0]["time_base"], "1/1000000000");
    const auto frames = hashes(dir / "p.mkv");
    EXPECT_EQ(frames.size(), static_cast<std::size_t>(kFrames));
    EXPECT_EQ(output_of("ffmpeg -v warning -err_detect crccheck+explode -i '" + (dir / "p.mkv") + "' -f null - 2>&1"),
              "");
    if (std::string_view(raw_format).empty()) return;
    save(dir / "raw", part.stream);
    EXPECT_EQ(hashes(dir / "raw", raw_format), frames);
}

INSTANTIATE_TEST_SUITE_P(MatroskaPart, EveryCodec,
                         ::testing::Values(std::pair{"libx264", "h264"}, std::pair{"libx265", "hevc"},
                                           std::pair{"mpeg4", "m4v"}, std::pair{"ffv1", ""}),
                         [](const auto& test) { return std::string(test.param.first); });

TEST(MatroskaPart, PlaysWhereverItIsCutOff) {
    ScratchFolder dir;
    const auto part = make_part("libx264");
    for (const auto complete : {1, 7, 25}) {
        const auto end = part.ends[static_cast<std::size_t>(complete)],
                   next = part.ends[static_cast<std::size_t>(complete) + 1];
        std::vector<std::int64_t> expected;
        for (int i = 0; i < complete; ++i) expected.push_back(stamp(i));
        for (const auto cut : {end, end + 1, end + kClusterHeaderBytes - 1, end + kClusterHeaderBytes, next - 1}) {
            save(dir / "cut.mkv", std::span(part.file).first(cut));
            auto times = decoded_ns(dir / "cut.mkv");
            // A packet that ends too early may be decoded in part.
            if (times.size() > expected.size() && cut != end) times.resize(expected.size());
            EXPECT_EQ(times, expected) << cut - end << " bytes after frame " << complete;
        }
    }
}

TEST(MatroskaPart, ReadsBackItsClusters) {
    const auto part = make_part("ffv1");
    for (int i = 0; i < kFrames; ++i) {
        const auto at = part.ends[static_cast<std::size_t>(i)];
        ClusterHeaderBytes bytes;
        std::copy_n(part.file.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
        const auto header = parse_cluster_header(bytes);
        ASSERT_TRUE(header) << i;
        EXPECT_EQ(header->timestamp.count(), stamp(i));
        EXPECT_EQ(header->key, i % 12 == 0) << i;
        const auto packet = std::span(part.file).subspan(at + kClusterHeaderBytes, header->size);
        EXPECT_EQ(at + kClusterHeaderBytes + header->size, part.ends[static_cast<std::size_t>(i) + 1]);
        EXPECT_TRUE(is_intact(bytes, *header, packet));
    }
}

TEST(MatroskaPart, NoticesEveryFlippedBit) {
    const Bytes packet(100, 7);
    const auto good = cluster_header(Duration(123'456'789'012), true, packet);
    ASSERT_TRUE(is_intact(good, *parse_cluster_header(good), packet));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto bad = good;
        bad.at(bit / 8) ^= static_cast<std::uint8_t>(1U << bit % 8);
        const auto header = parse_cluster_header(bad);
        EXPECT_FALSE(header && is_intact(bad, *header, packet)) << "bit " << bit;
    }
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
        auto bad = packet;
        bad.at(bit / 8) ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(is_intact(good, *parse_cluster_header(good), bad)) << "bit " << bit;
    }
    EXPECT_FALSE(is_intact(good, *parse_cluster_header(good), std::span(packet).first(99)));
}

TEST(MatroskaPart, StatesItsColours) {
    ScratchFolder dir;
    for (const auto range : {ColorRange::full, ColorRange::limited}) {
        save(dir / "p.mkv", make_part("ffv1", {range, ColorMatrix::bt601}).file);
        const auto stream = probed(dir / "p.mkv")["streams"][0];
        EXPECT_EQ(stream["color_range"], range == ColorRange::full ? "pc" : "tv");
        EXPECT_EQ(stream["color_space"], "smpte170m");
        EXPECT_EQ(stream["color_primaries"], "bt709");
    }
}

TEST(MatroskaPart, NamesACodecThatItCannotHold) {
    StreamParams params;
    params.codec = "rawvideo";
    const auto header = part_header(params);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, ErrorCode::unsupported);
    EXPECT_NE(header.error().message.find("rawvideo"), std::string::npos);
}

TEST(DecoderConfig, RefusesParameterSetsThatAreCutOff) {
    for (const auto* codec : {"libx264", "libx265"}) {
        VideoEncoderSettings settings;
        settings.codec = codec;
        settings.width = 96;
        settings.height = 64;
        const auto params = VideoEncoder::open(settings).value().params();
        const auto record = decoder_config(params.codec, params.extradata).value();
        EXPECT_EQ(decoder_config(params.codec, record).value(), record);
        EXPECT_FALSE(is_byte_stream(params.codec, record));
        const auto units = nal_units(params.extradata);
        ASSERT_GE(units.size(), 2U);
        // Only the first parameter set, and nothing at all.
        const auto first = static_cast<std::size_t>(units[0].data() + units[0].size() - params.extradata.data());
        EXPECT_FALSE(decoder_config(params.codec, std::span(params.extradata).first(first))) << codec;
        EXPECT_FALSE(decoder_config(params.codec, {})) << codec;
    }
}

}  // namespace
}  // namespace onetake

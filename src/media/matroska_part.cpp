#include "media/matroska_part.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <zlib.h>

namespace onetake {

namespace {

using Bytes = std::vector<std::uint8_t>;

// Element ids, by the Matroska specification (RFC 9559).
enum Id : std::uint32_t {
    kEbml = 0x1A45DFA3,
    kEbmlVersion = 0x4286,
    kEbmlReadVersion = 0x42F7,
    kEbmlMaxIdLength = 0x42F2,
    kEbmlMaxSizeLength = 0x42F3,
    kDocType = 0x4282,
    kDocTypeVersion = 0x4287,
    kDocTypeReadVersion = 0x4285,
    kSegment = 0x18538067,
    kInfo = 0x1549A966,
    kTimestampScale = 0x2AD7B1,
    kMuxingApp = 0x4D80,
    kWritingApp = 0x5741,
    kTracks = 0x1654AE6B,
    kTrackEntry = 0xAE,
    kTrackNumber = 0xD7,
    kTrackUid = 0x73C5,
    kTrackType = 0x83,
    kFlagLacing = 0x9C,
    kName = 0x536E,
    kLanguage = 0x22B59C,
    kCodecId = 0x86,
    kCodecPrivate = 0x63A2,
    kVideo = 0xE0,
    kFlagInterlaced = 0x9A,
    kPixelWidth = 0xB0,
    kPixelHeight = 0xBA,
    kColour = 0x55B0,
    kMatrixCoefficients = 0x55B1,
    kChromaSitingHorz = 0x55B7,
    kChromaSitingVert = 0x55B8,
    kRange = 0x55B9,
    kTransfer = 0x55BA,
    kPrimaries = 0x55BB,
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kCodecs{{{"h264", "V_MPEG4/ISO/AVC"},
                                                                                {"hevc", "V_MPEGH/ISO/HEVC"},
                                                                                {"ffv1", "V_FFV1"},
                                                                                {"mpeg4", "V_MPEG4/ISO/ASP"},
                                                                                {"mjpeg", "V_MJPEG"},
                                                                                {"vp8", "V_VP8"},
                                                                                {"vp9", "V_VP9"}}};

// The constant bytes of a cluster header are ids, sizes of fixed width, and the number of the one track.
constexpr std::array<std::uint8_t, 4> kCluster{0x1F, 0x43, 0xB6, 0x75};
constexpr std::array<std::uint8_t, 2> kCrc{0xBF, 0x84}, kTimestamp{0xE7, 0x88};
constexpr std::uint8_t kSimpleBlock = 0xA3, kFirstTrack = 0x81, kKeyFlag = 0x80;
// Offsets in a cluster header.
constexpr std::size_t kSizeAt = 4, kCrcAt = 8, kCrcValueAt = 10, kAfterCrc = 14, kTimeAt = 16, kBlockAt = 24,
                      kBlockSizeAt = 25, kTrackAt = 29, kFlagsAt = 32;
constexpr std::uint32_t kFourByteSize = 0x10000000;  // the marker of a size written in four bytes
constexpr std::uint32_t kBlockHeader = 4;            // track, time and flags

void append_id(Bytes& out, std::uint32_t id) {
    for (int shift = 24; shift >= 0; shift -= 8)
        if (id >> shift != 0) out.push_back(static_cast<std::uint8_t>(id >> shift));
}

void append_element(Bytes& out, Id id, std::span<const std::uint8_t> content) {
    append_id(out, id);
    const auto size = kFourByteSize | static_cast<std::uint32_t>(content.size());
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
    out.insert(out.end(), content.begin(), content.end());
}
void append_element(Bytes& out, Id id, std::string_view text) {
    append_element(out, id, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}
void append_number(Bytes& out, Id id, std::uint32_t value) {
    const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(value >> 24),
                                            static_cast<std::uint8_t>(value >> 16),
                                            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
    append_element(out, id, bytes);
}

Bytes colour(const StreamParams& params) {
    constexpr std::uint32_t kBt709 = 1, kSmpte170m = 6, kLimited = 1, kFull = 2, kHalf = 2;
    Bytes out;
    append_number(out, kMatrixCoefficients, params.color.matrix == ColorMatrix::bt709 ? kBt709 : kSmpte170m);
    append_number(out, kRange, params.color.range == ColorRange::full ? kFull : kLimited);
    append_number(out, kTransfer, kBt709);
    append_number(out, kPrimaries, kBt709);
    if (!params.pixel_format.starts_with("gray")) {
        append_number(out, kChromaSitingHorz, kHalf);
        append_number(out, kChromaSitingVert, kHalf);
    }
    return out;
}

Bytes track_entry(const StreamParams& params, std::string_view codec_id) {
    constexpr std::uint32_t kIsVideo = 1, kProgressive = 2;
    Bytes video;
    append_number(video, kFlagInterlaced, kProgressive);
    append_number(video, kPixelWidth, static_cast<std::uint32_t>(params.width));
    append_number(video, kPixelHeight, static_cast<std::uint32_t>(params.height));
    append_element(video, kColour, colour(params));
    Bytes out;
    append_number(out, kTrackNumber, 1);
    append_number(out, kTrackUid, 1);
    append_number(out, kTrackType, kIsVideo);
    append_number(out, kFlagLacing, 0);
    append_element(out, kLanguage, "und");
    if (!params.title.empty()) append_element(out, kName, params.title);
    append_element(out, kCodecId, codec_id);
    if (!params.extradata.empty()) append_element(out, kCodecPrivate, params.extradata);
    append_element(out, kVideo, video);
    return out;
}

std::uint32_t read_u32(const ClusterHeaderBytes& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes.at(at + i);
    return value;
}

void put_u32(ClusterHeaderBytes& bytes, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes.at(at + i) = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::uint32_t crc_of(const ClusterHeaderBytes& bytes, std::span<const std::uint8_t> packet) {
    const auto crc = ::crc32(0, bytes.data() + kAfterCrc, kClusterHeaderBytes - kAfterCrc);
    return static_cast<std::uint32_t>(::crc32(crc, packet.data(), static_cast<uInt>(packet.size())));
}

ClusterHeaderBytes header_bytes(const ClusterHeader& header) {
    ClusterHeaderBytes out{};
    std::ranges::copy(kCluster, out.begin());
    put_u32(out, kSizeAt, kFourByteSize | (static_cast<std::uint32_t>(kClusterHeaderBytes - kCrcAt) + header.size));
    std::ranges::copy(kCrc, out.begin() + kCrcAt);
    // EBML stores the low byte of a CRC first, unlike every other number.
    for (std::size_t i = 0; i < 4; ++i) out.at(kCrcValueAt + i) = static_cast<std::uint8_t>(header.crc >> (8 * i));
    std::ranges::copy(kTimestamp, out.begin() + kAfterCrc);
    const auto ns = static_cast<std::uint64_t>(header.timestamp.count());
    put_u32(out, kTimeAt, static_cast<std::uint32_t>(ns >> 32));
    put_u32(out, kTimeAt + 4, static_cast<std::uint32_t>(ns));
    out[kBlockAt] = kSimpleBlock;
    put_u32(out, kBlockSizeAt, kFourByteSize | (kBlockHeader + header.size));
    out[kTrackAt] = kFirstTrack;
    out[kFlagsAt] = header.key ? kKeyFlag : 0;
    return out;
}

}  // namespace

Result<Bytes> part_header(const StreamParams& params) {
    const auto codec = std::ranges::find(kCodecs, params.codec, &decltype(kCodecs)::value_type::first);
    if (codec == kCodecs.end())
        return fail(ErrorCode::unsupported,
                    fmt::format("A take can't store {}. Choose an encoder of H.264, H.265, FFV1, MPEG-4, VP8 or VP9.",
                                params.codec));
    Bytes ebml, info, tracks, out;
    append_number(ebml, kEbmlVersion, 1);
    append_number(ebml, kEbmlReadVersion, 1);
    append_number(ebml, kEbmlMaxIdLength, 4);
    append_number(ebml, kEbmlMaxSizeLength, 8);
    append_element(ebml, kDocType, "matroska");
    append_number(ebml, kDocTypeVersion, 4);
    append_number(ebml, kDocTypeReadVersion, 2);
    append_number(info, kTimestampScale, 1);  // ns
    append_element(info, kMuxingApp, "onetake");
    append_element(info, kWritingApp, "onetake");
    append_element(tracks, kTrackEntry, track_entry(params, codec->second));
    append_element(out, kEbml, ebml);
    append_id(out, kSegment);
    constexpr std::array<std::uint8_t, 8> kUnknownSize{0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    out.insert(out.end(), kUnknownSize.begin(), kUnknownSize.end());
    append_element(out, kInfo, info);
    append_element(out, kTracks, tracks);
    return out;
}

std::optional<std::size_t> part_header_size(std::span<const std::uint8_t> bytes) {
    std::size_t at = 0;
    for (const auto id : {kEbml, kSegment, kInfo, kTracks}) {
        Bytes expected;
        append_id(expected, id);
        if (bytes.size() < at + 8 || !std::ranges::equal(expected, bytes.subspan(at, 4))) return std::nullopt;
        std::uint32_t size = 0;
        for (std::size_t i = 4; i < 8; ++i) size = size << 8 | bytes[at + i];
        // The segment's size is unknown and eight bytes long.
        at += id == kSegment ? 12 : 8 + (size & ~kFourByteSize);
    }
    return at <= bytes.size() ? std::optional(at) : std::nullopt;
}

ClusterHeaderBytes cluster_header(Duration timestamp, bool key, std::span<const std::uint8_t> packet) {
    ClusterHeader header{timestamp, key, static_cast<std::uint32_t>(packet.size()), 0};
    header.crc = crc_of(header_bytes(header), packet);
    return header_bytes(header);
}

std::optional<ClusterHeader> parse_cluster_header(const ClusterHeaderBytes& bytes) {
    const auto size = read_u32(bytes, kBlockSizeAt);
    if (size < (kFourByteSize | kBlockHeader) || size > (kFourByteSize | (kBlockHeader + kLargestPacket)))
        return std::nullopt;
    const auto ns = std::uint64_t{read_u32(bytes, kTimeAt)} << 32 | read_u32(bytes, kTimeAt + 4);
    if (ns > static_cast<std::uint64_t>(Duration::max().count())) return std::nullopt;
    ClusterHeader header;
    header.size = size - kFourByteSize - kBlockHeader;
    header.timestamp = Duration(static_cast<std::int64_t>(ns));
    header.key = bytes[kFlagsAt] == kKeyFlag;
    for (std::size_t i = 0; i < 4; ++i) header.crc |= static_cast<std::uint32_t>(bytes.at(kCrcValueAt + i)) << (8 * i);
    // All other bytes follow from these.
    return header_bytes(header) == bytes ? std::optional(header) : std::nullopt;
}

bool is_intact(const ClusterHeaderBytes& bytes, const ClusterHeader& header, std::span<const std::uint8_t> packet) {
    return packet.size() == header.size && crc_of(bytes, packet) == header.crc;
}

}  // namespace onetake

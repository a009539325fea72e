#include "media/jpeg_info.h"

#include <array>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr std::uint8_t kSoi = 0xD8, kEoi = 0xD9, kSos = 0xDA, kDht = 0xC4, kTem = 0x01;

bool is_frame_header(std::uint8_t marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != kDht && marker != 0xC8 && marker != 0xCC;
}

bool has_no_payload(std::uint8_t marker) {
    return marker == kTem || (marker >= 0xD0 && marker <= kSoi);
}

Chroma chroma_of(int luma_h, int luma_v) {
    switch (luma_h * 16 + luma_v) {
        case 0x11:
            return Chroma::s444;
        case 0x21:
            return Chroma::s422;
        case 0x22:
            return Chroma::s420;
        case 0x12:
            return Chroma::s440;
        case 0x41:
            return Chroma::s411;
        default:
            return Chroma::other;
    }
}

tl::unexpected<Error> damaged(std::string_view what) {
    return fail(ErrorCode::corrupt, fmt::format("The JPEG is damaged: {}.", what));
}

Status read_frame_header(std::span<const std::uint8_t> body, JpegInfo& info) {
    if (body.size() < 6) return damaged("its frame header is too short");
    info.precision = body[0];
    info.height = body[1] << 8 | body[2];
    info.width = body[3] << 8 | body[4];
    info.components = body[5];
    if (info.width == 0 || info.height == 0) return damaged("its width or height is zero");
    const auto components = static_cast<std::size_t>(info.components);
    if (components == 0 || components > 4 || body.size() < 6 + 3 * components)
        return damaged("its frame header lists no usable components");
    if (components == 1) {
        info.chroma = Chroma::gray;
    } else if (components == 3) {
        std::array<int, 3> h{}, v{};
        for (std::size_t i = 0; i < 3; ++i) {
            h[i] = body[7 + 3 * i] >> 4;
            v[i] = body[7 + 3 * i] & 15;
        }
        // Sampling factors are relative: 2x2,2x2,2x2 is full resolution, too.
        const bool same_chroma = h[1] == h[2] && v[1] == v[2] && h[1] > 0 && v[1] > 0;
        if (same_chroma && h[0] % h[1] == 0 && v[0] % v[1] == 0) info.chroma = chroma_of(h[0] / h[1], v[0] / v[1]);
    }
    return {};
}

}  // namespace

std::size_t jpeg_length(std::span<const std::uint8_t> jpeg) {
    std::size_t end = jpeg.size();
    while (end > 0 && jpeg[end - 1] == 0) --end;
    if (end < 4 || jpeg[end - 2] != 0xFF || jpeg[end - 1] != kEoi) return 0;
    return end;
}

Result<JpegInfo> inspect_jpeg(std::span<const std::uint8_t> jpeg) {
    if (jpeg.size() < 4 || jpeg[0] != 0xFF || jpeg[1] != kSoi)
        return fail(ErrorCode::corrupt, "These bytes are no JPEG: the start marker is missing.");
    JpegInfo info;
    info.length = jpeg_length(jpeg);
    if (info.length == 0) return damaged("it is cut off, its end marker is missing");

    bool has_frame_header = false;
    std::size_t at = 2;
    while (at + 4 <= info.length) {
        if (jpeg[at] != 0xFF) return damaged(fmt::format("no marker where one should be, at byte {}", at));
        const std::uint8_t marker = jpeg[at + 1];
        if (marker == 0xFF) {
            ++at;  // fill byte
            continue;
        }
        at += 2;
        if (has_no_payload(marker)) continue;
        if (marker == kEoi) break;
        const std::size_t length = static_cast<std::size_t>(jpeg[at]) << 8 | jpeg[at + 1];
        if (length < 2 || at + length > info.length)
            return damaged(fmt::format("a segment runs past the end, at byte {}", at));
        const auto body = jpeg.subspan(at + 2, length - 2);
        if (is_frame_header(marker)) {
            if (has_frame_header) return damaged("it has two frame headers");
            if (auto read = read_frame_header(body, info); !read) return fail(std::move(read).error());
            info.progressive = marker == 0xC2 || marker == 0xC6 || marker == 0xCA || marker == 0xCE;
            has_frame_header = true;
        } else if (marker == kDht) {
            info.huffman_tables = true;
        } else if (marker == kSos) {
            if (!has_frame_header) return damaged("its scan header precedes the frame header");
            return info;
        }
        at += length;
    }
    return damaged("it has no image data");
}

}  // namespace onetake

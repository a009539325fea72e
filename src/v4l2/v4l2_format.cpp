#include "v4l2/v4l2_format.h"

#include <cctype>
#include <cmath>
#include <fmt/format.h>

namespace onetake {
namespace {

/// In V4L2's colour enumerations 0 means the default.
constexpr std::uint32_t value_or_default(std::uint32_t value, std::uint32_t standard) {
    return value != 0 ? value : standard;
}

}  // namespace

std::string fourcc_text(std::uint32_t code) {
    constexpr std::uint32_t big_endian = 1U << 31;
    std::string text;
    for (int shift = 0; shift < 32; shift += 8) {
        const auto c = static_cast<unsigned char>(((code & ~big_endian) >> shift) & 0xff);
        text += std::isprint(c) != 0 ? static_cast<char>(c) : '?';
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return (code & big_endian) != 0 ? text + "-BE" : text;
}

std::uint32_t fourcc_code(std::string_view text) {
    std::string upper;
    for (const char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (upper == "RGB24") return V4L2_PIX_FMT_RGB24;
    if (upper == "BGR24") return V4L2_PIX_FMT_BGR24;
    if (upper == "I420") return V4L2_PIX_FMT_YUV420;
    if (upper == "MJPEG") return V4L2_PIX_FMT_MJPEG;
    if (upper.empty() || upper.size() > 4) return 0;
    upper.resize(4, ' ');
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i)
        code |= static_cast<std::uint32_t>(static_cast<unsigned char>(upper[static_cast<std::size_t>(i)])) << (8 * i);
    return code;
}

std::optional<PixelFormat> pixel_format_of(std::uint32_t fourcc) {
    switch (fourcc) {
        case V4L2_PIX_FMT_MJPEG:
        case V4L2_PIX_FMT_JPEG:
            return PixelFormat::jpeg;
        case V4L2_PIX_FMT_YUYV:
            return PixelFormat::yuyv;
        case V4L2_PIX_FMT_NV12:
            return PixelFormat::nv12;
        case V4L2_PIX_FMT_YUV420:
            return PixelFormat::i420;
        case V4L2_PIX_FMT_RGB24:
            return PixelFormat::rgb24;
        case V4L2_PIX_FMT_BGR24:
            return PixelFormat::bgr24;
        case V4L2_PIX_FMT_GREY:
            return PixelFormat::gray8;
        default:
            return std::nullopt;
    }
}

ColorInfo color_of(const v4l2_pix_format& pix) {
    const auto format = pixel_format_of(pix.pixelformat);
    if (format == PixelFormat::jpeg) return {ColorRange::full, ColorMatrix::bt601};
    const bool rgb = format == PixelFormat::rgb24 || format == PixelFormat::bgr24;
    const std::uint32_t space = value_or_default(pix.colorspace, V4L2_MAP_COLORSPACE_DEFAULT(false, false));
    const std::uint32_t encoding = value_or_default(pix.ycbcr_enc, V4L2_MAP_YCBCR_ENC_DEFAULT(space));
    const std::uint32_t range = value_or_default(pix.quantization, V4L2_MAP_QUANTIZATION_DEFAULT(rgb, space, encoding));
    // All encodings besides the two that the take format has are closer to BT.709.
    const bool bt601 = encoding == V4L2_YCBCR_ENC_601 || encoding == V4L2_YCBCR_ENC_XV601;
    return {range == V4L2_QUANTIZATION_FULL_RANGE ? ColorRange::full : ColorRange::limited,
            bt601 ? ColorMatrix::bt601 : ColorMatrix::bt709};
}

v4l2_fract interval_of(double fps) {
    const double integer = std::round(fps);
    if (integer >= 1 && std::abs(fps - integer) < 1e-6 * integer) return {1, static_cast<std::uint32_t>(integer)};
    const double ntsc = std::round(fps * 1.001);
    if (ntsc >= 1 && std::abs(fps * 1.001 - ntsc) < 2e-4 * ntsc) return {1001, static_cast<std::uint32_t>(ntsc) * 1000};
    return {1000, static_cast<std::uint32_t>(std::round(fps * 1000))};
}

double rate_of(const v4l2_fract& interval) {
    if (interval.numerator == 0 || interval.denominator == 0) return 0;
    return static_cast<double>(interval.denominator) / interval.numerator;
}

std::string rate_text(double fps) {
    return fmt::format("{:g}", std::round(fps * 100) / 100);
}

}  // namespace onetake

#include "v4l2/v4l2_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {
namespace {

v4l2_pix_format pix(std::uint32_t fourcc, std::uint32_t colorspace = 0, std::uint32_t encoding = 0,
                    std::uint32_t quantization = 0) {
    v4l2_pix_format p{};
    p.pixelformat = fourcc;
    p.colorspace = colorspace;
    p.ycbcr_enc = encoding;
    p.quantization = quantization;
    return p;
}

constexpr ColorInfo kFull601{ColorRange::full, ColorMatrix::bt601};
constexpr ColorInfo kLimited601{ColorRange::limited, ColorMatrix::bt601};
constexpr ColorInfo kLimited709{ColorRange::limited, ColorMatrix::bt709};

TEST(V4l2Format, ParsesFourLettersInAnyCaseAndTheLongNames) {
    EXPECT_EQ(fourcc_code("MJPG"), V4L2_PIX_FMT_MJPEG);
    EXPECT_EQ(fourcc_code("mjpg"), V4L2_PIX_FMT_MJPEG);
    EXPECT_EQ(fourcc_code("RGB24"), V4L2_PIX_FMT_RGB24);
    EXPECT_EQ(fourcc_code("BGR3"), V4L2_PIX_FMT_BGR24);
    EXPECT_EQ(fourcc_code("I420"), V4L2_PIX_FMT_YUV420);
    EXPECT_EQ(fourcc_code("Y16"), V4L2_PIX_FMT_Y16);
    EXPECT_EQ(fourcc_code(""), 0U);
    EXPECT_EQ(fourcc_code("toolong"), 0U);
}

TEST(V4l2Format, FormatsACodeAsText) {
    EXPECT_EQ(fourcc_text(V4L2_PIX_FMT_MJPEG), "MJPG");
    EXPECT_EQ(fourcc_text(V4L2_PIX_FMT_Y16), "Y16");
    EXPECT_EQ(fourcc_text(V4L2_PIX_FMT_Y16_BE), "Y16-BE");
    EXPECT_EQ(fourcc_text(0x01020304), "????");
}

TEST(V4l2Format, SupportsExactlyEightFormats) {
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_MJPEG), PixelFormat::jpeg);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_JPEG), PixelFormat::jpeg);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_YUYV), PixelFormat::yuyv);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_NV12), PixelFormat::nv12);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_YUV420), PixelFormat::i420);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_RGB24), PixelFormat::rgb24);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_BGR24), PixelFormat::bgr24);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_GREY), PixelFormat::gray8);
    EXPECT_EQ(pixel_format_of(V4L2_PIX_FMT_H264), std::nullopt);
}

TEST(V4l2Format, AssumesFullRangeForJpegWhateverTheDriverDeclares) {
    EXPECT_EQ(
        color_of(pix(V4L2_PIX_FMT_MJPEG, V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_709, V4L2_QUANTIZATION_LIM_RANGE)),
        kFull601);
}

TEST(V4l2Format, ResolvesDefaultColoursAsV4l2DefinesThem) {
    EXPECT_EQ(color_of(pix(V4L2_PIX_FMT_YUYV)), kLimited601);
    EXPECT_EQ(color_of(pix(V4L2_PIX_FMT_YUYV, V4L2_COLORSPACE_SRGB)), kLimited601);
    EXPECT_EQ(color_of(pix(V4L2_PIX_FMT_YUYV, V4L2_COLORSPACE_REC709)), kLimited709);
    EXPECT_EQ(color_of(pix(V4L2_PIX_FMT_YUYV, V4L2_COLORSPACE_JPEG)), kFull601);
    EXPECT_EQ(color_of(pix(V4L2_PIX_FMT_RGB24)), kFull601);
}

TEST(V4l2Format, UsesTheColoursThatADriverDeclares) {
    EXPECT_EQ(color_of(pix(V4L2_PIX_FMT_NV12, V4L2_COLORSPACE_SRGB, V4L2_YCBCR_ENC_709, V4L2_QUANTIZATION_LIM_RANGE)),
              kLimited709);
    EXPECT_EQ(
        color_of(pix(V4L2_PIX_FMT_NV12, V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_601, V4L2_QUANTIZATION_FULL_RANGE)),
        kFull601);
}

TEST(V4l2Format, ConvertsARateToAFraction) {
    auto fraction = [](double fps) {
        const auto f = interval_of(fps);
        return std::pair(f.numerator, f.denominator);
    };
    EXPECT_EQ(fraction(30), std::pair(1U, 30U));
    EXPECT_EQ(fraction(29.97), std::pair(1001U, 30000U));
    EXPECT_EQ(fraction(59.94), std::pair(1001U, 60000U));
    EXPECT_EQ(fraction(12.5), std::pair(1000U, 12500U));
    EXPECT_EQ(fraction(0.1), std::pair(1000U, 100U));
}

TEST(V4l2Format, ConvertsAFractionToARate) {
    EXPECT_DOUBLE_EQ(rate_of({1, 25}), 25);
    EXPECT_EQ(rate_of({0, 0}), 0);
    EXPECT_EQ(rate_of({1, 0}), 0);
    EXPECT_EQ(rate_text(29.97002997), "29.97");
    EXPECT_EQ(rate_text(30), "30");
}

}  // namespace
}  // namespace onetake

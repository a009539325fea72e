#include "codec/image_decoder.h"

#include "base/error.h"
#include "codec/jpeg_decoder.h"

#include <fmt/format.h>
#include <libyuv.h>
#include <memory>
#include <string_view>
#include <turbojpeg.h>

namespace onetake {

namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;

using Handle = std::unique_ptr<void, int (*)(void*)>;

Result<int> turbo_format(ImageFormat format) {
    switch (format) {
        case ImageFormat::bgr:
            return TJPF_BGR;
        case ImageFormat::rgb:
            return TJPF_RGB;
        case ImageFormat::gray:
            return TJPF_GRAY;
        case ImageFormat::nv12:
        case ImageFormat::i420:
            break;
    }
    return fail(ErrorCode::unsupported, "Stored frames are decoded to BGR, RGB or gray only.");
}

// What a JPEG means without further information: libjpeg-turbo converts it itself.
Result<Image> decode_plain(std::span<const std::uint8_t> jpeg, ImageFormat format) {
    const auto pixels = turbo_format(format);
    if (!pixels) return fail(pixels.error());
    const Handle handle(tjInitDecompress(), tjDestroy);
    if (!handle)
        return fail(ErrorCode::internal,
                    fmt::format("libjpeg-turbo could not be initialized: {}.", tjGetErrorStr2(nullptr)));
    Image image;
    image.format = format;
    int subsample = -1, colorspace = -1;
    if (tjDecompressHeader3(handle.get(), jpeg.data(), jpeg.size(), &image.width, &image.height, &subsample,
                            &colorspace) != 0)
        return fail(ErrorCode::corrupt, fmt::format("The JPEG can't be read: {}.", tjGetErrorStr2(handle.get())));
    if (image.width <= 0 || image.height <= 0 || std::int64_t{image.width} * image.height > kMostPixels)
        return fail(ErrorCode::unsupported,
                    fmt::format("The JPEG of {}x{} pixels is too large to decode.", image.width, image.height));
    const auto row = static_cast<std::size_t>(image.width) * (format == ImageFormat::gray ? 1 : 3);
    image.pixels.resize(row * static_cast<std::size_t>(image.height));
    if (tjDecompress2(handle.get(), jpeg.data(), jpeg.size(), image.pixels.data(), image.width, 0, image.height,
                      *pixels, TJFLAG_LIMITSCANS) != 0) {
        const std::string_view reason = tjGetErrorStr2(handle.get());
        if (tjGetErrorCode(handle.get()) != TJERR_WARNING || !is_harmless_jpeg_warning(reason))
            return fail(ErrorCode::corrupt, fmt::format("The JPEG is damaged: {}.", reason));
    }
    return image;
}

// A camera's own JPEG whose track says that it is read in another way.
Result<Image> decode_with(std::span<const std::uint8_t> jpeg, const ColorInfo& color, ImageFormat format) {
    const auto pool = BufferPool::create(2);
    auto decoder = JpegDecoder::create();
    if (!decoder) return fail(std::move(decoder).error());
    auto decoded = decoder->decode(jpeg, *pool, color.matrix);
    if (!decoded) return fail(std::move(decoded).error());
    decoded->color = color;
    return to_image(std::move(*decoded), format);
}

}  // namespace

Result<Image> to_image(PlanarImage stored, ImageFormat format) {
    const auto supported = turbo_format(format);
    if (!supported) return fail(supported.error());
    const auto pool = BufferPool::create(2);
    const auto planes = to_range(to_420(std::move(stored), *pool), ColorRange::full);
    Image image{planes.width, planes.height, format, {}};
    if (format == ImageFormat::gray) {
        image.pixels.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
        libyuv::CopyPlane(planes.plane(0), planes.stride[0], image.pixels.data(), image.width, image.width,
                          image.height);
        return image;
    }
    image.pixels.resize(3 * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
    const auto* constants =
        planes.color.matrix == ColorMatrix::bt709 ? &libyuv::kYuvF709Constants : &libyuv::kYuvJPEGConstants;
    // libyuv's RGB24 is blue first.
    libyuv::I420ToRGB24Matrix(planes.plane(0), planes.stride[0], planes.plane(1), planes.stride[1], planes.plane(2),
                              planes.stride[2], image.pixels.data(), 3 * image.width, constants, image.width,
                              image.height);
    if (format == ImageFormat::rgb)
        libyuv::RAWToRGB24(image.pixels.data(), 3 * image.width, image.pixels.data(), 3 * image.width, image.width,
                           image.height);
    return image;
}

Result<Image> decode_image(std::span<const std::uint8_t> jpeg, const ColorInfo& color, ImageFormat format) {
    return color == ColorInfo{} ? decode_plain(jpeg, format) : decode_with(jpeg, color, format);
}

}  // namespace onetake

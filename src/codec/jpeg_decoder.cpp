#include "codec/jpeg_decoder.h"

#include <fmt/format.h>
#include <string_view>
#include <turbojpeg.h>

namespace onetake {

namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;

Chroma chroma_of(int subsample) {
    switch (subsample) {
        case TJSAMP_GRAY:
            return Chroma::gray;
        case TJSAMP_420:
            return Chroma::s420;
        case TJSAMP_422:
            return Chroma::s422;
        case TJSAMP_440:
            return Chroma::s440;
        case TJSAMP_411:
            return Chroma::s411;
        case TJSAMP_444:
            return Chroma::s444;
        default:
            return Chroma::other;
    }
}

}  // namespace

bool is_harmless_jpeg_warning(std::string_view warning) {
    return warning.find("extraneous bytes") != std::string_view::npos;
}

void JpegDecoder::Destroy::operator()(void* handle) const {
    tjDestroy(handle);
}

JpegDecoder::JpegDecoder(void* handle) : handle_(handle) {}

Result<JpegDecoder> JpegDecoder::create() {
    void* handle = tjInitDecompress();
    if (handle == nullptr)
        return fail(ErrorCode::internal,
                    fmt::format("libjpeg-turbo could not be initialized: {}.", tjGetErrorStr2(nullptr)));
    return JpegDecoder(handle);
}

Result<PlanarImage> JpegDecoder::decode(std::span<const std::uint8_t> jpeg, BufferPool& pool, ColorMatrix matrix) {
    int width = 0, height = 0, subsample = -1, colorspace = -1;
    if (tjDecompressHeader3(handle_.get(), jpeg.data(), jpeg.size(), &width, &height, &subsample, &colorspace) != 0)
        return fail(ErrorCode::corrupt, fmt::format("The JPEG can't be read: {}.", tjGetErrorStr2(handle_.get())));
    const Chroma chroma = chroma_of(subsample);
    if (chroma == Chroma::other || (colorspace != TJCS_YCbCr && colorspace != TJCS_GRAY))
        return fail(ErrorCode::unsupported,
                    "The JPEG is not YCbCr or gray in a common subsampling (RGB and CMYK are not supported).");
    if (width <= 0 || height <= 0 || static_cast<std::int64_t>(width) * height > kMostPixels)
        return fail(ErrorCode::unsupported,
                    fmt::format("The JPEG of {}x{} pixels is too large to decode.", width, height));

    auto image = make_planar(width, height, chroma, {ColorRange::full, matrix}, pool);
    std::array<unsigned char*, 3> planes{};
    for (int i = 0; i < image.planes(); ++i) planes[static_cast<std::size_t>(i)] = image.writable_plane(i);
    if (tjDecompressToYUVPlanes(handle_.get(), jpeg.data(), jpeg.size(), planes.data(), 0, image.stride.data(), 0,
                                TJFLAG_LIMITSCANS) != 0) {
        const std::string_view reason = tjGetErrorStr2(handle_.get());
        if (tjGetErrorCode(handle_.get()) != TJERR_WARNING || !is_harmless_jpeg_warning(reason))
            return fail(ErrorCode::corrupt, fmt::format("The JPEG is damaged: {}.", reason));
    }
    return image;
}

}  // namespace onetake

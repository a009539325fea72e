#include "codec/jpeg_encoder.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <libyuv.h>
#include <optional>
#include <turbojpeg.h>
#include <utility>

namespace onetake {

namespace {

constexpr int kLargestSide = 65500;

int turbo_subsample(Subsample subsample) {
    switch (subsample) {
        case Subsample::gray:
            return TJSAMP_GRAY;
        case Subsample::s420:
            return TJSAMP_420;
        case Subsample::s422:
            return TJSAMP_422;
        case Subsample::s444:
            return TJSAMP_444;
    }
    return TJSAMP_420;
}

Chroma chroma_of(Subsample subsample) {
    switch (subsample) {
        case Subsample::gray:
            return Chroma::gray;
        case Subsample::s420:
            return Chroma::s420;
        case Subsample::s422:
            return Chroma::s422;
        case Subsample::s444:
            return Chroma::s444;
    }
    return Chroma::s420;
}

// The formats that libjpeg-turbo takes directly.
std::optional<int> turbo_pixels(PixelFormat format) {
    constexpr std::array kPacked = {std::pair{PixelFormat::bgr24, TJPF_BGR}, std::pair{PixelFormat::rgb24, TJPF_RGB},
                                    std::pair{PixelFormat::gray8, TJPF_GRAY}};
    for (const auto& [packed, pixels] : kPacked)
        if (packed == format) return pixels;
    return std::nullopt;
}

tl::unexpected<Error> turbo_error(void* handle) {
    return fail(ErrorCode::internal,
                fmt::format("libjpeg-turbo could not encode a frame: {}.", tjGetErrorStr2(handle)));
}

// Repeats the last column and row; the plane must have room for new_width x new_height.
void repeat_edge(std::uint8_t* plane, std::ptrdiff_t stride, int width, int height, int new_width, int new_height) {
    for (int y = 0; y < height; ++y)
        std::fill(plane + y * stride + width, plane + y * stride + new_width, plane[y * stride + width - 1]);
    const std::uint8_t* last = plane + (height - 1) * stride;
    for (int y = height; y < new_height; ++y) std::copy_n(last, new_width, plane + y * stride);
}

}  // namespace

void JpegEncoder::Destroy::operator()(void* handle) const {
    tjDestroy(handle);
}

JpegEncoder::JpegEncoder(JpegSettings settings, void* handle) : settings_(settings), handle_(handle) {}

Result<JpegEncoder> JpegEncoder::create(JpegSettings settings) {
    if (settings.quality < 1 || settings.quality > 100)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("JPEG quality is {}, but must be 1 … 100.", settings.quality));
    void* handle = tjInitCompress();
    if (handle == nullptr)
        return fail(ErrorCode::internal,
                    fmt::format("libjpeg-turbo could not be initialized: {}.", tjGetErrorStr2(nullptr)));
    return JpegEncoder(settings, handle);
}

Result<Buffer> JpegEncoder::encode(const Frame& frame, BufferPool& pool) {
    if (frame.format == PixelFormat::jpeg)
        return fail(ErrorCode::invalid_argument, "The JPEG encoder takes raw frames, not JPEGs.");
    if (!has_all_bytes(frame))
        return fail(ErrorCode::invalid_argument,
                    fmt::format("A {} frame of {}x{} with a stride of {} bytes can't have {} bytes in total.",
                                to_string(frame.format), frame.width, frame.height, frame.stride, frame.bytes.size()));
    if (frame.width > kLargestSide || frame.height > kLargestSide)
        return fail(ErrorCode::unsupported, fmt::format("A JPEG can't be {}x{}.", frame.width, frame.height));
    if (const auto pixels = turbo_pixels(frame.format)) return encode_packed(frame, *pixels, pool);
    return encode_planes(planes_of(frame), frame.width, frame.height, frame.color.range, pool);
}

Result<Buffer> JpegEncoder::encode(const PlanarImage& image, BufferPool& pool) {
    if (image.width <= 0 || image.height <= 0 || image.width > kLargestSide || image.height > kLargestSide)
        return fail(ErrorCode::unsupported, fmt::format("A JPEG can't be {}x{}.", image.width, image.height));
    Planes planes;
    planes.chroma = image.chroma;
    planes.stride = image.stride;
    for (int i = 0; i < image.planes(); ++i) planes.data[static_cast<std::size_t>(i)] = image.plane(i);
    return encode_planes(planes, image.width, image.height, image.color.range, pool);
}

Result<Buffer> JpegEncoder::encode_packed(const Frame& frame, int pixels, BufferPool& pool) {
    const int subsample = pixels == TJPF_GRAY ? TJSAMP_GRAY : turbo_subsample(settings_.subsample);
    unsigned long size = tjBufSize(frame.width, frame.height, subsample);
    Buffer out = pool.take(size);
    std::uint8_t* bytes = out.writable();
    const int flags = TJFLAG_NOREALLOC | (settings_.progressive ? TJFLAG_PROGRESSIVE : 0);
    if (tjCompress2(handle_.get(), frame.bytes.data(), frame.width, frame.stride, frame.height, pixels, &bytes, &size,
                    subsample, settings_.quality, flags) != 0)
        return turbo_error(handle_.get());
    out.resize(size);
    return out;
}

std::uint8_t* JpegEncoder::scratch(std::size_t plane, int stride, int rows) {
    auto& bytes = scratch_[plane];
    bytes.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(rows));
    return bytes.data();
}

JpegEncoder::Planes JpegEncoder::planes_of(const Frame& frame) {
    const auto from = onetake::planes_of(frame);
    const int half_width = (frame.width + 1) / 2, half_height = (frame.height + 1) / 2;
    Planes planes{layout_of(frame.format).chroma, from.data, from.stride};
    if (frame.format == PixelFormat::gray16) {
        planes.data[0] = gray_from_16(from.data[0], from.stride[0], scratch(0, frame.width, frame.height), frame.width,
                                      frame.width, frame.height);
        planes.stride[0] = frame.width;
        return planes;
    }
    if (frame.format == PixelFormat::nv12) {
        std::uint8_t* u = scratch(1, half_width, half_height);
        std::uint8_t* v = scratch(2, half_width, half_height);
        libyuv::SplitUVPlane(from.data[1], from.stride[1], u, half_width, v, half_width, half_width, half_height);
        planes.data = {from.data[0], u, v};
        planes.stride = {frame.stride, half_width, half_width};
        return planes;
    }
    if (frame.format != PixelFormat::yuyv) return planes;
    const std::uint8_t* data = from.data[0];
    const int even_width = 2 * half_width;
    const bool halve_rows = settings_.subsample == Subsample::s420;
    const int chroma_rows = halve_rows ? half_height : frame.height;
    planes.chroma = halve_rows ? Chroma::s420 : Chroma::s422;
    std::uint8_t* y = scratch(0, even_width, frame.height);
    std::uint8_t* u = scratch(1, half_width, chroma_rows);
    std::uint8_t* v = scratch(2, half_width, chroma_rows);
    if (halve_rows)
        libyuv::YUY2ToI420(data, frame.stride, y, even_width, u, half_width, v, half_width, even_width, frame.height);
    else
        libyuv::YUY2ToI422(data, frame.stride, y, even_width, u, half_width, v, half_width, even_width, frame.height);
    planes.data = {y, u, v};
    planes.stride = {even_width, half_width, half_width};
    return planes;
}

// Scales the chroma planes to the subsampling of the settings.
void JpegEncoder::match_chroma(Planes& planes, int width, int height) {
    const Chroma wanted = chroma_of(settings_.subsample);
    if (planes.chroma == Chroma::gray || wanted == Chroma::gray) {
        planes.chroma = Chroma::gray;
        return;
    }
    if (planes.chroma == wanted) return;
    const int from_width = chroma_width(planes.chroma, width), from_height = chroma_height(planes.chroma, height);
    const int to_width = chroma_width(wanted, width), to_height = chroma_height(wanted, height);
    for (std::size_t i = 1; i < 3; ++i) {
        std::uint8_t* out = scratch(i + 3, to_width, to_height);
        libyuv::ScalePlane(planes.data[i], planes.stride[i], from_width, from_height, out, to_width, to_width,
                           to_height, libyuv::kFilterBox);
        planes.data[i] = out;
        planes.stride[i] = to_width;
    }
    planes.chroma = wanted;
}

Result<Buffer> JpegEncoder::encode_planes(Planes planes, int width, int height, ColorRange range, BufferPool& pool) {
    if (planes.chroma == Chroma::s440 || planes.chroma == Chroma::s411 || planes.chroma == Chroma::other)
        return fail(ErrorCode::unsupported, "The JPEG encoder takes images in 4:2:0, 4:2:2, 4:4:4 or gray.");
    match_chroma(planes, width, height);
    const int subsample = planes.chroma == Chroma::gray ? TJSAMP_GRAY : turbo_subsample(settings_.subsample);

    // libjpeg-turbo reads planes padded to full chroma samples: an odd size needs one more column or row than the
    // frame.
    for (int i = 0; i < (planes.chroma == Chroma::gray ? 1 : 3); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const int columns = i == 0 ? width : chroma_width(planes.chroma, width);
        const int rows = i == 0 ? height : chroma_height(planes.chroma, height);
        const int read_columns = tjPlaneWidth(i, width, subsample), read_rows = tjPlaneHeight(i, height, subsample);
        const bool expand = range == ColorRange::limited;
        if (!expand && columns == read_columns && rows == read_rows) continue;
        // A plane that is in scratch already may be too small for the edge: copy it to the other set.
        const auto& own = scratch_[at];
        std::uint8_t* to = scratch(planes.data[at] == own.data() ? at + 3 : at, read_columns, read_rows);
        if (expand)
            convert_range(planes.data[at], planes.stride[at], to, read_columns, columns, rows, i > 0, ColorRange::full);
        else
            libyuv::CopyPlane(planes.data[at], planes.stride[at], to, read_columns, columns, rows);
        repeat_edge(to, read_columns, columns, rows, read_columns, read_rows);
        planes.data[at] = to;
        planes.stride[at] = read_columns;
    }

    unsigned long size = tjBufSize(width, height, subsample);
    Buffer out = pool.take(size);
    std::uint8_t* bytes = out.writable();
    const int flags = TJFLAG_NOREALLOC | (settings_.progressive ? TJFLAG_PROGRESSIVE : 0);
    if (tjCompressFromYUVPlanes(handle_.get(), planes.data.data(), width, planes.stride.data(), height, subsample,
                                &bytes, &size, settings_.quality, flags) != 0)
        return turbo_error(handle_.get());
    out.resize(size);
    return out;
}

}  // namespace onetake

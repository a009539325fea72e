// A JPEG: its headers and its image.

#include "codec/jpeg_decoder.h"
#include "media/jpeg_info.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr int kMostPixels = 1 << 16;  // large images take long and show nothing new
    static auto decoder = onetake::JpegDecoder::create().value();
    static const auto pool = onetake::BufferPool::create(2);
    const auto info = onetake::inspect_jpeg({data, size});
    if (!info) return 0;
    if (info->length > size) std::abort();
    if (static_cast<std::int64_t>(info->width) * info->height > kMostPixels) return 0;
    const auto image = decoder.decode({data, size}, *pool, onetake::ColorMatrix::bt601);
    if (image && (image->width != info->width || image->height != info->height)) std::abort();
    return 0;
}

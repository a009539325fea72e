#pragma once

#include "media/pixel_layout.h"

#include <onetake/result.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace onetake {

/// What a JPEG file's headers say.
struct JpegInfo {
    int width = 0, height = 0;  ///< pixels
    int components = 0;         ///< 1 gray, 3 colour, 4 CMYK
    int precision = 8;          ///< bits per sample
    Chroma chroma = Chroma::other;
    bool progressive = false;
    bool huffman_tables = false;  ///< false: the file relies on the standard's tables, as many USB cameras' do
    std::size_t length = 0;       ///< bytes up to and with the end marker, without trailing zeros
};

/// Reads the headers and checks that the file ends in its end marker; trailing zeros, which cameras pad with, are no
/// fault. Cheap: the compressed picture itself is not read. Errors: corrupt, with what is wrong.
Result<JpegInfo> inspect_jpeg(std::span<const std::uint8_t> jpeg);

/// Bytes of a JPEG file without trailing zeros; 0 if it does not end in an end marker.
std::size_t jpeg_length(std::span<const std::uint8_t> jpeg);

}  // namespace onetake

#pragma once

#include "media/pixel_layout.h"

#include <onetake/result.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace onetake {

/// The contents of a JPEG file's headers.
struct JpegInfo {
    int width = 0, height = 0;  ///< pixels
    int components = 0;         ///< 1 gray, 3 colour, 4 CMYK
    int precision = 8;          ///< bits per sample
    Chroma chroma = Chroma::other;
    bool progressive = false;
    bool huffman_tables = false;  ///< false: the standard's tables are implied, as by many USB cameras
    std::size_t length = 0;       ///< bytes up to and with the end marker, without trailing zeros
};

/// Reads the headers and checks that the file ends with an end marker; trailing zeros, with which cameras pad, are
/// accepted. Cheap: the compressed data is not read. Errors: corrupt, with the reason.
Result<JpegInfo> inspect_jpeg(std::span<const std::uint8_t> jpeg);

/// Bytes of a JPEG file without trailing zeros; 0 if it does not end with an end marker.
std::size_t jpeg_length(std::span<const std::uint8_t> jpeg);

}  // namespace onetake

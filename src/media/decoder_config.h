#pragma once

#include "base/error.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// Forms of H.264 and H.265. Encoders emit a byte stream, whose NAL units follow start codes (Annex B); MP4 and
/// Matroska store each unit after its length in four bytes, and the parameter sets in a decoder configuration ("avcC",
/// "hvcC").
namespace onetake {

/// The NAL units of a byte stream, without start codes and trailing zeros. They refer to `bytes`.
std::vector<std::span<const std::uint8_t>> nal_units(std::span<const std::uint8_t> bytes);

/// What Matroska and MP4 store in front of a stream of this codec (libavcodec's name), made from an encoder's
/// extradata: of "h264" and "hevc" the decoder configuration record, of other codecs the extradata unchanged. A record
/// is returned as it is. Errors: corrupt if parameter sets are missing or can't be parsed.
Result<std::vector<std::uint8_t>> decoder_config(std::string_view codec, std::span<const std::uint8_t> extradata);

/// Whether an encoder with this extradata emits a byte stream, so that its packets must pass with_lengths().
bool is_byte_stream(std::string_view codec, std::span<const std::uint8_t> extradata);

/// A packet with each NAL unit after its length instead of a start code.
std::vector<std::uint8_t> with_lengths(std::span<const std::uint8_t> byte_stream);

}  // namespace onetake

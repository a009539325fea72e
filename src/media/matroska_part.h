#pragma once

#include "base/error.h"
#include "base/time.h"
#include "media/packet.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// The bytes of a part of an encoded track: a Matroska file of fixed layout (docs/take-format.md), playable while it
/// grows and wherever it is cut off. Pure: no files.
namespace onetake {

inline constexpr std::size_t kClusterHeaderBytes = 33;
inline constexpr std::size_t kLargestPacket = std::size_t{255} << 20;

/// What a part's file begins with. `params.extradata`: a decoder configuration (media/decoder_config.h). Errors:
/// unsupported for a codec that a part can't hold.
Result<std::vector<std::uint8_t>> part_header(const StreamParams& params);

/// Bytes of the header that a part begins with, found in its first bytes; empty if they have none. No header is longer
/// than kLongestPartHeader.
std::optional<std::size_t> part_header_size(std::span<const std::uint8_t> bytes);
inline constexpr std::size_t kLongestPartHeader = std::size_t{1} << 17;

/// What is in front of each packet in a part.
struct ClusterHeader {
    Duration timestamp{};    ///< from the part's time 0; not negative
    bool key = false;        ///< can be decoded without the packets before
    std::uint32_t size = 0;  ///< bytes of the packet, at most kLargestPacket
    std::uint32_t crc = 0;   ///< of what follows it in the cluster

    bool operator==(const ClusterHeader&) const = default;
};
using ClusterHeaderBytes = std::array<std::uint8_t, kClusterHeaderBytes>;

/// The header of a packet's cluster; the packet follows it. `packet`: at most kLargestPacket bytes.
ClusterHeaderBytes cluster_header(Duration timestamp, bool key, std::span<const std::uint8_t> packet);

/// Empty if the bytes are no cluster header as cluster_header() makes them.
std::optional<ClusterHeader> parse_cluster_header(const ClusterHeaderBytes& bytes);

/// Whether packet and header are the bytes that were written. `header`: its size is the packet's.
bool is_intact(const ClusterHeaderBytes& bytes, const ClusterHeader& header, std::span<const std::uint8_t> packet);

}  // namespace onetake

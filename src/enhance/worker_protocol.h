#pragma once

#include <cstddef>
#include <cstdint>

/// What the library and its worker say to each other over a socket: a head and a body, both of the machine's own byte
/// order. The worker says `ready` or `failed` once; then each request has one reply, so neither can choke the other.
namespace onetake::worker {

enum class Kind : std::uint32_t {
    ready = 1,    ///< from the worker: a Ready
    failed = 2,   ///< from the worker: a u32 ErrorCode and a message; the worker ends
    samples = 3,  ///< request: floats at the model's rate. Reply: the floats that are done
    finish = 4,   ///< request: no body. Reply as above: the rest
};

struct Head {
    Kind kind{};
    std::uint32_t bytes = 0;  ///< of the body
};

struct Ready {
    std::int32_t sample_rate = 0;  ///< Hz; 0 if only the library was probed
    char library[28] = {};         ///< version, zero-terminated
};

inline constexpr std::size_t kMostSamples = 16384;                      ///< in a request
inline constexpr std::size_t kMostReplySamples = kMostSamples + 16384;  ///< 0.3 s more than asked at 48 kHz
inline constexpr std::size_t kMostReplyBytes = kMostReplySamples * sizeof(float);
inline constexpr std::size_t kLongestMessage = 4096;  ///< bytes of `failed`

}  // namespace onetake::worker

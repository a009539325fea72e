#pragma once

#include <cstddef>
#include <cstdint>

/// Messages between the library and its worker over a socket: a header and a body, in native byte order. The worker
/// first sends `ready` or `failed`; then each request has one reply, so neither side can deadlock on a full socket.
namespace onetake::worker {

enum class Kind : std::uint32_t {
    ready = 1,    ///< from the worker: a Ready
    failed = 2,   ///< from the worker: a u32 ErrorCode and a message; the worker exits
    samples = 3,  ///< request: floats at the model's rate. Reply: the finished floats
    finish = 4,   ///< request: no body. Reply as above: the remaining floats
};

struct Header {
    Kind kind{};
    std::uint32_t bytes = 0;  ///< of the body
};

struct Ready {
    std::int32_t sample_rate = 0;  ///< Hz; 0 if only the library was probed
    char library[28] = {};         ///< version, zero-terminated
};

inline constexpr std::size_t kMaxSamples = 16384;                     ///< in a request
inline constexpr std::size_t kMaxReplySamples = kMaxSamples + 16384;  ///< 0.3 s more than the request at 48 kHz
inline constexpr std::size_t kMaxReplyBytes = kMaxReplySamples * sizeof(float);
inline constexpr std::size_t kMaxMessageLength = 4096;  ///< bytes of `failed`

}  // namespace onetake::worker

#pragma once

#include "base/time.h"
#include "container/input_bytes.h"
#include "media/packet.h"

#include <onetake/result.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace onetake {

enum class InputKind {
    file,  ///< a media file, a FIFO or the standard input
    rtsp,  ///< a URL: RTP over the connection to its server
    sdp,   ///< RTP over UDP, described by a file
};

/// What an input may make us do at most.
struct InputLimits {
    Duration open = std::chrono::seconds(10);     ///< to open it and find its streams
    Duration silent = std::chrono::seconds(5);    ///< between two packets of a live one
    int streams = 16;                             ///< of one input
    std::int64_t probe_bytes = 5 << 20;           ///< read to find the streams' parameters
    std::int64_t packet_bytes = 16 << 20;         ///< of one packet
    std::int64_t pixels = std::int64_t{1} << 26;  ///< of one frame
};

/// A packet of an input and what is known of its time.
struct InputPacket {
    Packet packet;
    Duration time{};   ///< of presentation, on the input's own clock
    HostTime arrival;  ///< when it was read
    /// `time` is that of decoding, for there is no other: frames are shown in the order of these times.
    bool decoding_time = false;
};

/// Reads the packets of an untrusted input. It opens nothing but that input: no other file, host or protocol, whatever
/// the input refers to. Only formats that keep all media in themselves and common codecs are read. Thread-bound; its
/// calls return soon after the interrupt asks for it.
class InputReader {
 public:
    /// Errors: those of the file; timed_out; device_unavailable for a server that can't be reached or refuses; refused
    /// for one that sends us to another; corrupt and unsupported for bytes that are no media. Messages name the source
    /// without credentials.
    static Result<InputReader> open(InputKind kind, const std::string& source, const InputLimits& limits,
                                    std::shared_ptr<InputInterrupt> interrupt);
    InputReader(InputReader&&) noexcept;
    InputReader& operator=(InputReader&&) noexcept;
    InputReader(const InputReader&) = delete;
    InputReader& operator=(const InputReader&) = delete;
    ~InputReader();

    /// Indexed by a packet's `stream`; those that can't be used are of kind data.
    const std::vector<StreamParams>& streams() const;
    /// For people: "Matroska / WebM", "RTSP input".
    std::string format() const;
    /// A FIFO or the like.
    bool pipe() const;
    /// What the sender's clock (UTC, if it is set right) shows at time 0 of a live input, by its RTCP sender reports;
    /// empty until one has arrived.
    std::optional<WallTime> sender_start() const;
    /// The next packet of video or audio that has a time; empty at the end. Errors: timed_out if a live input is
    /// silent, cancelled if interrupted, corrupt for a packet that is too large, io.
    Result<std::optional<InputPacket>> next();

 private:
    class Impl;
    explicit InputReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake

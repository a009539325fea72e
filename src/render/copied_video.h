#pragma once

#include "base/error.h"
#include "base/time.h"
#include "container/demuxer.h"
#include "media/packet.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// The first video stream of a file that another program made, whose packets are copied: their times, read before the
/// copy. Thread-bound.
class CopiedVideo {
 public:
    /// Reads the file to its end. Errors: those of Demuxer; unsupported without a video stream; corrupt without a frame
    /// or where two are at one time.
    static Result<CopiedVideo> read(const std::string& path);

    int stream() const { return stream_; }
    /// Frames that are shown; an edit list may hide others.
    std::size_t frames() const { return frames_; }
    /// What libav reported as damaged while it read the packets; empty if nothing.
    const std::string& damage() const { return damage_; }
    /// Media time of the first frame, and the end of the last.
    MediaTime begin() const;
    MediaTime end() const;
    /// Ticks per second of the times of take_times().
    std::int64_t time_scale() const { return time_scale_; }

    /// Gives frame k, in the order of presentation, the time stamps[k] − stamps[0]. Errors: invalid_argument if there
    /// are not as many as frames, or they don't increase; `path`, their file, is for the message. unsupported for a
    /// video whose edit list hides frames.
    Status retime(std::span<const Duration> stamps, const std::string& path);
    /// Number of packets, in decoding order, before the first after which no frame is shown before `end`.
    std::size_t packets_until(MediaTime end) const;
    std::size_t packets() const { return packets_.size(); }
    /// Sets the times of packet `n` in decoding order.
    void take_times(std::size_t n, Packet& packet) const;

 private:
    struct Times {
        std::int64_t pts = 0, dts = 0, duration = 0;
        bool hidden = false;
    };

    explicit CopiedVideo(std::string path) : path_(std::move(path)) {}
    Status read_packets();
    void fill_durations();
    Status check_decoding_times();
    std::vector<std::size_t> presentation_order() const;

    std::string path_, damage_;
    int stream_ = -1;
    std::int64_t time_scale_ = 1;
    std::size_t frames_ = 0;
    std::vector<Times> packets_;  // in decoding order, without hidden ones after the last that is shown
};

}  // namespace onetake

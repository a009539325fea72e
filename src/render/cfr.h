#pragma once

#include "base/files.h"
#include "base/time.h"
#include "codec/planar_image.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace onetake {

/// Converts frames with timestamps to a constant rate: output frame k, at k / rate, is the stored frame with the
/// nearest stamp. Some frames are repeated, some dropped; the map file lists which. Thread-bound.
class ConstantRate {
 public:
    /// Receives output frame k.
    using Out = std::function<Status(PlanarImage image, MediaTime time)>;

    /// `map_path`: a CSV with one line per output frame: its number and time, the stored frame's number and time.
    static Result<ConstantRate> create(double fps, std::string map_path);

    Status add(PlanarImage image, std::int64_t number, MediaTime time, const Out& out);
    /// The last frame.
    Status finish(const Out& out);
    /// The map gets its name.
    Status commit() { return map_.commit(); }

 private:
    struct Held {
        PlanarImage image;
        std::int64_t number = 0;
        MediaTime time;
    };
    ConstantRate(std::int64_t numerator, std::int64_t denominator, AtomicFile map)
        : numerator_(numerator), denominator_(denominator), map_(std::move(map)) {}
    MediaTime time_of(std::int64_t k) const;
    Status show_until(MediaTime end, const Out& out);

    std::int64_t numerator_, denominator_;  ///< of the rate
    AtomicFile map_;
    std::shared_ptr<BufferPool> copies_ = BufferPool::create(8);
    std::optional<Held> held_;
    std::int64_t next_ = 0;
    bool begun_ = false;
};

}  // namespace onetake

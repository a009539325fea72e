#pragma once

#include <onetake/event.h>
#include <onetake/export.h>
#include <onetake/image.h>
#include <onetake/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace onetake {

/// A video track of a stored take.
struct StoredVideoTrack {
    std::string track;     ///< "v1", "v2" …
    std::string device;    ///< what was opened: "/dev/video0", "external", "test"
    std::string name;      ///< for people
    int width = 0;         ///< pixels, as granted when the take began; 0 if it was unknown
    int height = 0;        ///< pixels
    double fps = 0;        ///< as granted or announced; 0 if it was unknown
    bool encoded = false;  ///< stored as packets of a video codec, not as JPEGs: jpeg() and image() are `unsupported`
};

/// An audio track of a stored take.
struct StoredAudioTrack {
    std::string track;  ///< "a1", "a2" …
    std::string device;
    std::string name;     ///< for people
    int sample_rate = 0;  ///< Hz, the label's; the true rate is in the spans
    int channels = 0;
    std::string wav_path;  ///< 16-bit PCM, interleaved
};

/// A data track of a stored take.
struct StoredDataTrack {
    std::string track;   ///< "d1", "d2" …
    std::string device;  ///< "external"
    std::string name;    ///< for people
};

/// A marker of a stored take.
struct StoredMarker {
    std::int64_t t_ns = 0;  ///< CLOCK_MONOTONIC
    std::string text;
};

/// Consecutive samples with their time by the audio clock model: they lie evenly on [begin_ns, end_ns).
struct SampleSpan {
    std::int64_t first_sample = 0;  ///< per channel
    std::int64_t samples = 0;
    std::int64_t begin_ns = 0, end_ns = 0;  ///< CLOCK_MONOTONIC, corrected by the take's `offset` records
    bool after_gap = false;                 ///< audio was lost before it; else it begins where the one before ended
};

/// A decoded image that owns its bytes: rows without padding.
struct Image {
    int width = 0, height = 0;  ///< pixels
    ImageFormat format = ImageFormat::bgr;
    std::vector<std::uint8_t> pixels;
};

/// Reads a take: frames and samples with their times on one clock, and what happened. Changes nothing. A take that is
/// being recorded can be read, too: refresh() adds what has been stored since.
///
/// Times are integer nanoseconds on CLOCK_MONOTONIC of the machine and boot that recorded. Tracks are counted from 0,
/// in the order of video(), audio() and data(). Memory: some 40 bytes a frame and a second of audio; media are read
/// when asked for. Threads: const calls from any number of threads at once, refresh() alone. Errors: not_found,
/// refused, corrupt for the take; invalid_argument for a track, an index or a span out of range.
class ONETAKE_API TakeReader {
 public:
    /// `folder`: of the take, as "av_data/interview".
    static Result<TakeReader> open(const std::string& folder);
    TakeReader(TakeReader&&) noexcept;
    TakeReader& operator=(TakeReader&&) noexcept;
    TakeReader(const TakeReader&) = delete;
    TakeReader& operator=(const TakeReader&) = delete;
    ~TakeReader();

    /// Reads what the journal has gained; returns whether there was anything. The times of a running take's last
    /// samples are provisional, as long as complete() is false: more stamps improve them.
    Result<bool> refresh();

    const std::string& folder() const;
    const std::string& name() const;
    const std::string& id() const;       ///< unique; empty in takes from before there were ids
    const std::string& program() const;  ///< that recorded it
    const std::string& created() const;  ///< ISO 8601, UTC
    std::int64_t start_ns() const;       ///< the earliest stamp of any track: time 0 of a rendered file
    bool complete() const;               ///< the journal has its end record
    bool recording() const;              ///< a process is recording it now

    const std::vector<StoredVideoTrack>& video() const;
    const std::vector<StoredAudioTrack>& audio() const;
    const std::vector<StoredDataTrack>& data() const;
    /// In the order in which they were set. Valid until refresh().
    const std::vector<StoredMarker>& markers() const;
    /// Stalls, lost devices, losses and notes, as journaled.
    const std::vector<RecorderEvent>& events() const;

    /// Capture instants of a track's frames, as stamped. Empty for a track that is not there.
    /// Valid until refresh().
    std::span<const std::int64_t> frame_times(std::size_t track) const;
    /// The last frame captured at or before `t_ns`; empty before the first. Needs stamps that increase.
    std::optional<std::size_t> frame_at(std::size_t track, std::int64_t t_ns) const;
    /// The frame's file as it is stored. Errors: also those of a missing or damaged file; unsupported for a track that
    /// is stored encoded.
    Result<std::vector<std::uint8_t>> jpeg(std::size_t track, std::size_t frame) const;
    /// The frame, decoded; of an encoded track with all frames from the keyframe before it on. Errors: also unsupported
    /// for another format than BGR, RGB and gray.
    Result<Image> image(std::size_t track, std::size_t frame, ImageFormat format = ImageFormat::bgr) const;

    /// Samples per channel of a track that the journal names.
    std::int64_t sample_count(std::size_t track) const;
    /// The times of all samples. Valid until refresh().
    std::span<const SampleSpan> sample_spans(std::size_t track) const;
    /// The instant of a sample.
    Result<std::int64_t> sample_time(std::size_t track, std::int64_t sample) const;
    /// Samples as stored, interleaved; fewer where the file ends early.
    Result<std::vector<std::int16_t>> samples(std::size_t track, std::int64_t first, std::int64_t count) const;
    /// The audio of [from_ns, to_ns) on the common timeline, interleaved, at the label rate: sample k is the sound at
    /// `from_ns` + k / rate, whatever the sound card's true rate was, and silence where there is none. At most 10^8
    /// samples.
    Result<std::vector<std::int16_t>> audio_between(std::size_t track, std::int64_t from_ns, std::int64_t to_ns) const;

    /// The stamps of a data track's packets. Empty for a track that is not there. Valid until refresh().
    std::span<const std::int64_t> packet_times(std::size_t track) const;
    /// A packet's bytes as they were pushed. Errors: also those of a missing or damaged file.
    Result<std::vector<std::uint8_t>> packet(std::size_t track, std::size_t index) const;

    /// UTC of an instant, nanoseconds since 1970, by the clocks read when the take began; 0 if that is unknown.
    std::int64_t wall_time_ns(std::int64_t t_ns) const;

 private:
    class Impl;
    explicit TakeReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace onetake

#pragma once

#include "base/time.h"
#include "codec/audio_encoder.h"
#include "codec/variable_rate_resampler.h"
#include "codec/video_encoder.h"
#include "container/muxer.h"
#include "media/packet.h"
#include "media/timed_audio.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace onetake {

struct FileSinkOptions {
    ContainerFormat format = ContainerFormat::mp4;
    MuxerOptions file;
};

struct FileAudioSettings {
    int sample_rate = 48000;  ///< Hz: the nominal rate of what is written
    int channels = 1;
    std::string codec = "aac";
    std::int64_t bit_rate = 128000;  ///< bits/s
    std::string title;               ///< for people; may be empty
};

/// What became of one track.
struct FileTrack {
    TrackKind kind = TrackKind::video;
    std::string codec;  ///< the encoder in use, or the codec passed through
    std::string title;
    std::uint64_t frames = 0;        ///< pictures, or packets passed through
    std::int64_t samples = 0;        ///< per channel, silence included
    std::optional<MediaTime> begin;  ///< unset where nothing came
    MediaTime end;
};

struct FileSinkResult {
    std::string path;  ///< empty where no track had anything: no file is left then
    std::uint64_t bytes = 0;
    Duration duration{};  ///< of the media, from time 0 to the end of the longest track
    std::vector<FileTrack> tracks;
    std::vector<std::string> notes;  ///< fallbacks and changes, a line each
};

/// Encodes pictures and sound into one file; the one path from media to MP4 or Matroska. Every track is added first;
/// the first write begins the file. Times are media times, from 0; tracks may be written in any order to each other.
/// Thread-bound (encoders have threads of their own inside). Gone without finish(), it leaves no file.
class FileSink {
 public:
    /// Errors: those of Muxer::create().
    static Result<FileSink> create(std::string path, FileSinkOptions options);

    /// Each opens an encoder and returns the track's number. Errors: those of the encoders; unsupported where the file
    /// can't hold the codec.
    Result<int> add_video(const VideoEncoderSettings& settings, std::string title = "");
    /// A rate that the codec does not take is raised to the next that it does, with a note.
    Result<int> add_audio(const FileAudioSettings& settings);
    /// A track whose packets exist already: copied, never decoded.
    Result<int> add_passthrough(const StreamParams& params);

    /// Writes the file's head; the first write does it otherwise.
    Status begin();

    /// The picture of time `t`: at the nearest tick. One that falls on the tick of the picture before gets the tick
    /// after, counted in the notes. Errors: refused for a time before 0 or before the last picture's; nothing taken.
    Status write_video(int track, PlanarImage image, MediaTime t);
    /// A recorded run, placed by its own times (VariableRateResampler).
    Status write_audio(int track, const TimedAudio& run);
    /// Samples that lie on the file's grid already, at the track's rate: they follow what was written before. Not to be
    /// mixed with the call above on one track, unless both rates are the same.
    Status write_samples(int track, std::span<const float> interleaved);
    /// An encoded picture for a track passed through, as write_video().
    Status write_encoded(int track, std::vector<std::uint8_t> bytes, MediaTime t, bool key = true);
    /// A packet for a track passed through, in ticks of its own time scale.
    Status write_packet(int track, Packet packet);
    /// The track has no more to come; its last packets are written.
    Status end_track(int track);

    /// The rate that write_samples() takes; 0 for tracks without sound.
    int sample_rate(int track) const;

    /// Ends every track and the file.
    Result<FileSinkResult> finish();

 private:
    struct Track {
        FileTrack result;
        StreamParams params;
        std::optional<VideoEncoder> video;
        std::optional<AudioEncoder> audio;
        std::optional<VariableRateResampler> resampler;
        std::optional<Packet> held;  ///< the last encoded picture, until the next one tells how long it lasts
        std::optional<std::int64_t> last_tick;
        std::uint64_t moved = 0;  ///< pictures put one tick later
        bool ended = false;
    };

    explicit FileSink(Muxer muxer) : muxer_(std::move(muxer)) {}
    Result<int> add(Track track);
    Result<Track*> track_of(int track, bool (*fits)(const Track&), const char* what);
    Result<std::int64_t> tick_of(Track& track, MediaTime t) const;
    Status write_packets(int stream, Track& track);
    Status put(int stream, Track& track, Packet packet);

    std::optional<Muxer> muxer_;
    std::vector<Track> tracks_;
    std::vector<Packet> packets_;  ///< reused from call to call
    std::vector<std::string> notes_;
    std::uint64_t written_ = 0;
    bool begun_ = false;
};

}  // namespace onetake

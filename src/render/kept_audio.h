#pragma once

#include "base/time.h"
#include "encode/audio_stream_encoder.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace onetake {

class KeptEncoder;

/// The audio encoders of a file that may begin again: their packets are kept on disk, in unnamed files, so that the
/// next file gets from there what was encoded for the one before, and encoding goes on behind it. Inputs of a track
/// must be the same in each file. Thread-bound; its encoders may each be used on another thread.
class KeptAudio {
 public:
    /// `folder`: where the packets are kept. A disk without unnamed files keeps none: all is encoded again.
    explicit KeptAudio(std::string folder);
    KeptAudio(const KeptAudio&) = delete;
    KeptAudio& operator=(const KeptAudio&) = delete;
    ~KeptAudio();

    /// A file with this time 0 begins: what was kept for another one is forgotten. Its encoders are destroyed by now.
    void begin(HostTime origin);
    /// The encoder of a track, for a file from its begin on. Errors: AudioStreamEncoder::open()'s.
    Result<std::unique_ptr<StreamEncoder>> encoder(int track, const AudioStreamSettings& settings);
    /// Whether an encoder failed because its inputs were not those of the file before, or because what was kept can't
    /// be read. Then begin() forgets everything.
    bool has_failed() const;

 private:
    const std::string folder_;
    std::optional<HostTime> origin_;
    std::map<int, std::shared_ptr<KeptEncoder>> encoders_;  // by number of the track
};

}  // namespace onetake

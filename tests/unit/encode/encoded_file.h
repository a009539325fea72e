#pragma once

#include "base/error.h"
#include "container/file_writer.h"
#include "encode/audio_stream_encoder.h"
#include "encode/image_stream_encoder.h"
#include "encode/passthrough_encoder.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace onetake::testing {

/// Encoders and the file of their packets, connected as in rendering.
class EncodedFile {
 public:
    struct Finished {
        WrittenFile file;
        std::vector<StreamCounters> tracks;  ///< of the encoders
        std::vector<std::string> notes;      ///< of the encoders, then of the file
    };

    explicit EncodedFile(const std::string& path, MuxerOptions options = {})
        : writer_(FileWriter::create(path, path.ends_with(".mkv") ? ContainerFormat::mkv : ContainerFormat::mp4,
                                     std::move(options))
                      .value()) {}

    Status add_video(const VideoEncoderSettings& settings, std::string title = "") {
        return add(ImageStreamEncoder::open(settings, std::move(title)));
    }
    Status add_audio(const AudioStreamSettings& settings) { return add(AudioStreamEncoder::open(settings)); }
    Status add_passthrough(const StreamParams& params) {
        return add<PassthroughEncoder>(std::make_unique<PassthroughEncoder>(params));
    }

    Status write_video(std::size_t track, PlanarImage image, MediaTime time) {
        return write(track, TimedImage{std::move(image), time});
    }
    Status write_encoded(std::size_t track, std::vector<std::uint8_t> bytes, MediaTime time) {
        return write(track, CompressedFrame{std::move(bytes), time});
    }
    Status write_audio(std::size_t track, TimedAudio run) { return write(track, std::move(run)); }
    Status write_samples(std::size_t track, std::vector<float> samples) {
        return write(track, AudioSamples{std::move(samples)});
    }
    Status write(std::size_t track, EncoderInput input) {
        if (track < encoders_.size()) ONETAKE_TRY(encoders_[track]->encode(std::move(input), packets_));
        return writer_.write(static_cast<int>(track), packets_);
    }
    Status end_track(std::size_t track) {
        ONETAKE_TRY(encoders_.at(track)->finish(packets_));
        ONETAKE_TRY(writer_.write(static_cast<int>(track), packets_));
        return writer_.end_track(static_cast<int>(track));
    }
    Result<Finished> finish() {
        for (std::size_t i = 0; i < encoders_.size(); ++i) {
            ONETAKE_TRY(encoders_[i]->finish(packets_));
            if (!packets_.empty()) ONETAKE_TRY(writer_.write(static_cast<int>(i), packets_));
        }
        auto file = writer_.finish();
        if (!file) return fail(std::move(file).error());
        Finished finished{std::move(*file), {}, {}};
        for (const auto& encoder : encoders_) {
            finished.tracks.push_back(encoder->counters());
            for (auto& note : encoder->notes()) finished.notes.push_back(std::move(note));
        }
        finished.notes.insert(finished.notes.end(), finished.file.notes.begin(), finished.file.notes.end());
        return finished;
    }

    int sample_rate(std::size_t track) const { return encoders_.at(track)->params().sample_rate; }

 private:
    template <class Encoder>
    Status add(Result<std::unique_ptr<Encoder>> encoder) {
        if (!encoder) return fail(std::move(encoder).error());
        auto number = writer_.add_track((*encoder)->params());
        if (!number) return fail(std::move(number).error());
        encoders_.push_back(std::move(*encoder));
        return {};
    }

    FileWriter writer_;
    std::vector<std::unique_ptr<StreamEncoder>> encoders_;
    std::vector<Packet> packets_;
};

}  // namespace onetake::testing

// A back end of one's own: gets the audio of a room beside the file that FileMediaRecorder makes, and uploads it. Here
// the server is a folder, and slow; the room does not wait for it.
//
//   uploading_recorder [SECONDS]

#include <onetake/room.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <time.h>
#include <vector>

namespace {

/// Uploads each audio track as raw samples. A room calls it from one thread.
class Uploader final : public onetake::MediaRecorder {
 public:
    explicit Uploader(std::string server) : server_(std::move(server)) { std::filesystem::create_directories(server_); }

    std::string name() const override { return "upload"; }

    onetake::Result<onetake::MediaRecordingHandle> on_recording_start(
        const onetake::MediaRecordingConfig& config) override {
        room_ = config.room;
        return onetake::MediaRecordingHandle{1};
    }

    onetake::Status on_track_added(const onetake::MediaRecordingHandle&,
                                   const onetake::RecordingTrack& track) override {
        uploads_[track.number].open(server_ + "/track_" + std::to_string(track.number) + ".s16", std::ios::binary);
        return {};
    }

    onetake::Status on_data(const onetake::MediaRecordingHandle&, const onetake::RecordingTrack& track,
                            const onetake::MediaData& data, double) override {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the network
        auto& upload = uploads_[track.number];
        upload.write(reinterpret_cast<const char*>(data.bytes.data()), static_cast<std::streamsize>(data.bytes.size()));
        bytes_ += data.bytes.size();
        return {};
    }

    onetake::Status on_track_removed(const onetake::MediaRecordingHandle&,
                                     const onetake::RecordingTrack& track) override {
        uploads_.erase(track.number);
        return {};
    }

    onetake::Result<onetake::MediaRecordingResult> on_recording_stop(const onetake::MediaRecordingHandle&) override {
        uploads_.clear();
        onetake::MediaRecordingResult result;
        result.path = "https://recordings.example.org/" + room_;
        result.size_bytes = bytes_;
        return result;
    }

 private:
    const std::string server_;
    std::string room_;
    std::map<std::uint64_t, std::ofstream> uploads_;  // by track
    std::uint64_t bytes_ = 0;
};

double now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 10;
    constexpr int kRate = 16000, kBlock = 320;

    auto room = onetake::Room::create({.name = "team-call"});
    auto file = onetake::FileMediaRecorder::create();
    if (!room || !file) return 1;
    onetake::ChannelRecordingConfig audio_only;
    audio_only.video = audio_only.screen_share = false;
    (void)(*room)->bind({std::make_shared<Uploader>("uploads"), audio_only, "upload"});
    (void)(*room)->bind({std::move(*file), {}, "file"});

    onetake::RoomTrackConfig microphone, camera;
    microphone.media = onetake::RoomMedia::audio;
    microphone.sample_rate = kRate;
    camera.fps = 10;
    const auto sound = (*room)->join("Alice", microphone);
    const auto picture = (*room)->join("Alice", camera);
    if (!sound || !picture) return 1;

    const std::vector<std::uint8_t> gray(std::size_t{160} * 120, 128);
    const double begin = now();
    for (int block = 0; block < static_cast<int>(seconds * kRate / kBlock); ++block) {
        const double t = begin + static_cast<double>(block) * kBlock / kRate;
        const timespec time{static_cast<time_t>(t), static_cast<long>((t - std::floor(t)) * 1e9)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
        std::vector<std::int16_t> samples;
        for (int i = 0; i < kBlock; ++i)
            samples.push_back(static_cast<std::int16_t>(4000 * std::sin(0.1727 * (block * kBlock + i))));
        (void)(*room)->push_audio(*sound, samples, t);
        if (block % 5 != 0) continue;
        onetake::VideoFrame frame;
        frame.format = onetake::VideoFrameFormat::raw_gray8;
        frame.width = 160;
        frame.height = 120;
        frame.bytes = gray;
        frame.t = t;
        (void)(*room)->push_video(*picture, frame);
    }

    for (const auto& result : (*room)->close()) {
        std::uint64_t lost = 0;
        for (const auto& loss : result.losses) lost += loss.dropped + loss.failed;
        std::printf("%s: %s, %llu bytes, %llu items lost\n", result.name.c_str(), result.recording.path.c_str(),
                    static_cast<unsigned long long>(result.recording.size_bytes),
                    static_cast<unsigned long long>(lost));
        for (const auto& error : result.errors) std::fprintf(stderr, "%s\n", error.c_str());
    }
    return 0;
}

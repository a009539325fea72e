// Cost of rooms: CPU beside that of libyuv, libx264, libswresample and AAC alone, how many rooms the machine holds in
// real time, and the time from close() to the finished file.
#include "library_room.h"
#include "measure.h"
#include "synthetic_frames.h"

#include <onetake/room.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fmt/format.h>
#include <random>
#include <thread>

namespace {

using namespace onetake;
using namespace onetake::bench;

constexpr int kParties = 2, kImages = 30, kRounds = 3;
constexpr double kMedia_s = 20, kRealTime_s = 4;

struct Kind {
    const char* name;
    int width, height;
    double fps;
};
constexpr Kind kSmall{"360p15", 640, 360, 15}, kLarge{"720p30", 1280, 720, 30};

/// Sound like speech in its spectrum: noise, less of it the higher, in syllables. 48 kHz.
std::vector<std::int16_t> voice(double length_s) {
    std::mt19937 random{1};
    std::normal_distribution<double> noise;
    std::vector<std::int16_t> samples;
    double low = 0;
    for (int i = 0; i < static_cast<int>(length_s * kPushedRate); ++i) {
        low += 0.05 * (noise(random) - low);
        const double loud = 0.5 + 0.5 * std::sin(2 * M_PI * 4 * i / kPushedRate);
        samples.push_back(static_cast<std::int16_t>(std::clamp(low * loud * 40'000, -32'000.0, 32'000.0)));
    }
    return samples;
}

FileRecordingConfig config_of(const WorkFolder& folder, const Kind& kind, RoomLayout layout, OnFull on_full) {
    FileRecordingConfig config;
    config.storage = folder / "recordings";
    config.video_codec = "libx264";
    config.video_fps = kind.fps;
    config.layout = layout;
    config.width = kind.width;
    config.height = kind.height;
    config.on_full = on_full;
    return config;
}

/// A room with its participants, each with a camera and a microphone.
class Party {
 public:
    Party(const FileRecordingConfig& config, const Kind& kind, int people, const Media& media)
        : kind_(kind), media_(media) {
        std::shared_ptr<FileMediaRecorder> recorder = must(FileMediaRecorder::create(config));
        recorder->on_event([this](const RecorderEvent& event) {
            if (event.kind == EventKind::loss) lost_ += event.count;
        });
        RoomConfig room;
        room.on_full = config.on_full;
        room_ = must(Room::create(room));
        must(room_->bind({recorder, {}, "file"}));
        for (int i = 0; i < people; ++i) {
            const auto name = fmt::format("Person {}", i + 1);
            cameras_.push_back(must(room_->join(name, {.media = RoomMedia::video, .fps = kind.fps})));
            microphones_.push_back(must(room_->join(name, {.media = RoomMedia::audio, .sample_rate = kPushedRate})));
        }
    }
    /// The frame of an instant, and the sound until the next, of everybody.
    void push(int frame, double begin) {
        const double t = begin + frame / kind_.fps;
        const auto& image = media_.images[static_cast<std::size_t>(frame) % media_.images.size()];
        const auto block = static_cast<std::size_t>(kPushedRate / kind_.fps);
        const auto at = static_cast<std::size_t>(frame) * block % (media_.voice.size() - block);
        for (std::size_t i = 0; i < cameras_.size(); ++i) {
            VideoFrame pushed;
            pushed.width = kind_.width;
            pushed.height = kind_.height;
            pushed.bytes = *image;
            pushed.t = t;
            must(room_->push_video(cameras_[i], pushed, image));
            must(room_->push_audio(microphones_[i], std::span(media_.voice).subspan(at, block), t));
        }
    }
    /// Frames that were lost on any way into the file.
    std::uint64_t close(RoomLayout layout) {
        const auto results = room_->close();
        const auto& result = results.front();
        std::uint64_t lost = lost_;
        for (const auto& loss : result.losses) lost += loss.dropped + loss.failed;
        for (const auto& track : result.recording.tracks) {
            lost += track.lost + track.refused;
            if (layout == RoomLayout::tracks) lost += track.dropped;
            // Of a composite, all but the first and last frames belong to an image each.
            else if (track.media != RoomMedia::audio && track.dropped > 2)
                lost += track.dropped - 2;
        }
        for (const auto& failure : result.recording.failures) must(fail(ErrorCode::internal, failure));
        std::error_code ignored;
        std::filesystem::remove(result.recording.path, ignored);
        return lost;
    }

 private:
    const Kind& kind_;
    const Media& media_;
    std::atomic<std::uint64_t> lost_{0};
    std::unique_ptr<Room> room_;
    std::vector<RecordingTrack> cameras_, microphones_;
};

/// CPU seconds of one room per second of media, pushed as fast as it takes them.
double room_cpu(const WorkFolder& folder, const Kind& kind, RoomLayout layout, const Media& media) {
    const int frames = static_cast<int>(kMedia_s * kind.fps);
    const double begin = seconds(CLOCK_MONOTONIC) - kMedia_s;
    const Stopwatch watch;
    Party party(config_of(folder, kind, layout, OnFull::block), kind, kParties, media);
    for (int i = 0; i < frames; ++i) party.push(i, begin);
    if (const auto lost = party.close(layout); lost > 0)
        must(fail(ErrorCode::internal, fmt::format("{}: {} frames or blocks were lost", kind.name, lost)));
    return watch.cpu() / kMedia_s;
}

/// In real time, a thread for each room. Returns what was lost; `closing_s`: how long the slowest close() took.
std::uint64_t real_time(const WorkFolder& folder, const Kind& kind, RoomLayout layout, const Media& media, int rooms,
                        int people, double length_s, double* closing_s) {
    std::atomic<std::uint64_t> lost{0};
    std::vector<double> closing(static_cast<std::size_t>(rooms));
    std::vector<std::thread> threads;
    for (int r = 0; r < rooms; ++r)
        threads.emplace_back([&, r] {
            Party party(config_of(folder, kind, layout, OnFull::drop), kind, people, media);
            const double begin = seconds(CLOCK_MONOTONIC) + 0.2 + r * 0.01;
            for (int i = 0; i < static_cast<int>(length_s * kind.fps); ++i) {
                const double wait = begin + (i + 1) / kind.fps - seconds(CLOCK_MONOTONIC);
                if (wait > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait));
                party.push(i, begin);
            }
            const Stopwatch watch;
            lost += party.close(layout);
            closing[static_cast<std::size_t>(r)] = watch.wall();
        });
    for (auto& thread : threads) thread.join();
    if (closing_s != nullptr) *closing_s = *std::ranges::max_element(closing);
    return lost;
}

/// As many as lose nothing: what the CPU figure promises at first, then fewer.
int rooms_held(const WorkFolder& folder, const Kind& kind, RoomLayout layout, const Media& media, double cpu) {
    int rooms = std::max(1, static_cast<int>(std::thread::hardware_concurrency() / cpu));
    for (; rooms > 1; rooms = rooms * 7 / 8)
        if (real_time(folder, kind, layout, media, rooms, kParties, kRealTime_s, nullptr) == 0) return rooms;
    return real_time(folder, kind, layout, media, 1, kParties, kRealTime_s, nullptr) == 0 ? 1 : 0;
}

void measure(Report& report, const WorkFolder& folder, const Kind& kind, const Media& media) {
    using enum Report::Target;
    for (const auto layout : {RoomLayout::tracks, RoomLayout::composite}) {
        const bool composite = layout == RoomLayout::composite;
        const auto name = fmt::format("{} rooms, {}", kind.name, composite ? "composite" : "tracks");
        std::vector<double> rooms, libraries;
        for (int round = 0; round < kRounds; ++round) {
            libraries.push_back(
                library_room_cpu({kind.width, kind.height, kind.fps, kParties, composite, kMedia_s}, media) / kMedia_s);
            rooms.push_back(room_cpu(folder, kind, layout, media));
        }
        report.add(name + ": CPU s per second", rooms, "");
        report.add(name + ": the libraries alone", libraries, "");
        report.add(name + ": libraries / room", ratios(libraries, rooms), "", at_least, 0.9);
        const auto held = rooms_held(folder, kind, layout, media, median(rooms));
        report.add(name + ": in real time without loss", {static_cast<double>(held)}, "");
    }
}

}  // namespace

int main(int argc, char** argv) {
    Report report(argc, argv);
    const WorkFolder folder;
    const char* asked = std::getenv("ROOM_BENCH_SECONDS");
    const double length_s = asked != nullptr ? std::atof(asked) : 12;
    Media media{{}, voice(10)};
    for (const auto* kind : {&kSmall, &kLarge}) {
        SyntheticFrames camera(kind->width, kind->height);
        media.images.clear();
        for (int i = 0; i < kImages; ++i)
            media.images.push_back(std::make_shared<const std::vector<std::uint8_t>>(camera.next()));
        measure(report, folder, *kind, media);
        if (kind != &kSmall) continue;
        for (const auto layout : {RoomLayout::tracks, RoomLayout::composite}) {
            double closing_s = 0;
            (void)real_time(folder, *kind, layout, media, 1, 4, length_s, &closing_s);
            report.add(fmt::format("close() of a room of four after {:.0f} s, {}", length_s,
                                   layout == RoomLayout::composite ? "composite" : "tracks"),
                       {closing_s}, "s", Report::Target::at_most, 0.5);
        }
    }
}

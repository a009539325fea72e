#include "bindings.h"
#include "config.h"
#include "interruptible.h"
#include "process_guard.h"

#include <onetake/sidecar.h>

#include <mutex>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

namespace onetake::python {

namespace {

MuxOptions mux_options(std::optional<double> delta, std::optional<double> video_start,
                       std::optional<double> audio_start, const std::string& video_timestamps, bool overwrite_in_place,
                       const std::string& out_path, bool replace_out, bool shortest, bool delete_audio,
                       int audio_bitrate) {
    MuxOptions o;
    o.delta = delta;
    o.video_start = video_start;
    o.audio_start = audio_start;
    o.video_timestamps = video_timestamps;
    o.overwrite_in_place = overwrite_in_place;
    o.out_path = out_path;
    o.replace_out = replace_out;
    o.shortest = shortest;
    o.delete_audio = delete_audio;
    o.audio_bitrate = audio_bitrate;
    return o;
}

// A SidecarAudio whose calls wait for each other.
class Sidecar {
    template <class Call>
    auto alone(Call call) {
        process_.check();
        const nb::gil_scoped_release release;
        const std::lock_guard lock(mutex_);
        return call();
    }

 public:
    explicit Sidecar(SidecarConfig config) { sidecar_.emplace(value(SidecarAudio::create(std::move(config)))); }
    Sidecar(const Sidecar&) = delete;
    Sidecar& operator=(const Sidecar&) = delete;
    ~Sidecar() {
        if (process_.in_child()) {  // its threads are not here: nothing of it can be ended
            new std::optional<SidecarAudio>(std::move(sidecar_));
            return;
        }
        const nb::gil_scoped_release release;
        sidecar_.reset();
    }

    nb::tuple start() {
        const auto s = value(alone([this] { return sidecar_->start(); }));
        return nb::make_tuple(s.audio_start, s.audio_start_unix, s.take, s.wav_path);
    }
    std::string stop() {
        return to_json(value(alone([this] { return sidecar_->stop(); })));
    }
    bool is_recording() {
        return alone([this] { return sidecar_->is_recording(); });
    }
    bool ended_early() {
        return alone([this] { return sidecar_->ended_early(); });
    }
    std::string mux_command() {
        return alone([this] { return sidecar_->mux_command(); });
    }
    std::string mux(const std::string& video, double video_start, MuxOptions options) {
        process_.check();
        std::stop_source cancel;
        options.cancel = cancel.get_token();
        return to_json(value(run_interruptible(
            [&] {
                const std::lock_guard lock(mutex_);
                return sidecar_->mux(video, video_start, options);
            },
            [&] { cancel.request_stop(); })));
    }
    void shut_down() {
        if (process_.in_child()) return;
        alone([this] {
            if (sidecar_->is_recording()) static_cast<void>(sidecar_->stop());
            return true;
        });
    }

 private:
    ProcessGuard process_;
    std::mutex mutex_;
    std::optional<SidecarAudio> sidecar_;
};

}  // namespace

void bind_sidecar(nb::module_& m) {
    nb::class_<MuxOptions>(m, "MuxOptions")
        .def(
            "__init__",
            [](MuxOptions* self, std::optional<double> delta, std::optional<double> video_start,
               std::optional<double> audio_start, const std::string& video_timestamps, bool overwrite_in_place,
               const std::string& out_path, bool replace_out, bool shortest, bool delete_audio, int audio_bitrate) {
                new (self) MuxOptions(mux_options(delta, video_start, audio_start, video_timestamps, overwrite_in_place,
                                                  out_path, replace_out, shortest, delete_audio, audio_bitrate));
            },
            nb::kw_only(), nb::arg("delta").none(), nb::arg("video_start").none(), nb::arg("audio_start").none(),
            nb::arg("video_timestamps"), nb::arg("overwrite_in_place"), nb::arg("out_path"), nb::arg("replace_out"),
            nb::arg("shortest"), nb::arg("delete_audio"), nb::arg("audio_bitrate"));
    m.def(
        "mux_audio",
        [](const std::string& video, const std::string& audio, MuxOptions options) {
            std::stop_source cancel;
            options.cancel = cancel.get_token();
            return to_json(value(
                run_interruptible([&] { return mux_audio(video, audio, options); }, [&] { cancel.request_stop(); })));
        },
        nb::arg("video"), nb::arg("audio"), nb::arg("options"));
    m.def(
        "ffmpeg_command",
        [](const std::string& video, const std::string& audio, const MuxOptions& options) {
            Result<std::string> command;
            {
                const nb::gil_scoped_release release;
                command = ffmpeg_command(video, audio, options);
            }
            return value(std::move(command));
        },
        nb::arg("video"), nb::arg("audio"), nb::arg("options"));

    nb::class_<Sidecar>(m, "Sidecar", nb::is_weak_referenceable())
        .def(
            "__init__",
            [](Sidecar* self, const std::string& feed, const Settings& microphone, const std::string& data_dir,
               bool fsync) {
                SidecarConfig config;
                config.feed = feed;
                set_track(config.microphone, microphone);
                config.data_dir = data_dir;
                config.fsync = fsync;
                new (self) Sidecar(std::move(config));
            },
            nb::arg("feed"), nb::arg("microphone"), nb::arg("data_dir"), nb::arg("fsync"))
        .def("start", &Sidecar::start, nb::sig("def start(self) -> tuple[float, float, str, str]"))
        .def("stop", &Sidecar::stop)
        .def("is_recording", &Sidecar::is_recording)
        .def("ended_early", &Sidecar::ended_early)
        .def("mux", &Sidecar::mux, nb::arg("video"), nb::arg("video_start"), nb::arg("options"))
        .def("mux_command", &Sidecar::mux_command)
        .def("shut_down", &Sidecar::shut_down);
}

}  // namespace onetake::python

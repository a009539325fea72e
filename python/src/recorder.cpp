#include "recorder.h"

#include "arrays.h"
#include "bindings.h"
#include "callbacks.h"
#include "config.h"
#include "given_audio.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <utility>

namespace onetake::python {

Recorder::Recorder(RecorderConfig config, std::uint64_t id) : id_(id) {
    recorder_.emplace(value(AVRecorder::create(std::move(config))));
}

Recorder::~Recorder() {
    if (process_.in_child()) {  // its threads are not here: nothing of it can be ended
        new std::optional<AVRecorder>(std::move(recorder_));
        return;
    }
    const nb::gil_scoped_release release;
    recorder_.reset();
}

std::unique_lock<std::mutex> Recorder::alone(const char* call) {
    process_.check();
    release_queued();
    std::unique_lock lock(control_, std::try_to_lock);
    if (!lock)
        raise({ErrorCode::wrong_state, std::string(call) + " can't be called while another thread is in a call "
                                                           "of this recorder."});
    return lock;
}

std::stop_token Recorder::new_cancel() {
    const std::lock_guard lock(cancel_mutex_);
    cancel_ = std::stop_source();
    return cancel_.get_token();
}

void Recorder::cancel() {
    process_.check();
    const std::lock_guard lock(cancel_mutex_);
    cancel_.request_stop();
}

std::string Recorder::record(double duration_s, const std::string& name, bool make_mp4, bool enhance) {
    const auto lock = alone("record()");
    interrupted_result_.clear();
    const StartOptions options{name, make_mp4, enhance, new_cancel()};
    std::stop_source stop;
    Interrupt interrupt;
    // The first Ctrl-C ends the recording, the second one the rendering.
    auto result = run_interruptible([&] { return recorder_->record(duration_s, options, stop.get_token()); },
                                    [&] {
                                        if (!stop.request_stop()) cancel();
                                    },
                                    interrupt);
    release_queued();
    if (interrupt) {
        if (result) interrupted_result_ = to_json(*result);
        throw nb::python_error(std::move(*interrupt));
    }
    return to_json(value(std::move(result)));
}

void Recorder::start(const std::string& name, bool make_mp4, bool enhance) {
    const auto lock = alone("start()");
    const StartOptions options{name, make_mp4, enhance, new_cancel()};
    Status status;
    {
        const nb::gil_scoped_release release;
        status = recorder_->start(options);
    }
    value(std::move(status));
}

std::string Recorder::stop(bool make_mp4, bool enhance) {
    const auto lock = alone("stop()");
    interrupted_result_.clear();
    Interrupt interrupt;
    auto result =
        run_interruptible([&] { return recorder_->stop(make_mp4, enhance); }, [this] { cancel(); }, interrupt);
    release_queued();
    if (interrupt) {
        if (result) interrupted_result_ = to_json(*result);
        throw nb::python_error(std::move(*interrupt));
    }
    return to_json(value(std::move(result)));
}

std::string Recorder::process(const std::string& name, bool make_mp4, std::optional<bool> enhance, bool force) {
    const auto lock = alone("process()");
    const ProcessOptions options{make_mp4, enhance, force, new_cancel()};
    return to_json(value(run_interruptible([&] { return recorder_->process(name, options); }, [this] { cancel(); })));
}

void Recorder::close() {
    const auto lock = alone("close()");
    Status status;
    {
        const nb::gil_scoped_release release;
        status = recorder_->close();
    }
    release_queued();
    value(std::move(status));
}

void Recorder::shut_down() {
    if (process_.in_child()) return;
    cancel();
    recorder_->request_stop();
    {
        const nb::gil_scoped_release release;
        const std::lock_guard lock(control_);
        static_cast<void>(recorder_->close());
    }
    release_queued();
}

bool Recorder::is_recording() const {
    process_.check();
    return recorder_->is_recording();
}

void Recorder::request_stop() {
    process_.check();
    recorder_->request_stop();
}

void Recorder::push_video(nb::handle frame, std::optional<double> t, int track, bool copy, std::string_view format) {
    process_.check();
    release_queued();
    auto buffer = std::make_unique<PyBuffer>(frame, "The pushed frame");
    auto image = image_in(*buffer, image_format(format));
    const bool direct = image.direct();
    std::shared_ptr<const void> owner;
    if (!copy && direct && !image.is_jpeg) owner = queued_release(std::move(buffer));
    Status status;
    {
        const nb::gil_scoped_release release;
        if (image.is_jpeg) {
            if (image.column_stride == 1)
                status = recorder_->push_jpeg({image.first, static_cast<std::size_t>(image.columns)}, t, track);
            else
                status = recorder_->push_jpeg(image.packed(), t, track);
        } else if (owner) {
            status = recorder_->push_video(image.view, std::move(owner), t, track);
        } else if (direct) {
            status = recorder_->push_video(image.view, t, track);
        } else {
            auto bytes = std::make_shared<std::vector<std::uint8_t>>(image.packed());
            image.view.pixels = *bytes;
            status = recorder_->push_video(image.view, std::move(bytes), t, track);
        }
    }
    value(std::move(status));
}

void Recorder::push_audio(nb::handle samples, std::optional<double> t, int track) {
    process_.check();
    release_queued();
    const auto& tracks = recorder_->config().audio;
    const bool known = track >= 0 && static_cast<std::size_t>(track) < tracks.size();
    GivenAudio given(samples, known ? std::optional(tracks[static_cast<std::size_t>(track)].channels) : std::nullopt);
    Status status;
    {
        const nb::gil_scoped_release release;
        status = given.pass_to([&](auto all) { return recorder_->push_audio(all, t, track); });
    }
    value(std::move(status));
}

void Recorder::push_data(nb::handle bytes, std::optional<double> t, int track) {
    process_.check();
    release_queued();
    const PyBuffer buffer(bytes, "The pushed packet");
    const auto packet = packet_in(buffer);
    Status status;
    {
        const nb::gil_scoped_release release;
        status = recorder_->push_data(packet, t, track);
    }
    value(std::move(status));
}

void Recorder::mark(const std::string& text, std::optional<double> t) {
    process_.check();
    Status status;
    {
        const nb::gil_scoped_release release;
        status = recorder_->mark(text, t);
    }
    value(std::move(status));
}

void Recorder::watch(bool events, bool progress, bool enhanced_audio) {
    const auto lock = alone("Setting a callback");
    if (recorder_->is_recording()) raise({ErrorCode::wrong_state, "Callbacks can't be set while recording."});
    EventCallback on_event;
    if (events) on_event = [id = id_](const RecorderEvent& e) { CallQueue::instance().post({id, e}); };
    recorder_->on_event(std::move(on_event));
    ProgressCallback on_progress;
    if (progress) on_progress = [id = id_](const Progress& p) { CallQueue::instance().post({id, p}); };
    recorder_->on_progress(std::move(on_progress));
    EnhancedAudioCallback on_audio;
    if (enhanced_audio)
        on_audio = [id = id_](const EnhancedAudio& a) {
            CallQueue::instance().post({id, EnhancedBlock{a, {a.samples.begin(), a.samples.end()}}});
        };
    recorder_->on_enhanced_audio(std::move(on_audio));
}

void bind_recorder(nb::module_& m) {
    nb::class_<Recorder>(m, "Recorder", nb::is_weak_referenceable())
        .def(
            "__init__",
            [](Recorder* self, const Settings& flat, const nb::object& video, const nb::object& audio,
               const nb::object& data,
               std::uint64_t id) { new (self) Recorder(config_from(flat, video, audio, data), id); },
            nb::arg("flat"), nb::arg("video").none(), nb::arg("audio").none(), nb::arg("data").none(), nb::arg("id"))
        .def("record", &Recorder::record, nb::arg("duration"), nb::arg("name"), nb::arg("make_mp4"), nb::arg("enhance"))
        .def("start", &Recorder::start, nb::arg("name"), nb::arg("make_mp4"), nb::arg("enhance"))
        .def("stop", &Recorder::stop, nb::arg("make_mp4"), nb::arg("enhance"))
        .def("process", &Recorder::process, nb::arg("name"), nb::arg("make_mp4"), nb::arg("enhance").none(),
             nb::arg("force"))
        .def("close", &Recorder::close)
        .def("shut_down", &Recorder::shut_down)
        .def("is_recording", &Recorder::is_recording)
        .def("request_stop", &Recorder::request_stop)
        .def("cancel", &Recorder::cancel)
        .def("interrupted_result", &Recorder::interrupted_result)
        .def("push_video", &Recorder::push_video, nb::arg("frame").none(), nb::arg("t").none(), nb::arg("track"),
             nb::arg("copy"), nb::arg("format"))
        .def("push_audio", &Recorder::push_audio, nb::arg("samples").none(), nb::arg("t").none(), nb::arg("track"))
        .def("push_data", &Recorder::push_data, nb::arg("bytes").none(), nb::arg("t").none(), nb::arg("track"))
        .def("mark", &Recorder::mark, nb::arg("text"), nb::arg("t").none())
        .def("watch", &Recorder::watch, nb::arg("events"), nb::arg("progress"), nb::arg("enhanced_audio"));
}

}  // namespace onetake::python

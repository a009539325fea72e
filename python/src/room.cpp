#include "bindings.h"
#include "callbacks.h"
#include "container.h"
#include "given_frame.h"
#include "process_guard.h"
#include "session_recorder.h"

#include <onetake/room.h>

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace onetake::python {

namespace {

ChannelRecordingConfig channels(bool audio, bool video, bool screen_share) {
    return {audio, video, screen_share};
}

RoomMedia room_media(std::string_view name) {
    for (const auto media : {RoomMedia::audio, RoomMedia::video, RoomMedia::screen_share})
        if (to_string(media) == name) return media;
    raise({ErrorCode::invalid_argument, std::string(name).append(" is no media; allowed: audio|video|screen_share.")});
}

nb::dict to_python(const RecordingTrack& t) {
    nb::dict d;
    d["number"] = t.number;
    d["participant"] = nb::steal(
        PyUnicode_DecodeUTF8(t.participant.data(), static_cast<Py_ssize_t>(t.participant.size()), "surrogateescape"));
    d["media"] = to_string(t.media);
    d["format"] = to_string(t.format);
    d["width"] = t.width;
    d["height"] = t.height;
    d["fps"] = t.fps;
    d["sample_rate"] = t.sample_rate;
    d["channels"] = t.channels;
    return d;
}

// A recorder written in Python: an object with the methods of the package's MediaRecorder, called on the room's thread.
class PythonRecorder final : public MediaRecorder {
 public:
    PythonRecorder(nb::object object, std::string name, double stop_timeout_s)
        : object_(std::move(object)), name_(std::move(name)), stop_timeout_s_(stop_timeout_s) {}
    PythonRecorder(const PythonRecorder&) = delete;
    PythonRecorder& operator=(const PythonRecorder&) = delete;
    ~PythonRecorder() override {
        if (process_.in_child() || Py_IsInitialized() == 0) {
            static_cast<void>(object_.release());
            return;
        }
        const nb::gil_scoped_acquire acquire;
        object_.reset();
    }

    std::string name() const override { return name_; }
    Result<MediaRecordingHandle> on_recording_start(const MediaRecordingConfig& config) override {
        std::uint64_t number = 0;
        const auto status = call([&] {
            number =
                nb::cast<std::uint64_t>(object_.attr("start")(config.room, config.channels.audio, config.channels.video,
                                                              config.channels.screen_share, config.started_ms));
        });
        if (!status) return tl::unexpected(status.error());
        return MediaRecordingHandle{number};
    }
    Result<MediaRecordingResult> on_recording_stop(const MediaRecordingHandle& handle) override {
        MediaRecordingResult result;
        const auto status = call([&] {
            const auto given = nb::cast<nb::tuple>(object_.attr("stop")(handle.number));
            result.path = nb::cast<std::string>(given[0]);
            result.size_bytes = nb::cast<std::uint64_t>(given[1]);
            result.duration_s = nb::cast<double>(given[2]);
            result.codec = nb::cast<std::string>(given[3]);
            result.notes = nb::cast<std::vector<std::string>>(given[4]);
            result.failures = nb::cast<std::vector<std::string>>(given[5]);
        });
        if (!status) return tl::unexpected(status.error());
        return result;
    }
    Status on_track_added(const MediaRecordingHandle& handle, const RecordingTrack& track) override {
        return call([&] { object_.attr("track_added")(handle.number, to_python(track)); });
    }
    Status on_track_removed(const MediaRecordingHandle& handle, const RecordingTrack& track) override {
        return call([&] { object_.attr("track_removed")(handle.number, to_python(track)); });
    }
    Status on_data(const MediaRecordingHandle& handle, const RecordingTrack& track, const MediaData& data,
                   double timestamp_ms) override {
        return call([&] {
            const nb::bytes bytes(data.bytes.data(), data.bytes.size());
            object_.attr("data")(handle.number, to_python(track), bytes, data.stride, data.range == PixelRange::limited,
                                 timestamp_ms);
        });
    }
    double stop_timeout_s() const override { return stop_timeout_s_; }

 private:
    template <class Call>
    Status call(const Call& body) {
        const nb::gil_scoped_acquire acquire;
        try {
            body();
            return {};
        } catch (const std::exception& error) {  // a python_error among them
            return tl::unexpected(Error{ErrorCode::internal, std::string(error.what())});
        }
    }

    ProcessGuard process_;
    nb::object object_;
    const std::string name_;
    const double stop_timeout_s_;
};

// A recorder that can be bound to a room.
struct BoundRecorder {
    std::shared_ptr<MediaRecorder> recorder;
    std::shared_ptr<VideoSessionRecorder> sessions;  // the same, if it is one
};

// A Room that a forked child neither uses nor destroys.
class PyRoom {
 public:
    explicit PyRoom(RoomConfig config) : room_(value(Room::create(std::move(config)))) {}
    PyRoom(const PyRoom&) = delete;
    PyRoom& operator=(const PyRoom&) = delete;
    ~PyRoom() {
        if (process_.in_child()) {
            static_cast<void>(room_.release());
            return;
        }
        const nb::gil_scoped_release release;
        room_.reset();
    }

    void bind(const BoundRecorder& recorder, const ChannelRecordingConfig& config, const std::string& name) {
        process_.check();
        Status status;
        {
            const nb::gil_scoped_release release;
            status = room_->bind({recorder.recorder, config, name});
        }
        value(std::move(status));
    }
    nb::dict join(const std::string& participant, const RoomTrackConfig& config) {
        process_.check();
        Result<RecordingTrack> track;
        {
            const nb::gil_scoped_release release;
            track = room_->join(participant, config);
        }
        return to_python(value(std::move(track)));
    }
    void leave(std::uint64_t number) {
        process_.check();
        Status status;
        {
            const nb::gil_scoped_release release;
            status = room_->leave(track(number));
        }
        value(std::move(status));
    }
    void leave_participant(const std::string& participant) {
        process_.check();
        const nb::gil_scoped_release release;
        room_->leave(participant);
    }
    void push_video(std::uint64_t number, nb::handle frame, std::optional<double> t, bool copy, std::string_view format,
                    bool limited) {
        process_.check();
        release_queued();
        GivenFrame given(frame, t, copy, format, limited);
        Status status;
        {
            const nb::gil_scoped_release release;
            status = room_->push_video(track(number), given.frame(), given.owner());
        }
        value(std::move(status));
    }
    void push_audio(std::uint64_t number, const nb::ndarray<const std::int16_t, nb::c_contig, nb::device::cpu>& samples,
                    std::optional<double> t) {
        process_.check();
        release_queued();
        Status status;
        {
            const nb::gil_scoped_release release;
            status = room_->push_audio(track(number), std::span(samples.data(), samples.size()), t);
        }
        value(std::move(status));
    }
    nb::list close() {
        process_.check();
        std::vector<RoomRecorderResult> results;
        {
            const nb::gil_scoped_release release;
            results = room_->close();
        }
        release_queued();
        nb::list all;
        for (const auto& r : results) {
            nb::list losses;
            for (const auto& loss : r.losses)
                losses.append(nb::make_tuple(loss.participant, to_string(loss.media), loss.dropped, loss.failed));
            all.append(nb::make_tuple(r.name, to_json(r.recording), losses, r.returned, r.errors));
        }
        return all;
    }
    void shut_down() {
        if (!process_.in_child()) static_cast<void>(close());
    }

 private:
    static RecordingTrack track(std::uint64_t number) {
        RecordingTrack named;
        named.number = number;
        return named;
    }

    ProcessGuard process_;
    std::unique_ptr<Room> room_;
};

BoundRecorder file_recorder(const FileRecordingConfig& config, std::uint64_t id, bool events, bool progress) {
    auto made = value(FileMediaRecorder::create(config));
    if (events) made->on_event([id](const RecorderEvent& e) { CallQueue::instance().post({id, e}); });
    if (progress) made->on_progress([id](const Progress& p) { CallQueue::instance().post({id, p}); });
    return {std::move(made), nullptr};
}

}  // namespace

void bind_room(nb::module_& m) {
    nb::class_<BoundRecorder>(m, "BoundRecorder").def("results", [](const BoundRecorder& self) {
        std::vector<std::string> all;
        if (self.sessions)
            for (const auto& result : self.sessions->results()) all.push_back(to_json(result));
        return all;
    });
    m.def(
        "file_media_recorder",
        [](const std::string& storage, const std::string& video_codec, double video_fps, const std::string& audio_codec,
           int audio_sample_rate, int audio_channels, int audio_bitrate, std::string_view format, bool tracks,
           int width, int height, const std::string& preset, int crf, int bitrate, double keyframe_s, bool all_tracks,
           double start_timeout_s, bool block, bool keep_take, std::uint64_t id, bool events, bool progress) {
            FileRecordingConfig c;
            c.storage = storage;
            c.video_codec = video_codec;
            c.video_fps = video_fps;
            c.audio_codec = audio_codec;
            c.audio_sample_rate = audio_sample_rate;
            c.audio_channels = audio_channels;
            c.audio_bitrate = audio_bitrate;
            c.format = container_format(format);
            c.layout = tracks ? RoomLayout::tracks : RoomLayout::composite;
            c.width = width;
            c.height = height;
            c.preset = preset;
            c.crf = crf;
            c.bitrate = bitrate;
            c.keyframe_s = keyframe_s;
            c.start_when = all_tracks ? RoomStart::all_tracks : RoomStart::first_media;
            c.start_timeout_s = start_timeout_s;
            c.on_full = block ? OnFull::block : OnFull::drop;
            c.keep_take = keep_take;
            return file_recorder(c, id, events, progress);
        },
        nb::kw_only(), nb::arg("storage"), nb::arg("video_codec"), nb::arg("video_fps"), nb::arg("audio_codec"),
        nb::arg("audio_sample_rate"), nb::arg("audio_channels"), nb::arg("audio_bitrate"), nb::arg("format"),
        nb::arg("tracks"), nb::arg("width"), nb::arg("height"), nb::arg("preset"), nb::arg("crf"), nb::arg("bitrate"),
        nb::arg("keyframe_s"), nb::arg("all_tracks"), nb::arg("start_timeout_s"), nb::arg("block"),
        nb::arg("keep_take"), nb::arg("id"), nb::arg("events"), nb::arg("progress"));
    m.def(
        "wav_file_recorder",
        [](const std::string& storage) {
            return BoundRecorder{std::make_shared<WavFileRecorder>(storage), nullptr};
        },
        nb::arg("storage"));
    m.def(
        "video_session_recorder",
        [](const SessionRecorder& recorder) {
            auto sessions = std::make_shared<VideoSessionRecorder>(recorder.shared());
            return BoundRecorder{sessions, sessions};
        },
        nb::arg("recorder"));
    m.def(
        "python_recorder",
        [](nb::object object, const std::string& name, double stop_timeout_s) {
            return BoundRecorder{std::make_shared<PythonRecorder>(std::move(object), name, stop_timeout_s), nullptr};
        },
        nb::arg("object"), nb::arg("name"), nb::arg("stop_timeout_s"));

    nb::class_<PyRoom>(m, "Room", nb::is_weak_referenceable())
        .def(
            "__init__",
            [](PyRoom* self, const std::string& name, bool audio, bool video, bool screen_share, int queue_size,
               double audio_queue_s, bool block) {
                new (self) PyRoom({name, channels(audio, video, screen_share), queue_size, audio_queue_s,
                                   block ? OnFull::block : OnFull::drop});
            },
            nb::arg("name"), nb::arg("audio"), nb::arg("video"), nb::arg("screen_share"), nb::arg("queue_size"),
            nb::arg("audio_queue_s"), nb::arg("block"))
        .def(
            "bind",
            [](PyRoom& self, const BoundRecorder& recorder, bool audio, bool video, bool screen_share,
               const std::string& name) { self.bind(recorder, channels(audio, video, screen_share), name); },
            nb::arg("recorder"), nb::arg("audio"), nb::arg("video"), nb::arg("screen_share"), nb::arg("name"))
        .def(
            "join",
            [](PyRoom& self, const std::string& participant, std::string_view media, double fps, int sample_rate,
               int channel_count, bool record) {
                return self.join(participant, {room_media(media), fps, sample_rate, channel_count, record});
            },
            nb::arg("participant"), nb::arg("media"), nb::arg("fps"), nb::arg("sample_rate"), nb::arg("channels"),
            nb::arg("record"),
            nb::sig("def join(self, participant: str, media: str, fps: float, sample_rate: int, channels: int, "
                    "record: bool) -> dict[str, typing.Any]"))
        .def("leave", &PyRoom::leave, nb::arg("number"))
        .def("leave_participant", &PyRoom::leave_participant, nb::arg("participant"))
        .def("push_video", &PyRoom::push_video, nb::arg("number"), nb::arg("frame"), nb::arg("t").none(),
             nb::arg("copy"), nb::arg("format"), nb::arg("limited"))
        .def("push_audio", &PyRoom::push_audio, nb::arg("number"), nb::arg("samples"), nb::arg("t").none(),
             nb::sig("def push_audio(self, number: int, samples: typing.Any, t: float | None) -> None"))
        .def("close", &PyRoom::close,
             nb::sig("def close(self) -> list[tuple[str, str, list[tuple[str, str, int, int]], bool, list[str]]]"))
        .def("shut_down", &PyRoom::shut_down);
}

}  // namespace onetake::python

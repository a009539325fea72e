#include "bindings.h"
#include "callbacks.h"
#include "config.h"
#include "given_audio.h"
#include "interruptible.h"
#include "process_guard.h"
#include "stream_frame.h"

#include <onetake/chunked_writer.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace onetake::python {

namespace {

using StreamConfig = std::variant<VideoStreamConfig, AudioStreamConfig, DataStreamConfig>;

// Passes what Python gives to a stream, as it is taken there. `push`: one of the overloads of push() or put().
template <class Push>
void give(const StreamConfig& stream, nb::handle given, bool copy, Push&& push) {
    release_queued();
    Status status;
    if (const auto* video = std::get_if<VideoStreamConfig>(&stream)) {
        StreamFrame frame(given, *video, copy);
        const nb::gil_scoped_release release;
        const auto bytes = frame.bytes();
        status = push(bytes, frame.owner(), frame.stride());
    } else if (const auto* audio = std::get_if<AudioStreamConfig>(&stream)) {
        GivenAudio samples(given, audio->channels);
        const nb::gil_scoped_release release;
        status = samples.pass_to([&](auto all) { return push(all); });
    } else {
        const PyBuffer buffer(given, "The pushed packet");
        const auto packet = packet_in(buffer);
        const nb::gil_scoped_release release;
        status = push(packet, nullptr, 0);
    }
    value(std::move(status));
}

// The queue in front of a stream's encoder; its writer is kept by Python.
struct PyEncoderQueue {
    EncoderQueue queue;
    StreamConfig config;
    const ProcessGuard* process;

    void put(nb::handle given, double t, bool copy) {
        process->check();
        give(config, given, copy, [&](auto all, auto... rest) { return queue.put(all, t, rest...); });
    }
};

// A ChunkedWriter that a forked child neither uses nor destroys, and whose calls wait for each other, but for pushing.
class PyChunkedWriter {
    template <class Call>
    auto alone(Call call) {
        process_.check();
        const nb::gil_scoped_release release;
        const std::lock_guard lock(mutex_);
        return call();
    }

 public:
    PyChunkedWriter(ChunkedWriterConfig config, std::uint64_t id, bool events, bool errors, bool names) : id_(id) {
        for (const auto& [name, stream] : config.stream_configs)
            std::visit([&, key = name](const auto& s) { streams_.emplace_back(key, s); }, stream);
        for (const auto& [name, stream] : config.sensor_stream_configs) streams_.emplace_back(name, stream);
        if (events) config.on_event = [id](const RecorderEvent& e) { CallQueue::instance().post({id, e}); };
        if (errors)
            config.on_error = [id](const std::string& stream) {
                CallQueue::instance().post({id, EncoderError{stream}});
            };
        if (names)
            config.start_chunk_callback = [id](const std::string& recording, double at, const std::string& extension) {
                return ask_for_chunk_id(id, recording, at, extension);
            };
        writer_ = value(ChunkedWriter::create(std::move(config)));
    }
    PyChunkedWriter(const PyChunkedWriter&) = delete;
    PyChunkedWriter& operator=(const PyChunkedWriter&) = delete;
    ~PyChunkedWriter() {
        if (process_.in_child()) {
            static_cast<void>(writer_.release());
            return;
        }
        const nb::gil_scoped_release release;
        writer_.reset();
    }

    void start() {
        value(alone([this] {
            auto status = writer_->start();
            if (status) recording_ = true;
            return status;
        }));
    }
    void push(const std::string& stream, nb::handle given, double t, bool copy) {
        process_.check();
        give(config_of(stream), given, copy,
             [&](auto all, auto... rest) { return writer_->push(stream, all, t, rest...); });
    }
    PyEncoderQueue queue(const std::string& stream) {
        auto found = value(alone([&] { return writer_->get_encoder_queue(stream); }));
        return {std::move(found), config_of(stream), &process_};
    }
    bool is_data_stream(const std::string& stream) const {
        process_.check();
        return writer_->is_data_stream(stream);
    }
    void mark(const std::string& text, double t) {
        process_.check();
        Status status;
        {
            const nb::gil_scoped_release release;
            status = writer_->mark(text, t);
        }
        value(std::move(status));
    }
    std::string stop(bool progress) {
        ProgressCallback on_progress;
        if (progress) on_progress = [id = id_](const Progress& p) { CallQueue::instance().post({id, p}); };
        auto result = alone([&] {
            recording_ = false;
            return writer_->stop(on_progress);
        });
        release_queued();
        return to_json(value(std::move(result)));
    }
    bool is_recording() const {
        process_.check();
        return recording_;
    }
    void shut_down() {
        if (process_.in_child()) return;
        alone([this] {
            if (recording_.exchange(false)) static_cast<void>(writer_->stop());
            return true;
        });
    }

 private:
    const StreamConfig& config_of(const std::string& stream) const {
        const auto found = std::ranges::find(streams_, stream, &std::pair<std::string, StreamConfig>::first);
        if (found == streams_.end()) raise({ErrorCode::not_found, "There is no stream \"" + stream + "\"."});
        return found->second;
    }

    ProcessGuard process_;
    const std::uint64_t id_;
    std::vector<std::pair<std::string, StreamConfig>> streams_;
    std::unique_ptr<ChunkedWriter> writer_;
    std::mutex mutex_;
    std::atomic<bool> recording_{false};
};

StampClock stamp_clock(std::string_view name) {
    if (name == "monotonic") return StampClock::monotonic;
    if (name == "realtime") return StampClock::realtime;
    raise({ErrorCode::invalid_argument, std::string(name).append(" is no clock; allowed: monotonic|realtime.")});
}

std::string record(const ChunkRecordingConfig& config, double duration_s, const nb::object& stop, std::uint64_t id,
                   bool progress, bool events) {
    ProgressCallback on_progress;
    EventCallback on_event;
    if (progress) on_progress = [id](const Progress& p) { CallQueue::instance().post({id, p}); };
    if (events) on_event = [id](const RecorderEvent& e) { CallQueue::instance().post({id, e}); };
    std::stop_source source;
    Interrupt interrupt;
    auto result =
        run_interruptible([&] { return record_chunks(config, duration_s, source.get_token(), on_progress, on_event); },
                          [&] { source.request_stop(); }, interrupt,
                          [&] {
                              if (!stop.is_none() && PyObject_IsTrue(stop.attr("is_set")().ptr()) == 1)
                                  source.request_stop();
                          });
    if (interrupt) throw nb::python_error(std::move(*interrupt));
    return to_json(value(std::move(result)));
}

}  // namespace

void bind_chunked_writer(nb::module_& m) {
    nb::class_<ChunkedWriterConfig>(m, "ChunkedWriterConfig")
        .def(
            "__init__",
            [](ChunkedWriterConfig* self, const std::string& name, const std::string& output_directory,
               double chunk_length_s, int max_encoder_queue_size, std::string_view clock, double stall_timeout_s) {
                auto* config = new (self) ChunkedWriterConfig;
                config->name = name;
                config->output_directory = output_directory;
                config->chunk_length_s = chunk_length_s;
                config->max_encoder_queue_size = max_encoder_queue_size;
                config->clock = stamp_clock(clock);
                config->stall_timeout_s = stall_timeout_s;
            },
            nb::kw_only(), nb::arg("name"), nb::arg("output_directory"), nb::arg("chunk_length_s"),
            nb::arg("max_encoder_queue_size"), nb::arg("clock"), nb::arg("stall_timeout_s"))
        .def(
            "add_video",
            [](ChunkedWriterConfig& self, const std::string& name, const VideoStreamConfig& stream) {
                self.stream_configs.emplace_back(name, stream);
            },
            nb::arg("name"), nb::arg("stream"))
        .def(
            "add_audio",
            [](ChunkedWriterConfig& self, const std::string& name, int sample_rate, int channels,
               const std::string& codec, std::int64_t bitrate, const NamedValues& metadata) {
                self.stream_configs.emplace_back(name,
                                                 AudioStreamConfig{sample_rate, channels, codec, bitrate, metadata});
            },
            nb::arg("name"), nb::kw_only(), nb::arg("sample_rate"), nb::arg("channels"), nb::arg("codec"),
            nb::arg("bitrate"), nb::arg("metadata"))
        .def(
            "add_data",
            [](ChunkedWriterConfig& self, const std::string& name, const DataStreamConfig& stream) {
                self.sensor_stream_configs.emplace_back(name, stream);
            },
            nb::arg("name"), nb::arg("stream"));

    nb::class_<PyEncoderQueue>(m, "EncoderQueue")
        .def("put", &PyEncoderQueue::put, nb::arg("given").none(), nb::arg("timestamp_s"), nb::arg("copy"))
        .def("size",
             [](const PyEncoderQueue& self) {
                 self.process->check();
                 return self.queue.size();
             })
        .def("capacity", [](const PyEncoderQueue& self) { return self.queue.capacity(); })
        .def("stream", [](const PyEncoderQueue& self) { return self.queue.stream(); });

    nb::class_<PyChunkedWriter>(m, "ChunkedWriter", nb::is_weak_referenceable())
        .def(nb::init<ChunkedWriterConfig, std::uint64_t, bool, bool, bool>(), nb::arg("config"), nb::arg("id"),
             nb::arg("events"), nb::arg("errors"), nb::arg("names"))
        .def("start", &PyChunkedWriter::start)
        .def("push", &PyChunkedWriter::push, nb::arg("stream"), nb::arg("given").none(), nb::arg("timestamp_s"),
             nb::arg("copy"))
        .def("get_encoder_queue", &PyChunkedWriter::queue, nb::arg("stream"), nb::keep_alive<0, 1>())
        .def("is_data_stream", &PyChunkedWriter::is_data_stream, nb::arg("stream"))
        .def("mark", &PyChunkedWriter::mark, nb::arg("text"), nb::arg("timestamp_s"))
        .def("stop", &PyChunkedWriter::stop, nb::arg("progress"))
        .def("is_recording", &PyChunkedWriter::is_recording)
        .def("shut_down", &PyChunkedWriter::shut_down);

    m.def(
        "record_chunks",
        [](const std::string& directory, double duration_s, double chunk_length_s, const std::string& audio_codec,
           const Settings& flat, const nb::object& video, const nb::object& audio, const nb::object& stop,
           std::uint64_t id, bool progress, bool events) {
            return record({directory, chunk_length_s, audio_codec, config_from(flat, video, audio)}, duration_s, stop,
                          id, progress, events);
        },
        nb::arg("directory"), nb::arg("duration_s"), nb::arg("chunk_length_s"), nb::arg("audio_codec"), nb::arg("flat"),
        nb::arg("video").none(), nb::arg("audio").none(), nb::arg("stop").none(), nb::arg("id"), nb::arg("progress"),
        nb::arg("events"));
}

}  // namespace onetake::python

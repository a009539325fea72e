#include "arrays.h"
#include "bindings.h"
#include "config.h"
#include "container.h"
#include "interruptible.h"
#include "process_guard.h"

#include <onetake/video_recorder.h>

#include <memory>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>
#include <utility>

namespace onetake::python {

namespace {

// The format of a compressed frame; empty for raw ones and JPEGs.
std::optional<VideoFrameFormat> compressed_format(std::string_view name) {
    for (const auto format : {VideoFrameFormat::h264, VideoFrameFormat::h265, VideoFrameFormat::vp8,
                              VideoFrameFormat::vp9, VideoFrameFormat::av1})
        if (to_string(format) == name) return format;
    return std::nullopt;
}

VideoFrameFormat raw_format(ImageFormat format) {
    switch (format) {
        case ImageFormat::bgr:
            return VideoFrameFormat::raw_bgr24;
        case ImageFormat::rgb:
            return VideoFrameFormat::raw_rgb24;
        case ImageFormat::gray:
            return VideoFrameFormat::raw_gray8;
        case ImageFormat::nv12:
            return VideoFrameFormat::raw_nv12;
        case ImageFormat::i420:
            return VideoFrameFormat::raw_i420;
    }
    return VideoFrameFormat::raw_bgr24;
}

// A VideoRecorder that a forked child neither uses nor destroys.
class SessionRecorder {
 public:
    explicit SessionRecorder(VideoRecordingConfig config)
        : recorder_(value(VideoRecorder::create(std::move(config)))) {}
    SessionRecorder(const SessionRecorder&) = delete;
    SessionRecorder& operator=(const SessionRecorder&) = delete;
    ~SessionRecorder() {
        if (process_.in_child()) {
            static_cast<void>(recorder_.release());
            return;
        }
        const nb::gil_scoped_release release;
        recorder_.reset();
    }

    std::uint64_t start(const std::string& session_id) {
        process_.check();
        release_queued();
        Result<VideoRecordingHandle> handle;
        {
            const nb::gil_scoped_release release;
            handle = recorder_->start(session_id);
        }
        return value(std::move(handle)).number;
    }

    void tap_frame(std::uint64_t number, nb::handle frame, std::optional<double> t, bool copy, std::string_view format,
                   bool limited) {
        process_.check();
        release_queued();
        auto buffer = std::make_unique<PyBuffer>(frame, "The frame");
        VideoFrame tapped;
        tapped.t = t;
        tapped.range = limited ? PixelRange::limited : PixelRange::full;
        std::shared_ptr<const void> owner;
        Status status;
        if (const auto compressed = compressed_format(format)) {
            tapped.format = *compressed;
            const nb::gil_scoped_release release;
            status = recorder_->tap_frame({{}, number}, tapped);
        } else {
            const auto image = image_in(*buffer, image_format(format));
            const bool direct = image.is_jpeg ? image.column_stride == 1 : image.direct();
            if (!copy && direct && !image.is_jpeg) owner = queued_release(std::move(buffer));
            const nb::gil_scoped_release release;
            std::vector<std::uint8_t> packed;
            if (!direct) packed = image.packed();
            tapped.format = image.is_jpeg ? VideoFrameFormat::jpeg : raw_format(image.view.format);
            tapped.width = image.view.width;
            tapped.height = image.view.height;
            tapped.stride = direct ? image.view.stride : 0;
            if (!direct)
                tapped.bytes = packed;
            else if (image.is_jpeg)
                tapped.bytes = {image.first, static_cast<std::size_t>(image.columns)};
            else
                tapped.bytes = image.view.pixels;
            status = recorder_->tap_frame({{}, number}, tapped, std::move(owner));
        }
        value(std::move(status));
    }

    std::string stop(std::uint64_t number) {
        process_.check();
        Result<VideoRecordingResult> result;
        {
            const nb::gil_scoped_release release;
            result = recorder_->stop({{}, number});
        }
        release_queued();
        return to_json(value(std::move(result)));
    }

    std::vector<std::string> close() {
        process_.check();
        std::vector<VideoRecordingResult> results;
        {
            const nb::gil_scoped_release release;
            results = recorder_->close();
        }
        release_queued();
        std::vector<std::string> texts;
        for (const auto& result : results) texts.push_back(to_json(result));
        return texts;
    }

    std::string record(const std::string& session_id, const Settings& source, double duration_s) {
        process_.check();
        const auto config = config_from(source, nb::none(), nb::none());
        std::stop_source stop;
        return to_json(value(run_interruptible(
            [&] { return recorder_->record(session_id, config.video.at(0), duration_s, stop.get_token()); },
            [&] { stop.request_stop(); })));
    }

    void shut_down() {
        if (process_.in_child()) return;
        static_cast<void>(close());
    }

 private:
    ProcessGuard process_;
    std::unique_ptr<VideoRecorder> recorder_;
};

}  // namespace

void bind_video_recorder(nb::module_& m) {
    nb::class_<SessionRecorder>(m, "SessionRecorder", nb::is_weak_referenceable())
        .def(
            "__init__",
            [](SessionRecorder* self, const std::string& storage, std::string_view format, const std::string& codec,
               double fps, const std::string& preset, int crf, int bitrate, double keyframe_s, bool limited,
               int queue_size, bool block, bool keep_take) {
                new (self) SessionRecorder({storage, container_format(format), codec, fps, preset, crf, bitrate,
                                            keyframe_s, limited ? PixelRange::limited : PixelRange::full, queue_size,
                                            block ? OnFull::block : OnFull::drop, keep_take});
            },
            nb::kw_only(), nb::arg("storage"), nb::arg("format"), nb::arg("codec"), nb::arg("fps"), nb::arg("preset"),
            nb::arg("crf"), nb::arg("bitrate"), nb::arg("keyframe_s"), nb::arg("limited"), nb::arg("queue_size"),
            nb::arg("block"), nb::arg("keep_take"))
        .def("start", &SessionRecorder::start, nb::arg("session_id"))
        .def("tap_frame", &SessionRecorder::tap_frame, nb::arg("number"), nb::arg("frame").none(), nb::arg("t").none(),
             nb::arg("copy"), nb::arg("format"), nb::arg("limited"))
        .def("stop", &SessionRecorder::stop, nb::arg("number"))
        .def("record", &SessionRecorder::record, nb::arg("session_id"), nb::arg("source"), nb::arg("duration"))
        .def("close", &SessionRecorder::close)
        .def("shut_down", &SessionRecorder::shut_down);
    m.def(
        "recover_recordings",
        [](const std::string& storage) {
            Result<std::vector<RecoveredRecording>> all;
            {
                const nb::gil_scoped_release release;
                all = recover_recordings(storage);
            }
            nb::list list;
            for (const auto& one : value(std::move(all)))
                list.append(nb::make_tuple(one.take, one.path, one.steps, one.failures));
            return list;
        },
        nb::arg("storage"),
        nb::sig("def recover_recordings(storage: str) -> list[tuple[str, str, list[str], list[str]]]"));
}

}  // namespace onetake::python

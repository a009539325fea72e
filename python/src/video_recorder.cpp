#include "bindings.h"
#include "container.h"
#include "session_recorder.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

namespace onetake::python {

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

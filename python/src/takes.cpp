#include "bindings.h"
#include "container.h"
#include "errors.h"
#include "interruptible.h"

#include <onetake/markers.h>
#include <onetake/take.h>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

namespace onetake::python {

namespace {

std::string_view to_string(TakeState state) {
    switch (state) {
        case TakeState::recording:
            return "recording";
        case TakeState::broken:
            return "broken";
        case TakeState::complete:
            return "complete";
        case TakeState::rendered:
            break;
    }
    return "rendered";
}

nb::dict to_python(const TrackCounters& c) {
    nb::dict d;
    d["track"] = c.track;
    d["kind"] = c.kind;
    d["expected"] = c.expected;
    d["written"] = c.written;
    d["dropped_queue"] = c.dropped_queue;
    d["dropped_driver"] = c.dropped_driver;
    d["corrupt"] = c.corrupt;
    d["dropped_disk"] = c.dropped_disk;
    return d;
}

nb::dict to_python(const OutputFileInfo& o) {
    nb::dict d;
    d["path"] = o.path;
    d["take"] = o.take;
    d["complete"] = o.complete;
    d["audio"] = o.audio;
    d["model"] = o.model;
    d["settings"] = o.settings;
    return d;
}

nb::dict to_python(const TakeSummary& t) {
    nb::dict d;
    d["name"] = t.name;
    d["state"] = to_string(t.state);
    d["duration_s"] = t.duration_s;
    d["frames"] = t.frames;
    d["packets"] = t.packets;
    d["bytes"] = t.bytes;
    d["created"] = t.created;
    nb::list counters;
    for (const auto& c : t.counters) counters.append(to_python(c));
    d["counters"] = counters;
    d["output"] = t.output ? nb::object(to_python(*t.output)) : nb::none();
    d["problem"] = t.problem;
    return d;
}

nb::list list_takes_in(const std::string& data_dir, const std::string& processed_dir,
                       std::optional<std::string_view> container) {
    std::optional<ContainerFormat> format;
    if (container) format = container_format(*container);
    auto takes = [&] {
        const nb::gil_scoped_release release;
        return list_takes(data_dir, processed_dir, format);
    }();
    nb::list all;
    for (const auto& take : value(std::move(takes))) all.append(to_python(take));
    return all;
}

AudioStamps audio_stamps(std::string_view name) {
    if (name == "automatic") return AudioStamps::automatic;
    if (name == "capture") return AudioStamps::capture;
    if (name == "arrival") return AudioStamps::arrival;
    raise({ErrorCode::invalid_argument,
           "audio_stamps is one of automatic, capture, arrival, not '" + std::string(name) + "'."});
}

std::string import_files(const std::string& name, const std::string& frames_dir, const std::string& frame_times_path,
                         const std::string& audio_path, const std::string& audio_times_path, std::string_view stamps,
                         const std::string& data_dir) {
    std::stop_source cancel;
    const ImportOptions options{name,       frames_dir,        frame_times_path,
                                audio_path, audio_times_path,  audio_stamps(stamps),
                                data_dir,   cancel.get_token()};
    return to_json(value(run_interruptible([&] { return import_take(options); }, [&] { cancel.request_stop(); })));
}

}  // namespace

void bind_takes(nb::module_& m) {
    m.def("list_takes", &list_takes_in, nb::arg("data_dir"), nb::arg("processed_dir"), nb::arg("container").none(),
          nb::sig("def list_takes(data_dir: str, processed_dir: str, container: str | None) -> list[dict[str, "
                  "typing.Any]]"));
    m.def("import_take", &import_files, nb::arg("name"), nb::arg("frames_dir"), nb::arg("frame_times_path"),
          nb::arg("audio_path"), nb::arg("audio_times_path"), nb::arg("audio_stamps"), nb::arg("data_dir"));
    m.def(
        "check_take",
        [](const std::string& data_dir, const std::string& name, const std::string& processed_dir, bool decode_all) {
            return to_json(
                value(run_interruptible([&] { return check_take(data_dir, name, processed_dir, decode_all); }, [] {})));
        },
        nb::arg("data_dir"), nb::arg("name"), nb::arg("processed_dir"), nb::arg("decode_all"));
    m.def(
        "recover_take",
        [](const std::string& data_dir, const std::string& name, const std::string& processed_dir) {
            return to_json(
                value(run_interruptible([&] { return recover_take(data_dir, name, processed_dir); }, [] {})));
        },
        nb::arg("data_dir"), nb::arg("name"), nb::arg("processed_dir"));
    m.def(
        "mark_take",
        [](const std::string& data_dir, const std::string& name, const std::string& text) {
            Status status;
            {
                const nb::gil_scoped_release release;
                status = mark_take(data_dir, name, text);
            }
            value(std::move(status));
        },
        nb::arg("data_dir"), nb::arg("name"), nb::arg("text"));
}

}  // namespace onetake::python

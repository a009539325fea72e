#include "bindings.h"
#include "errors.h"

#include <onetake/devices.h>
#include <onetake/version.h>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace onetake::python {

namespace {

nb::list video_devices() {
    const auto devices = [] {
        const nb::gil_scoped_release release;
        return list_video_devices();
    }();
    nb::list all;
    for (const auto& device : devices) {
        nb::dict d;
        d["index"] = device.index;
        d["path"] = device.path;
        d["stable_id"] = device.stable_id;
        d["name"] = device.name;
        d["driver"] = device.driver;
        nb::list modes;
        for (const auto& mode : device.modes) {
            nb::dict m;
            m["fourcc"] = mode.fourcc;
            m["width"] = mode.width;
            m["height"] = mode.height;
            m["fps"] = mode.fps;
            modes.append(m);
        }
        d["modes"] = modes;
        d["problem"] = device.problem;
        all.append(d);
    }
    return all;
}

nb::list audio_devices() {
    auto devices = [] {
        const nb::gil_scoped_release release;
        return list_audio_devices();
    }();
    nb::list all;
    for (const auto& device : value(std::move(devices))) {
        nb::dict d;
        d["index"] = device.index;
        d["name"] = device.name;
        d["host_api"] = device.host_api;
        d["channels"] = device.channels;
        d["default_sample_rate"] = device.default_sample_rate;
        d["is_default"] = device.is_default;
        all.append(d);
    }
    return all;
}

nb::list parts_found() {
    const auto found = [] {
        const nb::gil_scoped_release release;
        return capabilities();
    }();
    nb::list all;
    for (const auto& c : found) {
        nb::dict d;
        d["name"] = c.name;
        d["found"] = c.found;
        d["detail"] = c.detail;
        all.append(d);
    }
    return all;
}

}  // namespace

void bind_devices(nb::module_& m) {
    m.def("list_video_devices", &video_devices, nb::sig("def list_video_devices() -> list[dict[str, typing.Any]]"));
    m.def("list_audio_devices", &audio_devices, nb::sig("def list_audio_devices() -> list[dict[str, typing.Any]]"));
    m.def("capabilities", &parts_found, nb::sig("def capabilities() -> list[dict[str, typing.Any]]"));
}

}  // namespace onetake::python

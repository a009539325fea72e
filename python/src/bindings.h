#pragma once

#include <nanobind/nanobind.h>

/// The extension module `onetake._onetake`: what the package's Python files are made of. One function per area of the
/// public headers, each in a file of its own; module.cpp calls them all.
namespace onetake::python {

namespace nb = nanobind;

void bind_arrays(nb::module_& m);
void bind_callbacks(nb::module_& m);
void bind_chunked_writer(nb::module_& m);
void bind_config(nb::module_& m);
void bind_devices(nb::module_& m);
void bind_merge(nb::module_& m);
void bind_models(nb::module_& m);
void bind_reader(nb::module_& m);
void bind_recorder(nb::module_& m);
void bind_room(nb::module_& m);
void bind_sidecar(nb::module_& m);
void bind_stream_encoder(nb::module_& m);
void bind_sync(nb::module_& m);
void bind_takes(nb::module_& m);
void bind_video_recorder(nb::module_& m);

}  // namespace onetake::python

#include "bindings.h"

#include <onetake/version.h>

#include <nanobind/stl/string.h>

NB_MODULE(_onetake, m) {
    using namespace onetake::python;
    m.doc() = "The library's calls. Private: use the package onetake.";
    m.def("version", &onetake::version);
    bind_arrays(m);
    bind_callbacks(m);
    bind_stream_encoder(m);
    bind_chunked_writer(m);
    bind_config(m);
    bind_devices(m);
    bind_merge(m);
    bind_models(m);
    bind_reader(m);
    bind_recorder(m);
    bind_room(m);
    bind_sidecar(m);
    bind_sync(m);
    bind_takes(m);
    bind_video_recorder(m);
}

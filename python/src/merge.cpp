#include "bindings.h"
#include "errors.h"
#include "interruptible.h"

#include <onetake/merge.h>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace onetake::python {

namespace {

template <class Parts>
std::string merge(Result<MergeResult> (*call)(const Parts&, const std::string&, const MergeOptions&),
                  const Parts& parts, const std::string& out, bool replace, bool remove_chunks) {
    std::stop_source cancel;
    const MergeOptions options{replace, remove_chunks, cancel.get_token()};
    return to_json(value(run_interruptible([&] { return call(parts, out, options); }, [&] { cancel.request_stop(); })));
}

}  // namespace

void bind_merge(nb::module_& m) {
    m.def(
        "merge_stream_files",
        [](const std::vector<std::string>& parts, const std::string& out, bool replace, bool remove_chunks) {
            return merge(&merge_stream_files, parts, out, replace, remove_chunks);
        },
        nb::arg("parts"), nb::arg("out"), nb::arg("replace"), nb::arg("remove_chunks"));
    m.def(
        "merge_recording_chunks",
        [](const std::string& dir, const std::string& out, bool replace, bool remove_chunks) {
            return merge(&merge_recording_chunks, dir, out, replace, remove_chunks);
        },
        nb::arg("dir"), nb::arg("out"), nb::arg("replace"), nb::arg("remove_chunks"));
}

}  // namespace onetake::python

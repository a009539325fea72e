#include "bindings.h"
#include "errors.h"
#include "interruptible.h"

#include <onetake/models.h>

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

namespace onetake::python {

namespace {

nb::list models() {
    nb::list all;
    for (const auto& model : denoise_models()) {
        nb::dict d;
        d["variant"] = model.variant;
        d["sample_rate"] = model.sample_rate;
        d["use"] = model.use;
        d["bytes"] = model.bytes;
        all.append(d);
    }
    return all;
}

nb::dict to_python(const StoredModel& model) {
    nb::dict d;
    d["path"] = model.path;
    d["sha256"] = model.sha256;
    d["bytes"] = model.bytes;
    d["sample_rate"] = model.sample_rate;
    d["warning"] = model.warning;
    d["downloaded"] = model.downloaded;
    return d;
}

}  // namespace

void bind_models(nb::module_& m) {
    m.def("denoise_models", &models, nb::sig("def denoise_models() -> list[dict[str, typing.Any]]"));
    m.def(
        "denoise_model_url", [](std::string_view variant) { return value(denoise_model_url(variant)); },
        nb::arg("variant"));
    m.def("denoise_model_folder", &denoise_model_folder);
    m.def("denoise_model_path", &denoise_model_path, nb::arg("variant"), nb::arg("folder"));
    m.def(
        "download_denoise_model",
        [](const std::string& variant, const std::string& folder, const std::string& url, const std::string& sha256) {
            std::stop_source cancel;
            const DownloadOptions options{folder, url, sha256, {}, cancel.get_token()};
            return to_python(value(run_interruptible([&] { return download_denoise_model(variant, options); },
                                                     [&] { cancel.request_stop(); })));
        },
        nb::arg("variant"), nb::arg("folder"), nb::arg("url"), nb::arg("sha256"),
        nb::sig("def download_denoise_model(variant: str, folder: str, url: str, sha256: str) -> "
                "dict[str, typing.Any]"));
    m.def(
        "verify_denoise_model",
        [](const std::string& path) {
            auto model = [&] {
                const nb::gil_scoped_release release;
                return verify_denoise_model(path);
            }();
            return to_python(value(std::move(model)));
        },
        nb::arg("path"), nb::sig("def verify_denoise_model(path: str) -> dict[str, typing.Any]"));
}

}  // namespace onetake::python

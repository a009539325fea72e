#include "bindings.h"
#include "config.h"
#include "errors.h"
#include "interruptible.h"

#include <onetake/calibration.h>
#include <onetake/selftest.h>

#include <nanobind/stl/string.h>

namespace onetake::python {

namespace {

std::string run_selftest(double duration_s, int width, int height, double fps, double limit_ms,
                         const std::string& folder) {
    std::stop_source cancel;
    const SelftestOptions options{duration_s, width, height, fps, limit_ms, folder, cancel.get_token()};
    return to_json(value(run_interruptible([&] { return selftest(options); }, [&] { cancel.request_stop(); })));
}

// `show_flash` is called on the library's thread while this one waits without the GIL. An exception in it ends the
// calibration and is raised here.
std::string run_calibration(const Settings& flat, const nb::object& video, const nb::object& audio,
                            const std::string& take, bool store, double tone_hz, int flashes, double screen_delay_ms,
                            const nb::object& show_flash) {
    const auto config = config_from(flat, video, audio);
    std::stop_source cancel;
    CalibrateOptions options{take, store, tone_hz, flashes, screen_delay_ms, {}, cancel.get_token()};
    Interrupt raised;
    const nb::handle show = show_flash;  // kept by the caller's frame
    if (!show_flash.is_none())
        options.show_flash = [&raised, &cancel, show](bool lit) {
            const nb::gil_scoped_acquire acquire;
            try {
                show(lit);
            } catch (nb::python_error& e) {
                if (!raised) raised.emplace(std::move(e));
                cancel.request_stop();
            }
        };
    auto report = run_interruptible([&] { return calibrate(config, options); }, [&] { cancel.request_stop(); });
    if (raised) throw nb::python_error(std::move(*raised));
    return to_json(value(std::move(report)));
}

}  // namespace

void bind_sync(nb::module_& m) {
    m.def("selftest", &run_selftest, nb::arg("duration_s"), nb::arg("width"), nb::arg("height"), nb::arg("fps"),
          nb::arg("limit_ms"), nb::arg("folder"));
    m.def("calibrate", &run_calibration, nb::arg("flat"), nb::arg("video").none(), nb::arg("audio").none(),
          nb::arg("take"), nb::arg("store"), nb::arg("tone_hz"), nb::arg("flashes"), nb::arg("screen_delay_ms"),
          nb::arg("show_flash").none());
}

}  // namespace onetake::python

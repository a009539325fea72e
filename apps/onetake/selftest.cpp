#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "summary.h"

#include <onetake/selftest.h>

namespace onetake::cli {

namespace {

void add_number(CommandLine& app, const std::string& flag, double& value, double min, double max,
                const std::string& text) {
    app.add_option_function<std::string>(
           flag, [&value, flag, min, max](const std::string& given) { value = number_of(flag, given, min, max); }, text)
        ->type_name("N");
}

}  // namespace

int selftest_command(const Args& args) {
    SelftestOptions options;
    bool json = false, quiet = false;
    CommandLine app{
        "Record flashes and beeps, render them, and measure how well audio and video\n"
        "are in sync on this machine. Needs no camera and no microphone.",
        "onetake selftest"};
    app.add_option_function<std::string>(
           "--duration",
           [&options](const std::string& given) { options.duration_s = duration_of("--duration", given, 3, 600); },
           "seconds to record (6)")
        ->type_name("S");
    add_number(app, "--limit-ms", options.limit_ms, 0.001, 1000, "largest error that passes (1)");
    app.add_option("--folder", options.folder, "where to record, on the disk to test (a temporary folder)")
        ->type_name("DIR");
    app.add_flag("--json", json, "print JSON");
    app.add_flag("--quiet", quiet, "print errors only");
    app.footer("Example: onetake selftest --duration 20");
    if (const auto code = parse(app, args)) return *code;

    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    options.cancel = cancel.get_token();
    const auto result = selftest(options);
    if (!result) return report(result.error());
    if (json)
        print(to_json(*result) + "\n");
    else if (!quiet)
        print(summary(*result));
    if (result->passed()) return kDone;
    for (const auto& check : result->checks)
        if (!check.passed) print_error("self test: " + check.name + ": " + check.detail);
    return kFailed;
}

}  // namespace onetake::cli

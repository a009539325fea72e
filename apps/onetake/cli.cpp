#include "cli.h"

#include "help_format.h"
#include "profile.h"
#include "suggest.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>

namespace onetake::cli {

namespace {

bool stdout_failed = false;

std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const auto* option : app.get_options())
        for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
    return flags;
}

std::string too_many_text(const CommandLine& app, const Args& extras) {
    const auto option = std::find_if(extras.begin(), extras.end(), [](const auto& e) { return e.starts_with('-'); });
    if (option != extras.end()) {
        const auto name = option->substr(0, option->find('='));
        return fmt::format("there is no option {}{}", name, did_you_mean(name, flags_of(app)));
    }
    const auto extra = extras.empty() ? std::string() : extras[0];
    const auto hint =
        app.argument_flag().empty() ? std::string() : fmt::format("; did you mean {} {}?", app.argument_flag(), extra);
    return fmt::format("'{}' is one argument too many{}", extra, hint);
}

std::string usage_text(const CommandLine& app, const CLI::ParseError& error) {
    const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    return fmt::format("{} (see {} --help)", extras ? too_many_text(app, app.remaining()) : error.what(),
                       app.get_name());
}

std::string loss_text(const TrackCounters& counters) {
    const auto lost = counters.lost();
    const char* unit = counters.kind == "audio" ? "samples" : counters.kind == "data" ? "packets" : "frames";
    if (!counters.balanced())
        return fmt::format("the counters of {} don't add up ({} {} expected, {} written, {} lost)", counters.track,
                           counters.expected, unit, counters.written, lost);
    return lost == 0 ? "" : fmt::format("{} lost {} of {} {}", counters.track, lost, counters.expected, unit);
}

}  // namespace

CommandLine::CommandLine(const std::string& description, const std::string& name) : CLI::App(description, name) {
    set_help_flag("-h,--help", "show this");
    set_help_all_flag("--help-all", "show every option");
    option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

std::optional<int> parse(CommandLine& app, const Args& args) {
    try {
        Args reversed = with_profile(app, args);
        std::reverse(reversed.begin(), reversed.end());
        app.parse(reversed);
        return {};
    } catch (const CLI::CallForHelp&) {
        print(help_text(app, HelpScope::common));
        return finish_output(kDone);
    } catch (const CLI::CallForAllHelp&) {
        print(help_text(app, HelpScope::all));
        return finish_output(kDone);
    } catch (const CLI::ParseError& error) {
        print_error(usage_text(app, error));
        return kUsage;
    }
}

int worse(int a, int b) {
    constexpr auto rank = [](int code) { return code == kFailed ? 3 : code == kUsage ? 2 : code == kLosses ? 1 : 0; };
    return rank(b) > rank(a) ? b : a;
}

void print_error(std::string_view message) {
    std::string line = fmt::format("onetake: {}", message);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

int report(const Error& error) {
    print_error(error.message);
    return error.code == ErrorCode::invalid_argument ? kUsage : kFailed;
}

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size() && errno != EPIPE) stdout_failed = true;
}

int finish_output(int code) {
    if (std::fflush(stdout) != 0 && errno != EPIPE) stdout_failed = true;
    if (!stdout_failed) return code;
    print_error("standard output could not be written; is the disk it goes to full?");
    return kFailed;
}

int report_losses(const TakeResult& result) {
    if (!result.metrics.lossy() && result.metrics.balanced()) return kDone;
    std::string text;
    for (const auto& counters : result.metrics.counters)
        if (const auto loss = loss_text(counters); !loss.empty()) text += (text.empty() ? "" : "; ") + loss;
    if (text.empty()) text = "there are losses, see the notes";
    print_error(fmt::format("{}: {}", result.name, text));
    return kLosses;
}

int report_failures(const TakeResult& result, int code) {
    for (const auto& failure : result.failures) print_error(fmt::format("{}: {}", result.name, failure));
    return result.failures.empty() || code == kEndedEarly ? code : kFailed;
}

}  // namespace onetake::cli

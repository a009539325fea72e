#pragma once

#include <onetake/metrics.h>
#include <onetake/result.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What every command shares: its arguments, exit codes and output.
namespace onetake::cli {

using Args = std::vector<std::string>;

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kLosses = 3, kEndedEarly = 4 };

/// A command's parser: the last value of a repeated option counts, `--help-all` exists.
class CommandLine : public CLI::App {
 public:
    CommandLine(const std::string& description, const std::string& name);

    /// Shows an option of this command only with --help-all.
    void keep_for_help_all(const CLI::Option* option) { rare_.insert(option); }
    bool is_rare(const CLI::Option* option) const { return rare_.contains(option); }
    /// What to suggest for an argument too many: the option that it may have been meant for.
    void hint_for_argument(std::string flag) { argument_flag_ = std::move(flag); }
    const std::string& argument_flag() const { return argument_flag_; }

 private:
    std::set<const CLI::Option*> rare_;
    std::string argument_flag_;
};

/// The more serious of two exit codes: failure, wrong usage, losses, in this order.
int worse(int a, int b);

/// Parses a command's arguments. A value is the code to exit with: help was printed, or the usage is wrong and was
/// reported.
std::optional<int> parse(CommandLine& app, const Args& args);

/// `onetake: <message>` on stderr, one line whatever the message holds.
void print_error(std::string_view message);
/// Prints the error and returns the exit code for it.
int report(const Error& error);

/// Writes to stdout. A closed pipe is not an error; a full disk is reported by finish_output().
void print(std::string_view text);
/// `code`, or kFailed (reported) if stdout could not be written.
int finish_output(int code);

/// kLosses (reported on stderr, naming the tracks) if the take has losses or its counters don't add up; else kDone.
int report_losses(const TakeResult& result);
/// kFailed, unless the take ended early, if something that was asked for was not done: reported on stderr, a line each.
/// Else `code`.
int report_failures(const TakeResult& result, int code);

}  // namespace onetake::cli

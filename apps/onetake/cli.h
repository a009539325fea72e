#pragma once

#include <onetake/metrics.h>
#include <onetake/result.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What every command shares: its arguments, its exit codes, its way to speak.
namespace onetake::cli {

using Args = std::vector<std::string>;

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kLosses = 3, kEndedEarly = 4 };

/// A command's parser with the house's habits: a repeated option's last value counts, `--help-all` exists.
class CommandLine : public CLI::App {
 public:
    CommandLine(const std::string& description, const std::string& name);

    /// Shows an option of this command only with --help-all.
    void keep_for_help_all(const CLI::Option* option) { rare_.insert(option); }
    bool is_rare(const CLI::Option* option) const { return rare_.contains(option); }

 private:
    std::set<const CLI::Option*> rare_;
};

/// Parses a command's arguments. A value is the code to leave with at once: help was asked for, or the usage is wrong
/// and has been said.
std::optional<int> parse(CommandLine& app, const Args& args);

/// `onetake: <message>` on stderr, one line whatever the message holds.
void say_error(std::string_view message);
/// Says the error and gives the code to leave with.
int report(const Error& error);

/// Writes to stdout. A reader that went away is not an error; leaves a full disk to finish_output().
void print(std::string_view text);
/// `code`, or kFailed (said) if stdout could not be written.
int finish_output(int code);

/// kLosses (said on stderr, naming the tracks) if the take lost anything or its books don't balance; else kDone.
int report_losses(const TakeResult& result);

}  // namespace onetake::cli

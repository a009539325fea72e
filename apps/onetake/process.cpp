#include "commands.h"
#include "config_flags.h"
#include "interrupt.h"
#include "progress.h"
#include "render_wishes.h"
#include "summary.h"
#include "take_argument.h"

#include <onetake/recorder.h>
#include <onetake/take.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

namespace onetake::cli {

namespace {

struct ProcessArguments {
    RecorderConfig config;
    std::vector<std::string> names;
    bool all = false;
    bool make_mp4 = true;
    std::optional<bool> enhance;
    bool force = false;
    int jobs = 1;
    OutputFlags output;
};

void add_options(CommandLine& app, ProcessArguments& options) {
    app.add_option("NAME", options.names, "takes: names in the data folder, or paths")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--all", options.all, "every take that has no MP4 yet, or not as asked for");
    app.add_option_function<std::string>(
           "--jobs,-j",
           [&options](const std::string& value) {
               options.jobs = static_cast<int>(number_of("--jobs", value, 1, 256));
           },
           "takes to render at the same time (1)")
        ->type_name("N");
    app.add_flag("--mp4,!--no-mp4", options.make_mp4, "render the MP4 (yes)");
    app.add_flag_function(
        "--enhance,!--no-enhance", [&options](std::int64_t count) { options.enhance = count > 0; },
        "enhance speech (as configured)");
    app.add_flag("--force", options.force, "replace another take's MP4, or a better one");
    add_config_flags(app, options.config, [](const FieldInfo& field) {
        return field.group == FieldGroup::render || field.group == FieldGroup::enhance || is_take_folder(field);
    });
    options.output.add_to(app);
    app.footer("Example: onetake process interview --crf 20");
}

/// The takes to render for --all: also those that were not closed, but not those that are being recorded.
Result<std::vector<std::string>> unrendered(const RecorderConfig& config, const RenderWishes& wishes) {
    if (auto status = check_data_dir(config.data_dir); !status) return fail(status.error());
    const auto takes = list_takes(config.data_dir, config.processed_dir, wishes.container());
    if (!takes) return fail(takes.error());
    std::vector<std::string> names;
    for (const auto& take : *takes) {
        if (take.state == TakeState::rendered && wishes.met_by(*take.output)) continue;
        if (take.state == TakeState::recording)
            print_error(fmt::format("{}: skipped, it is being recorded", take.name));
        else
            names.push_back(take.name);
    }
    return names;
}

int show(const Result<TakeResult>& result, const std::string& name, const OutputFlags& output) {
    if (!result) {
        if (output.json)
            print(nlohmann::ordered_json{{"name", name}, {"error", result.error().message}}.dump(
                      -1, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n");
        return report(result.error());
    }
    if (output.json)
        print(nlohmann::ordered_json::parse(to_json(*result)).dump() + "\n");
    else if (!output.quiet)
        print(rendering_summary(*result));
    return report_failures(*result, report_losses(*result));
}

/// Renders the takes, several at the same time, and prints their results in the order of their names.
class Rendering {
 public:
    explicit Rendering(const ProcessArguments& options)
        : options_(options),
          line_(options.output),
          fractions_(options.names.size(), 0),
          results_(options.names.size()),
          began_(std::chrono::steady_clock::now()) {}

    int run() {
        const Interrupt interrupt(cancel_);
        std::vector<std::thread> workers;
        const auto count = std::min<std::size_t>(static_cast<std::size_t>(options_.jobs), options_.names.size());
        for (std::size_t i = 1; i < count; ++i) workers.emplace_back([this] { work(); });
        work();
        for (auto& worker : workers) worker.join();
        report_left();
        return code_;
    }

 private:
    struct Done {
        Result<TakeResult> result;
        std::string name;
    };

    void work() {
        for (;;) {
            if (cancel_.stop_requested()) return;
            const auto index = next_++;
            if (index >= options_.names.size()) return;
            auto done = render(index);
            const std::lock_guard lock(mutex_);
            fractions_[index] = 1;
            results_[index].emplace(std::move(done));
            line_.clear();
            for (; shown_ < results_.size() && results_[shown_]; ++shown_) {
                code_ = worse(code_, show(results_[shown_]->result, results_[shown_]->name, options_.output));
                results_[shown_].reset();
            }
        }
    }

    // After a signal, which may come when nothing of the takes that were begun can be cancelled any more.
    void report_left() {
        const auto all = options_.names.size(), begun = std::min<std::size_t>(next_, all);
        if (begun == all) return;
        if (options_.output.json)
            for (auto i = begun; i < all; ++i)
                print(nlohmann::ordered_json{{"name", take_argument(options_.names[i], options_.config.data_dir).name},
                                             {"error", "Cancelled before it was begun."}}
                          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                      "\n");
        line_.clear();
        print_error(fmt::format("cancelled; not processed: {} of {} takes, from {} on", all - begun, all,
                                options_.names[begun]));
        code_ = worse(code_, kFailed);
    }

    Done render(std::size_t index) {
        const auto take = take_argument(options_.names[index], options_.config.data_dir);
        auto config = options_.config;
        config.data_dir = take.data_dir;
        auto recorder = AVRecorder::create(config);
        if (!recorder) return {fail(recorder.error()), take.name};
        recorder->on_progress([this, index](const Progress& progress) { show_progress(index, progress); });
        auto result =
            recorder->process(take.name, {options_.make_mp4, options_.enhance, options_.force, cancel_.get_token()});
        if (!result && result.error().code == ErrorCode::not_found) result.error().message += other_take_hint(take);
        return {std::move(result), take.name};
    }

    /// Of one take as it is; of several, of all of them together.
    void show_progress(std::size_t index, Progress progress) {
        const std::lock_guard lock(mutex_);
        if (fractions_.size() > 1) {
            fractions_[index] = std::max(fractions_[index], std::clamp(progress.fraction, 0.0, 1.0) * kNotDone);
            progress.fraction =
                std::accumulate(fractions_.begin(), fractions_.end(), 0.0) / static_cast<double>(fractions_.size());
            progress.speed = 0;
            const std::chrono::duration<double> since = std::chrono::steady_clock::now() - began_;
            progress.eta_s.reset();
            if (progress.fraction > kEtaKnownFrom) progress.eta_s = since.count() * (1 / progress.fraction - 1);
            const auto done = static_cast<std::size_t>(std::count(fractions_.begin(), fractions_.end(), 1.0));
            line_.show(progress, TakesDone{done, fractions_.size()});
            return;
        }
        line_.show(progress);
    }

    static constexpr double kNotDone = 0.999;      // of a take that is still being rendered
    static constexpr double kEtaKnownFrom = 0.02;  // of all
    const ProcessArguments& options_;
    ProgressLine line_;
    std::stop_source cancel_;
    std::atomic<std::size_t> next_{0};
    std::mutex mutex_;                          // guards the rest
    std::vector<double> fractions_;             // by take; 1: done
    std::vector<std::optional<Done>> results_;  // until they are shown
    std::size_t shown_ = 0;
    int code_ = kDone;
    const std::chrono::steady_clock::time_point began_;
};

}  // namespace

int process(const Args& args) {
    ProcessArguments options;
    CommandLine app{"Enhance and render stored takes; opens no device.", "onetake process"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    if (options.names.empty() != options.all) {
        print_error("give the names of takes, or --all (see onetake process --help)");
        return kUsage;
    }
    if (const auto status = validate(options.config); !status) return report(status.error());
    if (options.all) {
        auto names = unrendered(options.config, RenderWishes(app, options.config, options.enhance));
        if (!names) return report(names.error());
        options.names = std::move(*names);
        if (options.names.empty() && !options.output.quiet && !options.output.json)
            print(fmt::format("No stored take in {} lacks its MP4.\n", options.config.data_dir));
    }

    return Rendering(options).run();
}

}  // namespace onetake::cli

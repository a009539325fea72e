#include "progress.h"

#include "units.h"

#include <algorithm>
#include <cmath>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace onetake::cli {

namespace {

constexpr double kQuietest_db = -60;  // left end of the bar
constexpr int kBarCells = 10;
constexpr double kRateKnownAfter_s = 1.2;  // from then on, a rate of 0 is shown

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// The library points descriptor 2 elsewhere for a moment while it opens audio libraries that print; what is printed
// then must not vanish.
int own_stderr() {
    static const int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return copy < 0 ? STDERR_FILENO : copy;
}

void put(const std::string& text) {
    // A closed terminal must not end the take.
    [[maybe_unused]] const auto written = write(own_stderr(), text.data(), text.size());
}

std::string level_bar(double db) {
    const double share = std::clamp(1 - db / kQuietest_db, 0.0, 1.0);
    const auto cells = static_cast<std::size_t>(std::lround(share * kBarCells));
    return fmt::format("[{}{}]{}", std::string(cells, '#'), std::string(kBarCells - cells, '-'),
                       db > -0.1 ? " CLIPS" : "");
}

/// A part of the line. Where the line is too narrow, the parts of the highest rank are left out first.
struct Field {
    std::string text;
    int rank;
};

std::string joined(const std::vector<Field>& fields) {
    std::string text;
    for (const auto& field : fields) text += (text.empty() ? "" : "  ") + field.text;
    return text;
}

std::vector<Field> recording_fields(const Progress& p, std::optional<double> duration_s) {
    std::vector<Field> fields{{"REC " + clock_text(p.elapsed_s), 0}};
    if (duration_s) fields[0].text += "/" + clock_text(*duration_s);
    fields.push_back({counted_text(p.frames, "frame"), 3});
    if (p.fps > 0 || p.elapsed_s > kRateKnownAfter_s) fields.push_back({fmt::format("{:.1f} fps", p.fps), 4});
    fields.push_back({fmt::format("{} lost", p.lost), 1});
    if (p.audio_level_db) fields.push_back({level_bar(*p.audio_level_db), 2});
    if (p.disk_bytes_left > 0) {
        auto text = "disk " + bytes_text(p.disk_bytes_left);
        if (const auto minutes = p.disk_minutes_left)
            text += *minutes < 120 ? fmt::format(", {:.0f} min", *minutes) : fmt::format(", {:.0f} h", *minutes / 60);
        fields.push_back({std::move(text), 5});
    }
    return fields;
}

std::vector<Field> output_fields(const Progress& p) {
    const bool rendering = p.phase == Progress::Phase::rendering;
    std::vector<Field> fields{
        {fmt::format("{} {:3.0f}%", rendering ? "rendering" : "enhancing", std::clamp(p.fraction, 0.0, 1.0) * 100), 0}};
    if (rendering && p.speed > 0) fields.push_back({fmt::format("{:.1f}x", p.speed), 2});
    if (rendering && p.eta_s) fields.push_back({clock_text(*p.eta_s) + " left", 1});
    return fields;
}

}  // namespace

void OutputFlags::add_to(CommandLine& app) {
    static const std::map<std::string, ProgressStyle> styles{
        {"auto", ProgressStyle::automatic}, {"json", ProgressStyle::json}, {"none", ProgressStyle::none}};
    app.add_flag("--json", json, "print the result as JSON");
    app.add_flag("--quiet", quiet, "print errors only");
    const auto choose = [this](const CLI::results_t& values) {
        const auto style = styles.find(values.back());
        if (style == styles.end())
            throw CLI::ValidationError(fmt::format("--progress {}: must be one of auto, json, none", values.back()));
        progress = style->second;
        return true;
    };
    app.keep_for_help_all(app.add_option("--progress", choose, "on stderr: auto|json|none (auto)")->type_name("TEXT"));
}

ProgressLine::ProgressLine(const OutputFlags& flags, std::optional<double> duration_s)
    : quiet_(flags.quiet),
      style_(flags.quiet ? ProgressStyle::none : flags.progress),
      terminal_(isatty(STDERR_FILENO) == 1),
      duration_s_(duration_s) {
    if (style_ == ProgressStyle::automatic && (flags.json || !terminal_)) style_ = ProgressStyle::none;
    (void)own_stderr();  // before the recorder opens anything
}

ProgressLine::~ProgressLine() {
    clear();
}

void ProgressLine::show(const Progress& progress) {
    put_progress(progress, {});
}

void ProgressLine::show(const Progress& progress, const TakesDone& takes) {
    put_progress(progress, takes);
}

void ProgressLine::put_progress(const Progress& progress, std::optional<TakesDone> takes) {
    const std::lock_guard lock(mutex_);
    if (style_ == ProgressStyle::json) put(progress_json(progress, takes) + "\n");
    if (style_ != ProgressStyle::automatic) return;
    put(progress_line(progress_text(progress, duration_s_, terminal_width() - 1, takes)));
    shown_ = true;
}

void ProgressLine::show(const RecorderEvent& event) {
    // Losses and what could not be made are printed at the end, too.
    const bool repeated = event.kind == EventKind::loss || event.kind == EventKind::fallback;
    if (quiet_ && (repeated || !is_warning(event.kind))) return;
    const auto text = style_ == ProgressStyle::json ? event_json(event) : event_text(event);
    const std::lock_guard lock(mutex_);
    put((shown_ ? "\r\x1b[K" : "") + text + "\n");
    shown_ = false;
}

void ProgressLine::note(const std::string& text) {
    clear();
    if (style_ == ProgressStyle::automatic) put(text + "\n");
}

void ProgressLine::clear() {
    const std::lock_guard lock(mutex_);
    if (shown_) put("\r\x1b[K");
    shown_ = false;
}

std::string progress_text(const Progress& progress, std::optional<double> duration_s, std::size_t width,
                          std::optional<TakesDone> takes) {
    auto fields =
        progress.phase == Progress::Phase::recording ? recording_fields(progress, duration_s) : output_fields(progress);
    if (takes) fields.push_back({fmt::format("{} of {} done", takes->done, counted_text(takes->all, "take")), 1});
    while (fields.size() > 1 && joined(fields).size() > width)
        fields.erase(std::max_element(fields.begin(), fields.end(),
                                      [](const auto& a, const auto& b) { return a.rank < b.rank; }));
    return joined(fields).substr(0, width);
}

std::string progress_line(const std::string& text) {
    // A blank in the last column leaves the terminal about to wrap: text printed next, such as a warning, begins a
    // new line, and \r still returns to the start of this one.
    return "\r" + text + "\x1b[K\x1b[999C ";
}

bool is_warning(EventKind kind) {
    return kind != EventKind::note && kind != EventKind::resumed;
}

std::string event_text(const RecorderEvent& event) {
    return fmt::format("onetake: {}{}{}{}", is_warning(event.kind) ? "warning: " : "", event.track,
                       event.track.empty() ? "" : ": ", event.text);
}

std::string event_json(const RecorderEvent& event) {
    nlohmann::ordered_json json{{"event", to_string(event.kind)}, {"t", event.t}};
    json["track"] = event.track.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(event.track);
    if (event.kind == EventKind::loss) json["count"] = event.count;
    json["text"] = event.text;
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string progress_json(const Progress& p, std::optional<TakesDone> takes) {
    const auto number = [](std::optional<double> value) {
        return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
    };
    nlohmann::ordered_json json;
    if (p.phase == Progress::Phase::enhancing) {
        json = {{"phase", "enhancing"}, {"fraction", p.fraction}};
    } else if (p.phase == Progress::Phase::rendering) {
        json = {{"phase", "rendering"},
                {"fraction", p.fraction},
                {"speed", p.speed > 0 ? nlohmann::ordered_json(p.speed) : nlohmann::ordered_json(nullptr)},
                {"eta_s", number(p.eta_s)}};
    } else {
        json = {{"phase", "recording"},
                {"elapsed_s", p.elapsed_s},
                {"frames", p.frames},
                {"fps", p.fps},
                {"lost", p.lost},
                {"audio_level_db", number(p.audio_level_db)},
                {"disk_bytes_left", p.disk_bytes_left},
                {"disk_minutes_left", number(p.disk_minutes_left)}};
    }
    if (takes) {
        json["takes"] = takes->all;
        json["takes_done"] = takes->done;
    }
    return json.dump();
}

}  // namespace onetake::cli

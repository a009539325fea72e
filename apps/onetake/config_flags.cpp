#include "config_flags.h"

#include "profile.h"
#include "suggest.h"
#include "units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

namespace onetake::cli {

namespace {

constexpr auto kCommon = std::to_array<std::string_view>(
    {"video_device", "width", "height", "fps", "audio", "audio_device", "source", "data_dir", "processed_dir"});

std::string dashed(std::string_view name) {
    std::string text(name);
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
}

/// The shorter spelling first: help shows it, both work.
std::string flag_names(const FieldInfo& field) {
    const std::string own = "--" + dashed(field.name);
    if (field.name == "video_device") return "--device," + own;
    return field.name == "store_codec" ? "--store," + own : own;
}

std::string_view group_title(FieldGroup group) {
    switch (group) {
        case FieldGroup::video:
            return "Video";
        case FieldGroup::audio:
            return "Audio";
        case FieldGroup::jpeg:
            return "Storing";
        case FieldGroup::enhance:
            return "Enhancement";
        case FieldGroup::render:
            return "Rendering";
        case FieldGroup::folders:
            return "Files";
    }
    return "";
}

[[noreturn]] void refuse(std::string_view flag, const std::string& value, const std::string& allowed,
                         const std::vector<std::string>& choices = {}) {
    throw CLI::ValidationError(
        fmt::format("{} {}: must be {}{}", flag, value.empty() ? "''" : value, allowed, did_you_mean(value, choices)));
}

template <class T>
T parsed(std::string_view flag, const std::string& value, double min, double max) {
    T number{};
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool complete = problem == std::errc{} && end == value.data() + value.size();
    const double wide = static_cast<double>(number);
    const bool in_range = min == max || (wide >= min && wide <= max);
    if (complete && std::isfinite(wide) && in_range) return number;
    const auto* kind = std::is_integral_v<T> ? "a whole number" : "a number";
    refuse(flag, value, min == max ? kind : fmt::format("{} from {} to {}", kind, min, max));
}

std::vector<std::string> split(std::string_view choices) {
    std::vector<std::string> names;
    for (std::size_t begin = 0; begin < choices.size();) {
        const auto end = std::min(choices.find('|', begin), choices.size());
        names.emplace_back(choices.substr(begin, end - begin));
        begin = end + 1;
    }
    return names;
}

std::string joined(const std::vector<std::string>& names) {
    return fmt::format("one of {}", fmt::join(names, ", "));
}

/// One overload of add() per type a field can have.
class FlagMaker {
 public:
    FlagMaker(CLI::App& app, const FieldInfo& field)
        : app_(app), info_(field), names_(flag_names(field)), flag_(names_.substr(0, names_.find(','))) {}

    CLI::Option* add(bool& field) {
        return app_.add_flag(fmt::format("{},!--no-{}", names_, dashed(info_.name)), field,
                             fmt::format("{} ({})", info_.help, field ? "yes" : "no"));
    }

    CLI::Option* add(std::optional<bool>& field) {
        return app_.add_flag_function(
            fmt::format("{},!--no-{}", names_, dashed(info_.name)), [&field](std::int64_t count) { field = count > 0; },
            std::string(info_.help));
    }

    CLI::Option* add(std::string& field) {
        const auto choices = split(info_.choices);
        std::string text = choices.empty() ? std::string(info_.help) : fmt::format("{}: {}", info_.help, info_.choices);
        if (!field.empty()) text += fmt::format(" ({})", field);
        return add_value("TEXT", text, [&field, choices, flag = flag_](const std::string& value) {
            if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end())
                refuse(flag, value, joined(choices), choices);
            field = value;
        });
    }

    CLI::Option* add(std::vector<std::string>& field) {
        std::string text(info_.help);
        if (!field.empty()) text += fmt::format(" ({})", fmt::join(field, ", "));
        // An empty argument clears the list.
        const auto take = [&field](std::vector<std::string> values) {
            std::erase(values, "");
            field = std::move(values);
        };
        return app_.add_option_function<std::vector<std::string>>(names_, take, text)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->type_name("TEXT");
    }

    CLI::Option* add(int& field) { return add_number(field, fmt::format("{} ({})", info_.help, field)); }
    CLI::Option* add(double& field) { return add_number(field, fmt::format("{} ({})", info_.help, field)); }
    template <class T>
    CLI::Option* add(std::optional<T>& field) {
        return add_number(field, std::string(info_.help));
    }

    template <class E>
    requires std::is_enum_v<E> CLI::Option* add(E& field) {
        std::vector<std::string> names;
        names.reserve(enum_names<E>.size());
        for (const auto& [name, value] : enum_names<E>) names.emplace_back(name);
        const auto text = fmt::format("{}: {} ({})", info_.help, fmt::join(names, "|"), enum_name(field));
        return add_value("TEXT", text, [&field, names, flag = flag_](const std::string& text_value) {
            for (const auto& [name, value] : enum_names<E>)
                if (name == text_value) {
                    field = value;
                    return;
                }
            refuse(flag, text_value, joined(names), names);
        });
    }

 private:
    template <class Take>
    CLI::Option* add_value(const std::string& type, const std::string& text, Take take) {
        const auto callback = [take](const CLI::results_t& values) {
            take(values.back());
            return true;
        };
        return app_.add_option(names_, callback, text)->type_name(type);
    }

    template <class Field>
    CLI::Option* add_number(Field& field, const std::string& text) {
        constexpr bool integral = std::is_same_v<Field, int> || std::is_same_v<Field, std::optional<int>>;
        using Number = std::conditional_t<integral, int, double>;
        return add_value("N", text, [&field, flag = flag_, min = info_.min, max = info_.max](const std::string& value) {
            field = parsed<Number>(flag, value, min, max);
        });
    }

    CLI::App& app_;
    const FieldInfo& info_;
    std::string names_, flag_;
};

/// Fields of the encoder: who gives one explicitly asks for encoding, whatever the value.
constexpr auto kEncoderFields = std::to_array<std::string_view>({"codec", "preset", "crf", "pixel_range", "cfr"});

EncodeConfig& encode_of(FlatConfig& config) {
    return config.rest.encode;
}
EncodeConfig& encode_of(RecorderConfig& config) {
    return config.encode;
}

template <class Config>
void add_flags(CommandLine& app, Config& config, const std::function<bool(const FieldInfo&)>& wanted) {
    visit_fields(config, [&](const FieldInfo& info, auto& field) {
        if (!wanted(info)) return;
        auto* option = FlagMaker(app, info).add(field);
        option->group(std::string(group_title(info.group)));
        if (std::find(kEncoderFields.begin(), kEncoderFields.end(), info.name) != kEncoderFields.end())
            option->each([&encode = encode_of(config)](const std::string&) { encode.transcode = true; });
        if (!is_common(info.name)) app.keep_for_help_all(option);
    });
    add_profile_option(app);
}

}  // namespace

void add_config_flags(CommandLine& app, FlatConfig& config, const std::function<bool(const FieldInfo&)>& wanted) {
    add_flags(app, config, wanted);
}

void add_config_flags(CommandLine& app, RecorderConfig& config, const std::function<bool(const FieldInfo&)>& wanted) {
    add_flags(app, config, wanted);
}

bool is_common(std::string_view field) {
    return std::find(kCommon.begin(), kCommon.end(), field) != kCommon.end();
}

bool is_take_folder(const FieldInfo& field) {
    return field.name == "data_dir" || field.name == "processed_dir";
}

double number_of(std::string_view flag, const std::string& value, double min, double max) {
    return parsed<double>(flag, value, min, max);
}

double duration_of(std::string_view flag, const std::string& value, double min, double max) {
    const auto seconds = seconds_of(value);
    if (seconds && *seconds >= min && *seconds <= max) return *seconds;
    refuse(flag, value, fmt::format("seconds from {} to {}, or a duration like 90s, 10m, 1h30m", min, max));
}

}  // namespace onetake::cli

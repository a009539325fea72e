#include "render_wishes.h"

#include <onetake/config_fields.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace onetake::cli {

namespace {

bool given(const CommandLine& app, std::string flag) {
    std::replace(flag.begin(), flag.end(), '_', '-');
    const auto* option = app.get_option_no_throw("--" + flag);
    return option != nullptr && option->count() > 0;
}

struct ToJson {
    nlohmann::json operator()(const auto& value) const {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_enum_v<T>)
            return enum_name(value);
        else
            return value;
    }
    template <class T>
    nlohmann::json operator()(const std::optional<T>& value) const {
        return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
    }
};

}  // namespace

RenderWishes::RenderWishes(const CommandLine& app, const RecorderConfig& config, std::optional<bool> enhance) {
    visit_fields(config.encode, [&](const FieldInfo& info, const auto& value) {
        if (info.name != "container" && info.name != "transcode" && given(app, std::string(info.name)))
            settings_.emplace_back(info.name, ToJson()(value).dump());
    });
    transcode_ = config.encode.transcode;
    if (given(app, "container")) container_ = config.encode.container;
    if (given(app, "denoise") || given(app, "denoise-model") || given(app, "require-enhance"))
        enhanced_ = config.enhance.wanted();
    if (enhance) enhanced_ = enhance;
}

bool RenderWishes::met_by(const OutputFileInfo& file) const {
    const auto settings = nlohmann::json::parse(file.settings, nullptr, false);
    const bool same = std::all_of(settings_.begin(), settings_.end(), [&](const auto& wish) {
        return settings.is_object() && settings.contains(wish.first) && settings[wish.first].dump() == wish.second;
    });
    // Null, or missing in earlier files: nothing in the take was stored encoded.
    const bool copied = settings.is_object() && settings.contains("transcode") && settings["transcode"] == false;
    return same && !(transcode_ && copied) &&
           (!enhanced_ || file.audio == "none" || (file.audio == "enhanced") == *enhanced_);
}

}  // namespace onetake::cli

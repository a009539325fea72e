#include "render/output_guard.h"

#include <onetake/config_fields.h>

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace onetake {

namespace {

constexpr Duration kShorter = std::chrono::seconds(1);

// `has_encoded`: the take has tracks that were stored encoded.
std::string settings_json(const RenderOptions& o, bool has_encoded) {
    const bool anew = !o.copy_encoded && o.codec != "copy";
    return nlohmann::ordered_json{
        {"codec", o.codec},
        {"preset", o.preset},
        {"crf", o.crf},
        {"transcode", has_encoded ? nlohmann::ordered_json(anew) : nlohmann::ordered_json(nullptr)},
        {"pixel_range", enum_name(o.pixel_range)},
        {"sync_reference", enum_name(o.sync_reference)},
        {"cfr", o.cfr ? nlohmann::ordered_json(*o.cfr) : nlohmann::ordered_json(nullptr)},
        {"audio_bitrate", o.audio_bitrate},
        {"latency_offset_ms", o.latency_offset_ms}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Of the file that is there. One that can't be read to its end holds nothing worth keeping.
std::uint64_t frames_of(const OutputFile& file) {
    if (file.facts.video_frames) return *file.facts.video_frames;
    return file.facts.video_codec.empty() ? 0 : count_video_frames(file.info.path).value_or(0);
}

// Whether two renderings have the same frame rate, so that their numbers of frames can be compared.
bool same_rate(const std::string& a, const std::string& b) {
    const auto rate = [](const std::string& settings) {
        const auto object = nlohmann::json::parse(settings, nullptr, false);
        return object.is_object() && object.contains("cfr") ? object["cfr"] : nlohmann::json(nullptr);
    };
    return rate(a) == rate(b);
}

}  // namespace

Result<OutputGuard> OutputGuard::create(const RenderOptions& options, const MediaReader& reader, bool complete) {
    const bool has_audio = std::ranges::any_of(reader.tracks(), [&](const TrackRecord& t) {
        const auto* wav = t.track.kind == TrackKind::audio ? reader.wav(t.track) : nullptr;
        return wav != nullptr && wav->frames() > 0;
    });
    const bool has_encoded =
        std::ranges::any_of(reader.tracks(), [](const TrackRecord& t) { return t.store == TrackStore::encoded; });
    OutputGuard guard;
    guard.command_ = options.command;
    guard.replace_any_ = options.replace_any;
    guard.raw_audio_is_wanted_ = options.raw_audio_is_wanted;
    guard.info_.path = options.out_path;
    guard.info_.take = take_identity(reader.take());
    guard.info_.complete = complete;
    guard.info_.audio = reader.uses_enhanced() ? "enhanced" : has_audio ? "recorded" : "none";
    if (reader.uses_enhanced()) guard.info_.model = options.enhanced.model;
    guard.info_.settings = settings_json(options, has_encoded);
    guard.tag_ = output_file_tag(guard.info_, reader.take());
    guard.existing_ = read_output_file(options.out_path);
    ONETAKE_TRY(guard.check_owner());
    return guard;
}

Status OutputGuard::check_owner() const {
    if (!existing_ || replace_any_ || existing_->info.take == info_.take) return {};
    const auto* what = existing_->info.take.empty() ? "exists and does not say which take it was made from"
                                                    : "was made from another take";
    return fail(
        ErrorCode::already_exists,
        fmt::format("{} {}. It is kept: move it, choose another processed_dir, or replace it with `{} --force`.",
                    info_.path, what, command_));
}

Status OutputGuard::check_not_lesser(std::uint64_t frames, std::optional<Duration> length) const {
    if (!existing_ || replace_any_) return {};
    const auto& old = *existing_;
    std::string why;
    if (old.info.audio == "enhanced" && info_.audio != "enhanced" && !raw_audio_is_wanted_)
        why = "its audio is enhanced, and that of the new one would not be";
    else if (const auto there = same_rate(old.info.settings, info_.settings) ? frames_of(old) : 0; there > frames)
        why = fmt::format("it has {} frames, and the new one would have {}", there, frames);
    else if (length && old.facts.duration > *length + kShorter)
        why = fmt::format("it is {:.1f} s long, and the new one would be {:.1f} s", to_seconds(old.facts.duration),
                          to_seconds(*length));
    if (why.empty()) return {};
    return fail(ErrorCode::refused,
                fmt::format("{} is kept: {}. `{} --force` replaces it.", info_.path, why, command_));
}

}  // namespace onetake

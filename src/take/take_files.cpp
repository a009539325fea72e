#include "take/take_files.h"

#include "take/journal_limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

namespace onetake {

namespace {

constexpr std::size_t kMaxNameLength = 200;  // leaves room for the suffixes of files beside the take
constexpr int kMaxTracks = 64;
constexpr std::string_view kWorkFront = ".", kWorkBack = ".take";

// The letter that a track's name begins with.
constexpr char letter_of(TrackKind kind) {
    switch (kind) {
        case TrackKind::video:
            return 'v';
        case TrackKind::audio:
            return 'a';
        case TrackKind::data:
            return 'd';
    }
    return '?';
}

}  // namespace

std::string to_string(TrackId id) {
    return fmt::format("{}{}", letter_of(id.kind), id.number);
}

std::optional<TrackId> track_id_from(std::string_view text) {
    if (text.size() < 2 || text[1] == '0') return std::nullopt;
    constexpr std::array kKinds{TrackKind::video, TrackKind::audio, TrackKind::data};
    const auto* const kind = std::ranges::find(kKinds, text[0], letter_of);
    if (kind == kKinds.end()) return std::nullopt;
    TrackId id{*kind, 0};
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), id.number);
    if (error != std::errc{} || end != text.data() + text.size() || id.number < 1 || id.number > kMaxTracks)
        return std::nullopt;
    return id;
}

Status check_take_name(std::string_view name) {
    auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The take name \"{}\" {}. Use a plain name such as interview-1.", name, why));
    };
    if (name.empty()) return refuse("is empty");
    if (name.size() > kMaxNameLength) return refuse(fmt::format("is longer than {} bytes", kMaxNameLength));
    if (name.find('/') != std::string_view::npos) return refuse("contains a slash");
    if (name.find('\0') != std::string_view::npos)
        return fail(ErrorCode::invalid_argument, "The take name contains a NUL byte. Use a plain name.");
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return fail(ErrorCode::invalid_argument, "The take name contains a control character. Use a plain name.");
    if (std::ranges::all_of(name, [](char c) { return c == '.'; })) return refuse("is only dots");
    return {};
}

std::string work_take_name(std::string_view file) {
    return fmt::format("{}{}{}", kWorkFront, file, kWorkBack);
}

bool is_work_take(std::string_view take) {
    return take.size() > kWorkFront.size() + kWorkBack.size() && take.starts_with(kWorkFront) &&
           take.ends_with(kWorkBack);
}

std::string_view output_name(std::string_view take) {
    if (!is_work_take(take)) return take;
    return take.substr(kWorkFront.size(), take.size() - kWorkFront.size() - kWorkBack.size());
}

std::string take_folder(const std::string& data_dir, const std::string& name) {
    return fmt::format("{}/{}", data_dir.empty() ? "." : data_dir, name);
}

std::string track_path(TrackId id, TrackStore store) {
    const auto* video = store == TrackStore::encoded ? "video" : "frames";
    const auto* leaf = id.kind == TrackKind::video ? video : id.kind == TrackKind::audio ? "audio.wav" : "data.bin";
    return id.number == 1 ? leaf : fmt::format("{}/{}", to_string(id), leaf);
}

std::string frame_file(std::int64_t n) {
    return fmt::format("f_{:06}.jpg", n);
}

std::string part_file(std::int64_t n) {
    return fmt::format("p_{:04}.mkv", n);
}

namespace {

// The number in a name that `name_of` would make of it.
std::optional<std::int64_t> number_between(std::string_view name, std::string_view front, std::string_view back,
                                           std::string (*name_of)(std::int64_t)) {
    if (!name.starts_with(front) || !name.ends_with(back) || name.size() <= front.size() + back.size())
        return std::nullopt;
    const auto digits = name.substr(front.size(), name.size() - front.size() - back.size());
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (error != std::errc{} || end != digits.data() + digits.size() || n < 1 || n > journal_limits::kMaxFrames ||
        name_of(n) != name)
        return std::nullopt;
    return n;
}

}  // namespace

std::optional<std::int64_t> frame_number(std::string_view name) {
    return number_between(name, "f_", ".jpg", frame_file);
}

std::optional<std::int64_t> part_number(std::string_view name) {
    return number_between(name, "p_", ".mkv", part_file);
}

bool is_stale_file(std::string_view name) {
    const auto incomplete = [name](const char* of) {
        return name.starts_with(fmt::format("{}.", of)) && name.ends_with(".tmp");
    };
    return name == kReserveName || incomplete(kManifestName) || incomplete(kJournalName);
}

}  // namespace onetake

#include "record/take_names.h"

#include "base/clock.h"
#include "inspect/stored_take.h"
#include "take/take_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace onetake {

namespace {

constexpr std::string_view kNumber = "{n}";

bool exists(const std::string& path) {
    struct stat st {};
    return ::lstat(path.c_str(), &st) == 0;
}

// A session's id as part of a file name: what is not a letter, a digit or one of "-_." becomes "_".
std::string name_part(std::string_view id) {
    constexpr std::size_t kLongest = 128;
    std::string part;
    for (const char c : id) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0) == 0x80) continue;  // inside a UTF-8 character
        const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool safe = letter || c == '-' || c == '_' || (c == '.' && !part.empty());
        part += safe ? c : '_';
        if (part.size() == kLongest) break;
    }
    return part;
}

// The highest number in the names of a folder's entries that begin and end so; 0 without any.
int highest_number(const std::string& folder, std::string_view front, std::string_view back) {
    int highest = 0;
    std::error_code ec;
    for (auto it = std::filesystem::directory_iterator(folder.empty() ? "." : folder, ec);
         !ec && it != std::filesystem::directory_iterator(); it.increment(ec)) {
        const auto name = it->path().filename().string();
        if (!name.starts_with(front) || !name.ends_with(back) || name.size() <= front.size() + back.size()) continue;
        const auto digits = std::string_view(name).substr(front.size(), name.size() - front.size() - back.size());
        int number = 0;
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (problem == std::errc{} && end == digits.data() + digits.size()) highest = std::max(highest, number);
    }
    return highest;
}

}  // namespace

Result<TakeNames> TakeNames::create(std::string asked, std::string data_dir, std::string out_dir,
                                    std::string extension) {
    TakeNames names;
    names.data_dir_ = std::move(data_dir);
    names.out_dir_ = std::move(out_dir);
    names.extension_ = std::move(extension);
    names.stamped_ = asked.empty();
    names.front_ = asked.empty() ? local_name(read_clocks().wall) : std::move(asked);
    const auto at = names.front_.find(kNumber);
    names.counted_ = at != std::string::npos;
    if (names.counted_) {
        names.back_ = names.front_.substr(at + kNumber.size());
        names.front_.resize(at);
    }
    ONETAKE_TRY(check_take_name(names.name_of(1)));
    if (names.counted_) {
        names.number_ = 1 + highest_number(names.data_dir_, names.front_, names.back_);
        if (!names.out_dir_.empty())
            names.number_ = std::max(
                names.number_, 1 + highest_number(names.out_dir_, names.front_, names.back_ + "." + names.extension_));
    }
    names.current_ = names.name_of(names.number_);
    if (names.counted_ || names.stamped_) {
        if (!names.is_free(names.current_)) names.advance();
        return names;
    }
    if (const auto folder = take_folder(names.data_dir_, names.current_); exists(folder))
        return fail(ErrorCode::already_exists,
                    fmt::format("The take {} exists already. Nothing is overwritten: choose another name.", folder));
    return names;
}

Result<TakeNames> TakeNames::of_session(const std::string& session_id, std::string storage, std::string extension) {
    TakeNames names;
    auto stamp = utc_compact(read_clocks().wall);
    stamp.pop_back();  // the Z
    names.front_ = fmt::format("{}_{}", name_part(session_id), stamp);
    names.out_dir_ = storage;
    names.data_dir_ = std::move(storage);
    names.extension_ = std::move(extension);
    names.session_ = true;
    names.current_ = names.name_of(1);
    ONETAKE_TRY(check_take_name(names.current_));
    if (!names.is_free(names.current_)) names.advance();
    return names;
}

bool TakeNames::advance() {
    if (!counted_ && !stamped_ && !session_) return false;
    do current_ = name_of(++number_);
    while (!is_free(current_));
    return true;
}

std::string TakeNames::name_of(int number) const {
    if (session_) return work_take_name(number == 1 ? front_ : fmt::format("{}_{}", front_, number));
    if (counted_) return fmt::format("{}{}{}", front_, number, back_);
    return number == 1 ? front_ : fmt::format("{}-{}", front_, number);
}

bool TakeNames::is_free(const std::string& name) const {
    return !exists(take_folder(data_dir_, name)) &&
           (out_dir_.empty() || !exists(rendered_path(out_dir_, name, extension_.c_str())));
}

}  // namespace onetake

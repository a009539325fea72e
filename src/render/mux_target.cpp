#include "render/mux_target.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr auto kExtensions =
    std::to_array<std::pair<std::string_view, ContainerFormat>>({{".mp4", ContainerFormat::mp4},
                                                                 {".m4v", ContainerFormat::mp4},
                                                                 {".mov", ContainerFormat::mov},
                                                                 {".mkv", ContainerFormat::mkv},
                                                                 {".avi", ContainerFormat::avi}});

std::string extension_of(const std::string& path) {
    auto extension = fs::path(path).extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

std::optional<ContainerFormat> format_of(const std::string& path) {
    const auto extension = extension_of(path);
    for (const auto& [known, format] : kExtensions)
        if (known == extension) return format;
    return {};
}

ContainerFormat same_container(const std::string& video, Demuxer::Format format) {
    switch (format) {
        case Demuxer::Format::matroska:
            return ContainerFormat::mkv;
        case Demuxer::Format::avi:
            return ContainerFormat::avi;
        case Demuxer::Format::mov:
        case Demuxer::Format::wav:
            break;
    }
    return extension_of(video) == ".mov" ? ContainerFormat::mov : ContainerFormat::mp4;
}

bool same_file(const std::string& a, const std::string& b) {
    std::error_code ec;
    return fs::equivalent(a, b, ec);
}

Result<MuxTarget> in_place(const std::string& video, Demuxer::Format format) {
    if (extension_of(video) == ".webm")
        return fail(ErrorCode::unsupported,
                    fmt::format("{} is WebM, which can't hold AAC. Write a new file, for example with .mkv.", video));
    std::error_code ec;
    auto path = fs::canonical(video, ec).string();  // a link is kept, and what it names is replaced
    if (ec) return fail(file_error("Can't find", video, ec.value()));
    return MuxTarget{std::move(path), same_container(video, format), true};
}

}  // namespace

Result<MuxTarget> mux_target(const std::string& video, Demuxer::Format format, const std::string& audio,
                             const MuxOptions& options) {
    if (options.overwrite_in_place) {
        if (!options.out_path.empty())
            return fail(ErrorCode::invalid_argument,
                        fmt::format("Replace the video, or write to {}? Choose one of the two.", options.out_path));
        return in_place(video, format);
    }
    const fs::path from(video);
    MuxTarget target{options.out_path, same_container(video, format), options.replace_out};
    if (target.path.empty()) {
        const auto extension = from.extension().string();
        target.path = (from.parent_path() / (from.stem().string() + "_with_audio")).string() +
                      (extension_of(video) == ".webm" ? ".mkv" : extension);
    } else if (const auto asked = format_of(target.path)) {
        target.format = *asked;
    } else {
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("{}: the extension names no container; must be mp4, m4v, mov, mkv or avi.", target.path));
    }
    if (target.format == ContainerFormat::avi && format != Demuxer::Format::avi)
        return fail(ErrorCode::unsupported,
                    fmt::format("{}: AVI can't hold the times of {}. Choose mkv or mp4.", target.path, video));
    if (same_file(target.path, audio))
        return fail(ErrorCode::invalid_argument, fmt::format("{} is the audio. Choose another name.", target.path));
    // What replaces the video must hold all of it.
    if (target.replace && same_file(target.path, video)) return in_place(video, format);
    struct stat st {};
    if (!target.replace && ::lstat(target.path.c_str(), &st) == 0)
        return fail(ErrorCode::already_exists, fmt::format("{} already exists. Choose another name.", target.path));
    return target;
}

Result<FileState> FileState::of(const std::string& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return fail(file_error("Can't read", path, errno));
    if (!S_ISREG(st.st_mode)) return fail(ErrorCode::invalid_argument, fmt::format("{} is not a file.", path));
    return FileState(path, st);
}

Status FileState::check_unchanged() const {
    const auto now = of(path_);
    if (!now) return fail(now.error());
    const auto& a = state_;
    const auto& b = now->state_;
    const bool same = a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
                      a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
    if (same) return {};
    return fail(ErrorCode::wrong_state,
                fmt::format("{} was written while its audio was added: its program has not closed it. Nothing was "
                            "changed; try again when it has.",
                            path_));
}

}  // namespace onetake

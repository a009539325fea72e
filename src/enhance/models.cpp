#include "base/files.h"
#include "enhance/http_download.h"
#include "enhance/model_file.h"
#include "enhance/sha256.h"

#include <onetake/models.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUrlBase =
    "https://github.com/k2-fsa/sherpa-onnx/releases/download/speech-enhancement-models/";

/// The published files. Each exists in two versions under one name: the first is identified by its SHA-256, the
/// re-export by the first digits of its SHA-256.
struct Published {
    std::string_view variant, sha256, newer_sha256_begin;
};
constexpr auto kPublished = std::to_array<Published>({
    {"dpdfnet_baseline", "debaf0e8893479fca91b8b4c1eae8db195aa8980ccc9012f5809fde2b738151a", "371d2618"},
    {"dpdfnet2", "ce35d6025fc71df0ef10d1540e1b7916837bbfe5f6896deb744508d2cad487a9", "4f0ee289"},
    {"dpdfnet4", "71b588bc26163941aa82a592cce924b08c1fbdc0879fe44f5a2d4eac44bd8420", "42a386d3"},
    {"dpdfnet8", "2751c1f5a4e849d23a07c675b4c838158b249b42152f10cc318522dd339134f0", "899d4f23"},
    {"dpdfnet2_48khz_hr", "0b399f8a58dc4d70d8cd97541f5c39869406145193b957d00a03b66070944928", "7f0575a5"},
});

const Published* published(std::string_view variant) {
    const auto it = std::ranges::find(kPublished, variant, &Published::variant);
    return it == kPublished.end() ? nullptr : &*it;
}

Error unknown(std::string_view variant) {
    std::string all;
    for (const auto& model : denoise_models()) all += fmt::format("{}{}", all.empty() ? "" : ", ", model.variant);
    return {ErrorCode::invalid_argument,
            fmt::format("There is no model \"{}\"; available models are {}.", variant, all)};
}

/// Returns a warning about an unknown checksum; empty if it is known.
std::string checksum_warning(const Published* expected, const std::string& sha256) {
    if (expected) {
        if (sha256 == expected->sha256 || sha256.starts_with(expected->newer_sha256_begin)) return {};
        return fmt::format("The SHA-256 of {} is {}, neither {} nor {}...: it is an unknown version.",
                           expected->variant, sha256, expected->sha256, expected->newer_sha256_begin);
    }
    const bool known = std::ranges::any_of(
        kPublished, [&](const Published& p) { return sha256 == p.sha256 || sha256.starts_with(p.newer_sha256_begin); });
    return known ? "" : fmt::format("Its SHA-256, {}, is not that of any known published model.", sha256);
}

/// Held while a part is downloaded, so that two processes don't write the same one. The lock file is removed when it is
/// destroyed.
class DownloadLock {
 public:
    static Result<DownloadLock> create(const std::string& part) {
        const auto path = part + ".lock";
        for (;;) {
            UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
            if (!fd) return fail(file_error("Can't create", path, errno));
            if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
                return fail(ErrorCode::device_busy, fmt::format("Another program is downloading {} right now.", part));
            // The one that held it may have removed the file after it was opened here.
            if (struct stat st{}; ::fstat(fd.get(), &st) == 0 && st.st_nlink > 0)
                return DownloadLock(std::move(fd), path);
        }
    }
    DownloadLock(DownloadLock&&) noexcept = default;
    DownloadLock& operator=(DownloadLock&&) noexcept = delete;
    DownloadLock(const DownloadLock&) = delete;
    DownloadLock& operator=(const DownloadLock&) = delete;
    ~DownloadLock() {
        if (fd_) ::unlink(path_.c_str());
    }

 private:
    DownloadLock(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    UniqueFd fd_;
    std::string path_;
};

/// Removes what interrupted downloads of a model left, unless one is running.
void remove_leftovers(const std::string& part) {
    std::error_code ignored;
    if (!fs::exists(part, ignored) && !fs::exists(part + ".version", ignored) && !fs::exists(part + ".lock", ignored))
        return;
    if (const auto lock = DownloadLock::create(part)) {
        fs::remove(part, ignored);
        fs::remove(part + ".version", ignored);
    }
}

Result<StoredModel> checked(const std::string& path, const Published* expected, const std::string& asked_sha256) {
    auto sum = sha256_of_file(path);
    if (!sum) return fail(std::move(sum).error());
    if (!asked_sha256.empty() && asked_sha256 != *sum)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} has the SHA-256 {}, but {} was requested.", path, *sum, asked_sha256));
    const auto info = inspect_model(path);
    if (!info) return fail(info.error());
    StoredModel model;
    model.path = path;
    model.warning = checksum_warning(expected, *sum);
    model.sha256 = std::move(*sum);
    model.bytes = info->bytes;
    model.sample_rate = info->sample_rate;
    return model;
}

}  // namespace

const std::vector<DenoiseModel>& denoise_models() {
    static const std::vector<DenoiseModel> all{
        {"dpdfnet_baseline", 16000, "lowest resource", 8'791'035},
        {"dpdfnet2", 16000, "real-time, embedded", 10'249'356},
        {"dpdfnet4", 16000, "balanced", 11'707'436},
        {"dpdfnet8", 16000, "best quality", 14'600'000},
        {"dpdfnet2_48khz_hr", 48000, "full band: the output file keeps 48 kHz", 10'596'848},
    };
    return all;
}

Result<std::string> denoise_model_url(std::string_view variant) {
    if (!published(variant)) return fail(unknown(variant));
    return fmt::format("{}{}.onnx", kUrlBase, variant);
}

std::string denoise_model_folder() {
    const char* data = ::secure_getenv("XDG_DATA_HOME");
    if (data && *data == '/') return fmt::format("{}/onetake/models", data);
    const char* home = ::secure_getenv("HOME");
    return fmt::format("{}/.local/share/onetake/models", home && *home ? home : ".");
}

std::string denoise_model_path(std::string_view variant, const std::string& folder) {
    return fmt::format("{}/{}.onnx", folder.empty() ? denoise_model_folder() : folder, variant);
}

Result<std::string> find_denoise_model(const std::string& model, const std::string& folder) {
    std::error_code ignored;
    if (model.empty()) {
        for (const auto& known : denoise_models())
            if (auto path = denoise_model_path(known.variant, folder); fs::exists(path, ignored)) return path;
        return fail(ErrorCode::invalid_argument,
                    "No model is set for speech enhancement, and none is downloaded. Get one with `onetake models "
                    "download dpdfnet2`, or set its file in denoise_model.");
    }
    if (published(model) == nullptr || fs::exists(model, ignored)) return model;
    auto path = denoise_model_path(model, folder);
    if (fs::exists(path, ignored)) return path;
    return fail(
        ErrorCode::not_found,
        fmt::format("The model {} is not there ({}). Get it with `onetake models download {}`.", model, path, model));
}

Result<StoredModel> verify_denoise_model(const std::string& path) {
    return checked(path, published(fs::path(path).stem().string()), {});
}

Result<StoredModel> download_denoise_model(std::string_view variant, const DownloadOptions& options) {
    auto url = denoise_model_url(variant);
    if (!url) return fail(std::move(url).error());
    if (!options.url.empty()) *url = options.url;
    const auto* expected = published(variant);
    const auto path = denoise_model_path(variant, options.folder);
    ONETAKE_TRY(make_folders(fs::path(path).parent_path().string()));
    // A damaged existing file is downloaded again; it is kept until the new one is complete.
    const auto part = path + ".part";
    if (auto existing = checked(path, expected, options.sha256)) {
        remove_leftovers(part);
        return existing;
    }
    const auto lock = DownloadLock::create(part);
    if (!lock) return fail(lock.error());
    ONETAKE_TRY(http_download(*url, part, options.on_progress, options.cancel));
    auto model = checked(part, expected, options.sha256);
    std::error_code ignored;
    if (!model) {
        fs::remove(part, ignored);
        auto error = model.error();
        error.message += fmt::format(" It was downloaded from {} and has been deleted.", *url);
        return fail(std::move(error));
    }
    if (::rename(part.c_str(), path.c_str()) != 0) return fail(file_error("Can't rename a file to", path, errno));
    ONETAKE_TRY(sync_folder(AT_FDCWD, fs::path(path).parent_path().string()));
    model->path = path;
    model->downloaded = true;
    return model;
}

}  // namespace onetake

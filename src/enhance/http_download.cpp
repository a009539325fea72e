#include "enhance/http_download.h"

#include "base/files.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <curl/curl.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unistd.h>

namespace onetake {

namespace {

namespace fs = std::filesystem;

constexpr long kConnectTimeout_s = 30;
constexpr long kMinSpeed_bytes_per_s = 100, kMinSpeedFor_s = 60;  // below this for so long: abort
constexpr long kMaxRedirects = 10;
constexpr std::uint64_t kMaxBytes = std::uint64_t{2} << 30;
constexpr std::size_t kMaxVersionLength = 1024;
constexpr long kOk = 200, kPartialContent = 206, kRangeNotSatisfiable = 416;

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// One transfer and its libcurl callbacks.
class Transfer {
 public:
    Transfer(const std::string& url, const std::string& part, const DownloadProgress& progress, std::stop_token cancel)
        : url_(url), part_(part), version_path_(part + ".version"), progress_(progress), cancel_(std::move(cancel)) {}

    Status run() {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        ONETAKE_TRY(open_part());
        auto status = transfer();
        // The part is longer than the file on the server, so it is of another version.
        if (!status && http_status_ == kRangeNotSatisfiable && resumed_from_ > 0) {
            ONETAKE_TRY(start_over());
            status = transfer();
        }
        if (!status) return status;
        std::error_code ignored;
        fs::remove(version_path_, ignored);
        return file_->sync();
    }

 private:
    Status open_part() {
        std::error_code error;
        const bool exists = fs::is_regular_file(part_, error);
        auto version = exists ? read_file(version_path_, kMaxVersionLength) : Result<std::string>(std::string());
        auto file = exists ? AppendFile::open_end(part_) : AppendFile::create(AT_FDCWD, part_);
        if (!file) return fail(std::move(file).error());
        file_.emplace(std::move(*file));
        // Without the server's version tag it is unknown which file the part belongs to.
        version_ = version.value_or("");
        if (version_.empty() && file_->size() > 0) ONETAKE_TRY(start_over());
        return {};
    }

    Status start_over() {
        std::error_code ignored;
        fs::remove(version_path_, ignored);
        version_.clear();
        return file_->truncate(0);
    }

    Status transfer() {
        const Curl curl(curl_easy_init(), curl_easy_cleanup);
        if (!curl) return fail(ErrorCode::internal, "libcurl can't be started.");
        resumed_from_ = file_->size();
        total_ = 0;
        http_status_ = 0;
        problem_ = Status{};
        curl_slist* raw = nullptr;
        if (resumed_from_ > 0) {
            raw = curl_slist_append(raw, fmt::format("Range: bytes={}-", resumed_from_).c_str());
            raw = curl_slist_append(raw, fmt::format("If-Range: {}", version_).c_str());
        }
        const HeaderList headers(raw, curl_slist_free_all);
        char error_text[CURL_ERROR_SIZE] = "";
        auto* c = curl.get();
        curl_easy_setopt(c, CURLOPT_URL, url_.c_str());
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(c, CURLOPT_MAXREDIRS, kMaxRedirects);
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, kConnectTimeout_s);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, kMinSpeed_bytes_per_s);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, kMinSpeedFor_s);
        curl_easy_setopt(c, CURLOPT_USERAGENT, "onetake/" ONETAKE_VERSION);
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error_text);
#if LIBCURL_VERSION_NUM >= 0x075500
        curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
        curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
        curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
        curl_easy_setopt(c, CURLOPT_HEADERDATA, this);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, &Transfer::on_bytes);
        curl_easy_setopt(c, CURLOPT_WRITEDATA, this);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, this);
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        const auto code = curl_easy_perform(c);
        if (!problem_) return problem_;
        if (code == CURLE_ABORTED_BY_CALLBACK)
            return fail(ErrorCode::cancelled, "The download was cancelled; the part already downloaded is kept.");
        if (code != CURLE_OK)
            return fail(ErrorCode::io,
                        fmt::format("Can't download {}: {}. Check the network connection and try again{}.", url_,
                                    *error_text ? error_text : curl_easy_strerror(code),
                                    file_->size() > 0 ? "; the part already downloaded is kept" : ""));
        if (http_status_ != kOk && http_status_ != kPartialContent)
            return fail(
                ErrorCode::io,
                fmt::format("Can't download {}: the server returned status {}. Try again later, or use another URL.",
                            url_, http_status_));
        if (total_ > 0 && file_->size() != total_)
            return fail(
                ErrorCode::io,
                fmt::format(
                    "The download of {} ended after {} of {} bytes. Try again; the part already downloaded is kept.",
                    url_, file_->size(), total_));
        return {};
    }

    // Every response of a redirect chain starts with a status line; the last one counts.
    void header(std::string_view line) {
        if (line.starts_with("HTTP/")) {
            const auto space = line.find(' ');
            http_status_ = 0;
            if (space != std::string_view::npos)
                std::from_chars(line.data() + space + 1, line.data() + line.size(), http_status_);
            tag_.clear();
            length_ = 0;
            return;
        }
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) {
            const auto name = lower(line.substr(0, colon));
            const auto value = trimmed(line.substr(colon + 1));
            // A weak tag doesn't guarantee identical bytes.
            if (name == "etag" && !value.starts_with("W/")) tag_ = value;
            if (name == "last-modified" && tag_.empty()) tag_ = value;
            if (name == "content-length") std::from_chars(value.data(), value.data() + value.size(), length_);
            return;
        }
        if (trimmed(line).empty() && (http_status_ == kOk || http_status_ == kPartialContent)) problem_ = begin();
    }

    // Called when the headers of the file itself are complete.
    Status begin() {
        if (http_status_ == kOk) {
            if (file_->size() > 0) ONETAKE_TRY(start_over());
            resumed_from_ = 0;
        }
        total_ = length_ > 0 ? resumed_from_ + length_ : 0;
        if (total_ > kMaxBytes)
            return fail(ErrorCode::corrupt, fmt::format("{} is {} bytes long: it is not a model.", url_, total_));
        if (tag_.empty() || tag_.size() > kMaxVersionLength || tag_ == version_) return {};
        version_ = tag_;
        auto file = AtomicFile::create(AT_FDCWD, version_path_);
        if (!file) return fail(std::move(file).error());
        ONETAKE_TRY(file->write(version_));
        return file->commit();
    }

    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
        auto& t = *static_cast<Transfer*>(self);
        t.header({bytes, size * count});
        return t.problem_ ? size * count : 0;
    }

    static std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* self) {
        auto& t = *static_cast<Transfer*>(self);
        // The body of an error or a redirect is not the file.
        if (t.http_status_ != kOk && t.http_status_ != kPartialContent) return size * count;
        if (t.file_->size() + size * count > kMaxBytes)
            t.problem_ = fail(ErrorCode::corrupt, fmt::format("{} is too large for a model.", t.url_));
        else
            t.problem_ = t.file_->write(std::string_view(bytes, size * count));
        return t.problem_ ? size * count : 0;
    }

    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        auto& t = *static_cast<Transfer*>(self);
        if (t.progress_) t.progress_(t.file_->size(), t.total_);
        return t.cancel_.stop_requested() ? 1 : 0;
    }

    const std::string& url_;
    const std::string& part_;
    const std::string version_path_;
    const DownloadProgress& progress_;
    const std::stop_token cancel_;
    std::optional<AppendFile> file_;
    std::string version_;  ///< of the part, as reported by the server
    std::uint64_t resumed_from_ = 0, total_ = 0;
    // of the response being received
    long http_status_ = 0;
    std::string tag_;
    std::uint64_t length_ = 0;
    Status problem_;
};

}  // namespace

Status http_download(const std::string& url, const std::string& part_path, const DownloadProgress& on_progress,
                     std::stop_token cancel) {
    return Transfer(url, part_path, on_progress, std::move(cancel)).run();
}

}  // namespace onetake

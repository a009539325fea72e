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
constexpr long kSlowest_bytes_per_s = 100, kSlowFor_s = 60;  // below this for so long: given up
constexpr long kMostRedirects = 10;
constexpr std::uint64_t kLargest = std::uint64_t{2} << 30;
constexpr std::size_t kLongestVersion = 1024;
constexpr long kWhole = 200, kPart = 206, kBeyondEnd = 416;

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

/// One transfer, and what libcurl tells of it.
class Transfer {
 public:
    Transfer(const std::string& url, const std::string& part, const DownloadProgress& progress)
        : url_(url), part_(part), version_path_(part + ".version"), progress_(progress) {}

    Status run() {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        ONETAKE_TRY(open_part());
        auto status = transfer();
        // A part that is longer than the file now is: it is of another version.
        if (!status && http_status_ == kBeyondEnd && resumed_from_ > 0) {
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
        const bool there = fs::is_regular_file(part_, error);
        auto version = there ? read_file(version_path_, kLongestVersion) : Result<std::string>(std::string());
        auto file = there ? AppendFile::open_end(part_) : AppendFile::create(AT_FDCWD, part_);
        if (!file) return fail(std::move(file).error());
        file_.emplace(std::move(*file));
        // Without the server's word for its version nobody knows what the part is a part of.
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
        char words[CURL_ERROR_SIZE] = "";
        auto* c = curl.get();
        curl_easy_setopt(c, CURLOPT_URL, url_.c_str());
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(c, CURLOPT_MAXREDIRS, kMostRedirects);
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, kConnectTimeout_s);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, kSlowest_bytes_per_s);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, kSlowFor_s);
        curl_easy_setopt(c, CURLOPT_USERAGENT, "onetake/" ONETAKE_VERSION);
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, words);
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
            return fail(ErrorCode::cancelled, "The download was stopped; what is here is kept for the next time.");
        if (code != CURLE_OK)
            return fail(ErrorCode::io,
                        fmt::format("Can't download {}: {}. Check the network connection and try again{}.", url_,
                                    *words ? words : curl_easy_strerror(code),
                                    file_->size() > 0 ? "; what is here is kept" : ""));
        if (http_status_ != kWhole && http_status_ != kPart)
            return fail(ErrorCode::io,
                        fmt::format("Can't download {}: the server answered {}. Try again later, or name "
                                    "another address.",
                                    url_, http_status_));
        if (total_ > 0 && file_->size() != total_)
            return fail(ErrorCode::io, fmt::format("The download of {} ended after {} of {} bytes. Try again; what is "
                                                   "here is kept.",
                                                   url_, file_->size(), total_));
        return {};
    }

    // Every answer of a chain of redirects begins with its status line; the last one counts.
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
            // A weak tag does not promise the same bytes.
            if (name == "etag" && !value.starts_with("W/")) tag_ = value;
            if (name == "last-modified" && tag_.empty()) tag_ = value;
            if (name == "content-length") std::from_chars(value.data(), value.data() + value.size(), length_);
            return;
        }
        if (trimmed(line).empty() && (http_status_ == kWhole || http_status_ == kPart)) problem_ = begin();
    }

    // The headers of the file itself are there.
    Status begin() {
        if (http_status_ == kWhole) {
            if (file_->size() > 0) ONETAKE_TRY(start_over());
            resumed_from_ = 0;
        }
        total_ = length_ > 0 ? resumed_from_ + length_ : 0;
        if (total_ > kLargest)
            return fail(ErrorCode::corrupt, fmt::format("{} is {} bytes long: that is no model.", url_, total_));
        if (tag_.empty() || tag_.size() > kLongestVersion || tag_ == version_) return {};
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
        if (t.http_status_ != kWhole && t.http_status_ != kPart) return size * count;
        if (t.file_->size() + size * count > kLargest)
            t.problem_ = fail(ErrorCode::corrupt, fmt::format("{} is too long for a model.", t.url_));
        else
            t.problem_ = t.file_->write(std::string_view(bytes, size * count));
        return t.problem_ ? size * count : 0;
    }

    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        auto& t = *static_cast<Transfer*>(self);
        return t.progress_ && !t.progress_(t.file_->size(), t.total_) ? 1 : 0;
    }

    const std::string& url_;
    const std::string& part_;
    const std::string version_path_;
    const DownloadProgress& progress_;
    std::optional<AppendFile> file_;
    std::string version_;  ///< of the part, as the server named it
    std::uint64_t resumed_from_ = 0, total_ = 0;
    // of the answer that is coming in
    long http_status_ = 0;
    std::string tag_;
    std::uint64_t length_ = 0;
    Status problem_;
};

}  // namespace

Status http_download(const std::string& url, const std::string& part_path, const DownloadProgress& on_progress) {
    return Transfer(url, part_path, on_progress).run();
}

}  // namespace onetake

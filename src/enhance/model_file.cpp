#include "enhance/model_file.h"

#include "base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <sys/stat.h>

namespace onetake {

namespace {

constexpr std::uint64_t kMaxFileSize = std::uint64_t{2} << 30;  // protobuf's own limit
constexpr std::size_t kMaxFields = 4096;                        // of the model itself, not of its graph
constexpr std::size_t kMaxEntryLength = 64 * 1024;              // of the metadata: the longest has 481 numbers
constexpr int kGraphField = 7, kMetadataField = 14;             // of ONNX's ModelProto
constexpr int kKeyField = 1, kValueField = 2;                   // of its StringStringEntryProto
constexpr int kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
constexpr std::int64_t kMaxState = 16 << 20;  // numbers

using Metadata = std::map<std::string, std::string, std::less<>>;

/// Removes a protobuf varint from the front of `bytes` and returns it; empty if there is none.
std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bytes.remove_prefix(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

std::optional<std::pair<std::string, std::string>> metadata_entry(std::string_view bytes) {
    std::pair<std::string, std::string> entry;
    while (!bytes.empty()) {
        const auto tag = take_varint(bytes);
        if (!tag || (*tag & 7) != kBytes) return std::nullopt;
        const auto size = take_varint(bytes);
        if (!size || *size > bytes.size()) return std::nullopt;
        const auto text = bytes.substr(0, static_cast<std::size_t>(*size));
        if (*tag >> 3 == kKeyField) entry.first = text;
        if (*tag >> 3 == kValueField) entry.second = text;
        bytes.remove_prefix(text.size());
    }
    return entry;
}

/// Reads the top-level fields of an ONNX file; of the graph only its length.
class ModelReader {
 public:
    ModelReader(UniqueFd fd, const std::string& path, std::uint64_t size)
        : fd_(std::move(fd)), path_(path), size_(size) {}

    Result<Metadata> metadata() {
        Metadata found;
        bool graph = false;
        for (std::size_t n = 0; at_ < size_; ++n) {
            if (n == kMaxFields) return bad("is not an ONNX model");
            const auto tag = number();
            if (!tag) return bad("is not an ONNX model, or is truncated");
            const auto field = *tag >> 3;
            std::uint64_t length = 0;
            switch (*tag & 7) {
                case kVarint:
                    if (!number()) return bad("is not an ONNX model, or is truncated");
                    break;
                case kFixed64:
                    length = 8;
                    break;
                case kFixed32:
                    length = 4;
                    break;
                case kBytes: {
                    const auto size = number();
                    if (!size) return bad("is not an ONNX model, or is truncated");
                    length = *size;
                    break;
                }
                default:
                    return bad("is not an ONNX model");
            }
            if (field == 0) return bad("is not an ONNX model");
            if (length > size_ - at_) return bad("is truncated, or is not an ONNX model");
            if (field == kGraphField) graph = true;
            if (field == kMetadataField) {
                if (length > kMaxEntryLength) return bad("has an oversized metadata entry");
                std::string bytes(static_cast<std::size_t>(length), '\0');
                if (!read(bytes.data(), bytes.size())) return bad("could not be read");
                auto entry = metadata_entry(bytes);
                if (!entry) return bad("has corrupt metadata");
                found.insert_or_assign(std::move(entry->first), std::move(entry->second));
            }
            at_ += length;
        }
        if (!graph) return bad("is not an ONNX model: it has no graph");
        return found;
    }

 private:
    bool read(char* to, std::size_t size) const {
        std::size_t have = 0;
        while (have < size) {
            const auto n = ::pread(fd_.get(), to + have, size - have, static_cast<off_t>(at_ + have));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            have += static_cast<std::size_t>(n);
        }
        return true;
    }

    std::optional<std::uint64_t> number() {
        std::array<char, 10> bytes{};
        const auto have = std::min<std::uint64_t>(bytes.size(), size_ - at_);
        if (!read(bytes.data(), have)) return std::nullopt;
        std::string_view rest(bytes.data(), have);
        const auto value = take_varint(rest);
        at_ += have - rest.size();
        return value;
    }

    tl::unexpected<Error> bad(std::string_view what) const {
        return fail(ErrorCode::corrupt, fmt::format("{} {}. Download the model again.", path_, what));
    }

    const UniqueFd fd_;
    const std::string& path_;
    const std::uint64_t size_;
    std::uint64_t at_ = 0;
};

/// Typed access to the metadata with checks; the first failed check is the error.
class MetadataChecks {
 public:
    MetadataChecks(const Metadata& metadata, const std::string& path) : metadata_(metadata), path_(path) {}

    std::string text(const char* key) {
        const auto it = metadata_.find(key);
        if (it == metadata_.end() || it->second.empty()) {
            refuse(fmt::format("lacks \"{}\" in its metadata", key));
            return {};
        }
        return it->second;
    }
    void must_be(const char* key, std::string_view expected) {
        const auto value = text(key);
        if (value != expected) refuse(fmt::format("has {} {}, not {}", key, quoted(value), expected));
    }
    std::int64_t number(const char* key) {
        const auto value = text(key);
        std::int64_t n = -1;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
        if (error != std::errc{} || end != value.data() + value.size() || n < 0)
            refuse(fmt::format("has {} {}, which is not a count", key, quoted(value)));
        return n;
    }
    void must_be(const char* key, std::int64_t expected) {
        if (const auto n = number(key); n != expected)
            refuse(fmt::format("has {} {}, but its other values need {}", key, n, expected));
    }
    void must_list(const char* key, std::int64_t expected) {
        const auto value = text(key);
        if (const auto n = std::ranges::count(value, ',') + 1; n != expected)
            refuse(fmt::format("has {} values in {}, but its other values need {}", n, key, expected));
    }
    void refuse(std::string why) {
        if (status_)
            status_ = fail(ErrorCode::corrupt, fmt::format("{} is not a usable DPDFNet model: it {}. "
                                                           "Get one with `onetake models download`.",
                                                           path_, why));
    }
    const Status& status() const { return status_; }

 private:
    static std::string quoted(std::string_view value) {
        std::string text = "\"";
        for (const char c : value.substr(0, 40)) text += c >= 0x20 && c < 0x7f ? c : '?';
        return text + '"';
    }

    const Metadata& metadata_;
    const std::string& path_;
    Status status_;
};

}  // namespace

Result<ModelInfo> inspect_model(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return fail(file_error("Can't open the model", path, errno));
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return fail(file_error("Can't read the model", path, errno));
    if (!S_ISREG(st.st_mode)) return fail(ErrorCode::corrupt, fmt::format("{} is not a file.", path));
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (size == 0) return fail(ErrorCode::corrupt, fmt::format("{} is empty. Download the model again.", path));
    if (size > kMaxFileSize) return fail(ErrorCode::corrupt, fmt::format("{} is too large for a model.", path));
    char first = 0;
    if (::pread(fd.get(), &first, 1, 0) == 1 && first == '<')
        return fail(ErrorCode::corrupt, fmt::format("{} is a web page, not a model. Download the model again.", path));

    const auto metadata = ModelReader(std::move(fd), path, size).metadata();
    if (!metadata) return fail(metadata.error());
    MetadataChecks checks(*metadata, path);
    checks.must_be("model_type", "dpdfnet");
    ModelInfo info;
    info.profile = checks.text("profile");
    info.bytes = size;
    const auto rate = checks.number("sample_rate");
    if (rate != 8000 && rate != 16000 && rate != 48000)
        checks.refuse(fmt::format("has a sample_rate of {}, not 8000, 16000 or 48000", rate));
    info.sample_rate = static_cast<int>(rate);
    // A window of 20 ms every 10 ms: all variants have it, and the alignment of the output depends on it.
    const auto window = rate / 50;
    checks.must_be("n_fft", window);
    checks.must_be("window_length", window);
    checks.must_be("hop_length", window / 2);
    checks.must_be("window_type", "vorbis");
    checks.text("pad_mode");
    checks.must_be("freq_bins", window / 2 + 1);
    checks.number("erb_bins");
    checks.number("spec_bins");
    const auto erb = checks.number("erb_norm_state_size"), spec = checks.number("spec_norm_state_size");
    const auto state = checks.number("state_size");
    if (erb > kMaxState || spec > kMaxState || state > kMaxState || erb + spec > state)
        checks.refuse(fmt::format("has a state of {} numbers for norms of {} and {}", state, erb, spec));
    checks.must_list("erb_norm_init", erb);
    checks.must_list("spec_norm_init", spec);
    if (!checks.status()) return fail(checks.status().error());
    return info;
}

}  // namespace onetake

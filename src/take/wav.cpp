#include "take/wav.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace onetake {

namespace {

constexpr std::uint64_t kHeaderBytes = 12 + 8 + 28 + 8 + 16 + 8;
constexpr std::int64_t kMaxSamplesAtOnce = std::int64_t{1} << 28;  // a journal's counts are untrusted

void put_tag(std::vector<std::byte>& out, const char (&tag)[5]) {
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::byte>(tag[i]));
}

template <class T>
void put(std::vector<std::byte>& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i)));
}

std::vector<std::byte> wav_header(std::int64_t frames, int sample_rate, int channels, std::uint64_t riff_limit) {
    const auto data = static_cast<std::uint64_t>(frames) * static_cast<std::uint64_t>(channels) * 2;
    const auto riff = kHeaderBytes - 8 + data;
    const bool large = riff + 8 > riff_limit;
    const auto size32 = [&](std::uint64_t size) { return large ? 0xFFFFFFFFu : static_cast<std::uint32_t>(size); };
    std::vector<std::byte> h;
    h.reserve(kHeaderBytes);
    large ? put_tag(h, "RF64") : put_tag(h, "RIFF");
    put(h, size32(riff));
    put_tag(h, "WAVE");
    large ? put_tag(h, "ds64") : put_tag(h, "JUNK");
    put(h, std::uint32_t{28});
    put(h, large ? riff : 0);
    put(h, large ? data : 0);
    put(h, large ? static_cast<std::uint64_t>(frames) : 0);
    put(h, std::uint32_t{0});
    put_tag(h, "fmt ");
    put(h, std::uint32_t{16});
    put(h, std::uint16_t{1});
    put(h, static_cast<std::uint16_t>(channels));
    put(h, static_cast<std::uint32_t>(sample_rate));
    put(h, static_cast<std::uint32_t>(sample_rate * channels * 2));
    put(h, static_cast<std::uint16_t>(channels * 2));
    put(h, std::uint16_t{16});
    put_tag(h, "data");
    put(h, size32(data));
    return h;
}

std::uint64_t little_endian(const unsigned char* bytes, int n) {
    std::uint64_t value = 0;
    for (int i = n - 1; i >= 0; --i) value = value << 8 | bytes[i];
    return value;
}

}  // namespace

WavWriter::WavWriter(AppendFile file, int sample_rate, int channels, std::uint64_t riff_limit)
    : file_(std::move(file)), sample_rate_(sample_rate), channels_(channels), riff_limit_(riff_limit) {}

Result<WavWriter> WavWriter::create(int dir_fd, std::string path, int sample_rate, int channels,
                                    std::uint64_t riff_limit) {
    auto file = AppendFile::create(dir_fd, std::move(path));
    if (!file) return fail(std::move(file).error());
    return write_to(std::move(*file), sample_rate, channels, riff_limit);
}

Result<WavWriter> WavWriter::write_to(AppendFile file, int sample_rate, int channels, std::uint64_t riff_limit) {
    WavWriter writer(std::move(file), sample_rate, channels, riff_limit);
    ONETAKE_TRY(writer.file_.write(wav_header(0, sample_rate, channels, riff_limit)));
    return writer;
}

Status WavWriter::write(std::span<const std::int16_t> interleaved) {
    const auto complete = kHeaderBytes + static_cast<std::uint64_t>(frames_ * channels_) * 2;
    // Remove a partial write, which would shift all following samples.
    if (file_.size() != complete) ONETAKE_TRY(file_.truncate(complete));
    if (auto status = file_.write(std::as_bytes(interleaved)); !status) {
        (void)file_.truncate(complete);
        return status;
    }
    frames_ += static_cast<std::int64_t>(interleaved.size()) / channels_;
    return {};
}

Status WavWriter::truncate(std::int64_t frames) {
    ONETAKE_TRY(file_.truncate(kHeaderBytes + static_cast<std::uint64_t>(frames * channels_) * 2));
    frames_ = frames;
    return {};
}

Status WavWriter::refresh_header() {
    return file_.write_at(0, wav_header(frames_, sample_rate_, channels_, riff_limit_));
}

namespace {

std::int64_t frames_in(std::uint64_t file_bytes, int channels) {
    const auto data = file_bytes > kHeaderBytes ? file_bytes - kHeaderBytes : 0;
    return static_cast<std::int64_t>(data / (2 * static_cast<std::uint64_t>(channels)));
}

// Whether a header was written by WavWriter, whatever its sizes, possibly damaged by a crash or a bad disk. False for a
// file written or modified by another program.
bool is_own_header(std::span<const std::byte> actual) {
    constexpr std::size_t kFiller = 12, kFormat = 48, kData = 72;
    const auto at = [&](std::size_t offset, std::string_view bytes) {
        return std::memcmp(actual.data() + offset, bytes.data(), bytes.size()) == 0;
    };
    if (actual.size() < kHeaderBytes) return true;
    if (std::ranges::all_of(actual, [](std::byte b) { return b == std::byte{0}; })) return true;
    const int tags = (at(kFiller, "JUNK") || at(kFiller, "ds64")) + at(kFormat, "fmt ") + at(kData, "data");
    const bool wav = (at(0, "RIFF") || at(0, "RF64")) && at(8, "WAVE");
    if (!wav) return tags >= 2;
    using namespace std::string_view_literals;
    return tags == 3 && at(kFormat + 8, "\x01\0"sv) && at(kFormat + 22, "\x10\0"sv);  // 16-bit PCM
}

// The correct header of a file whose header is wrong; empty if it is right or from another program.
Result<std::vector<std::byte>> corrected_header(int fd, const std::string& path, int sample_rate, int channels,
                                                std::uint64_t riff_limit) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return fail(file_error("Can't read", path, errno));
    auto header =
        wav_header(frames_in(static_cast<std::uint64_t>(st.st_size), channels), sample_rate, channels, riff_limit);
    std::vector<std::byte> actual(kHeaderBytes);
    const auto n = ::pread(fd, actual.data(), actual.size(), 0);
    if (n < 0) return fail(file_error("Can't read", path, errno));
    actual.resize(static_cast<std::size_t>(n));
    if (actual == header || !is_own_header(actual)) header.clear();
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (const auto reader = WavReader::read_from(std::move(copy), path);
        reader && reader->frames() < frames_in(static_cast<std::uint64_t>(st.st_size), channels))  // chunks follow
        header.clear();
    return header;
}

}  // namespace

std::int64_t wav_frames_by_length(int fd, int channels) {
    struct stat st {};
    return ::fstat(fd, &st) == 0 ? frames_in(static_cast<std::uint64_t>(st.st_size), channels) : 0;
}

Result<bool> wav_header_needs_repair(int fd, const std::string& path, int sample_rate, int channels,
                                     std::uint64_t riff_limit) {
    const auto header = corrected_header(fd, path, sample_rate, channels, riff_limit);
    if (!header) return fail(header.error());
    return !header->empty();
}

Result<bool> repair_wav_header(int fd, const std::string& path, int sample_rate, int channels,
                               std::uint64_t riff_limit) {
    const auto header = corrected_header(fd, path, sample_rate, channels, riff_limit);
    if (!header) return fail(header.error());
    std::size_t done = 0;
    while (done < header->size()) {
        const auto n = ::pwrite(fd, header->data() + done, header->size() - done, static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't write to", path, errno));
        done += static_cast<std::size_t>(n);
    }
    return !header->empty();
}

Result<WavReader> WavReader::open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return fail(file_error("Can't open", path, errno));
    return read_from(std::move(fd), path);
}

Result<WavReader> WavReader::read_from(UniqueFd fd, std::string path) {
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return fail(file_error("Can't read", path, errno));
    if (!S_ISREG(st.st_mode)) return fail(ErrorCode::corrupt, fmt::format("{} is not a regular file.", path));
    WavReader reader(std::move(fd), path);

    auto bad = [&](std::string_view why) {
        return fail(ErrorCode::corrupt, fmt::format("{} is not a supported WAV file: {}.", path, why));
    };
    unsigned char h[40];
    auto read_at = [&](std::uint64_t offset, std::size_t n) {
        return ::pread(reader.fd_.get(), h, n, static_cast<off_t>(offset)) == static_cast<ssize_t>(n);
    };
    if (!read_at(0, 12) || std::memcmp(h + 8, "WAVE", 4) != 0) return bad("no WAVE header");
    const bool rf64 = std::memcmp(h, "RF64", 4) == 0;
    if (!rf64 && std::memcmp(h, "RIFF", 4) != 0) return bad("no RIFF header");
    std::uint64_t data64 = 0;
    bool have_format = false;
    constexpr int kMaxChunks = 256;
    std::uint64_t offset = 12;
    for (int chunk = 0; chunk < kMaxChunks; ++chunk) {
        if (!read_at(offset, 8)) return bad("it ends before its data");
        const auto size = little_endian(h + 4, 4);
        const auto body = offset + 8;
        if (std::memcmp(h, "data", 4) == 0) {
            if (!have_format) return bad("its data precedes its format");
            reader.data_offset_ = body;
            const auto declared = rf64 && size == 0xFFFFFFFF ? data64 : size;
            // The declared size is only used if another chunk follows: in an unfinished file it is too small.
            const auto end = body + std::min<std::uint64_t>(declared, UINT64_MAX / 4);
            unsigned char tag[4];
            const bool more = declared > 0 &&
                              ::pread(reader.fd_.get(), tag, 4, static_cast<off_t>(end + (declared & 1))) == 4 &&
                              std::all_of(tag, tag + 4, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
            if (more && (std::memcmp(tag, "LIST", 4) == 0 || std::memcmp(tag, "id3 ", 4) == 0 ||
                         std::memcmp(tag, "bext", 4) == 0 || std::memcmp(tag, "fact", 4) == 0 ||
                         std::memcmp(tag, "cue ", 4) == 0 || std::memcmp(tag, "iXML", 4) == 0))
                reader.data_limit_ = declared;
            return reader;
        }
        if (std::memcmp(h, "ds64", 4) == 0 && size >= 28 && read_at(body, 28)) data64 = little_endian(h + 8, 8);
        if (size >= 16 && read_at(offset, 8) && std::memcmp(h, "fmt ", 4) == 0) {
            if (!read_at(body, 16)) return bad("it ends within its format");
            const auto tag = little_endian(h, 2);
            const auto channels = little_endian(h + 2, 2);
            const auto rate = little_endian(h + 4, 4);
            const auto bits = little_endian(h + 14, 2);
            if ((tag != 1 && tag != 0xFFFE) || bits != 16) return bad("only 16-bit PCM is supported");
            if (channels < 1 || channels > 64) return bad(fmt::format("{} channels", channels));
            if (rate < 1000 || rate > 768000) return bad(fmt::format("a sample rate of {} Hz", rate));
            reader.channels_ = static_cast<int>(channels);
            reader.sample_rate_ = static_cast<int>(rate);
            have_format = true;
        }
        offset = body + size + (size & 1);
    }
    return bad("too many chunks before its data");
}

std::int64_t WavReader::frames() const {
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0 || static_cast<std::uint64_t>(st.st_size) <= data_offset_) return 0;
    const auto bytes = std::min(static_cast<std::uint64_t>(st.st_size) - data_offset_, data_limit_);
    return static_cast<std::int64_t>(bytes) / (2 * channels_);
}

Status WavReader::read(std::int64_t first, std::int64_t count, std::vector<std::int16_t>& out) {
    out.clear();
    if (first < 0 || count <= 0) return {};
    count = std::min(count, frames() - first);
    if (count <= 0) return {};
    if (count > kMaxSamplesAtOnce / channels_)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} samples of {} are more than can be read at once.", count, path_));
    out.resize(static_cast<std::size_t>(count * channels_));
    auto* to = reinterpret_cast<char*>(out.data());
    std::size_t want = out.size() * 2, have = 0;
    const auto from = data_offset_ + static_cast<std::uint64_t>(first * channels_) * 2;
    while (have < want) {
        const auto n = ::pread(fd_.get(), to + have, want - have, static_cast<off_t>(from + have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't read", path_, errno));
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    out.resize(have / 2 / static_cast<std::size_t>(channels_) * static_cast<std::size_t>(channels_));
    return {};
}

}  // namespace onetake

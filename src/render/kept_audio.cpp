#include "render/kept_audio.h"

#include "base/error.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <span>
#include <string_view>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

namespace onetake {

namespace {

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// By what it is recognized.
struct InputMark {
    std::int64_t begin = 0, end = 0, values = 0;
    bool operator==(const InputMark&) const = default;
};

InputMark mark_of(const EncoderInput& input) {
    const auto ns = [](MediaTime t) { return std::int64_t{t.time_since_epoch().count()}; };
    if (const auto* run = std::get_if<TimedAudio>(&input))
        return {ns(run->begin), ns(run->end), static_cast<std::int64_t>(run->samples.size())};
    if (const auto* silence = std::get_if<AudioSilence>(&input)) return {ns(silence->until), 0, -1};
    if (const auto* samples = std::get_if<AudioSamples>(&input))
        return {0, 0, static_cast<std::int64_t>(samples->interleaved.size())};
    return {0, 0, -2};
}
constexpr InputMark kPause{0, 0, -3};

struct KeptInput {
    InputMark mark;
    std::uint64_t packets = 0;
};
struct KeptPacket {
    std::int64_t pts = 0, dts = 0, duration = 0;
    std::int32_t skip_first = 0, skip_last = 0;
    std::uint32_t bytes = 0, key = 0;
};

template <class T>
bool put(std::FILE* file, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return std::fwrite(&value, sizeof value, 1, file) == 1;
}
template <class T>
bool get(std::FILE* file, T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return std::fread(&value, sizeof value, 1, file) == 1;
}

}  // namespace

// One encoder, what it was given, and what it gave for each input.
class KeptEncoder {
 public:
    KeptEncoder(std::unique_ptr<StreamEncoder> encoder, File file)
        : encoder_(std::move(encoder)), file_(std::move(file)) {}

    StreamEncoder& encoder() { return *encoder_; }
    std::uint64_t inputs() const { return inputs_; }
    bool can_begin() const { return file_ != nullptr && !failed_; }
    bool has_failed() const { return failed_; }

    void rewind() { std::rewind(file_.get()); }

    // Without room on the disk nothing is kept any more.
    void keep(const InputMark& mark, std::span<const Packet> packets) {
        ++inputs_;
        if (file_ && !write(mark, packets)) file_.reset();
    }

    Status replay(const InputMark& mark, std::vector<Packet>& out) {
        KeptInput input;
        if (!get(file_.get(), input)) return failed("can't be read again");
        if (input.mark != mark) return failed("is not that of the file before");
        for (std::uint64_t i = 0; i < input.packets; ++i) {
            KeptPacket kept;
            if (!get(file_.get(), kept)) return failed("can't be read again");
            Packet packet;
            packet.pts = kept.pts;
            packet.dts = kept.dts;
            packet.duration = kept.duration;
            packet.skip_first = kept.skip_first;
            packet.skip_last = kept.skip_last;
            packet.key = kept.key != 0;
            packet.bytes.resize(kept.bytes);
            if (std::fread(packet.bytes.data(), 1, kept.bytes, file_.get()) != kept.bytes)
                return failed("can't be read again");
            out.push_back(std::move(packet));
        }
        return {};
    }
    // From reading to writing.
    void replay_ends() { std::fseek(file_.get(), 0, SEEK_CUR); }
    tl::unexpected<Error> failed(std::string_view how) {
        failed_ = true;
        return fail(ErrorCode::corrupt, fmt::format("The audio that was encoded before {}.", how));
    }

 private:
    bool write(const InputMark& mark, std::span<const Packet> packets) {
        if (!put(file_.get(), KeptInput{mark, packets.size()})) return false;
        return std::ranges::all_of(packets, [&](const Packet& p) {
            const KeptPacket kept{p.pts,          p.dts,       p.duration,
                                  p.skip_first,   p.skip_last, static_cast<std::uint32_t>(p.bytes.size()),
                                  p.key ? 1U : 0U};
            return put(file_.get(), kept) &&
                   std::fwrite(p.bytes.data(), 1, p.bytes.size(), file_.get()) == p.bytes.size();
        });
    }

    const std::unique_ptr<StreamEncoder> encoder_;
    File file_;  // null: nothing is kept
    std::uint64_t inputs_ = 0;
    std::atomic<bool> failed_{false};
};

namespace {

// The encoder as one file sees it.
class ReplayedEncoder final : public StreamEncoder {
 public:
    explicit ReplayedEncoder(std::shared_ptr<KeptEncoder> kept)
        : StreamEncoder(kept->encoder().params(), kept->encoder().codec()), kept_(std::move(kept)) {}

    StreamCounters counters() const override { return kept_->encoder().counters(); }
    std::vector<std::string> notes() const override { return kept_->encoder().notes(); }

 private:
    Status take(EncoderInput input, std::vector<Packet>& out) override {
        return pass(mark_of(input), out, [&] { return kept_->encoder().encode(std::move(input), out); });
    }
    Status take_pause(std::vector<Packet>& out) override {
        return pass(kPause, out, [&] { return kept_->encoder().pause(out); });
    }
    Status take_end(std::vector<Packet>& out) override {
        if (at_ < kept_->inputs()) return kept_->failed("goes on longer");
        return kept_->encoder().finish(out);
    }

    template <class Encode>
    Status pass(const InputMark& mark, std::vector<Packet>& out, Encode&& encode) {
        if (at_ < kept_->inputs()) {
            ONETAKE_TRY(kept_->replay(mark, out));
            if (++at_ == kept_->inputs()) kept_->replay_ends();
            return {};
        }
        const auto from = out.size();
        ONETAKE_TRY(encode());
        kept_->keep(mark, std::span(out).subspan(from));
        ++at_;
        return {};
    }

    const std::shared_ptr<KeptEncoder> kept_;
    std::uint64_t at_ = 0;
};

File unnamed_file(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return nullptr;
    File file(::fdopen(fd, "w+b"));
    if (!file) ::close(fd);
    return file;
}

}  // namespace

KeptAudio::KeptAudio(std::string folder) : folder_(std::move(folder)) {}
KeptAudio::~KeptAudio() = default;

void KeptAudio::begin(HostTime origin) {
    if (has_failed() || origin_ != origin) encoders_.clear();
    origin_ = origin;
}

Result<std::unique_ptr<StreamEncoder>> KeptAudio::encoder(int track, const AudioStreamSettings& settings) {
    auto& kept = encoders_[track];
    if (kept && kept->can_begin()) {
        kept->rewind();
    } else {
        auto encoder = AudioStreamEncoder::open(settings);
        if (!encoder) return fail(std::move(encoder).error());
        kept = std::make_shared<KeptEncoder>(std::move(*encoder), unnamed_file(folder_));
    }
    return std::make_unique<ReplayedEncoder>(kept);
}

bool KeptAudio::has_failed() const {
    return std::ranges::any_of(encoders_, [](const auto& entry) { return entry.second && entry.second->has_failed(); });
}

}  // namespace onetake

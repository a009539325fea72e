#include "take/flat_record.h"

#include "take/journal_limits.h"

#include <charconv>

namespace onetake {

namespace limits = journal_limits;

namespace {

// Keys and values without escapes or nesting.
class FlatScanner {
 public:
    explicit FlatScanner(std::string_view text) : text_(text) {}

    // Calls `on(key, value)` for each pair, values as written (strings without quotes). False if the text is not flat.
    template <class On>
    bool scan(On&& on) {
        if (!take('{')) return false;
        do {
            std::string_view key, value;
            if (!quoted(key) || !take(':')) return false;
            if (peek() == '"') {
                if (!quoted(value)) return false;
            } else {
                const auto start = at_;
                while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') ++at_;
                value = text_.substr(start, at_ - start);
                if (value.empty() || value.find_first_of("{[ ") != std::string_view::npos) return false;
            }
            if (!on(key, value)) return false;
        } while (take(','));
        return take('}') && at_ == text_.size();
    }

 private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    bool quoted(std::string_view& out) {
        if (!take('"')) return false;
        const auto end = text_.find_first_of("\"\\", at_);
        if (end == std::string_view::npos || text_[end] == '\\') return false;
        out = text_.substr(at_, end - at_);
        at_ = end + 1;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool is_stamp(std::int64_t ns) {
    return ns >= -kFarthestMedia.count() && ns <= kFarthestMedia.count();
}

bool number(std::string_view text, std::int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool FlatFields::set(std::string_view key, std::string_view value) {
    auto into = [&](std::optional<std::int64_t>& field) {
        std::int64_t parsed = 0;
        if (!number(value, parsed)) return false;
        field = parsed;
        return true;
    };
    if (key == "k") {
        kind = value;
        return kind == "f" || kind == "a" || kind == "d";
    }
    if (key == "v") return (track = track_id_from(value)).has_value();
    if (key == "s") return (source = stamp_source_from(value)).has_value();
    if (key == "n") return into(n);
    if (key == "t") return into(t);
    if (key == "r") return into(r);
    if (key == "q") return into(q);
    if (key == "b") return into(b);
    if (key == "i") return into(i);
    if (key == "p") return into(p);
    if (key == "o") return into(o);
    if (key == "c") return into(c);
    if (key == "x" || key == "key") {
        const bool is_true = value == "true";
        (key == "x" ? x : packet_is_key) = is_true;
        return is_true || value == "false";
    }
    return true;
}

std::optional<JournalRecord> FlatFields::record() const {
    if (!track || !source || !n || !t || !r || *n < 1 || *n > limits::kMaxFrames) return std::nullopt;
    if (!is_stamp(*t) || !is_stamp(*r)) return std::nullopt;
    if (kind == "f" && track->kind == TrackKind::video) {
        if (!b || *b < 0 || *b > limits::kMaxBytes || (q && (*q < 0 || *q > UINT32_MAX))) return std::nullopt;
        FrameRecord f{*track, *n, {host_time_from_ns(*t), host_time_from_ns(*r), *source, {}}, 0};
        if (q) f.stamp.driver_sequence = static_cast<std::uint32_t>(*q);
        f.bytes = static_cast<std::uint64_t>(*b);
        if (p) {
            if (*p < 1 || *p > limits::kMaxParts || !o || *o < 0 || *o > limits::kMaxOffset) return std::nullopt;
            f.packet = PacketPlace{static_cast<int>(*p), static_cast<std::uint64_t>(*o), packet_is_key};
        }
        return f;
    }
    if (kind == "a" && track->kind == TrackKind::audio) {
        if (!i || *i < 0 || *i > limits::kMaxSamples - *n) return std::nullopt;
        return BlockRecord{*track, *i, *n, host_time_from_ns(*t), host_time_from_ns(*r), *source, x};
    }
    if (kind == "d" && track->kind == TrackKind::data) {
        if (!b || *b < 1 || *b > static_cast<std::int64_t>(kLargestData) || !o || *o < 0 || *o > limits::kMaxOffset ||
            !c || *c < 0 || *c > UINT32_MAX)
            return std::nullopt;
        return DataRecord{*track,
                          *n,
                          host_time_from_ns(*t),
                          host_time_from_ns(*r),
                          *source,
                          static_cast<std::uint64_t>(*b),
                          static_cast<std::uint64_t>(*o),
                          static_cast<std::uint32_t>(*c)};
    }
    return std::nullopt;
}

std::optional<JournalRecord> parse_flat_line(std::string_view line) {
    FlatFields fields;
    if (!FlatScanner(line).scan([&](auto key, auto value) { return fields.set(key, value); })) return std::nullopt;
    return fields.record();
}

}  // namespace onetake

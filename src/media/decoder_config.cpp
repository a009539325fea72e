#include "media/decoder_config.h"

#include <array>
#include <fmt/format.h>
#include <optional>

namespace onetake {

namespace {

using Bytes = std::vector<std::uint8_t>;
using Unit = std::span<const std::uint8_t>;

// Reads the bits of a NAL unit; bytes that prevent a start code inside it are skipped.
class BitReader {
 public:
    explicit BitReader(Unit unit) {
        for (std::size_t i = 0; i < unit.size(); ++i) {
            const bool escape = i >= 2 && unit[i] == 3 && unit[i - 1] == 0 && unit[i - 2] == 0;
            if (!escape) bytes_.push_back(unit[i]);
        }
    }

    std::uint32_t bits(int count) {
        std::uint32_t value = 0;
        for (int i = 0; i < count; ++i, ++at_) {
            const auto byte = at_ / 8;
            if (byte >= bytes_.size()) {
                past_end_ = true;
                return 0;
            }
            value = value << 1 | ((bytes_[byte] >> (7 - at_ % 8)) & 1U);
        }
        return value;
    }
    // An unsigned Exp-Golomb code.
    std::uint32_t ue() {
        int zeros = 0;
        while (zeros < 32 && !past_end_ && bits(1) == 0) ++zeros;
        if (past_end_ || zeros > 31) {
            past_end_ = true;
            return 0;
        }
        return (1U << zeros) - 1 + bits(zeros);
    }
    bool past_end() const { return past_end_; }

 private:
    Bytes bytes_;
    std::size_t at_ = 0;  // bits
    bool past_end_ = false;
};

void append_u16(Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_unit(Bytes& out, Unit unit) {
    append_u16(out, unit.size());
    out.insert(out.end(), unit.begin(), unit.end());
}

tl::unexpected<Error> bad_sets(std::string_view codec) {
    return fail(ErrorCode::corrupt,
                fmt::format("The encoder's {} parameter sets are missing or can't be parsed.", codec));
}

Result<Bytes> h264_config(Unit extradata) {
    enum : std::uint8_t { kSps = 7, kPps = 8 };
    std::vector<Unit> sps, pps;
    for (const auto unit : nal_units(extradata)) {
        if (unit.size() > UINT16_MAX) return bad_sets("H.264");
        if ((unit[0] & 31) == kSps) sps.push_back(unit);
        if ((unit[0] & 31) == kPps) pps.push_back(unit);
    }
    if (sps.empty() || pps.empty() || sps.size() > 31 || pps.size() > 255 || sps[0].size() < 4)
        return bad_sets("H.264");
    Bytes out{1, sps[0][1], sps[0][2], sps[0][3], 0xff, static_cast<std::uint8_t>(0xe0 | sps.size())};
    for (const auto unit : sps) append_unit(out, unit);
    out.push_back(static_cast<std::uint8_t>(pps.size()));
    for (const auto unit : pps) append_unit(out, unit);
    const int profile = sps[0][1];
    if (profile == 66 || profile == 77 || profile == 88) return out;
    BitReader reader(sps[0].subspan(4));
    reader.ue();  // id
    const auto chroma = reader.ue();
    if (chroma == 3) reader.bits(1);
    const auto luma_depth = reader.ue(), chroma_depth = reader.ue();
    if (reader.past_end() || chroma > 3 || luma_depth > 6 || chroma_depth > 6) return bad_sets("H.264");
    for (const auto field : {0xfc | chroma, 0xf8 | luma_depth, 0xf8 | chroma_depth, 0U})
        out.push_back(static_cast<std::uint8_t>(field));
    return out;
}

// What "hvcC" repeats of a sequence parameter set.
struct HevcFormat {
    std::array<std::uint8_t, 12> profile_and_level{};
    std::uint32_t layers = 1, nested = 0, chroma = 1, luma_depth = 0, chroma_depth = 0;
};

std::optional<HevcFormat> parse_hevc_sps(Unit sps) {
    if (sps.size() < 3) return std::nullopt;
    BitReader reader(sps.subspan(2));
    HevcFormat f;
    reader.bits(4);
    f.layers = reader.bits(3) + 1;
    f.nested = reader.bits(1);
    for (auto& byte : f.profile_and_level) byte = static_cast<std::uint8_t>(reader.bits(8));
    if (f.layers > 1) {
        std::array<std::array<bool, 2>, 7> present{};
        for (std::uint32_t i = 0; i + 1 < f.layers; ++i) present.at(i) = {reader.bits(1) == 1, reader.bits(1) == 1};
        for (std::uint32_t i = f.layers - 1; i < 8; ++i) reader.bits(2);
        for (std::uint32_t i = 0; i + 1 < f.layers; ++i) {
            if (present.at(i)[0])
                for (int byte = 0; byte < 11; ++byte) reader.bits(8);
            if (present.at(i)[1]) reader.bits(8);
        }
    }
    reader.ue();  // id
    f.chroma = reader.ue();
    if (f.chroma == 3) reader.bits(1);
    reader.ue();  // width
    reader.ue();  // height
    if (reader.bits(1) == 1)
        for (int side = 0; side < 4; ++side) reader.ue();
    f.luma_depth = reader.ue();
    f.chroma_depth = reader.ue();
    if (reader.past_end() || f.chroma > 3 || f.luma_depth > 7 || f.chroma_depth > 7) return std::nullopt;
    return f;
}

Result<Bytes> hevc_config(Unit extradata) {
    constexpr std::array<std::uint8_t, 3> kSets{32, 33, 34};  // video, sequence, picture
    std::array<std::vector<Unit>, 3> sets;
    for (const auto unit : nal_units(extradata)) {
        if (unit.size() > UINT16_MAX) return bad_sets("H.265");
        for (std::size_t i = 0; i < kSets.size(); ++i)
            if (((unit[0] >> 1) & 63) == kSets.at(i)) sets.at(i).push_back(unit);
    }
    for (const auto& units : sets)
        if (units.empty()) return bad_sets("H.265");
    const auto format = parse_hevc_sps(sets[1][0]);
    if (!format) return bad_sets("H.265");
    Bytes out{1};
    out.insert(out.end(), format->profile_and_level.begin(), format->profile_and_level.end());
    for (const auto field : {0xf0U, 0x00U,  // no minimum of spatial segmentation
                             0xfcU,         // kind of parallel decoding unknown
                             0xfcU | format->chroma, 0xf8U | format->luma_depth, 0xf8U | format->chroma_depth, 0U,
                             0U,  // average frame rate unknown
                             format->layers << 3 | format->nested << 2 | 3U, static_cast<std::uint32_t>(kSets.size())})
        out.push_back(static_cast<std::uint8_t>(field));
    for (std::size_t i = 0; i < kSets.size(); ++i) {
        out.push_back(0x80 | kSets.at(i));
        append_u16(out, sets.at(i).size());
        for (const auto unit : sets.at(i)) append_unit(out, unit);
    }
    return out;
}

}  // namespace

std::vector<Unit> nal_units(Unit bytes) {
    std::vector<Unit> units;
    std::optional<std::size_t> begin;
    const auto end_unit = [&](std::size_t end) {
        while (begin && end > *begin && bytes[end - 1] == 0) --end;
        if (begin && end > *begin) units.push_back(bytes.subspan(*begin, end - *begin));
    };
    std::size_t i = 0;
    while (i + 3 <= bytes.size()) {
        if (bytes[i + 2] > 1) {
            i += 3;
        } else if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1) {
            end_unit(i);
            begin = i += 3;
        } else {
            ++i;
        }
    }
    end_unit(bytes.size());
    return units;
}

bool is_byte_stream(std::string_view codec, Unit extradata) {
    // A decoder configuration begins with its version, 1.
    return (codec == "h264" || codec == "hevc") && (extradata.empty() || extradata[0] != 1);
}

Result<Bytes> decoder_config(std::string_view codec, Unit extradata) {
    if (!is_byte_stream(codec, extradata)) return Bytes(extradata.begin(), extradata.end());
    return codec == "h264" ? h264_config(extradata) : hevc_config(extradata);
}

Bytes with_lengths(Unit byte_stream) {
    Bytes out;
    out.reserve(byte_stream.size() + 16);
    for (const auto unit : nal_units(byte_stream)) {
        append_u16(out, unit.size() >> 16);
        append_unit(out, unit);
    }
    return out;
}

}  // namespace onetake

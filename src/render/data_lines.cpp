#include "render/data_lines.h"

#include "base/error.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>
#include <string_view>
#include <utility>

namespace onetake {

namespace {

// RFC 4648.
void append_base64(std::span<const std::uint8_t> bytes, std::string& text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto have = std::min<std::size_t>(bytes.size() - at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < have ? bytes[at + i] : 0U);
        for (std::size_t i = 0; i < 4; ++i) text += i <= have ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
    }
}

}  // namespace

Result<DataLines> DataLines::create(std::string path) {
    auto file = AtomicFile::create(AT_FDCWD, std::move(path));
    if (!file) return fail(std::move(file).error());
    return DataLines(std::move(*file));
}

Status DataLines::add(const DataRecord& record, MediaTime time, std::span<const std::uint8_t> bytes) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), R"({{"n":{},"pts_s":{:.9f},"t_ns":{},"data":")", record.number,
                   to_seconds(time.time_since_epoch()), to_ns(record.time));
    append_base64(bytes, line_);
    line_ += "\"}\n";
    return file_.write(line_);
}

}  // namespace onetake

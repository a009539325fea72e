#pragma once

#include "base/files.h"
#include "base/time.h"
#include "take/journal.h"

#include <cstdint>
#include <span>
#include <string>

namespace onetake {

/// A data track as a text file beside an output file that can't hold it: a JSON object a line, with `pts_s` (media
/// time), `t_ns` (stamp), `n` and `data` (Base64). Appears complete or not at all. Thread-bound.
class DataLines {
 public:
    static Result<DataLines> create(std::string path);

    Status add(const DataRecord& record, MediaTime time, std::span<const std::uint8_t> bytes);
    Status commit() { return file_.commit(); }

 private:
    explicit DataLines(AtomicFile file) : file_(std::move(file)) {}

    AtomicFile file_;
    std::string line_;  // reused
};

}  // namespace onetake

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace onetake::cli {

/// "; did you mean record?" for the candidate that differs from `text` by a few letters; empty if none does.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace onetake::cli

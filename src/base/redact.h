#pragma once

#include <string>
#include <string_view>

namespace onetake {

/// `text` with "***" in place of what may be a secret in the URLs in it: all before the last '@', the query, and
/// anything after "password=" or the like. For messages, logs and descriptions. Says rather too little than too much.
std::string redacted(std::string_view text);

}  // namespace onetake

#pragma once

#include <onetake/export.h>

#include <string>
#include <vector>

namespace onetake {

/// "0.1.0"
ONETAKE_API std::string version();

/// A part of this build or machine: a library with its version, an encoder that opens, an optional piece.
struct Capability {
    std::string name;
    bool found = false;
    std::string detail;  ///< version, or why it is missing
};
/// What was found, probed by using it: encoders are opened, not looked up by name.
ONETAKE_API std::vector<Capability> capabilities();

}  // namespace onetake

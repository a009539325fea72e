#pragma once

#include <onetake/export.h>

#include <string>
#include <vector>

namespace onetake {

/// "0.1.0"
ONETAKE_API std::string version();

/// A component of this build or machine: a library with its version, an encoder, an optional part.
struct Capability {
    std::string name;
    bool found = false;
    std::string detail;  ///< version, or why it is missing
};
/// The components found, probed by using them: encoders are opened, not looked up by name.
ONETAKE_API std::vector<Capability> capabilities();

}  // namespace onetake

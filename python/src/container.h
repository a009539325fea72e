#pragma once

#include "errors.h"

#include <onetake/container_format.h>

#include <string>
#include <string_view>

namespace onetake::python {

/// A recorder's container by its name. Raises ValueError for another.
inline ContainerFormat container_format(std::string_view name) {
    if (name == "mp4") return ContainerFormat::mp4;
    if (name == "mkv") return ContainerFormat::mkv;
    if (name == "avi") return ContainerFormat::avi;
    raise({ErrorCode::invalid_argument, std::string(name).append(" is no file format; allowed: mp4|mkv|avi.")});
}

}  // namespace onetake::python

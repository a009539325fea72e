#include "base/log.h"

#include <cstdlib>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace onetake {

spdlog::logger& log() {
    static const auto logger = [] {
        auto made =
            std::make_shared<spdlog::logger>("onetake", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
        made->set_pattern("%n: %^%l%$: %v");
        const char* level = std::getenv("ONETAKE_LOG");
        made->set_level(level ? spdlog::level::from_str(level) : spdlog::level::warn);
        return made;
    }();
    return *logger;
}

}  // namespace onetake

#include "codec/av_error.h"

#include <array>

extern "C" {
#include <libavutil/error.h>
}

namespace onetake {

std::string av_text(int error) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    if (av_strerror(error, text.data(), text.size()) != 0) return "unknown libav error";
    return text.data();
}

}  // namespace onetake

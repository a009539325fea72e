#include "mix/text_renderer.h"

namespace onetake {

namespace {

constexpr const char* kMissing =
    "This build has no Pango: composed images show no names. Install libpango1.0-dev and build again.";

}  // namespace

Result<std::unique_ptr<TextRenderer>> TextRenderer::create() {
    return fail(ErrorCode::missing_part, kMissing);
}

Capability text_capability() {
    return {"Pango", false, kMissing};
}

}  // namespace onetake

#include "record/try_outputs.h"

#include "record/take_outputs.h"
#include "render/enhance_job.h"
#include "render/renderer.h"

#include <utility>

namespace onetake {

Result<std::vector<std::string>> try_outputs(const RecorderConfig& config, const std::string& name,
                                             const StartOptions& options) {
    std::vector<std::string> notes;
    if (options.make_mp4) ONETAKE_TRY(try_rendering(render_options(config, name), config));
    if (wants_enhancement(config, options.enhance)) {
        auto model = enhance_options(config, name);
        model.cancel = options.cancel;
        const auto provider = try_enhancement(model);
        if (!provider) return fail(provider.error());
        if (auto text = provider_fallback(model, *provider); !text.empty()) notes.push_back(std::move(text));
    }
    return notes;
}

}  // namespace onetake

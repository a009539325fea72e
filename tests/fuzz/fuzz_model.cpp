// A speech enhancement model: its metadata.

#include "enhance/model_file.h"
#include "fuzz/memory_file.h"

#include <fmt/format.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static onetake::MemoryFile file;
    const auto fd = file.with({data, size});
    const auto info = onetake::inspect_model(fmt::format("/proc/self/fd/{}", fd.get()));
    if (info && (info->sample_rate <= 0 || info->bytes != size)) std::abort();
    return 0;
}

// A take with a hostile journal: checked, recovered, and recovered again, which must change nothing.

#include "inspect/check.h"
#include "inspect/recover.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Folder {
    Folder() {
        std::string pattern =
            (fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path().string()) + "/fuzz-XXXXXX";
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { fs::remove_all(path); }
    std::string path;
};

std::string journal_of(const std::string& folder) {
    std::ifstream file(folder + "/timeline.jsonl", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Folder folder;
    const auto take = folder.path + "/t";
    fs::remove_all(take);
    fs::create_directories(take + "/frames");
    std::ofstream(take + "/frames/f_000001.jpg") << "\xff\xd8 no image \xff\xd9";
    std::ofstream(take + "/audio.wav") << std::string(100, '\0');
    std::ofstream(take + "/timeline.jsonl", std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    const auto recovered = onetake::recover_folder(take, "t");
    if (!recovered) return 0;
    if (recovered->take.needs_recovery) std::abort();
    const auto journal = journal_of(take);
    const auto again = onetake::recover_folder(take, "t");
    if (!again || !again->steps.empty() || journal_of(take) != journal) std::abort();
    return 0;
}

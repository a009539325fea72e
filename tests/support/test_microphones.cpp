#include "support/test_microphones.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace onetake {

TestMicrophones::TestMicrophones(const std::vector<Microphone>& microphones) {
    auto folder = (std::filesystem::temp_directory_path() / "testmic.XXXXXX").string();
    if (!mkdtemp(folder.data())) throw std::runtime_error("can't make " + folder);
    folder_ = folder;
    unplugged_ = folder_ + "/unplugged";

    const auto config_path = folder_ + "/asound.conf";
    std::ofstream config(config_path);
    config << "pcm_type.testmic { lib \"" << ONETAKE_TESTMIC << "\" }\n";
    for (const auto& microphone : microphones)
        config << "pcm." << microphone.name << " { type testmic unplug_file \"" << unplugged_ << "\" "
               << microphone.fields << " }\n";
    // PortAudio 19.6 fails an assertion where every device can be opened, so there is one that can't.
    config << "pcm.absent { type hw card 31 }\n";
    if (!config.flush()) throw std::runtime_error("can't write " + config_path);

    if (const char* earlier = std::getenv("ALSA_CONFIG_PATH")) {
        earlier_config_path_ = earlier;
        had_config_path_ = true;
    }
    setenv("ALSA_CONFIG_PATH", config_path.c_str(), 1);
}

TestMicrophones::~TestMicrophones() {
    if (had_config_path_)
        setenv("ALSA_CONFIG_PATH", earlier_config_path_.c_str(), 1);
    else
        unsetenv("ALSA_CONFIG_PATH");
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void TestMicrophones::unplug() {
    std::ofstream(unplugged_).put('x');
}

void TestMicrophones::plug_in() {
    std::filesystem::remove(unplugged_);
}

}  // namespace onetake

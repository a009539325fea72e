#pragma once

#include <string>
#include <vector>

namespace onetake {

/// During its lifetime, the microphones of this process (and of the programs it starts) are test microphones and
/// nothing else; the first one is the default. Make it before anything in the process uses PortAudio, and one at a
/// time: it sets ALSA_CONFIG_PATH.
class TestMicrophones {
 public:
    struct Microphone {
        std::string name;
        std::string fields;  ///< see tests/device/testmic.c: "freq 440 ppm 200", "beep 1"
    };
    explicit TestMicrophones(const std::vector<Microphone>& microphones);
    TestMicrophones(const TestMicrophones&) = delete;
    TestMicrophones& operator=(const TestMicrophones&) = delete;
    ~TestMicrophones();

    /// All of them vanish, as a USB plug pulled.
    void unplug();
    void plug_in();

 private:
    std::string folder_;
    std::string unplugged_;
    std::string earlier_config_path_;
    bool had_config_path_ = false;
};

}  // namespace onetake

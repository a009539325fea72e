#pragma once

#include "base/files.h"
#include "support/toy_model.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

/// What people and programs do to model files: a name, and a function that puts such a one at `path`.
inline std::vector<std::pair<std::string, std::function<void()>>> bad_models(const std::string& path) {
    const auto toy = [=](const std::string& flags) { return [=] { toy_model(path, flags); }; };
    const auto bytes = [=](const std::string& text) { return [=] { std::ofstream(path, std::ios::binary) << text; }; };
    const auto good = read_file(toy_model(path), 1 << 20).value();
    auto wrong_graph = good;
    for (auto at = wrong_graph.find("Reshape"); at != std::string::npos; at = wrong_graph.find("Reshape"))
        wrong_graph.replace(at, 7, "Rescape");
    return {
        {"missing", [=] { std::filesystem::remove(path); }},
        {"empty", bytes("")},
        {"truncated", bytes(good.substr(0, good.size() / 2))},
        {"garbage", bytes(std::string(10000, 'x'))},
        {"HTML", bytes("<html>404</html>")},
        {"wrong type", toy("--set model_type=other")},
        {"missing key", toy("--set spec_norm_init=")},
        {"bad window", toy("--set window_length=10")},
        {"bad hop", toy("--set hop_length=3")},
        {"bad n_fft", toy("--set n_fft=4096")},
        {"bad profile", toy("--set profile=")},
        {"unknown profile", toy("--set profile=dpdfnet_of_tomorrow")},
        {"wrong rate", toy("--set sample_rate=48000")},
        {"another state", toy("--set state_size=5000")},
        {"broken graph", bytes(wrong_graph)},
    };
}

}  // namespace onetake

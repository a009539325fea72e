#pragma once

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

namespace onetake {

/// Writes a small model with DPDFNet's interface to `path`; `flags` as make_toy_model.py takes them.
inline std::string toy_model(const std::string& path, const std::string& flags = "") {
    const auto command = std::string("python3 " ONETAKE_TOY_MODEL " '") + path + "' " + flags;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return path;
}

}  // namespace onetake

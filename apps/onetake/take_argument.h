#pragma once

#include <string>

namespace onetake::cli {

/// A take as it is named on the command line.
struct TakeArgument {
    std::string data_dir, name;
};

/// The take that `text` names: the path of a take's folder ("av_data/keep", "keep/"), else a name in `data_dir`.
TakeArgument take_argument(std::string text, const std::string& data_dir);

}  // namespace onetake::cli

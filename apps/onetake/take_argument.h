#pragma once

#include <onetake/result.h>

#include <string>

namespace onetake::cli {

/// A take as it is named on the command line.
struct TakeArgument {
    std::string data_dir, name;
};

/// The take that `text` names: the path of a take's folder ("av_data/keep", "keep/"), else a name in `data_dir`.
TakeArgument take_argument(std::string text, const std::string& data_dir);

/// An error for a data folder that was named on the command line and does not exist. The default one need not exist.
Status check_data_dir(const std::string& data_dir);

/// "; did you mean interview?" for a take that is not there.
std::string other_take_hint(const TakeArgument& take);

}  // namespace onetake::cli

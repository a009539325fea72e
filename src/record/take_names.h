#pragma once

#include <onetake/result.h>

#include <string>

namespace onetake {

/// The names that a new take may get, the preferred one first: a name as it is; a name with "{n}", which counts on from
/// the highest number there is; without a name a local-time stamp, with "-2", "-3" … where that is taken.
class TakeNames {
 public:
    /// `asked`: empty, a name, or a name with one "{n}". `out_dir`: where an output file of the name must not exist;
    /// empty: nowhere. Errors: a bad name; already_exists for a name as it is.
    static Result<TakeNames> create(std::string asked, std::string data_dir, std::string out_dir = {},
                                    std::string extension = {});

    /// Of a recording of a session (see work_take_name()): "<id>_<UTC stamp>", then with "_2", "_3" … Errors: a bad
    /// name.
    static Result<TakeNames> of_session(const std::string& session_id, std::string storage, std::string extension);

    const std::string& current() const { return current_; }
    /// The current name was taken meanwhile: goes on to the next. False if there is no other.
    bool advance();

 private:
    TakeNames() = default;
    std::string name_of(int number) const;
    bool is_free(const std::string& name) const;

    std::string front_, back_;  // of a counted name
    bool counted_ = false, stamped_ = false, session_ = false;
    std::string data_dir_, out_dir_, extension_;
    int number_ = 1;
    std::string current_;
};

}  // namespace onetake

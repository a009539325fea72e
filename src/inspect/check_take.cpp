#include "inspect/check.h"
#include "inspect/recover.h"

#include <onetake/take.h>

namespace onetake {

Result<CheckReport> check_take(const std::string& data_dir, const std::string& name) {
    ONETAKE_TRY(check_take_name(name));
    auto dir = TakeDir::open(take_folder(data_dir, name));
    if (!dir) return fail(std::move(dir).error());
    auto found = inspect_take(*dir);
    if (!found) return fail(std::move(found).error());
    return check_report(*found, name);
}

Result<RecoverReport> recover_take(const std::string& data_dir, const std::string& name) {
    ONETAKE_TRY(check_take_name(name));
    return recover_folder(take_folder(data_dir, name), name);
}

}  // namespace onetake

#pragma once

#include "base/error.h"

#include <onetake/metrics.h>

namespace onetake {

class Recording;
class TakeOutputs;

/// Closes a take whose capture has ended, and finishes what is made from it: the file if there are media, and with
/// `enhance` its audio. Without a take, what is made so far is abandoned.
Result<TakeResult> finish_take(Recording& recording, TakeOutputs& outputs, bool make_mp4, bool enhance);

}  // namespace onetake

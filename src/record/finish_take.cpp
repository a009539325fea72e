#include "record/finish_take.h"

#include "record/recording.h"
#include "record/take_outputs.h"

namespace onetake {

Result<TakeResult> finish_take(Recording& recording, TakeOutputs& outputs, bool make_mp4, bool enhance) {
    const bool render = make_mp4 && recording.has_media();
    outputs.take_is_complete(render, enhance, recording.length());
    auto take = recording.close();
    if (take)
        outputs.finish(render, enhance, *take);
    else
        outputs.abandon_live();
    return take;
}

}  // namespace onetake

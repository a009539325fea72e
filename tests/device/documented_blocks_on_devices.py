"""documented_blocks_on_devices.py FOLDER: runs the documented programs of av_recorder that open devices, as they stand,
with the first camera and the default microphone, each in a folder of its own. record() is shortened to two seconds.
Prints one JSON object: for each program its counters and what exists of its files."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "python"))
import av_recorder
from documented_blocks import BLOCKS

record = av_recorder.AVRecorder.record
av_recorder.AVRecorder.record = lambda self, duration, *args, **given: record(self, 2, *args, **given)
found = {}
for name in ("one call", "start and stop", "with", "later"):
    folder = Path(sys.argv[1]) / name.replace(" ", "_")
    folder.mkdir(parents=True)
    os.chdir(folder)
    given = {}
    exec(BLOCKS[name], given)
    result = given["result"]
    metrics = result.metrics
    found[name] = {
        "frames": metrics.frames,
        "audio_samples": metrics.audio_samples,
        "balanced": metrics.balanced,
        "dropped": metrics.dropped,
        "jpegs": len(list(result.frames_dir.iterdir())),
        "wav": result.wav_path is not None and result.wav_path.stat().st_size > 44,
        "mp4": result.mp4_path is not None and result.mp4_path.exists(),
        "device": json.loads(result.manifest_path.read_text())["tracks"][0].get("device"),
    }
print(json.dumps(found))

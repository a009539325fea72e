"""many_takes.py TAKES [FOLDER]: records that many tiny pushed takes in this process, and prints what the process holds
before and after, as JSON: memory, threads, descriptors. Each take is deleted after it was read."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
import time

import numpy as np

import onetake


def held() -> dict[str, float]:
    gc.collect()
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {
        "resident_mb": round(resident / 1e6, 2),
        "threads": len(os.listdir("/proc/self/task")),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def record(folder: str, image: np.ndarray, sound: np.ndarray, events: list[object]) -> None:
    recorder = onetake.AVRecorder(source="external", data_dir=folder, instant_mp4=False, on_event=events.append)
    recorder.start("take")
    begin = time.monotonic()
    recorder.push_video(image, begin)
    recorder.push_video(image, begin + 0.04, copy=False)
    recorder.push_audio(sound, begin)
    result = recorder.stop(make_mp4=False, enhance=False)
    take = onetake.load(result.folder)
    assert len(take.video[0].frames[1]) == len(image) and len(take.audio[0].samples) == len(sound)
    shutil.rmtree(result.folder)


def main(takes: int, folder: str | None = None) -> None:
    image, sound = np.zeros((48, 64, 3), np.uint8), np.zeros(480, np.int16)
    report: list[dict[str, float]] = []
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for i in range(takes):
            record(place, image, sound, [])
            if (i + 1) % max(1, takes // 10) == 0:
                report.append({"takes": i + 1, **held(), "seconds": round(time.monotonic() - begin, 1)})
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:3])

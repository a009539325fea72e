#!/usr/bin/env python3
"""Cost of reading from Python: a take's frames beside libjpeg-turbo itself on two threads, and the import.

    python_load_bench.py [--json]
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from python_measure import HEIGHT, QUALITY, WIDTH, alternately, ratios, report, synthetic_frames, work_folder

import onetake

ROUNDS = 9
FRAMES = 96
TJPF_BGR = 1


class TurboJpeg:
    """libjpeg-turbo's decoder, called without the interpreter's lock, into memory of its own."""

    def __init__(self) -> None:
        library = ctypes.CDLL("libturbojpeg.so.0")
        library.tjInitDecompress.restype = ctypes.c_void_p
        self._decompress = library.tjDecompress2
        self._decompress.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int,
            ctypes.c_int, ctypes.c_int,
        ]  # fmt: skip
        self._handle = library.tjInitDecompress()
        self._pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)

    def decode(self, jpeg: bytes) -> None:
        failed = self._decompress(
            self._handle, jpeg, len(jpeg), self._pixels.ctypes.data, WIDTH, 0, HEIGHT, TJPF_BGR, 0
        )
        assert not failed


def frames_of_a_take(folder: Path) -> None:
    recorder = onetake.AVRecorder(source="external", audio=False, instant_mp4=False, on_full="block", quality=QUALITY,
                                  data_dir=folder)  # fmt: skip
    recorder.start("frames")
    images = synthetic_frames(16)
    for i in range(FRAMES):
        recorder.push_video(images[i % len(images)])
    take = onetake.load(recorder.stop(make_mp4=False).folder)
    video = take.video[0]
    jpegs = [video.jpeg(i) for i in range(FRAMES)]
    decoders = [TurboJpeg(), TurboJpeg()]

    def by_libjpeg_turbo() -> float:
        def decode(first: int) -> None:
            for jpeg in jpegs[first::2]:
                decoders[first].decode(jpeg)

        threads = [threading.Thread(target=decode, args=(i,)) for i in range(2)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return FRAMES / (time.perf_counter() - begin)

    def by_frames() -> float:
        begin = time.perf_counter()
        count = sum(1 for _ in video.frames.prefetched(2))
        rate = count / (time.perf_counter() - begin)
        assert count == FRAMES
        return rate

    alone, ours = alternately(ROUNDS, by_libjpeg_turbo, by_frames)
    report("libjpeg-turbo alone from memory, two threads", alone, "frames/s")
    report("load().frames from disk, two threads", ours, "frames/s")
    report("load().frames / libjpeg-turbo alone", ratios(ours, alone), "", ">= 0.9")


def import_time() -> None:
    def importing(code: str) -> float:
        timed = f"import time; a = time.process_time(); {code}; print(time.process_time() - a)"
        done = subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True)
        return float(done.stdout)

    ours, numpys = alternately(
        ROUNDS, lambda: importing("import numpy, onetake"), lambda: importing("import numpy")
    )
    report("import of onetake over numpy's, CPU", [a - b for a, b in zip(ours, numpys, strict=True)], "s", "<= 0.15")


def main() -> None:
    with work_folder() as folder:
        frames_of_a_take(folder)
    import_time()


if __name__ == "__main__":
    main()

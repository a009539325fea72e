#!/usr/bin/env python3
"""Two cameras and an inertial sensor, recorded in chunks and merged: each device has a thread that pushes what it
reads.

chunked_rig.py [SECONDS [CHUNK_LENGTH]]: the devices are simulated; the chunks are in recordings/rig.
"""

import math
import struct
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

import onetake

WIDTH, HEIGHT = 640, 480


def repeat(interval: float, stop: threading.Event, work: Callable[[int], None]) -> None:
    """Calls `work` at constant intervals."""
    begin = time.monotonic()
    n = 0
    while not stop.wait(max(0.0, begin + n * interval - time.monotonic())):
        try:
            work(n)
        except onetake.RefusedError as error:  # as a frame that was captured before the recording's first
            print(error, file=sys.stderr)
        n += 1


def run_camera(writer: onetake.ChunkedWriter, name: str, stop: threading.Event) -> None:
    ramp = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) // 4

    def capture(n: int) -> None:
        taken = time.monotonic()  # the instant of capture
        image = np.repeat((ramp + n * 3).astype(np.uint8)[:, :, None], 3, axis=2)
        writer.push(name, image, taken, copy=False)  # the array is not used again

    repeat(1001 / 30000, stop, capture)


def run_imu(writer: onetake.ChunkedWriter, stop: threading.Event) -> None:
    queue = writer.get_encoder_queue("imu")

    def read(n: int) -> None:
        t = time.monotonic()
        queue.put(struct.pack("6f", *(math.sin(t * i) for i in range(1, 7))), t)

    repeat(1 / 200, stop, read)


def main(seconds: float = 3600.0, chunk_length_s: float = 60.0) -> None:
    camera = onetake.VideoStreamConfig(WIDTH, HEIGHT, (30000, 1001), input_pixel_format="bgr24")
    writer = onetake.ChunkedWriter(
        "rig",
        "recordings",
        {"left": camera, "right": camera},
        {"imu": onetake.DataStreamConfig(metadata={"UNITS": "m/s2, rad/s"})},
        chunk_length_s=chunk_length_s,
        on_error=lambda stream: print(f"the encoder of {stream} failed", file=sys.stderr),
    )
    with writer:
        writer.start()
        stop = threading.Event()
        devices = [
            threading.Thread(target=run_camera, args=(writer, "left", stop)),
            threading.Thread(target=run_camera, args=(writer, "right", stop)),
            threading.Thread(target=run_imu, args=(writer, stop)),
        ]
        for device in devices:
            device.start()
        try:
            time.sleep(seconds / 2)
            writer.mark("half time", time.monotonic())
            time.sleep(seconds / 2)
        except KeyboardInterrupt:
            pass  # what was recorded is merged
        stop.set()
        for device in devices:
            device.join()
        result = writer.stop()
    for stream in result.streams:
        print(f"{stream.name}: {stream.written} of {stream.pushed}")
    merged = onetake.merge_recording_chunks(result.directory, "rig.mkv", replace=True)
    print(f"{len(result.chunks)} chunks in {result.directory}, merged in {merged.path}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:3]))

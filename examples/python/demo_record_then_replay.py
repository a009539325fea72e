#!/usr/bin/env python3
"""Records now, renders later by name: capture and the heavy work apart.

    demo_record_then_replay.py --duration 10 --name interview    # record, then render what was stored
    demo_record_then_replay.py --process interview               # render a stored take again, or elsewhere
"""

import argparse

from av_recorder import AVRecorder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=10, help="seconds (10)")
    parser.add_argument("--name", help="of the take (the local time)")
    parser.add_argument("--process", metavar="NAME", help="render this take, record nothing")
    parser.add_argument("--denoise-model", metavar="FILE", help="enhance speech with this DPDFNet model")
    parser.add_argument("--source", default="device", choices=("device", "test"), help="test: pattern and tone")
    given = parser.parse_args()

    recorder = AVRecorder(source=given.source, denoise_model=given.denoise_model)
    name = given.process
    if name is None:
        take = recorder.record(given.duration, given.name, make_mp4=False, enhance=False)
        print(take.metrics)
        name = take.name
    result = recorder.process(name)
    print(f"{result.mp4_path}: {result.metrics.frames} frames")


if __name__ == "__main__":
    main()

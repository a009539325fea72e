#!/usr/bin/env python3
"""room_drift_check.py PROGRAM [--seconds S] [--keep DIR]: judges the sync of rooms with av-drift-detector. Four
participants, two of whom join later and one of whom leaves, are recorded in both layouts; where $CI is set, one of the
three composites, another each day. Exit code 77: the package is not there."""

import datetime
import json
import os
import sys

from drift_judge import drift, judged, make_clip, run

# Name, frame rate, joins, leaves. Rates without a common beat.
PEOPLE = [("ana", "2983/100", 0, None), ("bo", "249/10", 0, None), ("chen", "152/10", 2, None), ("dara", "30", 3, 0.8)]
# A composite of 30 frames/s is nearest to their frames in a pattern that repeats after so many seconds.
BEAT_S = {"ana": 1 / 0.17, "bo": 1 / 0.6, "chen": 1 / 0.4}
WORST_MS = 1.0


def room(program, folder, tracks, layout):
    arguments = [f"--track={track}" for track in tracks]
    result = json.loads(run([program, "room", *arguments, "--layout", layout, "--codec", "libx264", "--audio-rate",
                             "48000", "--out", folder, "--json"]))
    assert not result["failures"], result["failures"]
    return result


def judge(program, folder, seconds):
    problems = 0
    tracks = {}
    for person, fps, joins, leaves in PEOPLE:
        clip = folder / f"{person}.mov"
        make_clip(clip, fps, seconds)
        times = f"@{joins}" + (f"-{joins + leaves * seconds:g}" if leaves else "")
        tracks[person] = f"{clip}{times if joins else ''}"

    result = room(program, folder / "tracks", [f"{p}={s}" for p, s in tracks.items()], "tracks")
    for i, (person, fps, joins, _) in enumerate(PEOPLE):
        part = folder / f"{person}_tracks.mp4"
        run(["ffmpeg", "-v", "error", "-y", "-i", result["path"], "-map", f"0:v:{i}", "-map", f"0:a:{i}", "-c", "copy",
             part])
        mean, worst, frames = drift(part, fps, 0.9)
        begin = min(t["intervals"][0][0] for t in result["tracks"] if t["participant"] == person)
        good = worst <= WORST_MS and abs(begin - joins) < 0.05
        problems += not good
        print(f"tracks, {person} ({fps} fps): mean {mean:.3f} ms, worst {worst:.3f} ms, {frames} frames, from "
              f"{begin:.3f} s{'' if good else '  TOO MUCH'}")

    # One is heard at a time, so that its numbers can be read; everybody is seen. Tiles of two by two.
    for i, (person, fps, _, _) in enumerate(PEOPLE[:3]):
        if os.environ.get("CI") and datetime.date.today().toordinal() % 3 != i:
            continue
        sources = [f"{p}{'' if p == person else ':no-audio'}={folder / p}.mov" for p, _, _, _ in PEOPLE]
        result = room(program, folder / f"composite_{person}", sources, "composite")
        tile = folder / f"{person}_composite.mkv"
        run(["ffmpeg", "-v", "error", "-y", "-i", result["path"], "-vf",
             f"crop=640:360:{i % 2 * 640}:{i // 2 * 360}", "-fps_mode", "passthrough", "-c:v", "ffv1", "-c:a", "copy",
             tile])
        beats = int((seconds - 0.2) / BEAT_S[person])
        mean, worst, frames = drift(tile, fps, 0.8, beats * BEAT_S[person])
        numerator, _, denominator = fps.partition("/")
        interval = 1000 * float(denominator or 1) / float(numerator)
        good = worst <= interval / 2 + WORST_MS and abs(mean) <= 1
        problems += not good
        print(f"composite, {person} ({fps} fps): mean {mean:.3f} ms, worst {worst:.3f} ms of "
              f"{interval / 2 + WORST_MS:.1f}, {frames} frames{'' if good else '  TOO MUCH'}")
    return problems


if __name__ == "__main__":
    sys.exit(judged(judge, 8))

#!/usr/bin/env python3
"""room_kill_check.py PROGRAM [--kills N] [--seed N]: kills `onetake room` with four participants at random instants. What
`recover` makes of it decodes with ffmpeg, and lacks of each track at most a second before the kill."""

import json
import signal
import subprocess
import sys
import time

import kill_runs

RATE = 15
NAMES = ["ana", "bo", "chen", "dara"]


def probed(path):
    """Streams with their numbers of decoded frames, and the complaints of ffprobe."""
    seen = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_type,nb_read_frames,duration", "-of",
         "json", str(path)], capture_output=True, text=True)
    return json.loads(seen.stdout).get("streams", []), seen.stderr.strip()


def stored(take):
    """By track: the end of its last media in s, and the number of its frames or samples."""
    rates, ends, counts = {}, {}, {}
    for line in (take / "timeline.jsonl").read_text().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the last one may be cut off
        if record["k"] == "track" and record["kind"] == "audio":
            rates[record["track"]] = record["sample_rate"]
        if record["k"] == "f":
            ends[record["v"]] = record["t"] * 1e-9
            counts[record["v"]] = counts.get(record["v"], 0) + 1
        if record["k"] == "a":
            ends[record["v"]] = record["t"] * 1e-9 + record["n"] / rates[record["v"]]
            counts[record["v"]] = counts.get(record["v"], 0) + record["n"]
    return ends, counts


def kill_one(program, folder, seconds, layout, container, joins):
    """Returns the worst loss of any track in s, or None where the kill came before the first media."""
    tracks = [f"--track={name}=test" + (f"@{join}" if join else "") for name, join in zip(NAMES, joins)]
    child = subprocess.Popen(
        [program, "room", *tracks, "--layout", layout, "--format", container, "--fps", str(RATE), "--out", str(folder),
         "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    killed = time.clock_gettime(time.CLOCK_MONOTONIC)
    child.wait()
    takes = list(folder.glob(".*.take"))
    if not takes or not (takes[0] / "timeline.jsonl").exists():
        return None
    ends, counts = stored(takes[0])
    done = subprocess.run([program, "recover", str(folder), "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, f"recover: {done.returncode} {done.stderr}"
    left = sorted(p.name for p in folder.iterdir())
    if not counts:
        assert not left, f"left behind: {left}"
        return None
    assert len(left) == 1 and left[0].endswith("." + container), f"left behind: {left}"
    streams, complaints = probed(folder / left[0])
    assert not complaints, f"ffprobe: {complaints}"
    videos = [int(s["nb_read_frames"]) for s in streams if s["codec_type"] == "video"]
    audios = [s for s in streams if s["codec_type"] == "audio"]
    assert sorted(videos) == sorted(n for t, n in counts.items() if t[0] == "v"), f"frames: {videos} of {counts}"
    sounding = sum(1 for t in counts if t[0] == "a")
    assert len(audios) == (min(sounding, 1) if layout == "composite" else sounding), f"{len(audios)} audio streams"
    # Who had joined a second before the kill is there up to a second before it.
    return max(killed - end for end in ends.values())


def choose_one(choose):
    layout, container = choose.choice(["tracks", "composite"]), choose.choice(["mp4", "mkv"])
    seconds = choose.uniform(0.3, 4.0)
    joins = [0, 0, 0, round(choose.uniform(0.2, 2.0), 2)]
    return (f"after {seconds:.3f} s, {layout} in {container}",
            lambda program, folder: kill_one(program, folder, seconds, layout, container, joins))


if __name__ == "__main__":
    sys.exit(kill_runs.run(choose_one, "the first media"))

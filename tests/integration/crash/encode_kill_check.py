#!/usr/bin/env python3
"""encode_kill_check.py PROGRAM [--kills N] [--seed N]: kills `onetake encode` at random instants. What `recover` makes of
it decodes with ffmpeg, and lacks at most a second before the kill; each part plays as the kill left it."""

import json
import signal
import subprocess
import sys
import time

import kill_runs

RATE = 30


def frames_of(path):
    """The number of frames that ffprobe decodes, and ffmpeg's complaints."""
    seen = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
         "-of", "csv=p=0", str(path)], capture_output=True, text=True)
    text = seen.stdout.strip().rstrip(",")
    return (int(text) if text.isdigit() else 0), seen.stderr.strip()


def kill_one(program, folder, seconds, container, codec):
    """Returns the loss in s, or None where the kill came before the first frame; raises AssertionError."""
    child = subprocess.Popen(
        [program, "encode", "--source", "test", "--width", "160", "--height", "120", "--fps", str(RATE), "--format",
         container, "--codec", codec, "--output", str(folder), "--quiet"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    killed = time.clock_gettime(time.CLOCK_MONOTONIC)
    child.wait()
    takes = list(folder.glob(".*.take"))
    if not takes or not (takes[0] / "timeline.jsonl").exists():
        return None
    stamps = []
    for line in (takes[0] / "timeline.jsonl").read_text().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the last one may be cut off
        if record.get("k") == "f":
            stamps.append(record["t"])
    for part in (takes[0] / "video").glob("*.mkv"):
        played, _ = frames_of(part)
        assert played >= len(stamps), f"{part.name}: {played} of {len(stamps)} frames play as it lies"
    done = subprocess.run([program, "recover", str(folder), "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, f"recover: {done.returncode} {done.stderr}"
    left = sorted(p.name for p in folder.iterdir())
    if not stamps:
        assert not left, f"left behind: {left}"
        return None
    assert len(left) == 1 and left[0].endswith("." + container), f"left behind: {left}"
    frames, complaints = frames_of(folder / left[0])
    assert not complaints, f"ffprobe: {complaints}"
    assert frames == len(stamps), f"{frames} of {len(stamps)} frames in the file"
    return killed - stamps[-1] * 1e-9


def choose_one(choose):
    container, codec = choose.choice([("mp4", "libx264"), ("mkv", "ffv1"), ("avi", "mpeg4"), ("mp4", "libx265")])
    seconds = choose.uniform(0.1, 2.0)
    return (f"after {seconds:.3f} s, {codec} in {container}",
            lambda program, folder: kill_one(program, folder, seconds, container, codec))


if __name__ == "__main__":
    sys.exit(kill_runs.run(choose_one, "the first frame"))

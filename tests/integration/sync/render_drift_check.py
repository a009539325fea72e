#!/usr/bin/env python3
"""render_drift_check.py PROGRAM [--seconds S] [--keep DIR]: judges the sync of a take's renderings with av-drift-detector,
one for each way to render. The take is imported from frames and a WAV with the times of a sound card that runs slow.
Exit code 77: the package is not there."""

import sys

from drift_judge import drift, judged, make_clip, run

FPS, SAMPLE_RATE, BLOCK = "2983/100", 48000, 1024
SLOW = 1 + 500e-6  # how much longer everything took than by the labels of the clip
FRAME_S = 100 / 2983 * SLOW
WORST_MS = 1.0
CFR = 30
# Options, and how far a frame may be from its sound: an output of constant rate moves each frame by half an interval.
RENDERINGS = {
    "mp4": ([], WORST_MS),
    "mkv": (["--container", "mkv"], WORST_MS),
    "x265": (["--codec", "libx265"], WORST_MS),
    "copied": (["--codec", "copy"], WORST_MS),
    "by-the-audio": (["--sync-reference", "audio"], WORST_MS),
    "constant": (["--cfr", CFR], 500 / CFR + WORST_MS),
}


def make_take(program, folder, seconds):
    clip = folder / "clip.mov"
    make_clip(clip, FPS, seconds)
    (folder / "frames").mkdir()
    run(["ffmpeg", "-v", "error", "-i", clip, "-fps_mode", "passthrough", "-q:v", "2", folder / "frames" / "%06d.jpg"])
    run(["ffmpeg", "-v", "error", "-i", clip, "-c:a", "pcm_s16le", folder / "audio.wav"])
    frames = len(list((folder / "frames").iterdir()))
    (folder / "frames.txt").write_text("".join(f"{1000 + i * FRAME_S:.9f}\n" for i in range(frames)))
    samples = int(seconds * SAMPLE_RATE)
    (folder / "audio.txt").write_text(
        "".join(f"{i} {1000 + i / SAMPLE_RATE * SLOW:.9f}\n" for i in range(0, samples, BLOCK)))
    run([program, "import", "judged", "--frames", folder / "frames", "--frame-times", folder / "frames.txt", "--audio",
         folder / "audio.wav", "--audio-times", folder / "audio.txt", "--data-dir", folder / "takes", "--quiet"])


def judge(program, folder, seconds):
    problems = 0
    make_take(program, folder, seconds)
    for rendering, (flags, most) in RENDERINGS.items():
        out = folder / rendering
        run([program, "process", "judged", *flags, "--data-dir", folder / "takes", "--processed-dir", out,
             "--quiet"])
        path = next(p for p in out.iterdir() if p.suffix in (".mp4", ".mkv"))
        mean, worst, measured = drift(path, FPS, 0.9)
        good = worst <= most
        problems += not good
        print(f"{rendering}: mean {mean:.3f} ms, worst {worst:.3f} ms of {most:.1f}, {measured} frames"
              f"{'' if good else '  TOO MUCH'}")
    return problems


if __name__ == "__main__":
    sys.exit(judged(judge, 6))

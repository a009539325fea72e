#!/usr/bin/env python3
"""Golden takes, and the packets of their renderings.

    baseline.py check PROGRAM          every golden take opens, and renders to the packets on record
    baseline.py sensitivity PROGRAM    shows that `check` fails: one changed stamp, one changed byte of the format
    baseline.py update PROGRAM         writes the records anew; look at the difference before committing it

`takes/` holds takes of each released format version, packed; they must open for ever. `packets/` holds what their
renderings contain, as `ffmpeg -f framehash` lists it:

    packets/stamps/TAKE.MODE.txt       track, PTS and duration of every packet; the same with every encoder version
    packets/CONTROL/TAKE.MODE.txt      the same with size and SHA-256 of every packet

An encoder of another version makes other packets of the same frames. So the ffmpeg program first encodes a pattern with
the libraries of this machine: the hash of that is CONTROL. Where there is no record for it, payloads can't be compared;
the test prints that and compares stamps only. With ONETAKE_BASELINE_STRICT=1 that is an error.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TAKES = HERE / "takes"
PACKETS = HERE / "packets"
MODES = {
    "mp4": [],
    "copy": ["--codec", "copy", "--container", "mkv"],
}
# What `onetake check` finds: frames and samples of all tracks, and its exit code.
CONTENT = {
    "420": (31, 32000, 0),
    "422": (31, 32000, 0),
    "444": (31, 32000, 0),
    "data": (31, 32000, 0),
    "encoded": (31, 0, 0),
    "gaps": (120, 174498, 0),
    "gray": (31, 32000, 0),
    "killed": (36, 38144, 3),
    "two_tracks": (62, 64512, 0),
}
BROKEN = {"killed"}


class Failure(Exception):
    pass


def run(command, allowed=(0,), **options):
    result = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, **options)
    if result.returncode not in allowed:
        raise Failure(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stderr.decode(errors='replace')}")
    return result.stdout


def framehash(media_arguments):
    """The packet list of ffmpeg's framehash: (track, dts, pts, duration, size, hash), and the time base of each track."""
    out = run(["ffmpeg", "-v", "error", "-nostdin", *media_arguments, "-f", "framehash", "-hash", "SHA256", "-"]).decode()
    time_bases = dict(re.findall(r"^#tb (\d+): (\S+)", out, re.M))
    rows = [[field.strip() for field in line.split(",")] for line in out.splitlines() if line and not line.startswith("#")]
    return time_bases, rows


def control():
    """A short hash of what the encoders of this machine make of a pattern and a tone."""
    _, rows = framehash(["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=15:duration=2",
                         "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2",
                         "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-threads", "1", "-c:a", "aac", "-b:a", "128k"])
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


def describe(path):
    """(stamps, packets): the lists on record of a rendering."""
    time_bases, rows = framehash(["-i", str(path), "-map", "0", "-c", "copy"])
    if not rows:
        raise Failure(f"{path}: no packets")
    header = [f"#tb {track}: {time_bases[track]}" for track in sorted(time_bases)]
    by_time = sorted(rows, key=lambda r: (int(r[0]), int(r[2])))
    stamps = [f"{track},{pts},{duration}" for track, _, pts, duration, *_ in by_time]
    packets = [",".join(row) for row in rows]
    return "\n".join(header + stamps) + "\n", "\n".join(header + packets) + "\n"


def unpack(folder):
    for archive in sorted(TAKES.glob("*.tar.gz")):
        with tarfile.open(archive) as tar:
            tar.extractall(folder)
    names = sorted(p.name for p in folder.iterdir())
    if names != sorted(CONTENT):
        raise Failure(f"takes on record: {names}; expected: {sorted(CONTENT)}")
    return names


def counts(program, data, name, allowed):
    report = json.loads(run([program, "check", name, "--data-dir", data, "--json"], allowed))
    return report["frames"], report["samples"]


def open_take(program, data, name):
    """Checks a golden take, and recovers it if it is a broken one."""
    frames, samples, code = CONTENT[name]
    if counts(program, data, name, (code,)) != (frames, samples):
        raise Failure(f"{name}: not the frames and samples that it held")
    if name in BROKEN:
        run([program, "recover", name, "--data-dir", data], (0, 3))
        if counts(program, data, name, (0,)) != (frames, samples):
            raise Failure(f"{name}: frames or samples changed by recovering")


def render(program, data, work, name, mode):
    processed = work / "rendered" / mode
    run([program, "process", name, "--data-dir", data, "--processed-dir", processed, *MODES[mode]])
    outputs = [p for p in processed.glob(f"{name}.*") if p.suffix in (".mp4", ".mkv")]
    if len(outputs) != 1:
        raise Failure(f"{name}: {len(outputs)} files rendered")
    return outputs[0]


def first_difference(expected, found):
    for number, (a, b) in enumerate(zip(expected.splitlines(), found.splitlines()), 1):
        if a != b:
            return f"line {number}: expected {a}, found {b}"
    return f"{len(expected.splitlines())} lines expected, {len(found.splitlines())} found"


def compare(record, found, what):
    if not record.exists():
        raise Failure(f"{what}: nothing on record ({record.name}); `baseline.py update` writes it")
    expected = record.read_text()
    if expected != found:
        raise Failure(f"{what}: {first_difference(expected, found)}")


def check_take(program, data, work, name, payloads):
    open_take(program, data, name)
    for mode in MODES:
        stamps, packets = describe(render(program, data, work, name, mode))
        compare(PACKETS / "stamps" / f"{name}.{mode}.txt", stamps, f"{name} ({mode}), stamps")
        if payloads.exists():
            compare(payloads / f"{name}.{mode}.txt", packets, f"{name} ({mode}), packets")


def check(program):
    payloads = PACKETS / control()
    if not payloads.exists():
        if os.environ.get("ONETAKE_BASELINE_STRICT") == "1":
            raise Failure(f"no record for these encoder libraries ({payloads.name})")
        print(f"no record for these encoder libraries ({payloads.name}): stamps are compared, payloads are not")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        data = work / "takes"
        names = unpack(data)
        listed = {take["name"]: take for take in json.loads(run([program, "list", "--data-dir", data, "--json"]))}
        states = {name: take["state"] for name, take in listed.items()}
        if states != {name: "broken" if name in BROKEN else "complete" for name in names}:
            raise Failure(f"`onetake list` finds {listed}")
        problems = []
        for name in names:
            try:
                check_take(program, data, work, name, payloads)
            except Failure as failure:
                problems.append(str(failure))
        for problem in problems:
            print(problem)
        print(f"{len(names)} golden takes, {len(MODES)} renderings of each: {len(problems)} differ")
        return 1 if problems else 0


def update(program):
    payloads = PACKETS / control()
    for folder in (PACKETS / "stamps", payloads):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        data = work / "takes"
        for name in unpack(data):
            open_take(program, data, name)
            for mode in MODES:
                stamps, packets = describe(render(program, data, work, name, mode))
                (PACKETS / "stamps" / f"{name}.{mode}.txt").write_text(stamps)
                (payloads / f"{name}.{mode}.txt").write_text(packets)
    print(f"written: {payloads.relative_to(HERE)} and stamps")
    return 0


def rewrite(path, old, new, count=1):
    text, replaced = re.subn(old, new, path.read_text(), count=count, flags=re.M)
    if not replaced:
        raise Failure(f"{path.name}: nothing matches {old}")
    path.write_text(text)


def later_by_a_tick(match):
    return f'{match.group(1)}{int(match.group(2)) + 11112}'  # ns: one tick of 1/90000 s


def other_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# Each must make `check` fail. Given: the folder of the take 420.
CHANGES = {
    "the stamp of one frame, by a tick": lambda take: rewrite(
        take / "timeline.jsonl", r'("k":"f"[^}]*"n":17,[^}]*"t":)(\d+)', later_by_a_tick),
    "the stamps of all blocks, by 0.1 ms": lambda take: rewrite(
        take / "timeline.jsonl", r'("k":"a"[^}]*"t":)(\d+)', lambda m: f"{m.group(1)}{int(m.group(2)) + 100_000}", count=0),
    "the name of one key in one record": lambda take: rewrite(take / "timeline.jsonl", r'^(\{"k":"f".*)"b":', r'\1"c":'),
    "the kind of one record": lambda take: rewrite(take / "timeline.jsonl", r'^\{"k":"a"', '{"k":"A"'),
    "the format's number": lambda take: rewrite(take / "timeline.jsonl", r'"format":1', '"format":99'),
    "one byte of the WAV": lambda take: other_byte(take / "audio.wav"),
    "one byte of one JPEG": lambda take: other_byte(take / "frames" / "f_000009.jpg"),
}


def sensitivity(program):
    payloads = PACKETS / control()
    unnoticed = []
    for what, change in CHANGES.items():
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            unpack(work / "takes")
            change(work / "takes" / "420")
            try:
                check_take(program, work / "takes", work, "420", payloads)
            except Failure as failure:
                print(f"noticed: {what}: {str(failure).splitlines()[0]}")
            else:
                # Without payloads on record, only stamps can be compared.
                (unnoticed if payloads.exists() or "stamp of one frame" in what else []).append(what)
    for what in unnoticed:
        print(f"NOT noticed: {what}")
    print(f"{len(CHANGES)} changes, {len(unnoticed)} not noticed")
    return 1 if unnoticed else 0


def main():
    actions = {"check": check, "update": update, "sensitivity": sensitivity}
    if len(sys.argv) != 3 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    try:
        sys.exit(actions[sys.argv[1]](pathlib.Path(sys.argv[2]).resolve()))
    except Failure as failure:
        sys.exit(f"baseline: {failure}")


if __name__ == "__main__":
    main()

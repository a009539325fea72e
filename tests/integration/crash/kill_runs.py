"""What the checks that kill a recording at random instants share."""

import argparse
import concurrent.futures
import pathlib
import random
import tempfile


def run(choose_one, first, more=lambda: ""):
    """Kills as often as the command line says, a few recordings at a time. choose_one(choose): the text of a run and its
    kill(program, folder), which returns the seconds lost, or None where the kill came before `first`; what is wrong is an
    AssertionError. `more`: for the summary. Returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=3, help="recordings at a time")
    parser.add_argument("--max-loss-s", type=float, default=1.0)
    options = parser.parse_args()
    choose = random.Random(options.seed)
    chosen = [choose_one(choose) for _ in range(options.kills)]

    def lost_by(kill):
        with tempfile.TemporaryDirectory() as name:
            lost = kill(options.program, pathlib.Path(name))
        assert lost is None or lost <= options.max_loss_s, f"{lost:.3f} s lost"
        return lost

    worst, early, bad = 0.0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        running = [(text, pool.submit(lost_by, kill)) for text, kill in chosen]
        for n, (text, result) in enumerate(running):
            try:
                lost = result.result()
                early += lost is None
                worst = max(worst, lost or 0)
            except AssertionError as problem:
                bad += 1
                print(f"kill {n} {text}: {problem}", flush=True)
    print(f"{options.kills} kills, {early} before {first}; {more()}at most {worst * 1e3:.0f} ms lost; {bad} failed")
    return 1 if bad or early == options.kills else 0

#!/usr/bin/env python3
"""A dataset over takes in the manner of PyTorch: an item is a frame and the sound around it.

`torch.utils.data.DataLoader(TakeDataset([...]), batch_size=8, num_workers=4)` works as it stands; torch is not needed
otherwise. Takes are opened in each worker process, when first used.
"""

import bisect
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np

import onetake


class TakeDataset:
    """Items: `image` (3, height, width) float32 RGB in [0, 1], `audio` (n, channels) float32 of `window_s` seconds that
    end with the frame, `t_ns`, and `take`, the number of its take."""

    def __init__(self, folders: list[Path], window_s: float = 0.5) -> None:
        self._takes = [onetake.load(folder) for folder in folders]
        self._window_ns = round(window_s * 1e9)
        self._ends = list(itertools.accumulate(len(take.video[0]) for take in self._takes))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = bisect.bisect_right(self._ends, index)
        take = self._takes[number]
        frame = index - (self._ends[number - 1] if number else 0)
        t_ns = int(take.video[0].times[frame])
        image = take.video[0].decoded("rgb")[frame]
        item: dict[str, Any] = {"take": number, "t_ns": t_ns, "image": np.moveaxis(image, 2, 0) / np.float32(255)}
        if take.audio:
            item["audio"] = take.audio[0].read(t_ns - self._window_ns, t_ns) / np.float32(32768)
        return item


def main(folders: list[str]) -> None:
    dataset = TakeDataset([Path(folder) for folder in folders])
    brightness = [float(dataset[i]["image"].mean()) for i in range(len(dataset))]
    print(f"{len(dataset)} frames, mean brightness {np.mean(brightness):.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])

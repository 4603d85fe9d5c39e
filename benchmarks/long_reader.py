"""Reads parts of pictures in mixed sizes in one process, and tells the memory it holds meanwhile.

Run by the Python of a release (``ocr python``); prints a JSON object a line: ``reads``, and the
most bytes ``held`` between two of the last ``step`` pages, since what is held goes up and down.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any, Iterator, Sequence

#: Of the sides of a part, in pixels; and of one in fifty, larger than what a detector gets at most.
_SIDES, _LARGE = (48, 640), (1200, 2000)


def parts(pictures: Sequence[Any], seed: int) -> Iterator[Any]:
    """Endless parts of some pictures, uint8 HxWx3; the same for the same seed."""
    import cv2

    chance = random.Random(seed)  # noqa: S311 - the same parts in every run
    while True:
        picture = chance.choice(pictures)
        low, high = _LARGE if chance.random() < 0.02 else _SIDES
        width, height = chance.randint(low, high), chance.randint(low, high)
        rows, columns = picture.shape[:2]
        top = chance.randint(0, max(0, rows - height))
        left = chance.randint(0, max(0, columns - width))
        cut = picture[top : top + height, left : left + width]
        # Parts smaller than asked for are scaled up.
        yield cv2.resize(cut, (width, height))


def main(pack: str, reads: int, step: int, options: str, files: Sequence[str]) -> None:
    """Read, and print the most memory held between pages, for every ``step`` reads."""
    import cv2

    from lite_runner import Ocr, Options
    from lite_runner.ocr import memory
    from lite_runner.pictures import image
    from lite_runner.predictor import engines

    engine = engines.of_this_release()
    cv2.setNumThreads(int(engine.arguments.get("threads") or 1))
    with Ocr(pack, engine, Options(**json.loads(options))) as ocr:
        source = parts([image.load(file) for file in files], seed=reads)
        most = 0
        for number in range(1, reads + 1):
            ocr.read(next(source))
            most = max(most, memory.held())
            if number % step == 0 or number == reads:
                print(json.dumps({"reads": number, "held": most}), flush=True)
                most = 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:])

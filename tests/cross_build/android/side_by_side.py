"""Read pictures with the reader in Python and with the one in Java, on the same real networks.

Run by the program of a release: CLASSES ASSETS PICTURES. Prints what both read as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

import numpy as np

from lite_runner.arrays import Floats
from lite_runner.ocr.pipeline import Ocr
from lite_runner.pictures import image
from lite_runner.predictor.protocol import Output
from lite_runner.predictor.shape_cache import ShapeCache
from tests.cross_build.android.probe import Probe


def main() -> None:
    classes, assets, *pictures = map(Path, sys.argv[1:])
    probe = Probe(classes)
    found = []
    with Ocr() as ocr:
        caches: dict[str, ShapeCache] = {}

        def run(file: str, batch: Floats) -> list[Output]:
            models = caches.setdefault(file, ShapeCache(ocr.engine, ocr.pack.folder / file))
            return models.run(batch.shape, lambda memory: np.copyto(memory, batch))

        for path in pictures:
            picture = image.load(path)
            page = ocr.read(picture)
            lines = probe.read(assets, picture, run)
            found.append(
                {
                    "picture": path.name,
                    "python": [
                        [line.text, line.score, line.angle, line.box.tolist()] for line in page
                    ],
                    "java": [
                        [text, score, angle, box.tolist()] for text, score, angle, box in lines
                    ],
                }
            )
    probe.close()
    print(json.dumps(found))


main()

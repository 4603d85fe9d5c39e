"""Programs that run sessions as a reader does, with times and texts of one's choice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from lite_runner.bench.candidate import Candidate

#: Prints what a session prints; ``{body}`` may change ``times`` (seconds of pictures) or fail.
_PROGRAM = """\
#!{python} -I
import json, os, sys
assert sys.argv[1:] == ["turn"]
request = json.load(sys.stdin)
number = len(os.listdir({log!r}))
with open(os.path.join({log!r}, "%03d-%s" % (number, {name!r})), "w") as file:
    json.dump(request, file)
pictures = request["pictures"]
times, texts = [1.0] * len(pictures), ["ab"] * len(pictures)
{body}
about = dict(engine="Paddle-Lite", engine_version="v0", reader="test", pack="tiny", models={{}},
             threads=1, power=None, workers=1, bucket=32, max_side=960)
print("the library's own words")
print(json.dumps({{"ready": {{**about, "load": 0.25}}}}))
box = [[0, 0], [10, 0], [10, 5], [0, 5]]
for _ in range(request["passes"]):
    passed = [None if t is None else dict(decode=t / 10, detect=t / 5, classify=t / 10,
              recognise=t * 6 / 10, total=t) for t in times]
    print(json.dumps({{"pass": passed}}), flush=True)
read = [None if t is None else [[t], [box]] for t in texts]
print(json.dumps({{"done": {{"peak_rss": 1000000, "read": read, "steady": True}}}}))
"""

Make = Callable[..., Candidate]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file for each session, in their order, with its request."""
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


@pytest.fixture
def make(tmp_path: Path, log: Path) -> Make:
    """Makes a candidate of a body of Python."""

    def candidate(name: str, body: str = "", **request: Any) -> Candidate:
        folder = tmp_path / "programs" / name
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "ocr"
        text = _PROGRAM.format(python=sys.executable, log=str(log), name=name, body=body)
        program.write_text(text)
        program.chmod(0o755)
        return Candidate(name, str(program), request)

    return candidate


def picture(name: str = "one.png", **about: Any) -> dict[str, Any]:
    """A picture as a run is given it."""
    known = {"image": name, "path": f"/none/{name}", "sha256": name, "width": 100, "height": 50}
    return {**known, "detect": True, "lines": ["ab"], "boxes": None, **about}

"""Probing of a pack's models on this board's library, in a process that may be killed by them.

Paddle-Lite ends the whole process on a model it does not understand (``Check failed``), and no
Python code can catch that. Worse, some of its releases go on with wrong numbers: after a change of
input shape, or with several lines at once. Which do, for which models, no list of versions tells;
each deploy tries it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Mapping, Sequence, Tuple, TypedDict

from lite_runner import pack
from lite_runner.capabilities import limits
from lite_runner.errors import EngineError
from lite_runner.predictor.protocol import Capabilities, Engine, EngineArguments
from lite_runner.program_output import ended

#: What of memory is not set reads as garbage, and large pieces lie apart, so that writing out of
#: bounds ends the process instead of spoiling the next piece (mallopt(3)).
_ALERT = {
    "MALLOC_PERTURB_": "165",
    "MALLOC_MMAP_THRESHOLD_": "16384",
    "MALLOC_MMAP_MAX_": "1000000",
}

#: What lines say in which the library, C++ or Python tell why they end.
_COMPLAINTS = ("rror", "failed", "bad_alloc", "length_error", "what():")


#: Stage and what is tried of it: ``loads``, ``batches``, ``reshapes`` or ``runs``.
Step = Tuple[str, str]


class Request(TypedDict):
    """Steps for a child process.

    Attributes:
        engine: module, name and arguments of its class.
        pack: folder of the pack.
        steps: in order; each is answered by a line.
        known: (stage, what, whether it does) of steps that other children have answered.
    """

    engine: tuple[str, str, EngineArguments]
    pack: str
    steps: list[Step]
    known: list[tuple[str, str, bool]]


def run(engine: Engine, files: pack.Pack) -> dict[str, Capabilities]:
    """Find out what each model of a pack can do without wrong results.

    Args:
        engine: the board's.
        files: the pack.

    Returns:
        By file name; empty where the engine knows without trying.

    Raises:
        EngineError: a model cannot be loaded, or ends the process whatever it may be given; with
            the library's own words.
    """
    steps = [(stage, "loads") for stage in files.networks]
    if engine.needs_probing:
        # Batches first: where they fail, only single lines need to change their shape.
        steps += [(stage, what) for stage in files.networks for what in ("batches", "reshapes")]
    answers: dict[Step, bool] = {}
    while steps:
        answered, why = _child(_request(engine, files, steps, answers), _ALERT)
        for step, yes in zip(steps, answered):
            answers[step] = yes
        if len(answered) < len(steps):
            stage, what = failed = steps[len(answered)]
            if what == "loads":
                raise EngineError(_cannot_load(engine, files.networks[stage], why))
            answers[failed] = False
            if what == "reshapes":
                _check_runs(engine, files, stage)
        steps = [step for step in steps if step not in answers]
    return {
        network.path.name: Capabilities(answers[stage, "reshapes"], answers[stage, "batches"])
        for stage, network in files.networks.items()
        if engine.needs_probing
    }


def _request(
    engine: Engine,
    files: pack.Pack,
    steps: Sequence[Step],
    answers: Mapping[Step, bool] = {},
) -> Request:
    return {
        "engine": (type(engine).__module__, type(engine).__qualname__, engine.arguments),
        "pack": str(files.folder),
        "steps": list(steps),
        "known": [(stage, what, yes) for (stage, what), yes in answers.items()],
    }


def _cannot_load(engine: Engine, network: pack.Network, why: str) -> str:
    size = network.path.stat().st_size
    return (
        f"{network.path.name}: Paddle-Lite {engine.version} cannot load it: {why} (its"
        f" {size / 1e6:.1f} MB were given {limits.loading(size)}); build the pack again with"
        " this release's opt"
    )


def _check_runs(engine: Engine, files: pack.Pack, stage: str) -> None:
    """Refuse a model that ends the process when it is opened for each input, too."""
    answered, why = _child(_request(engine, files, [(stage, "runs")]), {})
    if not answered:
        raise EngineError(
            f"{files.networks[stage].path.name}: Paddle-Lite {engine.version} ends on inputs of"
            f" other sizes than it was exported with: {why}; make the pack again, or export the"
            " model with a free width, and a detector with a free height"
        )


def _child(request: Request, alert: Mapping[str, str]) -> tuple[list[bool], str]:
    """Run steps in a child process; gives its answers, and why it ended."""
    code = f"import sys; sys.path[:] = {sys.path!r}; "
    code += "from lite_runner.verification import probing_child; probing_child.main()"
    child = subprocess.run(
        [sys.executable, "-I", "-c", code],
        input=json.dumps(request).encode(),
        env={**os.environ, **alert},
        capture_output=True,
        check=False,  # its own alarm ends it
    )
    words = (child.stderr + child.stdout).decode("utf-8", "replace").split("\n")
    # The library itself writes to standard output, too.
    answers = [word == "trial: yes" for word in words if word in ("trial: yes", "trial: no")]
    return answers, _last_words(child.returncode, words)


def _last_words(code: int, words: Sequence[str]) -> str:
    """Why a child ended, from the library's output where it says so."""
    if code == -signal.SIGALRM:
        return "it takes longer than models of its size do, the file or the board is broken"
    complaints = [line.strip() for line in words if any(word in line for word in _COMPLAINTS)]
    return complaints[-1] if complaints else ended(code)

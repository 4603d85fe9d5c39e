"""Paddle-Lite's optimiser: a published inference model in, a ``.nb`` for one processor out."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

from lite_runner.program_output import last_line
from opt_models.errors import OptError
from opt_models.formats import nb
from opt_models.paddlelite import env as paddlelite
from opt_models.store import cache, process

#: Options of opt for each precision. int8 and int16 are of the stored weights: the runtime turns
#: them back into floats when it loads them (Paddle-Lite, lite/api/light_api.cc, DequantizeWeight).
_SWITCHES: dict[str, tuple[str, ...]] = {
    "fp32": (),
    "fp16": ("--enable_fp16=true",),
    "int8": ("--quant_model=true", "--quant_type=QUANT_INT8"),
    "int16": ("--quant_model=true", "--quant_type=QUANT_INT16"),
}


def optimise(model: Path, params: Path, target: Path, arch: str, precision: str = "fp32") -> None:
    """Write the ``.nb`` of a model.

    Args:
        model: the program (``.pdmodel``).
        params: its weights (``.pdiparams``).
        target: file to write; its name must end in ``.nb``.
        arch: ``x86`` or ``arm``.
        precision: ``fp32`` leaves the model's own; ``fp16``, ``int8`` or ``int16``.

    Raises:
        OptError: opt failed, whatever exit code it gave; with its own words.
        FetchError: opt itself cannot be had.
        OSError: the disk is full.
    """
    env = paddlelite.find()
    command = [
        str(env.python),
        "-s",
        str(env.script),
        f"--model_file={model}",
        f"--param_file={params}",
        f"--optimize_out={target.with_suffix('')}",
        "--optimize_out_type=naive_buffer",
        f"--valid_targets={arch}",
        *_SWITCHES[precision],
    ]
    target.unlink(missing_ok=True)  # only what this run writes counts
    variables = {"PYTHONPATH": str(env.site), "PYTHONDONTWRITEBYTECODE": "1"}
    outcome = process.run(command, env=variables, stderr=subprocess.STDOUT)
    # opt ends with 0 after some failures: only the file itself proves success.
    if outcome.code != 0 or not target.is_file():
        full = target.is_file() and cache.full(target.parent)
        target.unlink(missing_ok=True)
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        raise OptError(
            f"{model}: opt {paddlelite.WHEEL.release} could not convert it: {_reason(outcome)};"
            " check that it is a PaddleOCR inference model"
        )
    try:
        header = nb.read_header(target)
        if header.opt_version != paddlelite.WHEEL.release:
            raise OptError(
                f"{model}: opt wrote version {header.opt_version}, expected"
                f" {paddlelite.WHEEL.release}; delete {env.site} and try again"
            )
    except OptError:
        target.unlink()
        raise
    nb.clear_padding(target)


def _reason(outcome: process.Outcome) -> str:
    complaint = last_line(outcome.stdout, "rror", "failed")
    return complaint or f"exit code {outcome.code} and no message"

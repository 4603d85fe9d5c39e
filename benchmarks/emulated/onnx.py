"""ONNX Runtime for arm64, in a Python for arm64 that only the emulator runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Sequence

import numpy as np

from benchmarks.emulated.arm import Core, Count
from cross_build.errors import InstructionsError
from lite_runner.arrays import Floats
from opt_models.store import cache, wheels

#: Newer releases want more of the system than the emulator gives a single program.
_WHEELS = ("onnxruntime==1.20.1", "numpy==1.26.4")
#: Debian's packages that make a Python, without the programs around it.
_PACKAGES = (
    *("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libffi8", "libbz2-1.0"),
    *("liblzma5", "libuuid1", "python3.11-minimal", "libpython3.11-minimal"),
    "libpython3.11-stdlib",
)
_SCRIPT = """\
import sys
import numpy as np
import onnxruntime
model, given, shape, runs, target = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
batch = np.fromfile(given, "<f4").reshape([int(side) for side in shape.split(",")])
for _ in range(int(runs)):
    output = session.run(None, {session.get_inputs()[0].name: batch})[0]
output.astype("<f4").tofile(target)
"""


def count(core: Core, model: Path, batch: Floats, folder: Path) -> Count:
    """Instructions per inference of an ONNX model, one thread.

    Args:
        core: to run on.
        model: ``.onnx`` file.
        batch: float32 NCHW.
        folder: for files on the way.

    Raises:
        InstructionsError: it failed, or Debian's packages cannot be had.
        FetchError: the wheels cannot be had.
    """
    root = cache.folder("emulated-python3.11-arm64", _make_root)
    site = cache.folder("emulated-onnxruntime-1.20.1", _make_site)
    script = folder / "run_onnx.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    given, result = folder / "onnx-input.bin", folder / "onnx-output.bin"
    batch.astype("<f4").tofile(given)
    shape = ",".join(map(str, batch.shape))
    python = str(root / "usr" / "bin" / "python3.11")
    one, three = (
        core.count(
            [python, "-s", str(script), str(model), str(given), shape, runs, str(result)],
            root,
            {"PYTHONPATH": str(site), "PYTHONHOME": str(root / "usr"), "PYTHONHASHSEED": "0"},
        )
        for runs in ("1", "3")
    )
    return Count((three - one) // 2, np.fromfile(result, "<f4"))


def _make_site(folder: Path) -> None:
    print(f"fetching {', '.join(_WHEELS)} for arm64", file=sys.stderr)
    tags = wheels.platforms("aarch64", (2, 36))
    for wheel in wheels.download(_WHEELS, folder, "3.11", tags):
        wheels.unpack(wheel, folder)
        wheel.unlink()


def _make_root(folder: Path) -> None:
    """Unpack Debian's packages for arm64; the machine's own apt is only read."""
    print("fetching a Python for arm64 from Debian", file=sys.stderr)
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "Dir::State": f"{folder}/state",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache",
        "APT::Sandbox::User": "root",
    }
    settings = [word for pair in options.items() for word in ("-o", "=".join(pair))]
    _apt(["apt-get", *settings, "-qq", "update"], folder)
    _apt(["apt-get", *settings, "-qq", "download", *_PACKAGES], folder)
    for package in folder.glob("*.deb"):
        _apt(["dpkg-deb", "-x", str(package), str(folder)], folder)
        package.unlink()


def _apt(command: Sequence[str], folder: Path) -> None:
    run = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        said = (run.stderr or run.stdout).strip().splitlines() or ["without a word"]
        raise InstructionsError(
            f"{command[0]} cannot bring Python for arm64: {said[-1]}; this needs a Debian 12"
        )

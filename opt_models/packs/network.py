"""One network of a pack: converted by opt or taken as published, and described."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Mapping, Sequence, Union

from lite_runner.pack import Golden
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog
from opt_models.errors import CatalogError, OptError
from opt_models.formats import nb
from opt_models.formats.summary import Summary
from opt_models.memory_planning.share import share
from opt_models.packs import convert, decoding, dictionary_lines, input_size
from opt_models.packs.build_options import BuildOptions
from opt_models.packs.dictionary import Charset
from opt_models.packs.document import SharedMemory, WrittenNetwork
from opt_models.packs.inputs import PackInputs
from opt_models.packs.network_input import NetworkInput
from opt_models.stage_settings import StageSettings

#: A network as it is read, once for all that is asked of it: an export, or a published ``.nb``.
Opened = Union[convert.Program, nb.Model]


def open_network(input: NetworkInput, work: Path) -> Opened:
    """Read a network.

    Args:
        input: of a pack.
        work: folder for what importing writes; kept as long as the network is used.

    Raises:
        OptError: it is damaged, or cannot be imported.
    """
    if input.files is None:
        (published,) = input.paths
        return nb.read(published)
    return convert.read(input.files, work)


def build_network(
    folder: Path,
    stage: str,
    inputs: PackInputs,
    golden: Golden,
    options: BuildOptions,
    opened: Opened | None = None,
) -> WrittenNetwork:
    """Build one network in the folder of a pack.

    Args:
        folder: of the pack.
        stage: ``det``, ``cls`` or ``rec``.
        inputs: of the pack.
        golden: picture to compare folded networks on.
        options: what the pack is built for.
        opened: the network, if it was read already.

    Returns:
        what ``pack.json`` says of it.

    Raises:
        CatalogError: the precision does not fit the network.
        OptError: it is not what the stage needs, or opt cannot convert it.
    """
    source, target = inputs.networks[stage].source, folder / f"{stage}.nb"
    print(f"  {stage}: {source} -> {target.name}", file=sys.stderr)
    step = _Step(stage, inputs.networks[stage], inputs.charset, target, golden, options)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        network = opened or open_network(step.input, Path(work))
        if isinstance(network, nb.Model):
            written = step.copy_published(network)
        else:
            written = step.convert(network, Path(work))
    memory = None
    # Only where outputs were compared, bit by bit, on the real runtime.
    if options.runtime.arch == "arm" and written.precision != "fp16":
        memory = _share(stage, target, written.settings["shape"])
    return {
        "file": target.name,
        "sha256": sha256(target),
        "source": source,
        "opt": nb.read_header(target).opt_version,
        "precision": written.precision,
        "folded": dict(written.folded),
        "memory": memory,
        **written.settings,
    }


def check_dictionary(inputs: PackInputs, recogniser: Summary) -> None:
    """Refuse a dictionary that is not the recogniser's; worth asking before anything is built.

    Raises:
        CatalogError: a line of it stands there by mistake.
        OptError: the network is no recogniser, or one of another dictionary.
    """
    charset, source = inputs.charset, inputs.networks["rec"].source
    settings = decoding.decode(recogniser, charset.characters, source)
    dictionary_lines.check(charset, settings["classes"] - 1 - settings["space"], settings["space"])


@dataclass(frozen=True)
class _Written:
    """A written ``.nb``: what ``pack.json`` says of it."""

    precision: str
    folded: Mapping[str, int]
    settings: StageSettings


@dataclass(frozen=True)
class _Step:
    """One network on its way to its ``.nb``.

    Attributes:
        stage: ``det``, ``cls`` or ``rec``.
        input: what it is made from.
        charset: of the recogniser.
        target: the ``.nb``.
        golden: picture to compare a folded network on.
        options: what the pack is built for.
    """

    stage: str
    input: NetworkInput
    charset: Charset
    target: Path
    golden: Golden
    options: BuildOptions

    def copy_published(self, model: nb.Model) -> _Written:
        """Copy a published ``.nb`` that the runtime's processor can run."""
        (published,) = self.input.paths
        if model.arch != self.options.runtime.arch:
            raise OptError(
                f"{published.name}: was published for {model.arch}, the target is"
                f" {self.options.runtime.arch}; leave out --published, then it is built from the"
                " inference model"
            )
        # A published file is taken as it is read today: at any size, whatever it declares.
        settings = self._settings(model.summary, lambda shape: True)
        shutil.copyfile(published, self.target)
        return _Written(model.summary.precision, {}, settings)

    def convert(self, program: convert.Program, work: Path) -> _Written:
        """Let opt write the ``.nb`` of an export, in a folder for files on the way."""
        precision = self._precision(program.summary)
        runs = partial(convert.runs, program.files, work)
        settings = self._settings(program.summary, runs)
        sizes = input_size.usual(self.stage, settings)
        input_size.check_free(self.stage, self.input.source, sizes, runs)
        arch, fold = self.options.runtime.arch, self.options.fold
        request = convert.Request(
            self.stage, settings, self.golden, arch, precision, fold, self.input.source
        )
        folded = convert.convert(program, self.input.reference, self.target, request, work)
        return _Written(precision, folded, settings)

    def _settings(self, summary: Summary, runs: input_size.Runs) -> StageSettings:
        """Its stage's settings, its own, and what its program fixes."""
        _check_role(self.stage, summary, self.input.source)
        settings: StageSettings = {**catalog.stage_settings(self.stage), **self.input.settings}
        if self.stage == "rec":
            settings.update(decoding.decode(summary, self.charset.characters, self.input.source))
        shape, height = settings["shape"], self.input.height
        return {**settings, **input_size.settings(self.stage, summary, shape, height, runs)}

    def _precision(self, summary: Summary) -> str:
        asked = self.options.precision
        if asked == "fp16" and self.stage not in catalog.fp16_stages():
            asked = None
        if summary.precision != "fp32" and asked not in (None, summary.precision):
            raise CatalogError(
                f"--precision {asked}: {self.input.source} is published quantised"
                f" ({summary.precision}); leave --precision out, or choose the model that is not"
                " slim"
            )
        return asked or summary.precision


def _share(stage: str, target: Path, shape: Sequence[int]) -> SharedMemory | None:
    """Let a finished network's variables share memory.

    Returns:
        what ``pack.json`` says of it: bytes before and after for an input; None if nothing changed.
    """
    memory = share(target, (1, 3, shape[0], shape[1]))
    if memory is None:
        return None
    before, after = memory
    print(
        f"  {stage}: shares memory, {before.size / 1e6:.0f} -> {after.size / 1e6:.0f} MB at"
        f" {shape[0]} x {shape[1]}",
        file=sys.stderr,
    )
    return {"shape": list(after.shape), "before": before.size, "after": after.size}


def _check_role(stage: str, summary: Summary, source: str) -> None:
    """Tell a network that was given for another stage, before opt works on it for seconds."""
    shapes = [tensor.shape for tensor in summary.outputs if tensor.dtype == "float32"]
    shape = shapes[0] if shapes else ()
    if stage == "det" and len(shape) != 4:
        raise OptError(
            f"--det: {source} puts out {list(shape)}; a detector's output is [batch, 1, height,"
            " width]: is it a DB detector?"
        )
    if stage == "cls" and shape[-1:] != (2,):
        raise OptError(
            f"--cls: {source} puts out {list(shape)}; a direction classifier's output is [batch,"
            " 2]: is it a PP-OCR classifier?"
        )

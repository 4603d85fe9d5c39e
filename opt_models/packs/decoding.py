"""Decoding of a recogniser: what its program and its dictionary say together."""

from __future__ import annotations

from typing import Sequence

from opt_models.errors import OptError
from opt_models.formats.summary import Summary
from opt_models.stage_settings import StageSettings

#: Classes of a direction classifier, which is no recogniser.
_FEWEST = 2


def decode(summary: Summary, characters: Sequence[str], source: str) -> StageSettings:
    """The recogniser's part of ``pack.json`` that follows from the network itself.

    PP-OCR before V2.0 decodes CTC in the network (``ctc_greedy_decoder``): int64 ids with LoD come
    out beside the probabilities, the blank is the last class, and ids count from the dictionary's
    first line. From V2.0 on there are only probabilities, and the blank is class 0 (PaddleOCR,
    ppocr/postprocess/rec_postprocess.py).

    Args:
        summary: of the recogniser's program.
        characters: lines of the dictionary. Empty ones at its end stand for classes only where the
            network has as many.
        source: names the recogniser in errors.

    Raises:
        OptError: these are not a CTC recogniser's outputs, or the dictionary is not this one's.
    """
    dtypes = sorted(tensor.dtype for tensor in summary.outputs)
    floats = [tensor.shape for tensor in summary.outputs if tensor.dtype == "float32"]
    fitting = dtypes in (["float32"], ["float32", "int64"]) and len(floats[0]) in (2, 3)
    if not fitting or floats[0][-1] <= _FEWEST:
        given = ", ".join(f"{tensor.dtype} {list(tensor.shape)}" for tensor in summary.outputs)
        raise OptError(
            f"--rec: {source} puts out {given or 'nothing'}; expected the probabilities of a CTC"
            " recogniser, float32 [batch, steps, classes]: is it a PP-OCR recogniser?"
        )
    classes = floats[0][-1]
    lines = _lines(characters, classes)
    if lines not in (classes - 1, classes - 2):
        raise OptError(
            f"--rec: {source} has {classes} classes, the dictionary {lines} lines; a blank and"
            f" perhaps a space are added to them, so {classes - 2} or {classes - 1} lines are"
            " expected: use the dictionary it was trained with"
        )
    old = len(dtypes) == 2
    return {
        "outputs": "ids+softmax" if old else "softmax",
        "classes": classes,
        "blank": classes - 1 if old else 0,
        "offset": 0 if old else 1,
        "space": lines == classes - 2,
    }


def _lines(characters: Sequence[str], classes: int) -> int:
    """How many lines of a dictionary stand for classes.

    A line that an editor left empty at the end is none of them, though it would look as if it stood
    for the space: unless it was there in training, too, and the space after it.
    """
    count = len(characters)
    while count > 0 and not characters[count - 1] and count != classes - 2:
        count -= 1
    return count

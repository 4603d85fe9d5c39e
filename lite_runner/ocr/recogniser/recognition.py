"""Text recognition around the network: straightened lines to input, class probabilities to text."""

from __future__ import annotations

from typing import Sequence

from lite_runner.arrays import Floats, Image, Ints
from lite_runner.ocr.recogniser import bidi
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Network, Recogniser
from lite_runner.pictures.image import normalise, resize
from lite_runner.releases.settings import Settings

#: Widths are rounded up to multiples of this by default: lines share input shapes.
BUCKET = Settings.bucket
#: Lines up to so many times as long as high, which have one to three characters, are padded to the
#: width of training; PaddleOCR pads all lines to it (tools/infer/predict_rec.py). Longer ones gain
#: nothing: on the samples PP-OCRv6 small loses three spaces.
NARROW_RATIO = 2
#: Columns of a batch's lines together, for memory: most lines have 100 to 600.
MAX_COLUMNS = 2048


def width_bucket(crop: Image, network: Network, bucket: int = BUCKET, pad: bool = True) -> int:
    """Input width for a line: its width at the network's height, rounded up to the next bucket.

    A network of fixed width has no other. A narrow line gets the width of training, if ``pad``.
    """
    if network.fixed_width:
        return network.shape[1]
    width = _scaled_width(crop, network)
    if pad and is_padded(crop, network):
        width = max(width, network.shape[1])
    return -(-width // bucket) * bucket


def is_padded(crop: Image, network: Network) -> bool:
    """Whether a line is so narrow that it is padded to the width the network was trained at."""
    height = network.shape[0]
    return not network.fixed_width and _scaled_width(crop, network) <= NARROW_RATIO * height


def batches(
    crops: Sequence[Image], network: Network, size: int, bucket: int = BUCKET, pad: bool = True
) -> list[list[int]]:
    """Group lines into batches of at most ``size`` of one input width, narrowest first.

    Batches are no wider than :data:`MAX_COLUMNS` together, except for a single line.

    Every line gets the width its own shape asks for, whatever its neighbours: what a line reads as
    never depends on the other lines or pictures.
    """
    widths = [width_bucket(crop, network, bucket, pad) for crop in crops]
    groups: list[list[int]] = []
    for index in sorted(range(len(crops)), key=lambda i: widths[i]):
        last = groups[-1] if groups else []
        room = min(size, MAX_COLUMNS // widths[index])
        if last and len(last) < room and widths[last[0]] == widths[index]:
            last.append(index)
        else:
            groups.append([index])
    return groups


def input_shape(
    crops: Sequence[Image], network: Network, bucket: int = BUCKET, pad: bool = True
) -> tuple[int, int, int, int]:
    """NCHW of a batch of lines: the network's height, the widest one's bucket."""
    width = max(width_bucket(crop, network, bucket, pad) for crop in crops)
    return len(crops), 3, network.shape[0], width


def preprocess(crops: Sequence[Image], network: Network, batch: Floats) -> None:
    """Scale lines to the network's height and pad them on the right.

    Args:
        batch: float32 of :func:`input_shape`, written to; the padding becomes zero, the
            grey the network was trained with.
    """
    height = network.shape[0]
    for row, crop in zip(batch, crops):
        scaled = _scaled_width(crop, network)
        resized = resize(crop, scaled, height)
        normalise(resized, network.mean, network.std, network.order, row[:, :, :scaled])
        row[:, :, scaled:] = 0


def decode_softmax(probabilities: Floats, recogniser: Recogniser) -> tuple[str, float]:
    """Decode the probabilities of one line, float32 TxC; see :func:`decode`."""
    return decode(BestPath.of(probabilities, len(probabilities)), recogniser)


def decode(path: BestPath, recogniser: Recogniser) -> tuple[str, float]:
    """Best-path CTC decoding of one line (Graves et al. 2006, section 3.2).

    Returns:
        The text and the mean probability of its characters; ``("", 0.0)`` for an empty line.
    """
    blank = blank_class(recogniser)
    kept: list[int] = []
    score, before = 0.0, blank
    for step, best in enumerate(path.classes.tolist()):
        if best not in (blank, before):
            kept.append(best)
            score += path.probabilities.item(step)
        before = best
    return (_text(kept, recogniser), score / len(kept)) if kept else ("", 0.0)


def blank_class(recogniser: Recogniser) -> int:
    """Index of the CTC blank, counted from the first class."""
    return recogniser.blank % (len(recogniser.charset) + 1)


def decode_ids(ids: Ints, probabilities: Floats, recogniser: Recogniser) -> tuple[str, float]:
    """Decoding of one line whose network ends in CTC alignment (PP-OCR V1.0 and V1.1).

    Args:
        ids: int64 N or Nx1, the classes left after repeats and blanks were taken out.
        probabilities: float32 TxC, for the score.

    Returns:
        As :func:`decode_softmax`.
    """
    flat: Ints = ids.reshape(-1)
    # The library returns one negative id for a line without text.
    flat = flat[flat >= 0]
    if not flat.size:
        return "", 0.0
    best: Ints = probabilities.argmax(axis=1)
    read = best != recogniser.blank % probabilities.shape[1]
    score = float(probabilities.max(axis=1)[read].mean()) if read.any() else 0.0
    return _text(flat.tolist(), recogniser), score


def _text(ids: Sequence[int], recogniser: Recogniser) -> str:
    charset, offset = recogniser.charset, recogniser.offset
    characters = [charset[i - offset] for i in ids if 0 <= i - offset < len(charset)]
    return bidi.logical(characters) if recogniser.direction == "rtl" else "".join(characters)


def _scaled_width(crop: Image, network: Network) -> int:
    height, width = network.shape
    scaled: int = max(1, -(-height * crop.shape[1] // crop.shape[0]))
    return min(scaled, width) if network.fixed_width else scaled

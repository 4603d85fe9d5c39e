"""Draw the sample pictures, their true text (labels.json) and where it stands (boxes.json) here.

Usage: python samples/make.py [NAME ...] [--check] [--dictionary ppocr_keys_v1.txt]

Needs Pillow, numpy, and the fonts of the Debian packages fonts-noto-cjk, fonts-wqy-zenhei and
fonts-dejavu. Without names all pictures are drawn; with names only those; the JSON files stay.
--check writes nothing: it exits 1 when a picture, label or box is not what would be drawn. It wants
Pillow 12 or newer: before FreeType 2.14 the glyphs of WenQuanYi Zen Hei came out another way.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, features
from scenes import GOLDENS, SCENES, Picture
from sheet import FACES, FontError, find_font

FOLDER = Path(__file__).resolve().parent
LABELS = FOLDER / "labels.json"
BOXES = FOLDER / "boxes.json"
#: Pictures of which every deploy must read one; their lines stand in opt_models/catalog/packs.toml.
GOLDEN = FOLDER.parent / "opt_models" / "catalog" / "golden"

ABOUT = (
    "Pictures drawn by make.py in this folder; people, firms and telephone numbers are invented."
    " Lines in reading order, spaces not significant. Pieces that stand apart in a row are"
    " separate lines; score on the page's concatenated text in reading order, or match lines by"
    " edit distance, and say which."
)

ABOUT_BOXES = (
    "Where each line of labels.json stands, in its order: four corners [x, y] in pixels, from"
    " its first ink to its last and as high as its font's characters, clockwise from the text's"
    " own top left."
)

JPEG_QUALITY = 89
# Largest difference of one value of one pixel, in grey levels of 255. Versions of libjpeg and of
# Pillow's blur round differently; a moved glyph or other noise differs by far more.
TOLERANCE = {".jpg": 24, ".png": 2}
#: Largest difference of a corner, in pixels: versions of FreeType hint glyphs differently.
BOX_TOLERANCE = 1.0


def draw(name: str) -> Picture:
    """Draw one picture; its seed comes from its name, so pictures do not depend on each other."""
    return SCENES[name](np.random.default_rng(zlib.crc32(name.encode())))


def home(name: str) -> Path:
    """Where a picture's file lies."""
    return (GOLDEN if name in GOLDENS else FOLDER) / name


def encode(image: Image.Image, name: str) -> bytes:
    """The bytes of the picture's file."""
    file = io.BytesIO()
    if name.endswith(".jpg"):
        image.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
    else:
        image.save(file, "PNG", optimize=True)
    return file.getvalue()


def same_pixels(drawn: bytes, file: Path) -> bool:
    """Whether a picture's file decodes to the same pixels as the bytes drawn."""
    try:
        with Image.open(file) as image:
            theirs = np.asarray(image.convert("RGB"), np.int16)
    except OSError:  # missing, or no picture
        return False
    ours = np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB"), np.int16)
    return ours.shape == theirs.shape and int(abs(ours - theirs).max()) <= TOLERANCE[file.suffix]


def made_with() -> str:
    """The fonts and the library that drew the pictures, with versions."""
    fonts = ", ".join(f"{face.replace(':', ' ')} {find_font(face).version}" for face in FACES)
    freetype = features.version("freetype2")
    return f" Made with Pillow {PIL.__version__} (FreeType {freetype}) and the fonts {fonts}."


def label_text(pictures: dict[str, Picture]) -> str:
    """What labels.json holds."""
    labels: dict[str, object] = {"about": ABOUT + made_with()}
    labels.update({name: picture.lines for name, picture in labelled(pictures).items()})
    return json.dumps(labels, ensure_ascii=False, indent=1) + "\n"


def box_text(pictures: dict[str, Picture]) -> str:
    """What boxes.json holds: a quad a line, or it would be thousands of lines long."""
    rows = [f' "about": {json.dumps(ABOUT_BOXES)}']
    for name, boxes in rounded(pictures).items():
        quads = ",\n  ".join(json.dumps(box) for box in boxes)
        rows.append(f' "{name}": [\n  {quads}\n ]')
    return "{\n" + ",\n".join(rows) + "\n}\n"


def rounded(pictures: dict[str, Picture]) -> dict[str, list[list[list[float]]]]:
    """Boxes of labelled pictures in tenths of a pixel."""
    return {
        name: [[[round(x, 1), round(y, 1)] for x, y in box] for box in picture.boxes]
        for name, picture in labelled(pictures).items()
    }


def same_boxes(ours: list[list[list[float]]], theirs: object) -> bool:
    """Whether a picture's boxes in the file are those drawn."""
    try:
        drawn, filed = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    except (TypeError, ValueError):  # lists of unequal length, or not of numbers
        return False
    # Shapes first: numpy would compare one quad with many.
    return drawn.shape == filed.shape and bool((abs(drawn - filed) <= BOX_TOLERANCE).all())


def outdated_boxes(pictures: dict[str, Picture]) -> list[str]:
    """Names of pictures whose boxes differ from what would be drawn."""
    try:
        theirs = json.loads(BOXES.read_text("utf-8"))
    except (OSError, ValueError):  # missing, or no JSON
        theirs = None
    if not isinstance(theirs, dict):
        return [BOXES.name]
    found = [
        f"boxes of {name}"
        for name, ours in rounded(pictures).items()
        if not same_boxes(ours, theirs.get(name))
    ]
    if theirs.get("about") != ABOUT_BOXES:
        found.append(f"about in {BOXES.name}")
    kept = SCENES.keys() - GOLDENS.keys() | {"about"}
    return found + [f"boxes of {name}" for name in sorted(theirs.keys() - kept)]


def labelled(pictures: dict[str, Picture]) -> dict[str, Picture]:
    """Those pictures whose lines stand in labels.json."""
    return {name: picture for name, picture in pictures.items() if name not in GOLDENS}


def read_labels() -> dict[str, object]:
    """What labels.json holds now; nothing when there is none."""
    labels: dict[str, object] = json.loads(LABELS.read_text("utf-8")) if LABELS.exists() else {}
    return labels


def outdated(pictures: dict[str, Picture]) -> list[str]:
    """Names of pictures whose file, lines or boxes differ from what would be drawn."""
    labels = read_labels()
    found = []
    for name, picture in pictures.items():
        if not same_pixels(encode(picture.image, name), home(name)):
            found.append(name)
        if name in labelled(pictures) and labels.get(name) != picture.lines:
            found.append(f"label of {name}")
    found += outdated_boxes(pictures)
    # What made the pictures may differ as long as they look the same.
    if not str(labels.get("about", "")).startswith(ABOUT):
        found.append("about in labels.json")
    return found + [f"label of {name}" for name in labels.keys() - SCENES.keys() - {"about"}]


def unreadable(pictures: dict[str, Picture], dictionary: Path) -> set[str]:
    """Characters in the labels that no model with this dictionary can read."""
    known = set(dictionary.read_text("utf-8").split("\n")) | {" "}
    return {char for picture in pictures.values() for char in "".join(picture.lines)} - known


def advice() -> str:
    """What to do about outdated pictures."""
    if str(read_labels().get("about", "")).endswith(made_with()):
        return "run make.py"
    return f"run make.py, or install the versions named in {LABELS.name}; here:{made_with()}"


def parse() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description="Draw the sample pictures and labels.json.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these pictures")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--dictionary", type=Path, help="one character a line; all text must be in")
    options = parser.parse_args()
    unknown = set(options.names) - SCENES.keys()
    if unknown:
        parser.error(f"no picture {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    return options


def run(options: argparse.Namespace) -> str:
    """Draw, then compare or write; returns what is wrong, if anything."""
    pictures = {name: draw(name) for name in options.names or SCENES}
    strange = unreadable(pictures, options.dictionary) if options.dictionary else set()
    if strange:
        return f"not in {options.dictionary}: {' '.join(sorted(strange))}"
    if options.check:
        found = outdated(pictures)
        return f"not as drawn: {', '.join(found)}; {advice()}" if found else ""
    for name, picture in pictures.items():
        data = encode(picture.image, name)
        home(name).write_bytes(data)
        print(f"{name}: {len(data)} bytes, {len(picture.lines)} lines")
    if not options.names:
        LABELS.write_text(label_text(pictures), "utf-8")
        BOXES.write_text(box_text(pictures), "utf-8")
    return ""


def main() -> int:
    """Run the command; returns the exit status."""
    try:
        wrong = run(parse())
    except (FontError, OSError) as error:
        wrong = str(error)
    if wrong:
        print(f"make.py: {wrong}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""The README's example: run it with ``ocr python samples/example.py``."""

from lite_runner import Ocr

with Ocr() as ocr:
    for line in ocr.read("samples/shop_sign.jpg"):
        print(f"{line.score:.2f} {line.text}")

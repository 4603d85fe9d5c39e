"""The commands that ``lite-ocr`` and, in a clone, ``invoke`` run. Thin: parse, call, print.

What a command needs is imported where it is used: listing models must not wait for OpenCV, HTTP and
protobuf.
"""

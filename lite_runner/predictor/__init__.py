"""Paddle-Lite opens and runs models here, by its wheel on x86 and by a C ABI on ARM."""

"""An emulated ARM core that counts what it executes: figures that repeat exactly."""

"""Options: how to read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lite_runner.releases import settings


@dataclass(frozen=True)
class Options:
    """How to read.

    Attributes:
        detect: find lines first; otherwise the whole picture is one line.
        classify: turn upside-down lines, where the pack has a classifier.
        recognise: read the lines; otherwise only their boxes are given.
        min_score: lines read with a lower score are left out.
        batch: lines given to a network at once, where the engine stays right with it; what suits
            the engine if None.
        workers: lines classified and recognised side by side, at most as many as there are cores;
            as the release was tuned if None.
        bucket: recognisers' input widths are multiples of this; as the release was tuned if None.
        max_side: side in pixels that larger pictures are scaled to before lines are detected, in
            tiles where it is more than the pack says. As the release was tuned, or else as the pack
            says, if None: then a picture that has text too small for that is looked at closer.
        words: also give a box for each word of a line.
        polygons: find text along curves, too, and read it straightened; every line then has a
            polygon. Needs pyclipper, which boards of 64 bits are deployed with.
        memory: bytes that the process may hold between pages. A model's buffers grow to the largest
            shape it has run on, and the C library keeps what was freed. Beyond this number freed
            memory goes back to the system after a page, and if that is not enough, models are
            closed, to be opened again by the next page. Unbounded if None.
    """

    detect: bool = True
    classify: bool = True
    recognise: bool = True
    min_score: float = 0.5
    batch: int | None = None
    workers: int | None = None
    bucket: int | None = None
    max_side: int | None = None
    words: bool = False
    memory: int | None = None
    polygons: bool = False

    def tuned(self) -> Options:
        """The same, with the settings of this release where an option is None."""
        release = settings.of_this_release()
        return replace(
            self,
            workers=self.workers or release.workers,
            bucket=self.bucket or release.bucket,
            max_side=self.max_side or release.max_side,
        )

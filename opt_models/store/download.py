"""One published file by its path on the model host: found or downloaded, verified, then kept.

Looked for in the user's folder of models, then on the user's mirrors, then on the model host. What
comes is a part until its content is known to be right, so whatever happens to a process leaves at
most that and its note.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from os import walk
from pathlib import Path
from typing import Callable, Iterator
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from lite_runner.releases import durable, release
from opt_models.errors import ChangedError, FetchError
from opt_models.store import cache, config, lockfile
from opt_models.store.partial import Part, check_size


@dataclass(frozen=True)
class _Order:
    """One file that is wanted.

    Attributes:
        path: on the model host.
        final: its place in the cache.
        pin: its sha256, if the catalog knows it.
        check: raises FetchError if a file's content makes no sense.
    """

    path: str
    final: Path
    pin: str | None
    check: Callable[[Path], None]

    @property
    def name(self) -> str:
        return self.final.name

    @property
    def part(self) -> Part:
        return Part(self.final)

    def expected(self) -> str | None:
        if self.pin is not None:
            return self.pin
        known = lockfile.recorded(self.path)
        return known[0] if known else None


def get(path: str, host: str, sha256: str | None, check: Callable[[Path], None]) -> Path:
    """A published file in the cache, fetched on first use.

    Its checksum is compared each time, also when it is in the cache already: what follows, to
    unpack and convert it, takes far longer. Without a pin it is compared with what was recorded in
    ``catalog.lock``, or recorded there if there is nothing yet.

    Args:
        path: on the model host, ``/20-09-22/mobile/det/x.tar``.
        host: the model host's base, ``https://...``, asked after the user's mirrors.
        sha256: that the file must have; None if the catalog does not know it.
        check: raises FetchError if a file's content makes no sense, such as a log-in page; called
            before the checksum of a file is recorded.

    Raises:
        ChangedError: it is to be had, but it is not what it was.
        FetchError: the file is nowhere to be had; names each place that was tried, and why not.
        CacheError: the cache cannot be written or is full.
        UsageError: the user's settings or ``catalog.lock`` are damaged, or cannot be written.
    """
    order = _Order(path, cache.root() / "files" / _relative(path), sha256, check)
    wanted = config.current()
    with cache.told(order.final):
        expected = order.expected()
        # A file takes its name when it is whole, so reading needs no lock.
        if expected and order.final.is_file() and release.sha256(order.final) == expected:
            return order.final
        busy = f"another process is fetching {order.name}; waiting for it"
        with cache.lock(f"files{path}", busy):
            if not _is_kept(order):
                _obtain(order, wanted, host)
    return order.final


def is_in(path: str, folder: Path) -> bool:
    """Whether a user's folder has a file of the name of one on the model host, anywhere in it."""
    name = Path(path).name
    return any(name in names for _, _, names in walk(folder))


def _relative(path: str) -> str:
    """A path on the model host as one below a folder."""
    parts = path.split("/")[1:]
    safe = path.isprintable() and "\\" not in path and {"", ".", ".."}.isdisjoint(parts)
    if not path.startswith("/") or not parts or not safe:
        raise FetchError(f"{path!r} is no path on a model host; expected one like /folder/x.tar")
    return "/".join(parts)


def _is_kept(order: _Order) -> bool:
    """Whether the right file is in the cache; a wrong one stays until the right one is there."""
    if not order.final.is_file():
        return False
    try:
        _verify(order, order.final)
    except FetchError as error:
        print(f"{order.final}: {error}; fetching it again", file=sys.stderr)
        return False
    return True


def _obtain(order: _Order, wanted: config.Settings, host: str) -> None:
    """Fill the order's place from the first place that has the right file."""
    failures: list[str] = []
    changed: ChangedError | None = None
    places = _places(order, wanted, host)
    place = next(places)
    while True:
        shown = place if isinstance(place, Path) else config.public(place)
        try:
            if isinstance(place, Path):
                _copy(place, order)
                _settle(order)
            elif wanted.offline:
                raise FetchError("not asked, being offline")
            else:
                _download_right(place, order)
            return
        except FetchError as error:
            failures.append(f"{shown}: {error}")
            changed = error if isinstance(error, ChangedError) else changed
        following = next(places, None)
        if following is None:
            break
        print(f"{order.name}: {failures[-1]}; trying the next place", file=sys.stderr)
        place = following
    if changed is not None:
        raise ChangedError(f"cannot fetch {order.name}: {changed}") from changed
    folder = f"{config.MODELS} to a folder with {order.name}"
    if wanted.offline:
        online = f"leave out --offline ({config.OFFLINE}, 'offline' in config.toml)"
        advice = f"{online}, or set {folder}"
    else:
        advice = f"set {config.MIRRORS} to a mirror of {config.public(host)}, or {folder}"
    raise FetchError(f"cannot fetch {order.name}: {'; '.join(failures)}", advice)


def _places(order: _Order, wanted: config.Settings, host: str) -> Iterator[Path | str]:
    """Where the file may be, in the order of asking: files, and URLs over HTTP."""
    if wanted.models is not None:
        yield from _given(order, wanted.models)
    for base in dict.fromkeys((*wanted.mirrors, host.rstrip("/"))):
        parts = urlsplit(base)
        if parts.scheme == "file":
            yield Path(url2pathname(parts.path)) / _relative(order.path)
        else:
            yield base + quote(order.path)


def _given(order: _Order, folder: Path) -> Iterator[Path]:
    """The file in the user's folder: laid out like the host, or at its top, or anywhere.

    Raises:
        FetchError: there are several with different content and nothing tells which is right.
    """
    direct = [folder / _relative(order.path), folder / order.name]
    found = [path for path in direct if path.is_file()]
    yield from found
    # walk passes over folders that cannot be read, and does not follow links round in circles.
    others = [Path(top) / order.name for top, _, names in walk(folder) if order.name in names]
    others = sorted(path for path in others if path.is_file() and path not in direct)
    if len(others) > 1:
        expected = order.expected()
        sums = {path: _sum(path) for path in others}
        if expected is not None:
            others.sort(key=lambda path: sums[path] != expected)
        elif len(set(sums.values())) > 1:
            raise FetchError(
                f"{order.name} is in {folder} several times with different content:"
                f" {', '.join(map(str, others))}; leave one, or put it at {direct[0]}"
            )
    yield from others[:1]
    if not found and not others:
        yield folder


def _sum(path: Path) -> str:
    try:
        return release.sha256(path)
    except OSError as error:
        raise FetchError(f"{path}: cannot be read ({error.strerror}); fix or remove it") from error


def _copy(source: Path, order: _Order) -> None:
    """Copy a file of the user's as if it were downloaded; it stays as it is."""
    if source.is_dir():
        raise FetchError(f"there is no {order.name} in it")
    try:
        if not source.is_file():
            raise FetchError("there is no such file")
        size = source.stat().st_size
        check_size(size)
        reading = source.open("rb")
    except OSError as error:
        raise FetchError(f"cannot be read: {error.strerror}") from error
    order.part.discard()
    order.part.check_room(size)
    with reading, order.part.path.open("wb") as sink:
        shutil.copyfileobj(reading, sink)


def _download_right(url: str, order: _Order) -> None:
    """Download a file and verify it."""
    from opt_models.store import http  # late: requests takes long to load

    resumed = http.transfer(url, order.part)
    try:
        _settle(order)
    except FetchError as error:
        if not resumed:
            raise
        # Servers may say that a file has not changed when it has: then no half of it is wrong.
        print(f"{order.name}: {error}; downloading it anew", file=sys.stderr)
        http.transfer(url, order.part)
        _settle(order)


def _settle(order: _Order) -> None:
    """Give a whole part its final name if it is the right file, else remove it."""
    try:
        _verify(order, order.part.path)
    except FetchError:
        order.part.discard()
        raise
    durable.move(order.part.path, order.final)
    order.part.note.unlink(missing_ok=True)


def _verify(order: _Order, file: Path) -> None:
    """Compare a file with its pin or its record; record it if there is neither.

    Raises:
        ChangedError: it is not the one that was recorded.
        FetchError: it is not the right one.
    """
    actual, size = release.sha256(file), file.stat().st_size
    expected = order.expected()
    if expected is None:
        try:
            order.check(file)
        except FetchError as error:
            # While it is on its way it has another name, which nobody can look at afterwards.
            told = str(error).replace(str(file), order.name).replace(file.name, order.name)
            raise FetchError(told) from error
        lockfile.record(order.path, actual, size)
    elif actual != expected and order.pin is None:
        raise ChangedError(lockfile.changed(order.path, actual, size))
    elif actual != expected:
        raise FetchError(f"sha256 is {actual} ({size} bytes), expected {expected}")

"""One published file by its path on the model host: found or downloaded, verified, then kept.

Looked for in the user's folder of models, then on the user's mirrors, then on the model host. What
comes is a partial file until its content is known to be right: a process that is killed leaves at
most that and its note.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from http import HTTPStatus
from os import walk
from pathlib import Path
from typing import Callable, Iterator
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from lite_runner.releases import durable, release
from opt_models.errors import ChangedError, FetchError
from opt_models.store import cache, config, lockfile
from opt_models.store.partial import PartialFile, check_size


@dataclass(frozen=True)
class _Request:
    """One file that is asked for.

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
    def partial(self) -> PartialFile:
        return PartialFile(self.final)

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
    request = _Request(path, cache.root() / "files" / _relative(path), sha256, check)
    settings = config.current()
    with cache.cache_errors(request.final):
        expected = request.expected()
        # A file takes its name when it is whole, so reading needs no lock.
        if expected and request.final.is_file() and release.sha256(request.final) == expected:
            return request.final
        busy = f"another process is fetching {request.name}; waiting for it"
        with cache.lock(f"files{path}", busy):
            if not _is_kept(request):
                _fetch_first(request, settings, host)
    return request.final


def look_up(path: str, host: str, sha256: str | None = None) -> Path | str:
    """Where a published file would be taken from, without a download.

    Args:
        path, host, sha256: as of :func:`get`.

    Returns:
        A file of this computer; or, of a place that answers and has it, the address.

    Raises:
        FetchError: it is nowhere; says why not of the last place.
    """
    request = _Request(path, cache.root() / "files" / _relative(path), sha256, lambda file: None)
    if request.final.is_file():
        return request.final
    settings = config.current()
    problem = FetchError("not asked, being offline")
    for source in _places(request, settings, host):
        try:
            if isinstance(source, str) and not settings.offline:
                from opt_models.store import http  # late: requests takes long to load

                status = http.head(source)
                if status == HTTPStatus.OK:
                    return config.public(source)
                problem = FetchError(f"the server says {status}")
        except FetchError as error:
            problem = error
        if isinstance(source, Path) and source.is_file():
            return source
    raise problem


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


def _is_kept(request: _Request) -> bool:
    """Whether the right file is in the cache; a wrong one stays until the right one is there."""
    if not request.final.is_file():
        return False
    try:
        _verify(request, request.final)
    except FetchError as error:
        print(f"{request.final}: {error}; fetching it again", file=sys.stderr)
        return False
    return True


def _fetch_first(request: _Request, settings: config.Settings, host: str) -> None:
    """Put the file into the cache from the first place that has the right file."""
    failures: list[str] = []
    changed: ChangedError | None = None
    places = _places(request, settings, host)
    source = next(places)
    while True:
        shown = source if isinstance(source, Path) else config.public(source)
        try:
            if isinstance(source, Path):
                _copy(source, request)
                _commit(request)
            elif settings.offline:
                raise FetchError("not asked, being offline")
            else:
                _download_right(source, request)
            return
        except FetchError as error:
            failures.append(f"{shown}: {error}")
            changed = error if isinstance(error, ChangedError) else changed
        following = next(places, None)
        if following is None:
            break
        print(f"{request.name}: {failures[-1]}; trying the next place", file=sys.stderr)
        source = following
    if changed is not None:
        raise ChangedError(f"cannot fetch {request.name}: {changed}") from changed
    folder = f"{config.MODELS} to a folder with {request.name}"
    if settings.offline:
        online = f"leave out --offline ({config.OFFLINE}, 'offline' in config.toml)"
        advice = f"{online}, or set {folder}"
    else:
        advice = f"set {config.MIRRORS} to a mirror of {config.public(host)}, or {folder}"
    address = config.public(f"{host.rstrip('/')}{quote(request.path)}")
    reason = failures[-1].rpartition(f"{address}: ")[2]
    raise FetchError(
        f"cannot fetch {request.name}: {'; '.join(failures)}",
        advice,
        [
            f"cannot fetch {request.name}",
            f"  from {address} ({reason})",
            f"  put it into a folder that {config.MODELS} names",
        ],
    )


def _places(request: _Request, settings: config.Settings, host: str) -> Iterator[Path | str]:
    """Where the file may be, in the order of asking: files, and URLs over HTTP."""
    if settings.models is not None:
        yield from _given(request, settings.models)
    for base in dict.fromkeys((*settings.mirrors, host.rstrip("/"))):
        parts = urlsplit(base)
        if parts.scheme == "file":
            yield Path(url2pathname(parts.path)) / _relative(request.path)
        else:
            yield base + quote(request.path)


def _given(request: _Request, folder: Path) -> Iterator[Path]:
    """The file in the user's folder: laid out like the host, or at its top, or anywhere.

    Raises:
        FetchError: there are several with different content and nothing tells which is right.
    """
    direct = [folder / _relative(request.path), folder / request.name]
    existing = [path for path in direct if path.is_file()]
    yield from existing
    # walk passes over folders that cannot be read, and does not follow links round in circles.
    others = [Path(top) / request.name for top, _, names in walk(folder) if request.name in names]
    others = sorted(path for path in others if path.is_file() and path not in direct)
    if len(others) > 1:
        expected = request.expected()
        sums = {path: _sum(path) for path in others}
        if expected is not None:
            others.sort(key=lambda path: sums[path] != expected)
        elif len(set(sums.values())) > 1:
            raise FetchError(
                f"{request.name} is in {folder} several times with different content:"
                f" {', '.join(map(str, others))}; leave one, or put it at {direct[0]}"
            )
    yield from others[:1]
    if not existing and not others:
        yield folder


def _sum(path: Path) -> str:
    try:
        return release.sha256(path)
    except OSError as error:
        raise FetchError(f"{path}: cannot be read ({error.strerror}); fix or remove it") from error


def _copy(source: Path, request: _Request) -> None:
    """Copy a file of the user's as if it were downloaded; it stays as it is."""
    if source.is_dir():
        raise FetchError(f"there is no {request.name} in it")
    try:
        if not source.is_file():
            raise FetchError("there is no such file")
        size = source.stat().st_size
        check_size(size)
        reading = source.open("rb")
    except OSError as error:
        raise FetchError(f"cannot be read: {error.strerror}") from error
    request.partial.discard()
    request.partial.check_room(size)
    with reading, request.partial.path.open("wb") as sink:
        shutil.copyfileobj(reading, sink)


def _download_right(url: str, request: _Request) -> None:
    """Download a file and verify it."""
    from opt_models.store import http  # late: requests takes long to load

    resumed = http.transfer(url, request.partial)
    try:
        _commit(request)
    except FetchError as error:
        if not resumed:
            raise
        # Servers may say that a file has not changed when it has: then no half of it is wrong.
        print(f"{request.name}: {error}; downloading it anew", file=sys.stderr)
        http.transfer(url, request.partial)
        _commit(request)


def _commit(request: _Request) -> None:
    """Give a complete partial file its final name if it is the right file, else remove it."""
    try:
        _verify(request, request.partial.path)
    except FetchError:
        request.partial.discard()
        raise
    durable.move(request.partial.path, request.final)
    request.partial.note.unlink(missing_ok=True)


def _verify(request: _Request, file: Path) -> None:
    """Compare a file with its pin or its record; record it if there is neither.

    Raises:
        ChangedError: it is not the one that was recorded.
        FetchError: it is not the right one.
    """
    actual, size = release.sha256(file), file.stat().st_size
    expected = request.expected()
    if expected is None:
        try:
            request.check(file)
        except FetchError as error:
            # While it is on its way it has another name, which nobody can look at afterwards.
            problem = str(error).replace(str(file), request.name).replace(file.name, request.name)
            raise FetchError(problem) from error
        lockfile.record(request.path, actual, size)
    elif actual != expected and request.pin is None:
        raise ChangedError(lockfile.changed(request.path, actual, size))
    elif actual != expected:
        raise FetchError(f"sha256 is {actual} ({size} bytes), expected {expected}")

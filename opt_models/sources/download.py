"""One published file by its path on the model host: found or downloaded, verified, then kept.

Looked for in the user's folder of models, then on the user's mirrors, then on the model host. A
download is ``NAME.part`` until its content is known to be right, so whatever happens to a process
leaves at most that, and ``NAME.part.json``, which says what it is the beginning of.

Requests, with the retries of urllib3 below it, brings redirects, proxies from the environment,
certificates and waiting as a server asks. Pooch hashes and retries too, but can neither go on with
a download that was cut nor change to a mirror.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from os import walk
from pathlib import Path
from typing import Any, Callable, Iterator
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import requests
import urllib3
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util.retry import Retry

from lite_runner import __version__, release
from opt_models import cache
from opt_models.errors import CacheError, FetchError
from opt_models.sources import checksums, settings

#: Bytes that a file may have: no model comes near, an endless answer does not fill the disk.
LARGEST = 4 << 30
#: Seconds to wait for a connection, and for the next byte of an answer.
_PATIENCE = (10.0, 30.0)
#: Tries after the first one; after a cut, those in a row that bring less than _PROGRESS bytes.
_RETRIES = 4
_PROGRESS = 1 << 20
#: Seconds before the second retry, doubled with each further one; and the most that is waited.
_BACK_OFF = 0.5
_LONGEST_WAIT = 30.0
_BLOCK = 1 << 16
_MOST_REDIRECTS = 10
#: Too many requests, and what servers and gateways say while they are restarted.
_PASSING = (429, 500, 502, 503, 504)
#: The errors of _PATIENCE.
_TIMEOUTS = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.ReadTimeoutError)
#: Errors below one another that are looked at; a handful is usual.
_DEEPEST = 20
_ADVICE = f"make it writable and leave room, or set {cache.VARIABLE} to another folder"


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
    def part(self) -> Path:
        return self.final.with_name(f"{self.name}.part")

    @property
    def note(self) -> Path:
        """Says what the part is the beginning of."""
        return self.final.with_name(f"{self.name}.part.json")

    def discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def expected(self) -> str | None:
        if self.pin is not None:
            return self.pin
        known = checksums.recorded(self.path)
        return known[0] if known else None


@dataclass(frozen=True)
class _Note:
    """What a part is the beginning of.

    Attributes:
        url: where it comes from, without password.
        validator: ETag or date by which the server knows that the file is still the same.
        total: size of the whole file in bytes.
    """

    url: str
    validator: str | None
    total: int | None


class _CutError(Exception):
    """The connection went away, or nothing came any more, in the middle of a file."""


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
        FetchError: the file is nowhere to be had; names each place that was tried, and why not.
        CacheError: the cache cannot be written or is full.
        UsageError: the user's settings or ``catalog.lock`` are damaged, or cannot be written.
    """
    order = _Order(path, cache.root() / "files" / _relative(path), sha256, check)
    wanted = settings.current()
    with _told(order.final):
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
    """Whether the right file is in the cache; a wrong one is removed."""
    if not order.final.is_file():
        return False
    try:
        _verify(order, order.final)
    except FetchError as error:
        _say(f"{order.final}: {error}; fetching it again")
        order.final.unlink()
        return False
    return True


def _obtain(order: _Order, wanted: settings.Settings, host: str) -> None:
    """Fill the order's place from the first place that has the right file."""
    failures: list[str] = []
    places = _places(order, wanted, host)
    place = next(places)
    while True:
        shown = place if isinstance(place, Path) else settings.public(place)
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
        following = next(places, None)
        if following is None:
            break
        _say(f"{order.name}: {failures[-1]}; trying the next place")
        place = following
    folder = f"{settings.MODELS} to a folder with {order.name}"
    if wanted.offline:
        advice = f"unset {settings.OFFLINE} ('offline' in config.toml), or set {folder}"
    else:
        advice = f"set {settings.MIRRORS} to a mirror of {settings.public(host)}, or {folder}"
    raise FetchError(f"cannot fetch {order.name}: {'; '.join(failures)}; {advice}")


def _places(order: _Order, wanted: settings.Settings, host: str) -> Iterator[Path | str]:
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
        raise FetchError(f"{path}: cannot be read ({error.strerror}); mend or remove it") from error


def _copy(source: Path, order: _Order) -> None:
    """Copy a file of the user's as if it were downloaded; it stays as it is."""
    if source.is_dir():
        raise FetchError(f"there is no {order.name} in it")
    try:
        if not source.is_file():
            raise FetchError("there is no such file")
        size = source.stat().st_size
        _limit(size)
        reading = source.open("rb")
    except OSError as error:
        raise FetchError(f"cannot be read: {error.strerror}") from error
    order.discard()
    _room(order, size)
    with reading, order.part.open("wb") as sink:
        shutil.copyfileobj(reading, sink, _BLOCK)


def _download_right(url: str, order: _Order) -> None:
    """Download a file and verify it."""
    resumed = _download(url, order)
    try:
        _settle(order)
    except FetchError as error:
        if not resumed:
            raise
        # Servers may say that a file has not changed when it has: then no half of it is wrong.
        _say(f"{order.name}: {error}; downloading it anew")
        _download(url, order)
        _settle(order)


def _settle(order: _Order) -> None:
    """Give a whole part its final name if it is the right file, else remove it."""
    try:
        _verify(order, order.part)
    except FetchError:
        order.discard()
        raise
    order.part.replace(order.final)
    order.note.unlink(missing_ok=True)


def _verify(order: _Order, file: Path) -> None:
    """Compare a file with its pin or its record; record it if there is neither.

    Raises:
        FetchError: it is not the right one.
    """
    actual, size = release.sha256(file), file.stat().st_size
    expected = order.expected()
    if expected is None:
        order.check(file)
        checksums.record(order.path, actual, size)
    elif actual != expected and order.pin is None:
        raise FetchError(checksums.changed(order.path, actual, size))
    elif actual != expected:
        raise FetchError(f"sha256 is {actual} ({size} bytes), expected {expected}")


def _download(url: str, order: _Order) -> bool:
    """Download a file into its part, going on from what is there of it.

    Returns:
        Whether it was there in part before.

    Raises:
        FetchError: the server does not give it, or not all of it.
    """
    failed, furthest, resumed = 0, 0, False
    with _session() as session:
        while True:
            try:
                return _ask(session, url, order) or resumed
            except _CutError as error:
                have = order.part.stat().st_size
                failed = 1 if have >= furthest + _PROGRESS else failed + 1
                furthest = max(furthest, have)
                resumed = True
                if failed > _RETRIES:
                    raise FetchError(f"{error} after {_bytes(have)}, {failed} times") from error
                _say(f"{order.name}: {error} after {_bytes(have)}; going on")
                time.sleep(min(_BACK_OFF * 2 ** (failed - 1), _LONGEST_WAIT))


def _ask(session: requests.Session, url: str, order: _Order) -> bool:
    """Ask once for what is missing of a file; as :func:`_download`.

    Raises:
        _CutError: it has not come to its end, asking again may help.
    """
    note = _read_note(order, url)
    have = order.part.stat().st_size if note else 0
    if note is not None and have == note.total:
        return True
    headers = {}
    if note is not None and note.validator and have:
        # If the file is another one by now the server answers with all of it (RFC 9110, 13.1.5).
        headers = {"Range": f"bytes={have}-", "If-Range": note.validator}
    try:
        answer = session.get(url, headers=headers, stream=True, timeout=_PATIENCE)
    except requests.RequestException as error:
        raise FetchError(_reason(error)) from error
    with answer:
        status = answer.status_code
        useless = status == 416 or (status == 206 and not _goes_on(answer, have, note))
        if headers and useless:
            order.discard()
            return _ask(session, url, order)
        if status != 206 or not headers:
            have = 0
        if status != (206 if have else 200):
            raise FetchError(f"{status} {_line(str(answer.reason))}")
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        # Some servers call a .tar.gz a .tar in gzip; it is as it should be all the same.
        if encoding not in ("identity", "") and not order.name.endswith((".gz", ".tgz")):
            raise FetchError(f"comes packed as {_line(encoding)}, though asked for as it is")
        _receive(answer, url, order, have)
    return bool(have)


def _receive(answer: requests.Response, url: str, order: _Order, have: int) -> None:
    """Write the body of an answer behind the bytes that the part has."""
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if re.fullmatch("[0-9]{1,15}", length) else None
    if have:
        total = _range(answer)[1] or total
    _limit(total or 0)
    _room(order, (total or 0) - have)
    if not sys.stderr.isatty():
        sizes = [_bytes(total)] if total is not None else []
        sizes += [f"{_bytes(have)} of it here already"] if have else []
        about = f" ({', '.join(sizes)})" if sizes else ""
        _say(f"fetching {order.name}{about} from {urlsplit(settings.public(url)).netloc}")
    size = have
    with order.part.open("ab" if have else "wb") as sink, _bar(order.name, have, total) as bar:
        if not have:
            # Only now, so that a note never stands beside bytes of another file.
            note = _Note(settings.public(url), _validator(answer), total)
            cache.write(order.note, json.dumps(asdict(note)))
        while block := _block(answer):
            size += len(block)
            if size > LARGEST:
                order.discard()
                _limit(size)
            sink.write(block)
            sink.flush()
            bar.update(len(block))
    if total is not None and size < total:
        raise _CutError("the connection was cut")


def _block(answer: requests.Response) -> bytes:
    """What has come of a body by now, at least a byte; none at its end."""
    try:
        # Not iter_content, which waits for whole blocks and loses the last one at a cut.
        return answer.raw.read1(_BLOCK, decode_content=False) or b""
    except urllib3.exceptions.ReadTimeoutError as error:
        raise _CutError(f"nothing came for {_PATIENCE[1]:g} s") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _CutError("the connection was cut") from error


def _bar(name: str, have: int, total: int | None) -> tqdm[Any]:
    """A progress bar on a terminal, nothing elsewhere."""
    return tqdm(
        desc=name,
        initial=have,
        total=total,
        unit="B",
        unit_scale=True,
        file=sys.stderr,
        disable=None,
    )


class _Retry(Retry):
    """Urllib3's retries, waiting as a server asks, but neither for long nor without a word."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        *others: Any,
        **more: Any,
    ) -> _Retry:
        following = super().increment(method, url, response, error, *others, **more)
        refused = isinstance(error, urllib3.exceptions.NewConnectionError)
        if error is not None and isinstance(error, _TIMEOUTS) and not refused:
            _say(f"{_reason(error)}; trying again")
        return following

    def get_retry_after(self, response: Any) -> float | None:
        try:
            asked = super().get_retry_after(response)
        except urllib3.exceptions.InvalidHeader:
            return None
        if not asked:
            return None
        wait = min(asked, _LONGEST_WAIT)
        _say(f"the server says {response.status} {_line(response.reason)}; waiting {wait:.0f} s")
        return wait


def _session() -> requests.Session:
    retry = _Retry(
        total=_RETRIES,
        other=0,  # A certificate does not get better.
        backoff_factor=_BACK_OFF,
        status_forcelist=_PASSING,
        raise_on_status=False,
    )
    session = requests.Session()
    session.max_redirects = _MOST_REDIRECTS
    session.headers["User-Agent"] = f"lite-ocr/{__version__}"
    # What comes is kept as it comes: a range of something packed is not one of the file.
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _read_note(order: _Order, url: str) -> _Note | None:
    """What the part is the beginning of, if it is of that URL."""
    try:
        note = _Note(**json.loads(order.note.read_text(encoding="utf-8")))
        size = order.part.stat().st_size
    except (OSError, ValueError, TypeError):
        return None
    sound = isinstance(note.total, (int, type(None))) and isinstance(
        note.validator, (str, type(None))
    )
    fits = sound and (note.total is None or size <= note.total)
    return note if fits and note.url == settings.public(url) else None


def _validator(answer: requests.Response) -> str | None:
    """By what a server knows that a file is the same to the byte; a weak ETag does not say so."""
    tag = answer.headers.get("ETag", "W/")
    return answer.headers.get("Last-Modified") if tag.startswith("W/") else tag


def _range(answer: requests.Response) -> tuple[int | None, int | None]:
    """Where a partial answer begins in the file, and the file's size."""
    text = answer.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)", text.strip())
    if match is None:
        return None, None
    return int(match.group(1)), None if match.group(2) == "*" else int(match.group(2))


def _goes_on(answer: requests.Response, have: int, note: _Note | None) -> bool:
    """Whether a partial answer is the rest of the very file that the part is of."""
    if note is None:
        return False
    start, total = _range(answer)
    same_size = None in (total, note.total) or total == note.total
    return start == have and same_size and _validator(answer) in (None, note.validator)


def _limit(size: int) -> None:
    if size > LARGEST:
        raise FetchError(f"has {_bytes(size)}, more than the {_bytes(LARGEST)} a model may have")


def _room(order: _Order, size: int) -> None:
    """Make sure that the cache has room for so many bytes more."""
    free = shutil.disk_usage(order.part.parent).free
    if size > free:
        raise CacheError(
            f"{order.part.parent}: {order.name} needs {_bytes(size)}, {_bytes(free)} are free;"
            f" {_ADVICE}"
        )


def _bytes(size: int) -> str:
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _reason(error: BaseException) -> str:
    """What went wrong with a connection, in few words: those at the bottom of the heap."""
    if isinstance(error, requests.TooManyRedirects):
        return f"redirected more than {_MOST_REDIRECTS} times"
    heap = [error]
    while True:
        one = heap[-1]
        below = [getattr(one, "reason", None), *one.args[::-1], one.__cause__, one.__context__]
        heap += [cause for cause in below if isinstance(cause, BaseException)][:1]
        if heap[-1] is one or len(heap) > _DEEPEST:
            break
    proxy = any(isinstance(one, requests.exceptions.ProxyError) for one in heap)
    kind = "the proxy: " if proxy else ""
    said = getattr(heap[-1], "strerror", None)
    for timeout, seconds in zip(_TIMEOUTS, _PATIENCE):
        # What the system says comes first: urllib3 calls a refused connection a timeout, too.
        if not said and any(isinstance(one, timeout) for one in heap):
            return f"{kind}no answer within {seconds:g} s"
    said = said or str(heap[-1]) or type(error).__name__
    # A library's words may hold a URL, and that a password.
    return kind + re.sub(r"[^/\s]*@", "", _line(said))


def _line(text: str) -> str:
    """A server's words on one line, short, without what moves a terminal's cursor."""
    words = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return words if len(words) <= 200 else f"{words[:200]}..."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell a user whose cache cannot be written what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or path
        raise CacheError(f"{place}: {error.strerror or error}; {_ADVICE}") from error

"""One file over HTTP: from its URL into a partial file, going on with what is there of it.

Requests, with the retries of urllib3 below it, brings redirects, proxies from the environment,
certificates and waiting as a server asks. Pooch hashes and retries too, but can neither go on with
a download that was cut nor change to a mirror.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from lite_runner import __version__
from opt_models.errors import FetchError
from opt_models.progress_bar import progress_bar
from opt_models.store import config
from opt_models.store.partial import Note, PartialFile, check_size
from opt_models.wording import amount

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


class _CutError(Exception):
    """The connection went away, or nothing came any more, in the middle of a file."""


def transfer(url: str, partial: PartialFile) -> bool:
    """Download a file into its partial file, going on from what is there of it.

    A partial file that is not complete stays, for the next time.

    Args:
        url: of the file, over HTTP; its password, if any, is neither shown nor written down.
        partial: in a folder that is there, and that no other process writes to meanwhile.

    Returns:
        Whether some of it was there before, or it came in several answers: they need not be of the
        same file, whatever the server says.

    Raises:
        FetchError: the server does not give it, or not all of it, or it is too large.
        CacheError: there is no room for it, or its note cannot be written.
        OSError: the partial file cannot be written.
    """
    failed, furthest, resumed = 0, 0, False
    with _session() as session:
        while True:
            try:
                return _ask(session, url, partial) or resumed
            except _CutError as error:
                have = partial.path.stat().st_size
                failed = 1 if have >= furthest + _PROGRESS else failed + 1
                furthest = max(furthest, have)
                resumed = True
                if failed > _RETRIES:
                    raise FetchError(f"{error} after {amount(have)}, {failed} times") from error
                _say(f"{partial.name}: {error} after {amount(have)}; going on")
                time.sleep(min(_BACK_OFF * 2 ** (failed - 1), _LONGEST_WAIT))


def head(url: str) -> int:
    """The status by which a server answers, asked once for the head of a file alone.

    Raises:
        FetchError: it does not answer.
    """
    with _session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter())
        try:
            return session.head(url, allow_redirects=True, timeout=_PATIENCE[0]).status_code
        except requests.RequestException as error:
            raise FetchError(_reason(error)) from error


def _ask(session: requests.Session, url: str, partial: PartialFile) -> bool:
    """Ask once for what is missing of a file; as :func:`transfer`.

    Raises:
        _CutError: it has not come to its end, asking again may help.
    """
    note = partial.read_note(url)
    have = partial.path.stat().st_size if note else 0
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
            partial.discard()
            return _ask(session, url, partial)
        if status != 206 or not headers:
            have = 0
        if status != (206 if have else 200):
            raise FetchError(f"{status} {_line(str(answer.reason))}")
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        # Some servers call a .tar.gz a .tar in gzip; it is as it should be all the same.
        if encoding not in ("identity", "") and not partial.name.endswith((".gz", ".tgz")):
            raise FetchError(f"comes packed as {_line(encoding)}, though asked for as it is")
        _receive(answer, url, partial, have)
    return bool(have)


def _receive(answer: requests.Response, url: str, partial: PartialFile, have: int) -> None:
    """Write the body of an answer behind the bytes that the partial file has."""
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if re.fullmatch("[0-9]{1,15}", length) else None
    if have:
        total = _range(answer)[1] or total
    check_size(total or 0)
    partial.check_room((total or 0) - have)
    if not sys.stderr.isatty():
        sizes = [amount(total)] if total is not None else []
        sizes += [f"{amount(have)} of it here already"] if have else []
        about = f" ({', '.join(sizes)})" if sizes else ""
        _say(f"fetching {partial.name}{about} from {urlsplit(config.public(url)).netloc}")
    size = have
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(partial.path.open("ab" if have else "wb"))
        advance = stack.enter_context(progress_bar(partial.name, total, have))
        if not have:
            # Only now, so that a note never stands beside bytes of another file.
            partial.write_note(Note(config.public(url), _validator(answer), total))
        while block := _block(answer):
            size += len(block)
            try:
                check_size(size)
            except FetchError:
                partial.discard()
                raise
            sink.write(block)
            sink.flush()
            advance(len(block))
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
        connect=1,  # A host that does not exist or refuses seldom comes back within seconds.
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


def _goes_on(answer: requests.Response, have: int, note: Note | None) -> bool:
    """Whether a partial answer is the rest of the very file that was begun."""
    if note is None:
        return False
    start, total = _range(answer)
    same_size = None in (total, note.total) or total == note.total
    return start == have and same_size and _validator(answer) in (None, note.validator)


def _reason(error: BaseException) -> str:
    """What went wrong with a connection, in few words: those at the bottom of the heap."""
    if isinstance(error, requests.TooManyRedirects):
        return f"redirected more than {_MOST_REDIRECTS} times"
    heap = [error]
    while True:
        lowest = heap[-1]
        below = [
            getattr(lowest, "reason", None),
            *lowest.args[::-1],
            lowest.__cause__,
            lowest.__context__,
        ]
        heap += [cause for cause in below if isinstance(cause, BaseException)][:1]
        if heap[-1] is lowest or len(heap) > _DEEPEST:
            break
    proxy = any(isinstance(cause, requests.exceptions.ProxyError) for cause in heap)
    kind = "the proxy: " if proxy else ""
    reason = getattr(heap[-1], "strerror", None)
    for timeout, seconds in zip(_TIMEOUTS, _PATIENCE):
        # What the system says comes first: urllib3 calls a refused connection a timeout, too.
        if not reason and any(isinstance(cause, timeout) for cause in heap):
            return f"{kind}no answer within {seconds:g} s"
    reason = reason or str(heap[-1]) or type(error).__name__
    # A library's words may hold a URL, and that a password.
    return kind + re.sub(r"[^/\s]*@", "", _line(reason))


def _line(text: str) -> str:
    """A server's words on one line, short, without what moves a terminal's cursor."""
    words = " ".join(
        "".join(character if character.isprintable() else " " for character in text).split()
    )
    return words if len(words) <= 200 else f"{words[:200]}..."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

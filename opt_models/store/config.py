"""The user's settings: from the environment, then from ``config.toml``, read anew each time.

    mirrors = ["https://mirror.example/paddle", "/mnt/paddle"]
    models = "~/models"
    offline = false

A variable that is set wins over the file, also when it is empty. A mirror is a base laid out like
the model host; a folder in the file is seen from the file, one in the environment from where the
user is.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping
from urllib.parse import urlsplit

from platformdirs import user_config_path

from lite_runner.errors import UsageError
from lite_runner.user_path import user_path
from opt_models.store.toml_file import read_toml

#: Environment variable that puts the folder with ``config.toml`` and ``catalog.lock`` elsewhere.
FOLDER = "LITE_OCR_CONFIG"
#: Environment variable with one or several mirrors, separated by white space or commas.
MIRRORS = "PPOCR_MIRROR"
#: Environment variable with a folder of published models.
MODELS = "PPOCR_MODELS"
#: Environment variable that forbids the network.
OFFLINE = "LITE_OCR_OFFLINE"

_KEYS = ("mirrors", "models", "offline")
_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off", "")
#: At least two letters: ``C:\models`` is a folder.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


@dataclass(frozen=True)
class Settings:
    """What the user has chosen.

    Attributes:
        mirrors: bases to ask before the model host, without a final slash: ``http(s)://`` or
            ``file://``.
        models: folder with published models, or None; need not exist.
        offline: whether nothing may be asked over HTTP.
        lock: the file with the checksums of what was fetched; need not exist.
    """

    mirrors: tuple[str, ...]
    models: Path | None
    offline: bool
    lock: Path


def folder() -> Path:
    """The folder with ``config.toml`` and ``catalog.lock``; it may not exist yet."""
    chosen = os.environ.get(FOLDER)
    return user_path(chosen, FOLDER).absolute() if chosen else user_config_path("lite-ocr")


def current() -> Settings:
    """The settings as they are now.

    Raises:
        UsageError: ``config.toml`` cannot be read, or it or a variable holds what makes no sense;
            names the file and the key, or the variable.
    """
    file = folder() / "config.toml"
    data = _read(file)
    return Settings(
        mirrors=_mirrors(data, file),
        models=_models(data, file),
        offline=_offline(data, file),
        lock=file.with_name("catalog.lock"),
    )


def public(url: str) -> str:
    """A URL as it may be shown: without user, password and query."""
    parts = urlsplit(url)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return shown.geturl()


def _read(file: Path) -> dict[str, object]:
    try:
        data = read_toml(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read ({error.strerror}); fix that, or set {FOLDER} to another"
            " folder"
        ) from error
    except ValueError as error:
        raise UsageError(f"{file}: is not TOML ({error}); correct it") from error
    for key in data:
        if key not in _KEYS:
            raise UsageError(f"{file}: unknown key {key!r}; known keys: {', '.join(_KEYS)}")
    return data


def _mirrors(data: Mapping[str, object], file: Path) -> tuple[str, ...]:
    if MIRRORS in os.environ:
        words = re.split(r"[\s,]+", os.environ[MIRRORS])
        return tuple(_base(word, Path.cwd(), MIRRORS) for word in words if word)
    bases = data.get("mirrors", [])
    if not isinstance(bases, list) or not all(isinstance(base, str) and base for base in bases):
        raise UsageError(f'{file}: mirrors must be a list such as ["https://mirror.example"]')
    return tuple(_base(base, file.parent, f"{file}: mirrors") for base in bases)


def _models(data: Mapping[str, object], file: Path) -> Path | None:
    if MODELS in os.environ:
        chosen = os.environ[MODELS]
        return _folder(chosen, Path.cwd(), MODELS) if chosen else None
    path = data.get("models")
    if path is None:
        return None
    if not isinstance(path, str) or not path:
        raise UsageError(f"{file}: models is {path!r}, expected a folder in quotes")
    return _folder(path, file.parent, f"{file}: models")


def _offline(data: Mapping[str, object], file: Path) -> bool:
    if OFFLINE in os.environ:
        word = os.environ[OFFLINE].strip().lower()
        if word not in _YES + _NO:
            raise UsageError(f"{OFFLINE} is {os.environ[OFFLINE]!r}; set it to 1 or 0")
        return word in _YES
    offline = data.get("offline", False)
    if not isinstance(offline, bool):
        raise UsageError(f"{file}: offline is {offline!r}, expected true or false")
    return offline


def _folder(text: str, start: Path, where: str) -> Path:
    return start / user_path(text, where)


def _base(text: str, start: Path, where: str) -> str:
    """A mirror as a URL.

    Args:
        text: as the user wrote it.
        start: where a folder without a root begins.
        where: the user wrote it.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _folder(text, start, where).as_uri()
    problem = _problem(text, scheme.group(1).lower())
    if problem is not None:
        # Whatever stands before an @ may be a password, also in a URL that is not well formed.
        shown = re.sub(r"(?<=:).*@", "//", text)
        raise UsageError(
            f"{where}: the mirror {shown!r} {problem}; give http://, https://, file:// or a folder"
        )
    return text.rstrip("/")


def _problem(url: str, scheme: str) -> str | None:
    """Why a URL cannot be a mirror's base, if it cannot."""
    if scheme not in ("http", "https", "file"):
        return f"has the unknown scheme {scheme}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if scheme == "file":
        absolute = host in (None, "localhost") and parts.path.startswith("/")
        return None if absolute else "is not file:///folder"
    if not host:
        return "names no host"
    return "has more than a host and a folder" if parts.query or parts.fragment else None


def choose(models: str, offline: bool) -> None:
    """Let options of a command go before the user's settings, for this process and its children.

    Args:
        models: folder with published models; empty to leave it.
        offline: forbid the network; False to leave it.

    Raises:
        UsageError: there is no such folder.
    """
    if models:
        if not user_path(models, "--models").is_dir():
            raise UsageError(f"--models {models}: there is no such folder")
        os.environ[MODELS] = models
    if offline:
        os.environ[OFFLINE] = "1"

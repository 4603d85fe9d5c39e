"""Releases of one bundle side by side on a board, with one of them current.

Run on the board as a file by the board's own Python, before anything else of ours is there, so it
needs nothing but the standard library. Every command prints one JSON object.

    ROOT/releases/ID/        a complete release: files as listed in its bundle.json
    ROOT/releases/ID.part/   one on its way
    ROOT/releases/SYSTEM/    the C library and the Python they run on, where a board has none itself
    ROOT/current             link to the release in use
    ROOT/previous            link to the one before, kept for rollback
    ROOT/ocr                 link to the program of the release in use
    ROOT/tuned.json          settings that benchmarks found to be best here, by pack
    ROOT/inbox/NAME/         pictures sent from the host, while they are read
    ROOT/.lock               held by the deploy under way, with who it is
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import select
import shutil
import sys
import time
from pathlib import Path
from typing import Any, Iterator, Mapping

MANIFEST = "bundle.json"
PROOF = "verified.json"
TUNED = "tuned.json"
#: Pictures of a host that went away in the middle are removed after a day.
_STALE_SECONDS = 24 * 3600
#: A host that is not heard for so long holds nothing any more.
QUIET_SECONDS = 60
#: Where a system lies that a board is brought, below the folder of a release: a part of its own,
#: which other releases name in their manifests as ``system``.
SYSTEM = "system/"
#: Of these only size and time are looked at: packages are many and large, and fail loudly.
_PACKAGES = ("site/", SYSTEM)


def status(root: Path) -> dict[str, Any]:
    """Which release is in use, whether its files are all there, what its verification said."""
    current = _linked(root / "current")
    folder = root / "releases" / str(current)
    return {
        "current": current,
        "previous": _linked(root / "previous"),
        "intact": current is not None and _intact(folder),
        "verified": _read_json(folder / PROOF) if current else None,
        "free": shutil.disk_usage(_existing(root)).free,
    }


def known(root: Path, name: str) -> dict[str, Any]:
    """Whether a release is there with all its files, and what its verification said."""
    folder = _release(root, name)
    return {"intact": _intact(folder), "verified": _read_json(folder / PROOF)}


def tuned(root: Path) -> dict[str, Any]:
    """The settings a benchmark found to be best here, by what tells a pack's models from others."""
    found = _read_json(root / TUNED)
    return found if isinstance(found, dict) else {}


def tune(root: Path, models: str, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keep the best settings of some models for the deploys to come; None forgets them."""
    kept = {name: one for name, one in tuned(root).items() if name != models}
    if found is not None:
        kept[models] = dict(found)
    root.mkdir(parents=True, exist_ok=True)
    fresh = root / f".{TUNED}.{os.getpid()}"
    fresh.write_text(json.dumps(kept, sort_keys=True), encoding="utf-8")
    fresh.replace(root / TUNED)
    return kept


def hold(root: Path, owner: str) -> None:
    """Print the status and keep other deploys away until standard input ends.

    Prints ``{"busy": OWNER}`` if there is another one. Released by the system however this ends.
    """
    try:
        with locked(root, owner):
            print(json.dumps(status(root)), flush=True)
            while select.select([0], [], [], QUIET_SECONDS)[0] and os.read(0, 4096):
                pass
    except BusyError as error:
        print(json.dumps({"busy": str(error)}))


class BusyError(Exception):
    """Another deploy is under way; its text is whose, and since when."""


@contextlib.contextmanager
def locked(root: Path, owner: str) -> Iterator[None]:
    """Keep other deploys away.

    Raises:
        BusyError: there is another one.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BusyError(file.read()) from None
        file.truncate(0)
        file.write(f"{owner} since {time.strftime('%H:%M:%S')}")
        file.flush()
        yield


def compare(root: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Which files of a release would have to be sent; changes nothing."""
    held = _held(root)
    part = root / "releases"
    missing = [
        path
        for path, entry in sorted(manifest["files"].items())
        if (str(entry["sha256"]), int(entry["mode"])) not in held
    ]
    return {"missing": missing, "free": shutil.disk_usage(_existing(part)).free}


def stage(root: Path, name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Begin or resume a release; returns the files that must be sent.

    Files that an earlier release, or an interrupted try, already holds are taken from there.
    """
    part = _part(root, name)
    part.mkdir(parents=True, exist_ok=True)
    held = _held(root)
    missing = []
    for path, entry in sorted(manifest["files"].items()):
        target = _inside(part, path)
        if target.is_file() and sha256(target) == entry["sha256"]:
            continue
        sources = held.get((str(entry["sha256"]), int(entry["mode"])), [])
        target.parent.mkdir(parents=True, exist_ok=True)
        # Some may not be what their manifests say any more.
        source = next((one for one in sources if sha256(one) == entry["sha256"]), None)
        if source is None:
            missing.append(path)
        else:
            take(source, target)
    return {"missing": missing}


def seal(root: Path, name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Check every file of a staged release against its hash and give the release its name."""
    part, final = _part(root, name), _release(root, name)
    wrong = [
        path
        for path, entry in sorted(manifest["files"].items())
        if not _inside(part, path).is_file() or sha256(part / path) != entry["sha256"]
    ]
    if wrong:
        return {"wrong": wrong}
    for path, entry in manifest["files"].items():
        (part / path).chmod(int(entry["mode"]))
    stamps = {path: (part / path).stat().st_mtime_ns for path in manifest["files"]}
    sealed = json.dumps({**manifest, "stamps": stamps}, sort_keys=True)
    (part / MANIFEST).write_text(sealed, encoding="utf-8")
    # Only a damaged release is ever sent again. It may be the one in use: it goes aside first, so
    # that its name is free for no longer than a rename takes.
    aside = final.with_name(f"{name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if final.exists():
        final.rename(aside)
    part.rename(final)
    shutil.rmtree(aside, ignore_errors=True)
    return {"wrong": []}


def switch(root: Path, name: str, proof: Mapping[str, Any], keep: int = 2) -> dict[str, Any]:
    """Make a verified release the current one and remove others.

    Args:
        root: of the releases.
        name: of the verified one.
        proof: what its verification said.
        keep: releases that stay: this one, the one before, and those last verified.
    """
    folder = _release(root, name)
    (folder / PROOF).write_text(json.dumps(proof, ensure_ascii=False), encoding="utf-8")
    before = _linked(root / "current")
    if before is not None and before != name:
        _link(root / "previous", f"releases/{before}")
    _link(root / "current", f"releases/{name}")
    _link(root / "ocr", "current/ocr")
    kept = [name, _linked(root / "previous")]
    folders = [path for path in (root / "releases").iterdir() if path.is_dir()]
    for path in sorted(folders, key=_proved, reverse=True):
        if path.name not in kept and _proved(path) and len(kept) < keep:
            kept.append(path.name)
    kept += [_system(root / "releases" / str(one)) for one in kept]
    for path in folders:
        if path.name not in kept:
            shutil.rmtree(path)
    return {"current": name, "previous": _linked(root / "previous")}


def rollback(root: Path) -> dict[str, Any]:
    """Make the release before the current one current again; a second call goes forward."""
    # The current release may be damaged: that is when one goes back.
    current, previous = _target(root / "current"), _linked(root / "previous")
    if current is None or previous is None or not _intact(root / "releases" / previous):
        return {"error": "there is no earlier release to go back to"}
    _link(root / "current", f"releases/{previous}")
    _link(root / "previous", f"releases/{current}")
    return {"current": previous, "previous": current}


def remove(root: Path) -> dict[str, Any]:
    """Remove everything of ours; what else lies in the folder stays."""
    found = (root / "releases").is_dir()
    for name in ("ocr", "current", "previous", TUNED):
        # And what of them a killed process had not finished.
        for path in (root / name, *root.glob(f".{name}.*")):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
    for name in ("releases", "inbox"):
        shutil.rmtree(root / name, ignore_errors=True)
    for last in ((root / ".lock").unlink, root.rmdir):
        with contextlib.suppress(OSError):  # none was made, or something that is not ours is there
            last()
    return {"removed": found}


def discard(root: Path, name: str) -> dict[str, Any]:
    """Remove a release that is not in use nor kept for rollback, such as one that failed."""
    if name not in (_target(root / "current"), _target(root / "previous")):
        for folder in (_release(root, name), _part(root, name)):
            shutil.rmtree(folder, ignore_errors=True)
    return {}


def clear(root: Path, name: str) -> dict[str, Any]:
    """Remove the folder ``inbox/NAME``, where pictures to read were put, and forgotten others."""
    if name.isalnum():
        shutil.rmtree(root / "inbox" / name, ignore_errors=True)
    for folder in (root / "inbox").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < time.time() - _STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
    return {}


def take(source: Path, target: Path) -> None:
    """Make a file the same as another one: share it, or where that cannot be, copy it."""
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    try:
        os.link(source, target)
    except OSError:  # a file system without links, or two of them
        shutil.copyfile(source, target)


def sha256(path: Path) -> str:
    """Hex sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _release(root: Path, name: str) -> Path:
    if not name.isalnum():
        raise ValueError(f"release name {name!r}")
    return root / "releases" / name


def _part(root: Path, name: str) -> Path:
    release = _release(root, name)
    return release.with_name(f"{release.name}.part")


def _inside(folder: Path, path: str) -> Path:
    if path.startswith("/") or ".." in Path(path).parts:
        raise ValueError(f"path {path!r} leaves the bundle")
    return folder / path


def _target(link: Path) -> str | None:
    """Name of the release a link points to."""
    try:
        return Path(os.readlink(link)).name
    except OSError:
        return None


def _linked(link: Path) -> str | None:
    """Name of the complete release a link points to."""
    name = _target(link)
    complete = name and (link.parent / "releases" / name / MANIFEST).is_file()
    return name if complete else None


def _proved(folder: Path) -> float:
    """When a release was verified, by the board's own clock; 0 if it never was."""
    try:
        return (folder / PROOF).stat().st_mtime
    except OSError:
        return 0.0


def _link(link: Path, target: str) -> None:
    """Point a link elsewhere in one step: at no time is there none."""
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(target)
    fresh.replace(link)


def _intact(folder: Path) -> bool:
    """Whether every file is what it was when its hash was checked, as far as a look can tell."""
    manifest = _read_json(folder / MANIFEST)
    if manifest is None:
        return False
    system = manifest.get("system")
    if system is not None and not _intact(folder.with_name(str(system))):
        return False
    stamps = manifest.get("stamps", {})
    try:
        return all(
            _same(folder / path, entry, stamps.get(path), path.startswith(_PACKAGES))
            for path, entry in manifest["files"].items()
        )
    except OSError:
        return False


def _system(folder: Path) -> str | None:
    """Name of the system that a release runs on; None if that is the board's own."""
    manifest = _read_json(folder / MANIFEST)
    return manifest.get("system") if isinstance(manifest, dict) else None


def _same(file: Path, entry: Mapping[str, Any], stamp: int | None, quickly: bool) -> bool:
    found = file.stat()
    if found.st_size != entry["size"]:
        return False
    return (quickly and found.st_mtime_ns == stamp) or sha256(file) == entry["sha256"]


def _held(root: Path) -> dict[tuple[str, int], list[Path]]:
    """Files of complete releases by hash and mode, which linked files share."""
    found: dict[tuple[str, int], list[Path]] = {}
    for manifest in sorted((root / "releases").glob(f"*/{MANIFEST}")):
        data = _read_json(manifest)
        for path, entry in (data or {"files": {}})["files"].items():
            file = manifest.parent / path
            if file.is_file() and file.stat().st_size == entry["size"]:
                found.setdefault((entry["sha256"], entry["mode"]), []).append(file)
    return found


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def main(arguments: list[str]) -> int:
    """``COMMAND ROOT [ID]``, with JSON on standard input where the command takes some.

    ``alone OWNER COMMAND ...`` does it while no deploy is under way.
    """
    if arguments[0] == "alone":
        _, owner, command, root, *rest = arguments
        try:
            with locked(Path(root).expanduser(), owner):
                return main([command, root, *rest])
        except BusyError as error:
            answer = {"error": f"another deploy is under way there, {error}; try again after it"}
            print(json.dumps(answer))
            return 1
    command, root, *rest = arguments
    folder = Path(root).expanduser()
    if command == "status":
        answer = status(folder)
    elif command == "stage":
        answer = stage(folder, rest[0], json.load(sys.stdin))
    elif command == "seal":
        answer = seal(folder, rest[0], json.load(sys.stdin))
    elif command == "switch":
        answer = switch(folder, rest[0], json.load(sys.stdin))
    elif command == "rollback":
        answer = rollback(folder)
    elif command == "hold":
        hold(folder, rest[0])
        return 0
    elif command == "compare":
        answer = compare(folder, json.load(sys.stdin))
    elif command == "remove":
        answer = remove(folder)
    elif command == "known":
        answer = known(folder, rest[0])
    elif command == "tuned":
        answer = tuned(folder)
    elif command == "tune":
        answer = tune(folder, rest[0], json.load(sys.stdin))
    elif command == "discard":
        answer = discard(folder, rest[0])
    elif command == "clear":
        answer = clear(folder, rest[0])
    else:
        print(f"release: unknown command {command!r}", file=sys.stderr)
        return 2
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as error:
        print(f"{error.filename or 'release'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)

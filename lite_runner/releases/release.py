"""Releases of one bundle side by side on a board, with one of them current.

Run on the board as a file by the board's own Python, before anything else of ours is there, so it
needs nothing but the standard library. Every command prints one JSON object.

    ROOT/releases/ID/        a complete release: files as listed in its bundle.json, and in sizes,
                             which a shell can compare
    ROOT/releases/ID.part/   one on its way
    ROOT/releases/ID.old/    one that is being removed
    ROOT/releases/SYSTEM/    the C library and the Python they run on, where a board has none itself
    ROOT/current             link to the release in use
    ROOT/previous            link to the one before, kept for rollback
    ROOT/ocr                 starts the release in use; the one before, if that is not whole
    ROOT/tuned.json          settings that benchmarks found to be best here, by pack
    ROOT/inbox/NAME/         pictures sent from the host, while they are read
    ROOT/.lock               held by the deploy under way, with who it is

Boards are unplugged. What something points to is on the disk before that points there: first the
files and folders of a release, then its name, then the links. Nothing that is in use is written to.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import select
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Callable, Iterator, Mapping, Sequence, cast

if TYPE_CHECKING:  # sent to boards as text, this module is alone there
    from lite_runner.releases.answers import (
        Comparison,
        FileEntry,
        Manifest,
        MissingFiles,
        Nothing,
        Refusal,
        ReleasesInUse,
        ReleaseState,
        Removal,
        SealedFiles,
        Status,
    )
    from lite_runner.releases.proof import Proof
    from lite_runner.releases.settings import Tuning

MANIFEST = "bundle.json"
PROOF = "verified.json"
SIZES = "sizes"
TUNED = "tuned.json"
PROGRAM = "ocr"
#: Pictures of a host that went away in the middle are removed after a day.
_STALE_SECONDS = 24 * 3600
#: A host that is not heard for so long holds nothing any more.
QUIET_SECONDS = 60
#: Where a system lies that a board is brought, below the folder of a release: a part of its own,
#: which other releases name in their manifests as ``system``.
SYSTEM = "system/"
#: Of these only size and time are looked at: packages are many and large, and fail loudly.
_PACKAGES = ("site/", SYSTEM)
#: Begins the name of a file that takes another one's place when it is whole.
_FRESH = ".lite-ocr-"
#: For so many files and more, one syncfs takes less time than as many commits of a journal.
_MANY = 32
#: Errors of file systems that cannot do what they are asked.
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
#: Flag of renameat2(2).
_RENAME_EXCHANGE = 2
#: Belongs to no release, or damage to one would keep it from starting another. Sizes are what a
#: power cut changes: files that had not reached the disk are empty or cut short.
_STARTER = r"""
# Starts the release in use. If files of it are missing or cut short, starts the one before.
here=$(dirname "$(readlink -f "$0")")
whole() (
    cd "$here/$1" 2>/dev/null && [ -s sizes ] || exit 1
    found=$(cut -d' ' -f2- sizes | tr '\n' '\0' | xargs -0 stat -c '%s %n' 2>/dev/null)
    [ "$found" = "$(cat sizes)" ]
)
whole current && exec "$here/current/ocr" "$@"
damaged=$(readlink "$here/current")
told="ocr: release ${damaged##*/} is damaged"
whole previous || {
    echo "$told; deploy to this board again" >&2
    exit 1
}
before=$(readlink "$here/previous")
echo "$told, using the one before, ${before##*/}; deploy to this board again to repair it" >&2
exec "$here/previous/ocr" "$@"
"""


def status(root: Path) -> Status:
    """Which release is in use, what its verification proved, and which one was before.

    ``intact`` is whether its files are all there, and the program that starts it.
    """
    current, previous = _linked(root / "current"), _linked(root / "previous")
    folder = root / "releases" / str(current)
    return {
        "current": current,
        "previous": previous if previous != current else None,
        "intact": current is not None and _intact(folder) and _starts(root, folder),
        "verified": _proof(folder) if current else None,
        "free": shutil.disk_usage(_existing(root)).free,
    }


def known(root: Path, name: str) -> ReleaseState:
    """Whether a release is there with all its files, and what its verification proved."""
    folder = _release(root, name)
    return {"intact": _intact(folder), "verified": _proof(folder)}


def tuned(root: Path) -> dict[str, Tuning]:
    """The best settings by a tuning on this board, under the hash of each pack's models."""
    settings = _read_json(root / TUNED)
    return settings if isinstance(settings, dict) else {}


def tune(root: Path, models: str, tuning: Tuning | None) -> dict[str, Tuning]:
    """Keep the best settings of some models for the deploys to come; None forgets them."""
    kept = {name: settings for name, settings in tuned(root).items() if name != models}
    if tuning is not None:
        kept[models] = tuning
    root.mkdir(parents=True, exist_ok=True)
    with replacing(root / TUNED) as file:
        file.write(json.dumps(kept, sort_keys=True).encode())
    return kept


def hold(root: Path, owner: str, name: str | None = None) -> None:
    """Print the status and keep other deploys away until standard input ends.

    Prints ``{"busy": OWNER}`` if there is another one. Released by the system however this ends.

    Args:
        root: of the releases.
        owner: who it is.
        name: of the release that is deployed, as :func:`locked` takes it.
    """
    try:
        with locked(root, owner, name):
            print(json.dumps(status(root)), flush=True)
            while select.select([0], [], [], QUIET_SECONDS)[0] and os.read(0, 4096):
                pass
    except BusyError as error:
        print(json.dumps({"busy": str(error)}))


class BusyError(Exception):
    """Another deploy is under way; its text is whose, and since when."""


@contextlib.contextmanager
def locked(root: Path, owner: str, name: str | None = None) -> Iterator[None]:
    """Keep other deploys away, and remove what one that was cut off has left.

    Args:
        root: of the releases.
        owner: who it is, for others.
        name: of the release that is deployed: what has come of it stays, if it has not come whole,
            and what has come of others goes. None if none is deployed: all of it stays.

    Raises:
        BusyError: there is another one.
    """
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        sync(root.parent)
    with (root / ".lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BusyError(file.read()) from None
        file.truncate(0)
        file.write(f"{owner} since {time.strftime('%H:%M:%S')}")
        file.flush()
        _tidy(root, name)
        yield


def compare(root: Path, manifest: Manifest) -> Comparison:
    """Which files of a release would have to be sent; changes nothing."""
    held = _held(root)
    part = root / "releases"
    missing = [
        path
        for path, entry in sorted(manifest["files"].items())
        if (str(entry["sha256"]), _mode(entry)) not in held
    ]
    return {"missing": missing, "free": shutil.disk_usage(_existing(part)).free}


def stage(root: Path, name: str, manifest: Manifest) -> MissingFiles:
    """Begin or resume a release; returns the files that must be sent.

    Files that an earlier release, or an interrupted try, already holds are taken from there.
    """
    part = _part(root, name)
    part.mkdir(parents=True, exist_ok=True)
    held = _held(root)
    missing = []
    for path, entry in sorted(manifest["files"].items()):
        target = _inside(part, path)
        if _is_regular(target) and sha256(target) == entry["sha256"]:
            continue
        sources = held.get((str(entry["sha256"]), _mode(entry)), [])
        target.parent.mkdir(parents=True, exist_ok=True)
        # Some may not be what their manifests say any more.
        source = next((file for file in sources if sha256(file) == entry["sha256"]), None)
        if source is None:
            missing.append(path)
            with contextlib.suppress(FileNotFoundError):
                target.unlink()  # what comes must not be written into it: others may share it
        else:
            take(source, target)
    return {"missing": missing}


def seal(root: Path, name: str, manifest: Manifest) -> SealedFiles:
    """Check every file of a staged release against its hash and give the release its name."""
    part, final = _part(root, name), _release(root, name)
    wrong = [
        path
        for path, entry in sorted(manifest["files"].items())
        if not _is_regular(_inside(part, path)) or sha256(part / path) != entry["sha256"]
    ]
    if wrong:
        return {"wrong": wrong}
    _clean(part, manifest["files"])
    stamps = {path: (part / path).stat().st_mtime_ns for path in manifest["files"]}
    sealed = json.dumps({**manifest, "stamps": stamps}, sort_keys=True)
    (part / MANIFEST).write_text(sealed, encoding="utf-8")
    (part / SIZES).write_text(_sizes(part), encoding="utf-8")
    for own in (MANIFEST, SIZES):
        _set_mode(part / own, 0o644)
    # Only a damaged release is ever sent again; it may be the one in use.
    aside = final.with_name(f"{name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    put(part, final, aside)
    _remove(part)
    shutil.rmtree(aside, ignore_errors=True)
    return {"wrong": []}


def switch(root: Path, name: str, proof: Proof, keep: int = 2) -> ReleasesInUse:
    """Make a verified release the current one and remove others.

    Args:
        root: of the releases.
        name: of the verified one.
        proof: of its verification.
        keep: releases that stay: this one, the one before, and those last verified.
    """
    folder = _release(root, name)
    with replacing(folder / PROOF) as file:
        file.write(json.dumps(proof, ensure_ascii=False).encode())
    sync_tree(folder)  # verification left what Python compiled there
    _make_startable(root, folder)
    before = _linked(root / "current")
    # The one before is what is left if this one comes to harm: a damaged one is of no use.
    if before not in (None, name) and _complete(root / "releases" / str(before)):
        _link(root / "previous", f"releases/{before}")
    _link(root / "current", f"releases/{name}")
    kept = [name, _linked(root / "previous")]
    folders = [path for path in (root / "releases").iterdir() if path.is_dir()]
    for path in sorted(folders, key=_proved, reverse=True):
        if path.name not in kept and _proved(path) and len(kept) < keep:
            kept.append(path.name)
    kept += [_system(root / "releases" / str(name)) for name in kept]
    for path in folders:
        if path.name not in kept:
            _remove(path)
    previous = _linked(root / "previous")
    return {"current": name, "previous": previous if previous != name else None}


def rollback(root: Path) -> ReleasesInUse | Refusal:
    """Make the release before the current one current again; a second call goes forward."""
    # The current release may be damaged: that is when one goes back.
    current, previous = _target(root / "current"), _linked(root / "previous")
    if current is None or previous is None or previous == current:
        return {"error": "there is no earlier release to go back to"}
    earlier = root / "releases" / previous
    if not _intact(earlier):
        return {"error": "there is no earlier release to go back to"}
    _make_startable(root, earlier)
    if exchange(root / "current", root / "previous"):
        sync(root)
    else:
        _link(root / "current", f"releases/{previous}")
        _link(root / "previous", f"releases/{current}")
    return {"current": previous, "previous": current}


def remove(root: Path) -> Removal:
    """Remove all that deploys have put into the folder; other files stay."""
    existed = (root / "releases").is_dir()
    # The program first: it starts no release of which a part is gone.
    for name in (PROGRAM, "current", "previous", TUNED):
        with contextlib.suppress(FileNotFoundError):
            (root / name).unlink()
    if root.is_dir():
        _tidy(root)
        sync(root)
    for name in ("releases", "inbox"):
        shutil.rmtree(root / name, ignore_errors=True)
    for last in ((root / ".lock").unlink, root.rmdir):
        with contextlib.suppress(OSError):  # none was made, or something that is not ours is there
            last()
    return {"removed": existed}


def discard(root: Path, name: str) -> Nothing:
    """Remove a release that is not in use nor kept for rollback, such as one that failed."""
    if name not in (_target(root / "current"), _target(root / "previous")):
        for folder in (_release(root, name), _part(root, name)):
            _remove(folder)
    return {}


def clear(root: Path, name: str) -> Nothing:
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


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Write a file that replaces another at the end, once all of it is on the disk.

    A link is replaced and not followed. After an error all is as it was before.
    """
    handle, fresh = tempfile.mkstemp(prefix=_FRESH, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(fresh).chmod(mode)
        sync(Path(fresh))
        Path(fresh).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(fresh).unlink()
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk.

    Raises:
        OSError: it did not get there.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT:  # such as folders on a network's file system
            raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Wait until a folder with all below it is on the disk.

    Raises:
        OSError: it did not get there.
    """
    paths = [folder]
    for parent, folders, names in os.walk(folder):
        paths += [Path(parent, name) for name in (*folders, *names)]
    if len(paths) < _MANY or not _sync_file_system(folder):
        for path in paths:
            if not path.is_symlink():
                sync(path)


def put(source: Path, target: Path, aside: Path) -> None:
    """Put a folder in place of another one, with all below it on the disk.

    Args:
        source: the new one; afterwards the older one may lie there.
        target: its place; there may be nothing.
        aside: where the older one goes on systems that cannot let two change places in one step;
            for a moment there is none in its place then.

    Raises:
        OSError: it cannot be written or moved.
    """
    sync_tree(source)
    if not (target.exists() and exchange(source, target)):
        if target.exists():
            target.rename(aside)
        source.rename(target)
    sync(target.parent)


def exchange(path: Path, other: Path) -> bool:
    """Let two paths change places in one step; False where that cannot be done."""
    call = _c_function("renameat2")  # glibc 2.28, Linux 3.15
    if call is None:
        return False
    here, paths = -100, (os.fsencode(path), os.fsencode(other))  # AT_FDCWD
    done: bool = call(here, paths[0], here, paths[1], _RENAME_EXCHANGE) == 0
    return done


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


def _is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _mode(entry: FileEntry) -> int:
    """Mode of a release's file: whatever its manifest says, only the owner may write."""
    return 0o755 if int(entry["mode"]) & 0o100 else 0o644


def _linked(link: Path) -> str | None:
    """Name of the complete release a link points to."""
    name = _target(link)
    complete = name and (link.parent / "releases" / name / MANIFEST).is_file()
    return name if complete else None


def _proof(folder: Path) -> Proof | None:
    """The proof of a release's verification; None if there is none that can be read."""
    proof = _read_json(folder / PROOF)
    return cast("Proof", proof) if isinstance(proof, dict) else None


def _proved(folder: Path) -> float:
    """When a release was verified, by the board's own clock; 0 if it never was."""
    try:
        return (folder / PROOF).stat().st_mtime
    except OSError:
        return 0.0


def _manifest(folder: Path) -> Manifest | None:
    """The manifest of a release; None if it is missing, damaged, or something else."""
    data = _read_json(folder / MANIFEST)
    if not isinstance(data, dict) or not isinstance(data.get("stamps", {}), dict):
        return None
    files, system = data.get("files"), data.get("system", "none")
    named = isinstance(system, str) and system.isalnum()
    if not named or not isinstance(files, dict) or not all(map(_is_entry, files.items())):
        return None
    return cast("Manifest", data)


def _files(folder: Path) -> Mapping[str, FileEntry]:
    """The files of a release by their paths; none if its manifest is damaged."""
    manifest = _manifest(folder)
    return {} if manifest is None else manifest["files"]


def _is_entry(item: tuple[str, object]) -> bool:
    path, entry = item
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and all(isinstance(entry.get(key), int) for key in ("size", "mode"))
        and not Path(path).is_absolute()
        and ".." not in Path(path).parts
    )


def _system(folder: Path) -> str | None:
    """Name of the system that a release runs on; None if that is the board's own."""
    manifest = _manifest(folder)
    return None if manifest is None else manifest.get("system")


def _expected(folder: Path) -> list[tuple[str, int]] | None:
    """Path and size of every file that a release needs; None if a manifest is damaged."""
    manifest = _manifest(folder)
    if manifest is None:
        return None
    sizes = [(path, int(entry["size"])) for path, entry in sorted(manifest["files"].items())]
    system = manifest.get("system")
    if system is None:
        return sizes
    below = _expected(folder.with_name(system))
    return None if below is None else [*sizes, *((f"../{system}/{path}", n) for path, n in below)]


def _sizes(folder: Path) -> str:
    """Text of the list that the starter compares; empty if a manifest is damaged."""
    return "".join(f"{size} {path}\n" for path, size in _expected(folder) or ())


def _complete(folder: Path) -> bool:
    """Whether every file has its size, which the starter checks, too."""
    expected = _expected(folder)
    try:
        return expected is not None and all(
            (folder / path).stat().st_size == size for path, size in expected
        )
    except OSError:
        return False


def _intact(folder: Path) -> bool:
    """Whether every file is unchanged since its hash was checked, by size and time."""
    manifest = _manifest(folder)
    if manifest is None:
        return False
    system = manifest.get("system")
    if system is not None and not _intact(folder.with_name(system)):
        return False
    stamps = manifest.get("stamps", {})
    try:
        return all(
            _same(folder / path, entry, stamps.get(path), path.startswith(_PACKAGES))
            for path, entry in manifest["files"].items()
        )
    except OSError:
        return False


def _same(file: Path, entry: FileEntry, stamp: int | None, quickly: bool) -> bool:
    info = file.stat()
    if info.st_size != entry["size"]:
        return False
    return (quickly and info.st_mtime_ns == stamp) or sha256(file) == entry["sha256"]


def _held(root: Path) -> dict[tuple[str, int], list[Path]]:
    """Files of complete releases by hash and mode, which linked files share."""
    by_content: dict[tuple[str, int], list[Path]] = {}
    for folder in sorted(path.parent for path in (root / "releases").glob(f"*/{MANIFEST}")):
        for path, entry in _files(folder).items():
            file = folder / path
            if file.is_file() and file.stat().st_size == entry["size"]:
                by_content.setdefault((entry["sha256"], _mode(entry)), []).append(file)
    return by_content


def _program(folder: Path) -> str:
    """Text of the program that starts releases, with the shell of the release's own program."""
    try:
        with (folder / PROGRAM).open("rb") as file:
            first = file.readline(80).decode("ascii", "replace").strip()
    except OSError:
        first = ""
    return (first if first.startswith("#!/") and first.endswith("/sh") else "#!/bin/sh") + _STARTER


def _starts(root: Path, folder: Path) -> bool:
    """Whether the program is there and can start a release."""
    program = root / PROGRAM
    if program.is_symlink():  # what earlier versions made
        return os.readlink(program) == f"current/{PROGRAM}"
    try:
        return (
            os.access(program, os.X_OK)
            and program.read_text(encoding="utf-8") == _program(folder)
            and (folder / SIZES).read_text(encoding="utf-8") == _sizes(folder)
        )
    except (OSError, ValueError):
        return False


def _make_startable(root: Path, folder: Path) -> None:
    """Write the program that starts releases and its list of sizes, if they are not there."""
    if not _starts(root, folder) or (root / PROGRAM).is_symlink():
        with replacing(folder / SIZES) as file:
            file.write(_sizes(folder).encode())
        with replacing(root / PROGRAM, 0o755) as file:
            file.write(_program(folder).encode())


def _link(link: Path, target: str) -> None:
    """Change a link in one step, so that it always exists."""
    fresh = link.with_name(f"{_FRESH}{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(target)
    fresh.replace(link)
    sync(link.parent)


def _clean(part: Path, files: Mapping[str, FileEntry]) -> None:
    """Remove what a manifest does not name, and let only the owner write the rest."""
    for parent, folders, names in os.walk(part):
        _set_mode(Path(parent), 0o755)
        for name in (*names, *(folder for folder in folders if Path(parent, folder).is_symlink())):
            path = Path(parent, name)
            entry = files.get(path.relative_to(part).as_posix())
            if entry is None:
                path.unlink()
            else:
                _set_mode(path, _mode(entry))


def _set_mode(path: Path, mode: int) -> None:
    if stat.S_IMODE(path.stat().st_mode) != mode:
        path.chmod(mode)


def _tidy(root: Path, name: str | None = None) -> None:
    """Remove what an interrupted deploy has left; see :func:`locked`."""
    remains = [*root.glob(f"{_FRESH}*"), *root.glob(f"releases/*/{_FRESH}*")]
    for link in (PROGRAM, "current", "previous", TUNED):
        remains += root.glob(f".{link}.*")  # as earlier versions called them
    for path in remains:
        with contextlib.suppress(OSError):
            path.unlink()
    for folder in (root / "releases").glob("*.old"):
        shutil.rmtree(folder, ignore_errors=True)
    if name is None:
        return
    kept = None if _complete(_release(root, name)) else _part(root, name)
    for folder in (root / "releases").glob("*.part"):
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove a release, renamed first: what an interruption leaves is known to be incomplete."""
    aside = folder.with_name(f"{folder.name}.old")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _sync_file_system(folder: Path) -> bool:
    """Wait until all of a folder's file system is on the disk; False where that cannot be done."""
    call = _c_function("syncfs")
    if call is None:
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        done: bool = call(handle) == 0
    finally:
        os.close(handle)
    return done


def _c_function(name: str) -> Callable[..., int] | None:
    """A function of the C library that Python lacks; None where there is none."""
    try:
        import ctypes  # not in every Python

        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (ImportError, OSError, AttributeError, TypeError):
        return None
    return function


def _read_json(path: Path) -> object:
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


#: Of the program, by its first word. Each answers with one JSON object; :func:`hold` prints its
#: own. Those with arguments take the name of a release, of models, or of an inbox.
_COMMANDS: Mapping[str, Callable[..., Mapping[str, object] | None]] = {
    "clear": clear,
    "compare": lambda root: compare(root, json.load(sys.stdin)),
    "discard": discard,
    "hold": hold,
    "known": known,
    "remove": remove,
    "rollback": rollback,
    "seal": lambda root, name: seal(root, name, json.load(sys.stdin)),
    "stage": lambda root, name: stage(root, name, json.load(sys.stdin)),
    "status": status,
    "switch": lambda root, name: switch(root, name, json.load(sys.stdin)),
    "tune": lambda root, models: tune(root, models, json.load(sys.stdin)),
    "tuned": tuned,
}


def main(arguments: Sequence[str]) -> int:
    """``COMMAND ROOT [ID]``, with JSON on standard input where the command takes some.

    ``alone OWNER COMMAND ...`` does it while no deploy is under way.
    """
    os.umask(os.umask(0o022) | 0o022)  # a phone's shell lets everybody write
    if arguments[0] == "alone":
        return _alone(*arguments[1:])
    command, root, *names = arguments
    if command not in _COMMANDS:
        print(f"release: unknown command {command!r}", file=sys.stderr)
        return 2
    answer = _COMMANDS[command](Path(root).expanduser(), *names)
    if answer is not None:
        print(json.dumps(answer))
    return 0


def _alone(owner: str, command: str, root: str, *names: str) -> int:
    try:
        with locked(Path(root).expanduser(), owner):
            return main([command, root, *names])
    except BusyError as error:
        answer = {"error": f"another deploy is under way there, {error}; try again after it"}
        print(json.dumps(answer))
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as error:
        print(f"{error.filename or 'release'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:  # what a host sent
        print(f"release: is asked for what makes no sense ({error!r})", file=sys.stderr)
        sys.exit(1)

"""Installs an unpacked archive: the steps of a deploy, all of them on the board.

Run as a file by any Python 3.8 of the board, and nothing but the standard library is needed: what
the release itself runs with may be what is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, Sequence

if __name__ == "__main__":  # isolated (-I), Python does not look beside the file it runs
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lite_runner.errors import LiteError
from lite_runner.program_output import ended, last_line
from lite_runner.releases import probe, release, release_name, signature
from lite_runner.releases.answers import ArchiveManifest, Installation
from lite_runner.releases.proof import Proof
from lite_runner.terminal import visible
from lite_runner.user_path import user_path

#: Of the release beside an unpacked archive's files, besides what a deploy writes there.
NAME: Final = "release"
NEEDS: Final = "needs"


class InstallError(Exception):
    """The archive was not installed; the release that was in use still is. Its text is one line."""


def install(source: Path, root: Path, keep: int = 2, keys: Path | None = None) -> Installation:
    """Bring an unpacked archive into use beside the releases that are there.

    Its files become the release's own, as links where both lie on one file system.

    Args:
        source: the unpacked archive.
        root: folder of the releases.
        keep: releases that stay, as :func:`lite_runner.releases.release.switch` takes it.
        keys: file of public keys, of which one must have signed the archive; None for any.

    Raises:
        InstallError: the archive is not signed as asked for, is not what its name says, the board
            does not fit, files are damaged, or verification fails.
    """
    name, manifest = _manifest(source, keys)
    reason = probe.incompatibility_here(manifest["needs"])
    if reason:
        raise InstallError(reason)
    mount = probe.noexec(str(root))
    if mount:
        raise InstallError(f"no program can run in {root}: {probe.noexec_advice(mount)}")
    try:
        with release.locked(root, "an archive's installer", name):
            status = release.status(root)
            if status["current"] == name and status["intact"] and status["verified"] is not None:
                return {"release": name, "changed": False, "proof": status["verified"]}
            known = release.known(root, name)
            proof = known["verified"]
            if not known["intact"]:
                _fill(source, root, name, manifest)
                proof = None
            if proof is None:
                proof = _verified(root, name)
            release.switch(root, name, proof, keep)
    except release.BusyError as error:
        raise InstallError(
            f"another deploy is under way here, {error}; try again when it is done"
        ) from error
    return {"release": name, "changed": True, "proof": proof}


def last_words(code: int, stderr: str) -> str:
    """Why a run of ``ocr`` failed, in one line of its own."""
    # argparse: "ocr read: error: argument --batch: ..."
    return re.sub(r"^ocr( \w+: error)?: ", "", last_line(stderr)) or ended(code)


def _manifest(source: Path, keys: Path | None) -> tuple[str, ArchiveManifest]:
    """Name and manifest of an unpacked archive; the name is checked against the content."""
    try:
        text = (source / release.MANIFEST).read_bytes()
        if keys is not None:
            signature.check(text, source / f"{release.MANIFEST}{signature.SUFFIX}", keys)
        manifest: ArchiveManifest = json.loads(text)
        _check(manifest)
        name, expected = str(manifest[NAME]), _name(manifest)
    except signature.SignatureError as error:
        raise InstallError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InstallError(
            f"{source}: is no unpacked archive of 'lite-ocr build' ({error}); unpack it again"
        ) from error
    if name != expected:
        raise InstallError(
            f"{source}: is called release {name}, expected {expected} for what is in it: it was"
            " changed after it was built; get it again, or build it again"
        )
    return name, manifest


def _check(manifest: ArchiveManifest) -> None:
    """Refuse manifests of another format, and paths outside of the archive.

    Raises:
        ValueError, KeyError, AttributeError: says where it is wrong.
    """
    if not isinstance(manifest[NEEDS], dict) or not isinstance(manifest[NEEDS]["machine"], str):
        raise ValueError(f"{NEEDS} is {manifest[NEEDS]!r}")
    for path, entry in manifest["files"].items():
        parts = path.split("/")
        if path.startswith("/") or not {"", ".", ".."}.isdisjoint(parts) or "\0" in path:
            raise ValueError(f"the path {path!r} leads out of the archive")
        if not re.fullmatch("[0-9a-f]{64}", str(entry["sha256"])):
            raise ValueError(f"sha256 of {path} is {entry['sha256']!r}")
        for key in ("size", "mode"):
            if type(entry[key]) is not int or entry[key] < 0:
                raise ValueError(f"{key} of {path} is {entry[key]!r}, expected a whole number")


def _name(manifest: ArchiveManifest) -> str:
    about = {key: value for key, value in manifest.items() if key not in (NAME, NEEDS, "files")}
    return release_name.of_content(about, manifest["files"])


def _fill(source: Path, root: Path, name: str, manifest: ArchiveManifest) -> None:
    missing = release.stage(root, name, manifest)["missing"]
    size = sum(manifest["files"][path]["size"] for path in missing)
    free = shutil.disk_usage(root).free
    links = source.stat().st_dev == root.stat().st_dev
    if size > free and not links:
        release.discard(root, name)
        raise InstallError(
            f"{size / 1e6:.0f} MB are needed, {root} has {free / 1e6:.0f} MB free; make room there"
        )
    for path in missing:
        # What is missing there, or damaged, is found when the release is sealed.
        if (source / path).is_file():
            release.take(source / path, root / "releases" / f"{name}.part" / path)
    wrong = release.seal(root, name, manifest)["wrong"]
    if wrong:
        release.discard(root, name)
        raise InstallError(
            f"{len(wrong)} files of the archive are damaged, first {wrong[0]}; the release in use"
            " was kept; unpack it again"
        )


def _verified(root: Path, name: str) -> Proof:
    program = root / "releases" / name / "ocr"
    run = subprocess.run(
        [str(program), "verify", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    try:
        proof: Proof = json.loads(run.stdout)
    except ValueError as error:
        release.discard(root, name)
        raise InstallError(
            "verification failed, the release in use was kept:"
            f" {last_words(run.returncode, run.stderr)}"
        ) from error
    return proof


def main(arguments: Sequence[str] | None = None) -> int:
    """``SOURCE [--folder DIR] [--keep N] [--json]``; 0, 1 for a failure, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="install", description="Install this release.")
    parser.add_argument("source", type=Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "--folder", type=Path, default=Path("~/lite-ocr"), help="for releases (default: ~/lite-ocr)"
    )
    parser.add_argument("--keep", type=_two, default=2, metavar="N", help="releases that stay (2)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--verify", type=Path, metavar="KEY", help="only if signed by a public key in this file"
    )
    options = parser.parse_args(arguments)
    os.umask(os.umask(0o022) | 0o022)  # nobody else writes to releases, whoever runs this how
    try:
        root = user_path(options.folder, "--folder").absolute()
        done = install(options.source, root, options.keep, options.verify)
    except (InstallError, LiteError, OSError) as error:
        where = getattr(error, "filename", None)
        words = f"{where}: {error.strerror}" if isinstance(error, OSError) and where else str(error)
        if options.json:
            print(json.dumps({"error": words}))
        print(f"install: {visible(words)}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(done, ensure_ascii=False))
    else:
        state = "is in use" if done["changed"] else "was in use already"
        print(f"release {done['release']} {state}: {root / 'ocr'} read IMAGES")
    return 0


def _two(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number of at least 2: one in use, and one to go back to"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

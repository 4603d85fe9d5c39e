"""Archives of bundles: all a board needs in one file, for boards that no host reaches."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Mapping

from cross_build.bundles import bundle as bundles
from cross_build.bundles import components, paddlelite, portable_python
from cross_build.bundles.bundle import Bundle
from cross_build.bundles.paddlelite import Library
from cross_build.targets import system_packages
from cross_build.targets.facts import Facts, usual
from cross_build.targets.targets import Target
from lite_runner.errors import UsageError
from lite_runner.releases import durable, install, signature
from lite_runner.releases.release import MANIFEST
from opt_models.packs import resolve

#: Parts of an archive besides the bundle's own files.
CONTENTS = "CONTENTS.md"
INSTALL = "install"
#: Of compression: 9 takes twice as long, for a 55 MB archive that is 0.1 MB smaller.
_LEVEL = 6
_INSTALLER = """\
#!/bin/sh
# Installs this release beside those of earlier deploys; it is used once it is verified.
here=$(dirname "$(readlink -f "$0")")
command -v python3 >/dev/null || {
    echo "install: there is no python3; run 'sudo apt-get install python3'" >&2
    exit 1
}
exec python3 -I "$here/app/lite_runner/releases/install.py" "$here" "$@"
"""


def build(
    target: Target, system: str, pack: str, runtime: str, out: Path, key: Path | None = None
) -> str:
    """Write the archive of a bundle; the same inputs give the same bytes.

    Args:
        target: the kind of board.
        system: what it runs; the commonest if empty.
        pack: a named pack or the folder of one; the target's own if empty.
        runtime: folder or archive of a Paddle-Lite library of the user's own.
        out: folder for it.
        key: file of a private SSH key that the archive is signed with: beside it, as a file, and
            in it, for its installer. Not signed if None.

    Returns:
        What was made, as text for people.

    Raises:
        TargetError: bundles are not built for this target, or there is no such system.
        BoardError: boards with this system could not load the library.
        UsageError: the key cannot be used.
        LiteError: from the steps on the way.
    """
    chosen = target.system(system)
    _signed(b"", key)  # a key that cannot be used is told before all the work
    library = paddlelite.find(target.runtime, runtime)
    files = resolve.find(pack or target.pack, library.runtime)
    brought = portable_python.make(target.machine, chosen) if chosen.portable_python else None
    facts = usual(target, chosen)
    bundle = bundles.make(target, facts, files, library, system=brought.bundle if brought else None)
    if brought is not None:  # there it lies within: nothing else is where this is unpacked
        bundle = replace(bundle, items={**bundle.items, **brought.bundle.items})
    name = f"lite-ocr-{target.name}-{chosen.name}-{bundle.name}"
    file = out / f"{name}.tar.gz"
    listing = components.listing(bundle, library, chosen.about, brought)
    out.mkdir(parents=True, exist_ok=True)
    # No name and no time in the header.
    with durable.replacing(file) as sink, gzip.GzipFile("", "wb", _LEVEL, sink, mtime=0) as packed:
        manifest = _manifest(bundle, library, facts).encode()
        texts = {CONTENTS: (listing.encode(), 0o644), MANIFEST: (manifest, 0o644)}
        if key is not None:
            texts[f"{MANIFEST}{signature.SUFFIX}"] = (_signed(manifest, key), 0o644)
        if bundle.system is None:
            texts[INSTALL] = (_INSTALLER.encode(), 0o755)
        _write(bundle, texts, name, packed)
    signed = file.with_name(f"{file.name}{signature.SUFFIX}")
    if key is not None:
        durable.write(signed, _signed(file.read_bytes(), key))
    else:
        signed.unlink(missing_ok=True)  # of an earlier archive
    durable.write(out / f"{name}.md", listing.encode())
    own = " ".join(system_packages.DEBIAN)
    # A phone has no Python that could install it: it runs where it is unpacked.
    start = INSTALL if brought is None else "ocr verify"
    return "\n".join(
        [
            f"{file}: {file.stat().st_size / 1e6:.1f} MB, {len(bundle.items)} files,"
            f" {bundle.size / 1e6:.1f} MB unpacked",
            f"  for       {target.about}, {chosen.about}",
            f"  pack      {files.name}, Paddle-Lite {library.runtime.release}",
            f"  library   {library.origin}",
            f"  contents  {out / f'{name}.md'}",
            *([f"  signed    {signed}"] if key else []),
            *([] if target.wheels or brought else [f"  first     sudo apt-get install {own}"]),
            f"  there     tar -xzf {file.name} && {name}/{start}",
        ]
    )


def _manifest(bundle: Bundle, library: Library, facts: Facts) -> str:
    """What the installer has to know: the release's name, and what a board needs to have."""
    needs = {
        "machine": facts.machine,
        "python": facts.python,
        "glibc": facts.glibc,
        "glibcxx": facts.glibcxx,
        "libraries": bundles.needs(library),
    }
    whole = {**json.loads(bundle.manifest()), install.NAME: bundle.name, install.NEEDS: needs}
    return json.dumps(whole, indent=1)


def _signed(data: bytes, key: Path | None) -> bytes:
    """A signature; nothing without a key."""
    try:
        return b"" if key is None else signature.make(data, key)
    except signature.SignatureError as error:
        raise UsageError(f"--sign {error}") from error


def _write(
    bundle: Bundle, texts: Mapping[str, tuple[bytes, int]], name: str, sink: gzip.GzipFile
) -> None:
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for path, (data, mode) in texts.items():
            archive.addfile(_entry(f"{name}/{path}", len(data), mode), io.BytesIO(data))
        for path, item in sorted(bundle.items.items()):
            with item.source.open("rb") as file:
                archive.addfile(_entry(f"{name}/{path}", item.size, item.mode), file)


def _entry(name: str, size: int, mode: int) -> tarfile.TarInfo:
    """A member without owner and time."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, mode
    return entry

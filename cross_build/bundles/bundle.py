"""Bundles: all the files one board needs, each with its hash, under one name made from them."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Mapping

import lite_runner
from cross_build.bundles import compile as compiler
from cross_build.bundles import elf, fp16, manifest, wheel_lock
from cross_build.bundles.manifest import Item
from cross_build.bundles.paddlelite import LIBRARY, Library
from cross_build.bundles.site_packages import resolve
from cross_build.errors import BoardError
from cross_build.targets.facts import Facts
from cross_build.targets.targets import Target
from lite_runner.pack import Pack
from lite_runner.releases import release_name, settings
from lite_runner.releases.release import SYSTEM
from lite_runner.releases.settings import SettingsFile, Tuning
from opt_models.paddlelite import env
from opt_models.store import cache
from opt_models.store.content_key import content_key

#: What a release's Python starts.
LAUNCH = "app/lite_runner/cli/launch.py"
#: The Python of a system that is brought along, by its path in the bundle of that.
PYTHON = f"{SYSTEM}bin/python3"
_LAUNCHER = """\
#!/bin/sh
# Starts the text reader of this release, wherever its folder lies.
here=$(dirname "$(readlink -f "$0")")
python={python}
command -v "$python" >/dev/null || {{
    echo "ocr: $python is gone; deploy to this board again" >&2
    exit 1
}}
{variables}exec "$python" -I "$here/{program}" "$@"
"""

#: For boards that are brought a system: beside other releases it lies there once for all of them,
#: in an archive within the release.
_CARRIED = """\
#!/system/bin/sh
# Starts the text reader of this release, wherever its folder lies.
here=$(dirname "$(readlink -f "$0")")
python=$here/{python}
[ -e "$python" ] || python=${{here%/*}}/{system}/{python}
[ -e "$python" ] || {{
    echo "ocr: $python is gone; deploy to this board again" >&2
    exit 1
}}
# Android has no /tmp, and its shell may not say where else to write.
[ -d "${{TMPDIR:-/tmp}}" ] || export TMPDIR="$here"
exec "$python" -I "$here/{program}" "$@"
"""

#: The wheel's MKL takes its slowest code (SSE2) on processors that are not Intel's; 5 is the code
#: for AVX2, 7 that for AVX-512 with all that Intel's servers have had from the first on, which
#: multiplies matrices in 0.6 of the time (AMD EPYC 9xx4, 48 x 96 by 96 x 25600). Not on an AMD
#: without them: that would end in an illegal instruction.
_X86_VARIABLES = """\
has() {
    for feature; do
        grep -m1 '^flags' /proc/cpuinfo | grep -qw "$feature" || return 1
    done
}
if [ -z "${MKL_DEBUG_CPU_TYPE+set}" ] &&
    grep -qm1 '^vendor_id.*AuthenticAMD' /proc/cpuinfo 2>/dev/null && has fma avx2; then
    MKL_DEBUG_CPU_TYPE=5
    if has avx512f avx512cd avx512bw avx512dq avx512vl; then
        MKL_DEBUG_CPU_TYPE=7
    fi
    export MKL_DEBUG_CPU_TYPE
fi
"""


@dataclass(frozen=True)
class Bundle:
    """A release as it will lie on a board.

    Attributes:
        name: made from the content, so that equal bundles have equal names.
        items: the files by their path in the release.
        about: what the manifest says besides: target, pack, versions.
        system: what it runs on, if the board has no Python and no C library itself.
        library: where Paddle-Lite's library is from, for people; empty where its wheel is taken.
    """

    name: str
    items: Mapping[str, Item]
    about: Mapping[str, object]
    system: Bundle | None = None
    library: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items.values())

    @property
    def models(self) -> str:
        """What tells its models from others, whatever the pack is called."""
        hashes = [item.sha256 for path, item in sorted(self.items.items()) if _is_model(path)]
        return content_key("".join(hashes))

    def manifest(self) -> str:
        """JSON text of the manifest."""
        files = {path: item.entry() for path, item in self.items.items()}
        return json.dumps({**self.about, "files": files}, sort_keys=True)


def make(
    target: Target,
    facts: Facts,
    pack: Pack,
    library: Library | None,
    tuned: Tuning | None = None,
    system: Bundle | None = None,
) -> Bundle:
    """The bundle of a pack for a board.

    Args:
        target: the kind of board.
        facts: of the board.
        pack: made for its runtime.
        library: the runtime for ARM; None where Paddle-Lite's own wheel is taken.
        tuned: settings found on the board itself, which win over the target's.
        system: what it runs on there, if it is brought along.

    Raises:
        BoardError: the board could not load a library, or not compute in the pack's precision.
        DeployError: there is no compiler for it.
        FetchError: a package for the board cannot be had.
    """
    # First: whether the board could load it at all is worth knowing before anything is fetched.
    native = _native(target, facts, library, system) if library else {}
    if library:
        fp16.check(target.name, facts, pack, library)
    how = _settings(target, facts, library, tuned or {})
    wheels = resolve(wheel_lock.pinned(facts) if target.wheels else (), facts)
    # A wheel's tags are its maker's word.
    elf.check(elf.below(wheels.site), facts.machine, facts.symbols, target.name)
    packages = dict(manifest.cached(wheels.site))
    names = [*wheels.names, *(f"{package} (the board's own)" for package in facts.packages)]
    if library is None:
        packages.update(manifest.cached(env.find().site))
        names.append(f"paddlelite-{env.WHEEL.package}")
    runner = manifest.items(Path(lite_runner.__file__).parent)
    items = {
        **{f"app/lite_runner/{name}": item for name, item in runner.items()},
        **{f"site/{name}": item for name, item in packages.items()},
        **{f"pack/{path.name}": manifest.item(path) for path in pack.files},
        **native,
        settings.FILE: written(settings.FILE, json.dumps(how, sort_keys=True) + "\n", 0o644),
        "ocr": launcher(facts, LAUNCH, system),
    }
    about = {
        "target": target.name,
        "pack": pack.name,
        "lite_version": library.runtime.release if library else pack.lite_version,
        "lite_ocr": lite_runner.__version__,
        "python": facts.python,
        "wheels": names,
    }
    return replace(named(items, about, system), library=library.origin if library else "")


def named(
    items: Mapping[str, Item], about: Mapping[str, object], system: Bundle | None = None
) -> Bundle:
    """A bundle under the name that its content gives it."""
    if system is not None:
        about = {**about, "system": system.name}
    files = {path: item.entry() for path, item in items.items()}
    return Bundle(release_name.of_content(about, files), items, about, system)


def _is_model(path: str) -> bool:
    return path.startswith("pack/") and path.endswith(".nb")


def needs(library: Library) -> list[str]:
    """Libraries of the system that a runtime is loaded with."""
    return [name for name in elf.read(library.path).needed if not name.startswith("ld-linux")]


def _native(
    target: Target, facts: Facts, library: Library, system: Bundle | None
) -> dict[str, Item]:
    """The runtime and the C ABI over it."""
    shim = compiler.shim(library)
    hint = "use a newer system there, or give a --runtime built on an older one"
    libraries = [elf.read(path) for path in (library.path, shim)]
    elf.check(libraries, facts.machine, facts.symbols, target.name, hint)
    lacking = [
        name for name in needs(library) if system and f"{SYSTEM}lib/{name}" not in system.items
    ]
    if lacking:
        raise BoardError(
            f"{target.name}: {LIBRARY} needs {', '.join(lacking)}, which is not among the libraries"
            " that go along; give a --runtime that does without"
        )
    return {
        f"lib/{LIBRARY}": manifest.item(library.path),
        f"lib/{compiler.SHIM}": manifest.item(shim),
    }


def _settings(target: Target, facts: Facts, library: Library | None, tuned: Tuning) -> SettingsFile:
    """What :mod:`lite_runner.releases.settings` reads."""
    settings: SettingsFile = {"threads": min(target.threads, facts.cores)}
    if library:
        settings["library"] = f"lib/{compiler.SHIM}"
        settings["version"] = library.runtime.release
        settings["power"] = target.power
    return {**settings, **tuned}


def launcher(facts: Facts, program: str, system: Bundle | None) -> Item:
    """The program of a release.

    Args:
        facts: of the board.
        program: that its Python starts, by its path in the release.
        system: what it runs on, if the board is brought that.
    """
    if system is not None:
        text = _CARRIED.format(python=PYTHON, system=system.name, program=program)
    else:
        ours = program == LAUNCH and facts.machine == "x86_64"
        variables = _X86_VARIABLES if ours else ""
        python = shlex.quote(facts.executable)
        text = _LAUNCHER.format(python=python, variables=variables, program=program)
    return written("ocr", text, 0o755)


def written(name: str, text: str, mode: int) -> Item:
    """A file of a bundle that lies nowhere yet; kept in the cache."""
    key = content_key(name, text)

    def write(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(mode)

    return manifest.item(cache.folder(f"written/{key}", write) / name)

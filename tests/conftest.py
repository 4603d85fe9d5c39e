"""What several rooms' tests share: a board that is really deployed, and where real pictures are."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import hypothesis
import pytest

from cross_build.board import Board
from cross_build.connection import connect
from cross_build.deploy import deploy
from cross_build.targets import target
from cross_build.transports import local
from opt_models.sources import settings

# Other processes' work is no fault of what is tested.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

ROOT = Path(__file__).parent.parent
#: Tests of the one emulated board.
BOARDS = ROOT / "tests" / "board"
#: Seconds one of them may take: its programs run some twenty times slower than others.
BOARD_TIMEOUT = 900
#: Files that take minutes, longest first; all others take less.
LONGEST = [
    ROOT / "tests" / name
    for name in (
        "phone/test_phone.py",
        "opt_models/test_build_pack.py",
        "test_folding.py",
        "test_readme.py",
        "cross_build/bench/peers/test_bundle.py",
        "phone/test_faults.py",
        "power/test_kill.py",
        "test_tasks.py",
        "test_benchmarks.py",
        "test_mirror.py",
    )
]
#: Names a folder with images/ (pictures and labels.json) and models/ (published .nb files).
DATA = "LITE_OCR_TEST_DATA"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares something, and begin with what takes longest.

    A file shares its fixtures, ``board/`` the emulated board. Several processes take groups in the
    order of the tests: what is long must not be left to one of them in the end.
    """
    for item in items:
        if BOARDS in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("board"))
            item.add_marker(pytest.mark.timeout(BOARD_TIMEOUT))
        else:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(ROOT))))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """When a test's file is begun; files of one turn stay in order."""
    if BOARDS in item.path.parents:
        return 0
    return LONGEST.index(item.path) + 1 if item.path in LONGEST else len(LONGEST) + 1


@pytest.fixture(scope="session", autouse=True)
def settings_of_no_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither follow nor change the settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(settings.FOLDER, str(tmp_path_factory.mktemp("config")))
        # Nor do they note what they deploy among what the user did.
        patch.setenv(local.VARIABLE, str(tmp_path_factory.mktemp("data")))
        for variable in (settings.MIRRORS, settings.MODELS, settings.OFFLINE):
            patch.delenv(variable, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """What tests start can be interrupted, also where they run in the background themselves.

    There shells have SIGINT ignored, which programs inherit; a handler is not inherited.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """The board `local` with its default pack deployed, in a folder of the tests' own."""
    found = connect(target("local"), tmp_path_factory.mktemp("home") / "local")
    deploy(found)
    return found


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "samples"


@pytest.fixture(scope="session")
def real_images() -> Path:
    """Real labelled pictures."""
    return _real("images")


@pytest.fixture(scope="session")
def published_models() -> Path:
    """Really published ``.nb`` files."""
    return _real("models")


def _real(part: str) -> Path:
    if DATA not in os.environ:
        pytest.skip(f"{DATA} names no folder with real {part}")
    return Path(os.environ[DATA]) / part


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts small disks of a given size, as in ``disk("256k")``."""
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        if os.geteuid() != 0:
            pytest.skip("only root can mount a disk that is soon full")
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            pytest.skip(f"cannot mount a small disk: {run.stderr.strip()}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)

"""What several rooms' tests share: a board that is really deployed, and where real pictures are."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import hypothesis
import pytest

from cross_build.boards.board import Board
from cross_build.boards.connect import connect
from cross_build.boards.transports import local
from cross_build.deploys.deploy import deploy
from cross_build.targets.targets import target
from opt_models.store import config as store_config

# Other processes' work is no fault of what is tested.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
#: Folders whose tests share what takes long to make: the emulated board, the data of a phone.
BOARD, PHONE = TESTS / "board", TESTS / "phone"
#: Of the tests of the board, those of ten boards at once, which are boards of their own, and those
#: that measure; each of these two runs beside the others.
RACK, MEASURING = BOARD / "rack", BOARD / "measuring"
PARTS = {
    **dict.fromkeys((BOARD / "test_fleet.py", BOARD / "test_ansible.py"), RACK),
    **dict.fromkeys((BOARD / "test_benchmark.py", BOARD / "test_peers.py"), MEASURING),
    **dict.fromkeys((BOARD / "test_processors.py", BOARD / "test_armv7hf.py"), MEASURING),
}
#: Seconds one test of the board may take: programs run some twenty times slower there.
BOARD_TIMEOUT = 900
#: What takes minutes, longest first; all other files take less.
LONGEST = [
    *(BOARD, RACK, PHONE, MEASURING),
    *(
        TESTS / name
        for name in (
            "opt_models/packs/test_build.py",
            "test_folding.py",
            "test_readme.py",
            "cross_build/bench/peers/test_bundle.py",
            "power/test_kill.py",
            "test_benchmarks.py",
            "test_tasks.py",
            "test_mirror.py",
        )
    ),
]
#: Names a folder with images/ (pictures and labels.json) and models/ (published .nb files).
DATA = "LITE_OCR_TEST_DATA"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares something, and begin with what takes longest.

    Tests of a file share its fixtures. Several processes take groups in the order of the tests:
    none must be left with a long one when the others are done.
    """
    for item in items:
        group = _group(item)
        item.add_marker(pytest.mark.xdist_group(str(group.relative_to(TESTS))))
        if BOARD in item.path.parents:
            item.add_marker(pytest.mark.timeout(BOARD_TIMEOUT))
    items.sort(key=_turn)


def _group(item: pytest.Item) -> Path:
    """The folder or file whose tests one process runs."""
    if item.path in PARTS:
        return PARTS[item.path]
    return next((folder for folder in (BOARD, PHONE) if folder in item.path.parents), item.path)


def _turn(item: pytest.Item) -> int:
    """When a test's group is begun; groups of one turn stay in order."""
    group = _group(item)
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


@pytest.fixture(scope="session", autouse=True)
def settings_of_no_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither follow nor change the settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(store_config.FOLDER, str(tmp_path_factory.mktemp("config")))
        # Nor do they note what they deploy among what the user did.
        patch.setenv(local.VARIABLE, str(tmp_path_factory.mktemp("data")))
        for variable in (store_config.MIRRORS, store_config.MODELS, store_config.OFFLINE):
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

"""Instructions of programs for ARM, counted by qemu with our plugin."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cross_build.bench import instructions
from cross_build.bench.instructions import Counter
from cross_build.errors import InstructionsError
from cross_build.targets.targets import target
from tests.board.conftest import REQUIRED

_PROGRAM = "int main(void) { volatile long n = 0; for (int i = 0; i < %d; i++) n += i; }"
#: Where Debian's cross compiler has the C library of arm64; the programs here need none.
ROOT = Path("/usr/aarch64-linux-gnu")


@pytest.fixture
def counter() -> Counter:
    missing = [tool for tool in ("qemu-aarch64", "aarch64-linux-gnu-gcc") if not shutil.which(tool)]
    if missing and not os.environ.get(REQUIRED):
        pytest.skip(f"{', '.join(missing)} missing")
    return Counter(target("armv8"))


def test_instructions_are_counted(counter: Counter, tmp_path: Path) -> None:
    counts = []
    for rounds in (1000, 1000, 2000, 3000):
        source, program = tmp_path / "loop.c", tmp_path / "loop"
        source.write_text(_PROGRAM % rounds, encoding="utf-8")
        compiler = ["aarch64-linux-gnu-gcc", "-O1", "-static", "-o", str(program), str(source)]
        subprocess.run(compiler, check=True)
        counts.append(counter.count([str(program)], ROOT))
    assert counts[0] == counts[1]
    # A loop more is as many instructions more, each time.
    once = counts[2] - counts[1]
    assert once == counts[3] - counts[2]
    assert 3000 <= once <= 10000


def test_a_failing_program_is_told(counter: Counter, tmp_path: Path) -> None:
    with pytest.raises(InstructionsError, match="qemu-aarch64 ended with"):
        counter.count([str(tmp_path / "none")], ROOT)


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(
        InstructionsError, match=r"gcc, qemu-user missing.*apt-get install gcc qemu"
    ):
        Counter(target("armv8"))


def test_another_plugin_interface_is_refused(tmp_path: Path) -> None:
    """The plugin asks qemu for its versions, and says which it was made for."""
    caller = tmp_path / "caller.c"
    caller.write_text(
        """
        #include <stdint.h>
        #include <stdio.h>
        struct info { const char *name; struct { int min, cur; } version; int system; };
        int qemu_plugin_install(uint64_t, const struct info *, int, char **);
        void qemu_plugin_register_vcpu_tb_trans_cb(void) {}
        void qemu_plugin_register_vcpu_tb_exec_inline(void) {}
        void qemu_plugin_register_atexit_cb(void) {}
        void qemu_plugin_tb_n_insns(void) {}
        void qemu_plugin_tb_vaddr(void) {}
        int main(void) {
          char *arguments[] = {"out=/dev/null"};
          struct info newer = {"aarch64", {3, 4}, 0}, known = {"aarch64", {0, 2}, 0};
          printf("%d %d", qemu_plugin_install(0, &newer, 1, arguments),
                 qemu_plugin_install(0, &known, 1, arguments));
          return 0;
        }
        """,
        encoding="ascii",
    )
    source = Path(instructions.__file__).with_name("counter.c")
    program = str(tmp_path / "caller")
    subprocess.run(["gcc", "-w", str(caller), str(source), "-o", program], check=True)
    run = subprocess.run([program], capture_output=True, text=True, check=True)
    assert run.stdout == "-1 0"
    assert "has plugin interfaces 3 to 4, expected 1" in run.stderr

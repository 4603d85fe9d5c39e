"""Unit tests with each Python, and with the oldest packages that pyproject.toml allows.

``nox`` runs all sessions, ``nox -s lowest`` or ``nox -s unit-3.12`` one of them; words behind
``--`` go to pytest. It takes ``pip install 'nox[uv]'``. A Python that is not on the path is
downloaded, if there is a network; those of pyenv are on the path where ``pyenv local`` lists them.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv"
# A session that is left out is none that passed.
nox.options.error_on_missing_interpreters = True
#: The rooms whose tests need no other machine, emulated or real.
UNIT = ("tests/lite_runner", "tests/opt_models")


@nox.session(python=["3.9", "3.10", "3.11", "3.12", "3.13"])
def unit(session: nox.Session) -> None:
    """The newest packages."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *(session.posargs or UNIT))


@nox.session(python="3.9")
def lowest(session: nox.Session) -> None:
    """The oldest packages: what the lower bounds promise."""
    session.install("--resolution", "lowest-direct", "-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *(session.posargs or UNIT))

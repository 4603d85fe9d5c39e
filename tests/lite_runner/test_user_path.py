"""Paths with the homes of users, known and unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from cross_build.boards.transports import local
from lite_runner.errors import LiteError
from lite_runner.user_path import user_path
from opt_models.store import cache, config

NOBODY = "~nouser-at-all/x"


def test_homes_are_put_in(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/a", "--out") == tmp_path / "a"
    assert user_path("a/~b", "--out") == Path("a/~b")


@pytest.mark.parametrize(
    ("variable", "use"),
    [
        (cache.VARIABLE, cache.root),
        (local.VARIABLE, local.default_root),
        (config.FOLDER, config.folder),
        (config.MODELS, config.current),
        (config.MIRRORS, config.current),
    ],
)
def test_a_variable_with_an_unknown_user_is_named(monkeypatch, variable, use) -> None:
    monkeypatch.setenv(variable, NOBODY)
    with pytest.raises(LiteError, match=rf"^{variable}: {NOBODY} begins with the home of a user"):
        use()

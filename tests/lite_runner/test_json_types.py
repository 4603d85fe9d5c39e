"""Types of JSON that hosts check against: their hints can be looked up, and values fit them."""

from __future__ import annotations

import inspect
import json
from types import ModuleType
from typing import Any, get_type_hints

import pytest

from lite_runner import pack_file
from lite_runner.bench import messages, result
from lite_runner.ocr import results
from lite_runner.releases import answers, proof, release, settings
from lite_runner.scoring import scores

MODULES: tuple[ModuleType, ...] = (
    *(answers, pack_file, proof, settings, results),
    *(messages, result, scores),
)
TYPES = sorted(
    {
        value
        for module in MODULES
        for _, value in inspect.getmembers(module, inspect.isclass)
        if hasattr(value, "__total__")
    },
    key=lambda kind: (kind.__module__, kind.__name__),
)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_hints_can_be_resolved(kind: type) -> None:
    hints = get_type_hints(kind)
    assert set(hints) == kind.__required_keys__ | kind.__optional_keys__  # type: ignore[attr-defined]
    assert not any(isinstance(hint, str) for hint in hints.values())


def test_a_status_has_exactly_the_keys_of_its_type(tmp_path) -> None:
    status: Any = json.loads(json.dumps(release.status(tmp_path)))
    assert set(status) == set(get_type_hints(answers.Status))

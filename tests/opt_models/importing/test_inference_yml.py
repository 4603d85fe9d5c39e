"""``inference.yml``: published ones, characters that YAML takes for something else, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, ContextManager

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.importing import inference_yml

Refuses = Callable[..., ContextManager[None]]
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}

#: As PaddleClas exports classifiers.
CLASSIFIER: Any = {
    "Global": {"model_name": "PP-LCNet_x1_0_textline_ori"},
    "PreProcess": {
        "transform_ops": [
            {"ResizeImage": {"size": [160, 80]}},
            {
                "NormalizeImage": {
                    "channel_num": 3,
                    "mean": [0.485, 0.456, 0.406],
                    "std": [0.229, 0.224, 0.225],
                    "order": "",
                    "scale": 0.00392156862745098,
                }
            },
            {"ToCHWImage": None},
        ]
    },
    "PostProcess": {"Topk": {"topk": 1, "label_list": ["0_degree", "180_degree"]}},
}

#: Characters that mean something in YAML, or that look like another one or like none.
ODD = (
    *("1", "007", "1.5", "1e3", "0x1F", "1_0", "2024-01-01", "12:30", ".inf", ".nan"),
    *("y", "On", "no", "true", "null", "~", "=", "<<", "---", "...", "&a", "*a", "!t", "a: b"),
    *"'\"#-?:|>%@`{[,]}",
    *("", " ", "\t", "\u00a0", "\u2028", "\u3000", "\ufeff", "e\u0301", "\u0301a", "\U0001f600"),
)
NAMES = (
    *("Global", "PreProcess", "PostProcess", "transform_ops", "NormalizeImage", "RecResizeImg"),
    *("mean", "std", "scale", "Topk", "thresh", "image_shape", "size"),
)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yml") / "inference.yml"


def write(place: Path, content: Any) -> Path:
    """As PaddleOCR writes it."""
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    place.write_text(text, encoding="utf-8")
    return place


def published(model: str) -> Path:
    found = fetch.network(catalog.models()[model])
    return (found if found.is_dir() else found.parent) / "inference.yml"


@pytest.mark.parametrize(
    ("model", "thresholds"),
    [("PP-OCRv5_mobile_det", (0.3, 0.6, 1.5)), ("PP-OCRv6_tiny_det", (0.2, 0.4, 1.4))],
)
def test_detectors(model: str, thresholds: tuple[float, ...]) -> None:
    config = inference_yml.read(published(model))
    assert (config.threshold, config.box_threshold, config.unclip_ratio) == thresholds
    assert (config.model_name, config.channel_order) == (model, "BGR")
    assert {"mean": config.mean, "std": config.std} == IMAGENET
    assert config.image_shape is config.characters is config.labels is None


def test_recogniser() -> None:
    config = inference_yml.read(published("PP-OCRv5_mobile_rec"))
    assert config.image_shape == (3, 48, 320)
    assert config.mean is config.std is config.threshold is None
    assert config.characters is not None
    # Ideographic space first, digits as they are, letters with accents of two code points.
    assert config.characters[0] == "\u3000"
    assert {*"0123456789~"} <= set(config.characters)
    assert [len(one) for one in config.characters if len(one) > 1]
    assert len(config.characters) == 18383


def test_classifier(place: Path) -> None:
    config = inference_yml.read(write(place, CLASSIFIER))
    assert config.image_shape == (3, 80, 160)
    assert config.channel_order == "RGB"
    assert {"mean": config.mean, "std": config.std} == IMAGENET
    assert config.labels == ("0_degree", "180_degree")
    assert config.threshold is config.characters is None


@pytest.mark.parametrize(
    ("scale", "unit"),
    [("1./255.", 1), (0.00392156862745098, 1), (0.0039, 255 * 0.0039), (1.0, 255), (None, 1)],
)
def test_scale(place: Path, scale: Any, unit: float) -> None:
    step = {"mean": [0.5, 0.25, 0.75], "std": [0.5, 0.5, 2], "scale": scale}
    content = {"PreProcess": {"transform_ops": [{"NormalizeImage": step}]}}
    config = inference_yml.read(write(place, content))
    assert config.mean == pytest.approx((0.5 / unit, 0.25 / unit, 0.75 / unit))
    assert config.std == pytest.approx((0.5 / unit, 0.5 / unit, 2 / unit))


@settings(max_examples=200, deadline=None)
@given(
    characters=st.lists(
        # U+0085 breaks lines in YAML 1.1; PyYAML writes it so that it is read as a space.
        st.characters(codec="utf-8", exclude_characters="\x85") | st.sampled_from(ODD),
        min_size=1,
        max_size=30,
    )
)
def test_characters_come_back_exactly(place: Path, characters: list[str]) -> None:
    content = {"PostProcess": {"name": "CTCLabelDecode", "character_dict": characters}}
    assert inference_yml.read(write(place, content)).characters == tuple(characters)


def test_characters_that_nobody_quoted(place: Path) -> None:
    """As an editor may leave them."""
    rows = [
        "1",
        "y",
        "no",
        "~",
        "null",
        "0x1F",
        "1.50",
        "a b",
        "",
        "\u3000",
        "é",
        "1e3",
        "2024-01-01",
    ]
    lines = "".join(f"  - {row}\n" for row in rows)
    place.write_text(f"PostProcess:\n  character_dict:\n{lines}", encoding="utf-8")
    assert inference_yml.read(place).characters == tuple(rows)


def test_says_nothing(place: Path) -> None:
    for content in ("", "Global: null\nPreProcess: ~\nPostProcess:\n", "{}"):
        place.write_text(content)
        assert inference_yml.read(place) == inference_yml.InferenceConfig()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"PostProcess": {"thresh": "high"}}, "thresh is 'high', expected a number"),
        ({"PostProcess": {"thresh": 1.5}}, "thresh is '1.5', expected a number between 0 and 1"),
        ({"PostProcess": {"box_thresh": float("nan")}}, "box_thresh is '.nan', expected a number"),
        ({"PostProcess": {"unclip_ratio": 0}}, "unclip_ratio is '0', expected a number above 0"),
        ({"PostProcess": {"unclip_ratio": [1]}}, "unclip_ratio is ['1'], expected a number"),
        ({"PostProcess": {"character_dict": {"a": 1}}}, "expected a list"),
        ({"PostProcess": {"character_dict": []}}, "character_dict is [], expected a list"),
        ({"PostProcess": {"character_dict": ["a", ["b"]]}}, "an entry of character_dict is ['b']"),
        ({"PostProcess": ["a"]}, "PostProcess is ['a'], expected values with names"),
        ({"PreProcess": {"transform_ops": "all"}}, "transform_ops is no list"),
        ({"Global": {"model_name": ["a"]}}, "model_name is ['a'], expected a text"),
        (["a", "b"], "the file is ['a', 'b']"),
        ("a\n\nb" * 50, "the file is 'a\\n"),
    ],
)
def test_damaged(place: Path, refuses: Refuses, part: Any, words: str) -> None:
    with refuses(OptError, place, "is damaged", words, "copy or export it again"):
        inference_yml.read(write(place, part))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"DecodeImage": {"img_mode": "GRAY"}}, "img_mode is 'GRAY', expected BGR or RGB"),
        ({"NormalizeImage": {"mean": [1, 2]}}, "mean is ['1', '2'], expected a number for each"),
        (
            {"NormalizeImage": {"std": [1, 0, 1]}},
            "std is [1.0, 0.0, 1.0], expected numbers above 0",
        ),
        ({"NormalizeImage": {"scale": "1/0"}}, "scale is '0', expected a number above 0"),
        ({"RecResizeImg": {"image_shape": [3, 48]}}, "image_shape has 2 sizes, expected 3"),
        (
            {"RecResizeImg": {"image_shape": [3, -1, 9]}},
            "image_shape is ['3', '-1', '9'], expected",
        ),
        ({"ResizeImage": {"size": "large"}}, "size is 'large', expected sizes"),
        ({"ResizeImage": "large"}, "ResizeImage is 'large', expected values with names"),
    ],
)
def test_damaged_steps(place: Path, refuses: Refuses, step: Any, words: str) -> None:
    with refuses(OptError, place, "is damaged", words):
        inference_yml.read(write(place, {"PreProcess": {"transform_ops": [step]}}))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n",
        b"a: [1",
        b"a: b: c",
        b"- a\nb: c",
        b"a: *unknown",
        b"a: &a [*a]",
        b"[" * 100_000,
        b"!!python/object/apply:os.system [true]\n- x: {",
        b"\0",
    ],
)
def test_no_yaml(place: Path, refuses: Refuses, content: bytes) -> None:
    place.write_bytes(content)
    with refuses(OptError, place, "is no YAML"):
        inference_yml.read(place)


def test_tags_make_nothing(place: Path, tmp_path: Path) -> None:
    """A file from elsewhere may name functions; none is called."""
    mark = tmp_path / "called"
    place.write_text(
        f"Global: {{model_name: !!python/object/apply:pathlib.Path.touch [{mark}]}}\n"
        f"PostProcess: {{thresh: !!python/name:os.system '0.3'}}\n"
    )
    with pytest.raises(OptError):
        inference_yml.read(place)
    assert not mark.exists()


def test_names_for_parts_are_no_bomb(place: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    place.write_text("\n".join([*rows, "PostProcess: {thresh: 0.3}"]))
    assert inference_yml.read(place).threshold == 0.3


def test_too_large(place: Path, refuses: Refuses) -> None:
    with place.open("wb") as file:
        file.truncate(9 << 20)
    with refuses(OptError, place, "is too large"):
        inference_yml.read(place)
    place.unlink()


def test_cut_off_anywhere(place: Path) -> None:
    data = yaml.safe_dump(CLASSIFIER).encode()
    for length in range(len(data)):
        place.write_bytes(data[:length])
        try:
            inference_yml.read(place)
        except OptError as error:
            assert len(str(error).splitlines()) == 1


@settings(max_examples=200, deadline=None)
@given(
    content=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(NAMES),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_anything(place: Path, content: Any) -> None:
    place.write_text(json.dumps(content))
    try:
        inference_yml.read(place)
    except OptError as error:
        assert len(str(error).splitlines()) == 1

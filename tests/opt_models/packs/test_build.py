"""Packs: really made for both processors, in a cache that holds the downloads only."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Callable, ContextManager, Iterator

import pytest

from lite_runner import pack as packs
from lite_runner.errors import UsageError
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog
from opt_models.errors import CacheError, CatalogError, OptError
from opt_models.folding import verified
from opt_models.formats import nb, program
from opt_models.formats.summary import Summary, Tensor
from opt_models.packs import build as pack_build
from opt_models.packs import convert, inputs, network
from opt_models.packs.build_options import BuildOptions
from opt_models.packs.inputs import PackInputs
from opt_models.paddlelite import env, equality, opt
from opt_models.runtime import Runtime
from opt_models.store import cache

Refuses = Callable[..., ContextManager[None]]
Disk = Callable[[str], Path]
Link = Callable[[Path], None]

NAME = "v4-mobile"
FILES = {"pack.json", "det.nb", "cls.nb", "rec.nb", "dictionary.txt", "golden.png"}
X86 = Runtime("v2.13-rc", "x86")
ARM = Runtime("v2.13-rc", "armv8")


@pytest.fixture(scope="module", autouse=True)
def module_cache(link_downloads: Link, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("cache")
    link_downloads(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, str(root))
        yield root


def parts(runtime: Runtime) -> PackInputs:
    return inputs.from_recipe(catalog.recipe(NAME), runtime)


def build(runtime: Runtime, precision: str | None = None) -> packs.Pack:
    return pack_build.build(parts(runtime), BuildOptions(runtime, precision))


@pytest.fixture(scope="module", params=[X86, ARM], ids=str)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    found: Runtime = request.param
    return found


@pytest.fixture(scope="module")
def pack(runtime: Runtime) -> packs.Pack:
    return build(runtime)


@pytest.fixture
def stand_in(link_downloads: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another fresh cache, and an opt that writes nothing but a header."""

    def optimise(
        model: Path, params: Path, target: Path, arch: str, precision: str = "fp32"
    ) -> None:
        target.write_bytes(f"\2\0{env.WHEEL.release}".encode().ljust(18, b"\0"))

    root = tmp_path / "cache"
    link_downloads(root)
    monkeypatch.setenv(cache.VARIABLE, str(root))
    monkeypatch.setattr(opt, "optimise", optimise)
    monkeypatch.setattr(network, "share", lambda *_: None)
    monkeypatch.setattr(equality, "compare", lambda *_: equality.Difference((0.0,)))
    monkeypatch.setattr(convert, "runs", lambda *_: True)
    return root


@pytest.fixture
def own_files(tmp_path: Path) -> PackInputs:
    """The inputs as files that a test may change."""
    given = parts(ARM)
    networks = {}
    for stage, part in given.networks.items():
        assert part.files is not None
        folder = tmp_path / "own" / stage
        folder.mkdir(parents=True)
        copies = [Path(shutil.copy(path, folder)) for path in part.paths]
        files = dataclasses.replace(part.files, program=copies[0], params=copies[1])
        networks[stage] = dataclasses.replace(part, files=files)
    return dataclasses.replace(given, networks=networks)


def knowing(parts: PackInputs, characters: tuple[str, ...]) -> PackInputs:
    """Inputs with another dictionary."""
    charset = dataclasses.replace(parts.charset, characters=characters)
    return dataclasses.replace(parts, charset=charset)


def made(root: Path) -> list[str]:
    """All folders there are among the packs of a cache."""
    return [path.name for path in (root / "packs").iterdir() if path.is_dir()]


def test_pack(pack: packs.Pack, runtime: Runtime, module_cache: Path) -> None:
    assert (pack.name, pack.lite_version, pack.runtimes) == (NAME, "v2.13-rc", ("v2.13-rc",))
    assert pack.arch == runtime.arch
    assert runtime.arch in pack.folder.name
    assert pack.folder.parent == module_cache / "packs"
    assert {path.name for path in pack.folder.iterdir()} == FILES
    assert packs.load(pack.folder) == pack


def test_networks(pack: packs.Pack) -> None:
    recipe = catalog.recipe(NAME)
    assert pack.classifier is not None
    networks = {
        "det": pack.detector.network,
        "cls": pack.classifier.network,
        "rec": pack.recogniser.network,
    }
    for stage, one in networks.items():
        settings = catalog.stage_settings(stage)
        found = nb.read(one.path)
        assert (found.header, found.arch) == (nb.Header(2, pack.lite_version), pack.arch)
        assert (one.opt, one.precision) == (pack.lite_version, "fp32")
        assert (one.source, one.order) == (recipe.models[stage].name, settings["order"])
        assert (list(one.shape), list(one.std)) == (settings["shape"], settings["std"])
    assert len({sha256(one.path) for one in networks.values()}) == 3
    assert pack.detector.threshold == catalog.stage_settings("det")["threshold"]


def test_decoding_follows_the_network(pack: packs.Pack) -> None:
    recogniser = pack.recogniser
    assert (recogniser.outputs, recogniser.blank, recogniser.offset) == ("softmax", 0, 1)
    assert len(recogniser.charset) == 6624
    assert recogniser.charset[-1] == " "


def test_golden(pack: packs.Pack) -> None:
    golden = catalog.goldens()[0]
    assert pack.golden.lines == golden.lines != ()
    assert pack.golden.image.read_bytes() == golden.image.read_bytes()


def test_second_call_does_nothing(
    pack: packs.Pack, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opt, "optimise", lambda *_: pytest.fail("made again"))
    assert build(runtime) == pack


def test_same_pack_anywhere(
    pack: packs.Pack,
    runtime: Runtime,
    link_downloads: Link,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link_downloads(tmp_path)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    again = build(runtime)
    assert again.folder != pack.folder
    assert again.folder.name == pack.folder.name
    for name in FILES:
        assert (again.folder / name).read_bytes() == (pack.folder / name).read_bytes()


@pytest.mark.parametrize("precision", ["int8", "int16", "fp16"])
def test_precision(precision: str) -> None:
    plain, small = build(ARM), build(ARM, precision)
    assert small.folder != plain.folder
    assert small.recogniser.network.precision == precision
    for stage in ("det", "rec"):
        one, other = small.networks[stage], plain.networks[stage]
        # A detector in fp16 would put out NaN.
        wanted = "fp32" if precision == "fp16" and stage == "det" else precision
        assert one.precision == nb.read(one.path).summary.precision == wanted
        assert nb.read(other.path).summary.precision == "fp32"
        if wanted == "fp32":
            assert one.path.read_bytes() == other.path.read_bytes()
            continue
        share = one.path.stat().st_size / other.path.stat().st_size
        # fp16 is of the arithmetic: the weights are stored as before.
        assert share < {"int8": 0.4, "int16": 0.6, "fp16": 1.01}[precision]


@pytest.mark.parametrize(
    ("runtime", "precision", "words"),
    [
        (ARM, "int4", ("'int4'", "fp32, fp16, int8, int16")),
        (X86, "fp16", ("fp16", "ARM only")),
        (Runtime("v2.9", "armv8"), None, ("v2.9 armv8", "this is v2.13-rc's")),
    ],
)
def test_what_cannot_be_made(
    stand_in: Path, refuses: Refuses, runtime: Runtime, precision: str | None, words: tuple[str]
) -> None:
    assert issubclass(CatalogError, UsageError)
    with refuses(CatalogError, *words):
        build(runtime, precision)
    assert not (stand_in / "packs").exists()


def test_a_quantised_network_is_left_as_it_is(
    stand_in: Path,
    own_files: PackInputs,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = program.summary
    monkeypatch.setattr(
        program,
        "summary",
        lambda path: dataclasses.replace(plain(path), precision="int8"),
    )
    monkeypatch.setattr(convert, "fold_verified", lambda *_: pytest.fail("touched"))
    found = pack_build.build(own_files, BuildOptions(ARM)).recogniser.network
    assert (found.precision, found.folded) == ("int8", {})
    assert (
        pack_build.build(own_files, BuildOptions(ARM, "int8")).recogniser.network.precision
        == "int8"
    )
    with refuses(CatalogError, "--precision fp32", "quantised (int8)"):
        pack_build.build(own_files, BuildOptions(ARM, "fp32"))


def test_products_the_runtime_would_not_turn_back(
    stand_in: Path, own_files: PackInputs, refuses: Refuses
) -> None:
    files = own_files.networks["rec"].files
    assert files is not None
    message = program.parse(files.program)
    products = [one for one in message.blocks[0].ops if one.type == "matmul_v2"]
    for attribute in products[0].attrs:
        attribute.b = attribute.b or attribute.name == "trans_x"
    files.program.write_bytes(message.SerializeToString())
    words = (files.program, "matmul_v2 with weights [120, 360]", "leave --precision int8 out")
    with refuses(OptError, *words):
        pack_build.build(own_files, BuildOptions(ARM, "int8", fold=False))
    assert made(stand_in) == []


def test_what_is_not_folded_is_what_opt_makes_of_the_published_files(
    own_files: PackInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = pack_build.build(own_files, BuildOptions(ARM, fold=False))
    assert plain.detector.network.folded == {}
    files = own_files.networks["det"].files
    assert files is not None
    opt.optimise(files.program, files.params, tmp_path / "plain.nb", "arm")
    assert plain.detector.network.path.read_bytes() == (tmp_path / "plain.nb").read_bytes()
    # Nothing to fold, or not equal: byte for byte the same.
    monkeypatch.setattr(verified, "fold", lambda *_: {})
    same = pack_build.build(dataclasses.replace(own_files, name="same"), BuildOptions(ARM))
    for stage in ("det", "cls", "rec"):
        left, right = (pack.folder / f"{stage}.nb" for pack in (plain, same))
        assert left.read_bytes() == right.read_bytes()


@pytest.mark.parametrize("stage", ["det", "cls", "rec"])
def test_another_file_makes_another_pack(stand_in: Path, own_files: PackInputs, stage: str) -> None:
    before = pack_build.build(own_files, BuildOptions(ARM))
    assert pack_build.build(own_files, BuildOptions(ARM)) == before
    with own_files.networks[stage].paths[1].open("r+b") as file:
        file.seek(-4, os.SEEK_END)  # its last weight
        file.write(b"more")
    assert pack_build.build(own_files, BuildOptions(ARM)).folder != before.folder


def test_another_name_or_golden_makes_another_pack(stand_in: Path, own_files: PackInputs) -> None:
    letters = catalog.goldens()[1]
    found = [
        pack_build.build(one, BuildOptions(ARM))
        for one in (
            own_files,
            dataclasses.replace(own_files, name="other"),
            dataclasses.replace(own_files, golden=letters),
            dataclasses.replace(own_files, releases=("v2.9", "v2.13-rc")),
        )
    ]
    assert len({pack.folder for pack in found}) == len(found)
    assert found[1].name == "other"
    assert found[2].golden.lines == letters.lines
    assert found[3].runtimes == ("v2.9", "v2.13-rc")


def test_another_processor_or_setting_is_another_pack(
    stand_in: Path, own_files: PackInputs
) -> None:
    before = pack_build.build(own_files, BuildOptions(ARM))
    assert pack_build.build(own_files, BuildOptions(X86)).folder != before.folder
    detector = own_files.networks["det"]
    other = dataclasses.replace(detector, settings={**detector.settings, "threshold": 0.4})
    parts = dataclasses.replace(own_files, networks={**own_files.networks, "det": other})
    after = pack_build.build(parts, BuildOptions(ARM))
    assert after.folder != before.folder
    assert after.detector.threshold == 0.4


def test_another_opt_makes_another_pack(
    stand_in: Path, own_files: PackInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pack_build.build(own_files, BuildOptions(ARM))
    newer = dataclasses.replace(env.WHEEL, package="2.14", release="v2.14")
    monkeypatch.setattr(env, "WHEEL", newer)
    after = pack_build.build(own_files, BuildOptions(Runtime("v2.14", "armv8")))
    assert after.folder != before.folder
    assert after.lite_version == "v2.14"


def test_pack_without_classifier(stand_in: Path, own_files: PackInputs) -> None:
    networks = {stage: part for stage, part in own_files.networks.items() if stage != "cls"}
    pack = pack_build.build(dataclasses.replace(own_files, networks=networks), BuildOptions(ARM))
    assert pack.classifier is None
    assert {path.name for path in pack.folder.iterdir()} == FILES - {"cls.nb"}
    assert json.loads((pack.folder / "pack.json").read_text(encoding="utf-8"))["cls"] is None


@pytest.mark.parametrize(("change", "told"), [(-2, "6621 lines"), (2, "6625 lines")])
def test_a_foreign_dictionary(
    stand_in: Path, own_files: PackInputs, refuses: Refuses, change: int, told: str
) -> None:
    lines = own_files.charset.characters
    wrong = (*lines, "a", "b") if change > 0 else lines[:change]
    with refuses(OptError, "ch_PP-OCRv4_rec", "6625 classes", told, "6623 or 6624 lines"):
        pack_build.build(knowing(own_files, wrong), BuildOptions(ARM))
    assert made(stand_in) == []


def test_a_dictionary_with_the_space_in_it(stand_in: Path, own_files: PackInputs) -> None:
    pack = pack_build.build(
        knowing(own_files, (*own_files.charset.characters, " ")), BuildOptions(ARM)
    )
    assert len(pack.recogniser.charset) == 6624
    assert pack.recogniser.charset.count(" ") == 1


def test_an_empty_line_at_a_dictionarys_end_is_not_the_space(
    stand_in: Path, own_files: PackInputs
) -> None:
    plain = pack_build.build(own_files, BuildOptions(ARM))
    pack = pack_build.build(
        knowing(own_files, (*own_files.charset.characters, "")), BuildOptions(ARM)
    )
    assert pack.recogniser.charset == plain.recogniser.charset
    assert pack.recogniser.charset[-1] == " "


def test_a_golden_the_dictionary_can_spell(
    stand_in: Path, own_files: PackInputs, refuses: Refuses
) -> None:
    lines = own_files.charset.characters

    def build_without(gone: str) -> packs.Pack:
        kept = tuple("\u25a1" if line in gone else line for line in lines)
        return pack_build.build(knowing(own_files, kept), BuildOptions(ARM))

    assert build_without("世").golden.lines == ("paddle", "text2026")
    assert build_without("世p").golden.lines == ("20261123", "314159")
    with refuses(CatalogError, "lacks characters", "--golden"):
        build_without("世p1")


def test_a_golden_of_ones_own_must_be_readable(
    stand_in: Path, own_files: PackInputs, refuses: Refuses
) -> None:
    own = dataclasses.replace(catalog.goldens()[1], lines=("AB 123", "ÄÖ"))
    with refuses(CatalogError, "--golden-text: Ä Ö not in"):
        pack_build.build(dataclasses.replace(own_files, golden=own), BuildOptions(ARM))
    assert made(stand_in) == []


@pytest.mark.parametrize(
    "name", ["", "a/b", "../up", ".hidden", "two words", "x" * 81, "中" * 27, "-f", "a\n"]
)
def test_names_that_are_no_names_of_folders(
    stand_in: Path, own_files: PackInputs, refuses: Refuses, name: str
) -> None:
    with refuses(CatalogError, "is no name for a pack"):
        pack_build.build(dataclasses.replace(own_files, name=name), BuildOptions(ARM))
    assert not (stand_in / "packs").exists()


def test_a_name_in_any_script(stand_in: Path, own_files: PackInputs) -> None:
    assert (
        pack_build.build(dataclasses.replace(own_files, name="门牌-1.0"), BuildOptions(ARM)).name
        == "门牌-1.0"
    )


@pytest.mark.parametrize(
    "name",
    [
        "packs/build.py",
        "packs/network.py",
        "paddlelite/opt.py",
        "packs/decoding.py",
        "folding/affine_into_next_conv.py",
        "formats/summary.py",
    ],
)
def test_changed_code_makes_packs_anew(
    stand_in: Path,
    own_files: PackInputs,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
) -> None:
    """A pack made by an older, perhaps wrong, version of the project is not taken again."""
    before = pack_build.build(own_files, BuildOptions(ARM))
    copy = tmp_path / "code"
    shutil.copytree(pack_build._PACKAGE, copy)
    monkeypatch.setattr(pack_build, "_PACKAGE", copy)
    assert pack_build.build(own_files, BuildOptions(ARM)).folder == before.folder
    with (copy / name).open("a") as file:
        file.write("# changed")
    assert pack_build.build(own_files, BuildOptions(ARM)).folder != before.folder


def test_a_classifier_whose_class_comes_first(
    stand_in: Path, own_files: PackInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V1.x exports give the class and the probabilities in either order."""
    plain = program.summary

    def summary(path: Path) -> Summary:
        found = plain(path)
        if found.outputs[0].shape != (-1, 2):
            return found
        outputs = (Tensor("class", (-1,), "int64"), *found.outputs)
        return dataclasses.replace(found, outputs=outputs)

    monkeypatch.setattr(program, "summary", summary)
    assert pack_build.build(own_files, BuildOptions(ARM)).classifier is not None


@pytest.mark.parametrize(
    ("stage", "other", "words"),
    [
        ("rec", "det", "a PP-OCR recogniser"),
        ("rec", "cls", "a PP-OCR recogniser"),
        ("det", "rec", "a DB detector"),
        ("cls", "det", "a PP-OCR classifier"),
        ("cls", "rec", "a PP-OCR classifier"),
    ],
)
def test_a_network_for_another_stage(
    stand_in: Path, own_files: PackInputs, refuses: Refuses, stage: str, other: str, words: str
) -> None:
    wrong = own_files.networks[other]
    networks = {**own_files.networks, stage: wrong}
    with refuses(OptError, wrong.source, words):
        pack_build.build(dataclasses.replace(own_files, networks=networks), BuildOptions(ARM))
    assert made(stand_in) == []


@pytest.mark.parametrize("size", ["3m", "8m"], ids=["no room for det", "no room for rec"])
def test_full_disk(
    disk: Disk,
    link_downloads: Link,
    refuses: Refuses,
    monkeypatch: pytest.MonkeyPatch,
    size: str,
) -> None:
    root = disk(size)
    link_downloads(root)
    monkeypatch.setenv(cache.VARIABLE, str(root))
    with refuses(CacheError, root, "No space left on device", cache.VARIABLE):
        build(ARM)
    assert made(root) == []

"""Archives: whole ones are unpacked, all others refused, and nothing is written elsewhere."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import struct
import tarfile
from pathlib import Path
from typing import Any, Callable, ContextManager, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.errors import FetchError
from opt_models.store import archive

Refuses = Callable[..., ContextManager[None]]
Files = Mapping[str, bytes]

#: Sizes around those of a block.
MODEL: Files = {
    "model/inference.pdmodel": b"net" * 171 + b"w",
    "model/inference.pdiparams": bytes(range(256)) * 20 + b"end",
    "model/notes/empty.txt": b"",
    "keys.txt": "一\n二\n".encode(),
}
PLAIN = [("b.txt", b"x" * 600), ("c.txt", b"y" * 512)]


def member(name: str, content: bytes = b"", **header: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in header.items():
        setattr(info, key, value)
    return info, content


def tar(*members: tuple[tarfile.TarInfo, bytes], kind: int = tarfile.GNU_FORMAT) -> bytes:
    """An archive of just these members, whatever they are."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=kind) as sink:
        for info, content in members:
            sink.addfile(info, io.BytesIO(content))
    return data.getvalue()


def tar_of(files: Files, kind: int = tarfile.GNU_FORMAT) -> bytes:
    return tar(*(member(name, content) for name, content in files.items()), kind=kind)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def header(data: bytes, offset: int, value: bytes, start: int = 0) -> bytes:
    """An archive with changed bytes in a header, whose checksum is made right."""
    changed = bytearray(data)
    changed[start + offset : start + offset + len(value)] = value
    block = changed[start : start + 512]
    block[148:156] = b" " * 8
    changed[start + 148 : start + 156] = b"%06o\0 " % sum(block)
    return bytes(changed)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder, with an empty one around it."""
    path = tmp_path / "around" / "place"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes an archive to disk."""

    def write(data: bytes) -> Path:
        path = tmp_path / "x.tar"
        path.write_bytes(data)
        return path

    return write


Saved = Callable[[bytes], Path]


@pytest.fixture
def refused(saved: Saved, place: Path, refuses: Refuses) -> Callable[..., None]:
    """Expects that an archive is refused, also by :func:`archive.check`."""

    def expect(data: bytes, *words: object) -> None:
        path = saved(data)
        with refuses(FetchError, path.name, *words):
            archive.check(path)
        assert tree(place) == {}
        with refuses(FetchError, path.name, *words):
            archive.unpack(path, place)
        assert list(place.parent.iterdir()) == [place]
        # What comes before the trouble may be there, a file under another name may not.
        assert set(tree(place)) <= {"a.txt", "b.txt", "c.txt"}

    return expect


Refused = Callable[..., None]


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("packed", [False, True])
def test_unpack(saved: Saved, place: Path, kind: int, packed: bool) -> None:
    """The name of the archive does not tell whether it is packed."""
    data = tar_of(MODEL, kind)
    path = saved(gzip.compress(data) if packed else data)
    archive.check(path)
    archive.unpack(path, place / "new" / "folder")
    assert tree(place / "new" / "folder") == MODEL


def test_modes_are_usual(saved: Saved, place: Path) -> None:
    folder = member("a", type=tarfile.DIRTYPE, mode=0o2777)
    strange = member("a/x", b"1", mode=0o4777, uid=12345, gid=12345)
    closed = member("a/y", b"2", mode=0)
    before = os.umask(0o077)
    try:
        archive.unpack(saved(tar(folder, strange, closed)), place)
    finally:
        os.umask(before)
    assert (place / "a").stat().st_mode & 0o7777 == 0o755
    for name in ("x", "y"):
        assert (place / "a" / name).stat().st_mode & 0o7777 == 0o644
        assert (place / "a" / name).stat().st_uid == place.stat().st_uid


def test_empty_folders_and_dots(saved: Saved, place: Path) -> None:
    dirs = [member(name, type=tarfile.DIRTYPE) for name in ("./", "./a", "./a/b/", "c")]
    archive.unpack(saved(tar(*dirs, member("./a/b//x", b"1"))), place)
    assert tree(place) == {"a/b/x": b"1"}
    assert (place / "c").is_dir()


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names(saved: Saved, place: Path, kind: int) -> None:
    files = {f"{'long/' * 40}x": b"1", "模型/文件": b"2", "a b": b"3"}
    archive.unpack(saved(tar_of(files, kind)), place)
    assert tree(place) == files


def test_sizes_in_pax_headers(saved: Saved, place: Path) -> None:
    content = b"z" * 700
    info, _ = member("x", content, pax_headers={"size": "700", "mtime": "1.5", "comment": "a=b\n"})
    data = tar((info, content), member("y", b"2"), kind=tarfile.PAX_FORMAT)
    start = data.index(b"x\0\0\0\0", 1024)
    archive.unpack(saved(header(data, 124, b"00000000000\0", start)), place)
    assert tree(place) == {"x": content, "y": b"2"}


def test_what_macos_adds_is_left_out(saved: Saved, place: Path) -> None:
    junk = ["._model", "model/._x", "model/.DS_Store", "__MACOSX/model/x", "._a/x"]
    # The same twice is junk all the same.
    members = [member(name, b"junk" * 999) for name in [*junk, *junk]]
    archive.unpack(saved(tar(*members, member("model/x", b"1"))), place)
    assert {str(path.relative_to(place)) for path in place.rglob("*")} == {"model", "model/x"}


@pytest.mark.parametrize(
    "name",
    ["/etc/x", "//x", "../x", "a/../../x", "a/..", "..", "./../x"],
)
@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_stays_inside(refused: Refused, name: str, kind: int) -> None:
    evil = member(name, b"evil", pax_headers={"path": name})
    refused(tar(member("a.txt"), evil, kind=kind), repr(name), "leads out of the archive")


@pytest.mark.parametrize("name", ["..\\x", "a\\b", "C:x", "C:/x", "x:stream"])
def test_paths_of_windows(refused: Refused, name: str) -> None:
    refused(tar_of({name: b"evil"}), repr(name), "is a path of Windows")


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "a\x7f", "a\u202eb", "a\udcff"])
def test_names_that_cannot_be_printed(refused: Refused, name: str) -> None:
    refused(tar_of({name: b"evil"}), ascii(name), "cannot be printed")


@pytest.mark.parametrize("name", ["x" * 256, "二" * 86, "x/" * 600 + "x", "x" * 60_000])
def test_too_long_names(refused: Refused, name: str) -> None:
    refused(tar_of({name: b"evil"}), "has too long a name")


def test_long_name_is_not_told_at_length(saved: Saved) -> None:
    with pytest.raises(FetchError) as caught:
        archive.check(saved(tar_of({"x" * 60_000: b"evil"})))
    assert len(str(caught.value)) < 300


def test_endless_name(refused: Refused) -> None:
    refused(tar_of({"x" * 70_000: b"evil"}), "a header of 7000")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "is a symbolic link"),
        (tarfile.LNKTYPE, "is a hard link"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.BLKTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a pipe"),
        (tarfile.GNUTYPE_SPARSE, "is a sparse file"),
        (tarfile.CONTTYPE, "unknown kind b'7'"),
        (b"V", "unknown kind b'V'"),
    ],
)
def test_only_files_and_folders(refused: Refused, kind: bytes, words: str) -> None:
    evil = member("evil", type=kind, linkname="/etc/passwd")
    refused(tar(member("a.txt"), evil, member("b.txt")), "'evil'", words)


def test_link_with_a_long_target(refused: Refused) -> None:
    evil = member("evil", type=tarfile.SYMTYPE, linkname="/etc/" + "x" * 200)
    refused(tar(evil), "is a link")


def test_writing_through_a_link(refused: Refused, place: Path) -> None:
    link = member("a", type=tarfile.SYMTYPE, linkname="..")
    refused(tar(link, member("a/evil", b"evil")), "is a symbolic link")


def test_sparse_in_pax_headers(refused: Refused) -> None:
    evil = member("evil", b"1", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.name": "x"})
    refused(tar(evil, kind=tarfile.PAX_FORMAT), "'evil'", "is a sparse file")


def test_one_name_for_all(refused: Refused) -> None:
    data = io.BytesIO()
    everywhere = {"path": "../evil"}
    with tarfile.open(
        fileobj=data, mode="w", format=tarfile.PAX_FORMAT, pax_headers=everywhere
    ) as sink:
        sink.addfile(*member("a.txt"))
    refused(data.getvalue(), "one name or size for all")


def test_harmless_words_for_all(saved: Saved, place: Path) -> None:
    """As in what git exports."""
    data = io.BytesIO()
    words = {"comment": "a" * 40}
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT, pax_headers=words) as sink:
        sink.addfile(*member("a.txt"))
    archive.unpack(saved(data.getvalue()), place)
    assert tree(place) == {"a.txt": b""}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("b.txt", "b.txt"),
        ("b.txt", "./b.txt"),
        ("b.txt", "B.TXT"),
        ("b.txt", "b.txt/x"),
        ("a/x", "a"),
        ("a/x", "A/y"),
        ("stra\u00dfe", "STRASSE"),
        ("\u00e9", "e\u0301"),
    ],
)
def test_twice(saved: Saved, place: Path, refuses: Refuses, first: str, second: str) -> None:
    """Also if only some systems take them for the same."""
    path = saved(tar(member(first, b"one"), member(second, b"two")))
    with refuses(FetchError, path.name, "clashes with"):
        archive.unpack(path, place)
    with refuses(FetchError, path.name, "clashes with"):
        archive.check(path)
    assert b"two" not in tree(place).values()


def test_folder_twice(saved: Saved, place: Path) -> None:
    dirs = [member("a", type=tarfile.DIRTYPE)] * 2
    archive.unpack(saved(tar(*dirs, member("a/x", b"1"), *dirs)), place)
    assert tree(place) == {"a/x": b"1"}


@pytest.mark.parametrize("third", ["c.txt", "._c"])
def test_too_many_members(refused: Refused, monkeypatch: pytest.MonkeyPatch, third: str) -> None:
    """Also if some are left out."""
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 2)
    members = [member("a.txt"), member("b.txt"), member(third)]
    refused(tar(*members), "has more than 2 members")


def test_as_many_members_as_may_be(
    saved: Saved, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 2)
    archive.unpack(saved(tar(member("a"), member("b"))), place)
    assert set(tree(place)) == {"a", "b"}


@pytest.mark.parametrize("name", ["c.txt", "._c"])
def test_bomb(refused: Refused, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(archive, "_SLACK", 1 << 20)
    bomb = gzip.compress(tar_of({"a.txt": b"1", name: bytes(8 << 20)}))
    assert 100 * len(bomb) < 7 << 20
    refused(bomb, "unpacks to more than")


def test_bomb_is_not_unpacked(
    saved: Saved, place: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is counted is what comes, not what headers say, and before it is written."""
    monkeypatch.setattr(archive, "_SLACK", 1 << 20)
    path = saved(gzip.compress(tar_of({"c.txt": bytes(8 << 20)})))
    with refuses(FetchError, "unpacks to more than"):
        archive.unpack(path, place)
    assert sum(map(len, tree(place).values())) <= (1 << 20) + 100 * path.stat().st_size


def test_bomb_behind_the_end(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_SLACK", 1 << 20)
    refused(gzip.compress(tar_of({"a.txt": b"1"}) + bytes(8 << 20)), "unpacks to more than")


def test_no_archive_may_be_that_large(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_BYTES", 100_000)
    refused(tar_of({"a.txt": b"1", "b.txt": bytes(100_000)}), "unpacks to more than 100000 bytes")


def test_weights_of_zeros_are_no_bomb(saved: Saved, place: Path) -> None:
    archive.unpack(saved(gzip.compress(tar_of({"x": bytes(15 << 20)}))), place)
    assert (place / "x").stat().st_size == 15 << 20


@pytest.mark.parametrize("size", [b"\x80" + b"\0" * 6 + b"\x7f" * 5, b"\xff" * 12, b"7" * 11])
def test_senseless_sizes(refused: Refused, size: bytes) -> None:
    """Huge, negative, and larger than the archive."""
    data = header(tar_of({"a.txt": b"1"}), 124, size)
    refused(data, "is not a whole archive", "delete it and download it again")


def test_folder_with_content(refused: Refused) -> None:
    data = header(tar(member("a", type=tarfile.DIRTYPE), member("a.txt")), 124, b"00000001000\0")
    refused(data, "a folder of 512 bytes")


@pytest.mark.parametrize(
    "records",
    [b"x", b"99 path=x\n", b"5 a=1", b"0 a=1\n", b"7 path=x\n", b"6 a=1\n0 ", b"\0" * 10],
)
def test_damaged_pax_header(refused: Refused, records: bytes) -> None:
    data = tar(member("a.txt", b"1", type=tarfile.XHDTYPE))
    data = header(data, 124, b"%011o\0" % len(records))
    data = data[:512] + records.ljust(512, b"\0") + data[1024:]
    refused(data, "a pax header cannot be read")


def test_long_name_without_file(refused: Refused) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2
    refused(tar((info, b"x\0")), "a header is empty")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>log in first</html>", id="short page"),
        pytest.param(b"<html>log in first</html>" * 999, id="long page"),
        pytest.param(b"PK\3\4" + bytes(2000), id="zip"),
        pytest.param(b"\x1f\x8b" + b"x" * 2000, id="not gzip"),
        pytest.param(gzip.compress(b"<html></html>" * 999), id="packed page"),
        pytest.param(gzip.compress(b""), id="packed nothing"),
        pytest.param(bytes(10240), id="no file"),
        pytest.param(tar(member("a", type=tarfile.DIRTYPE)), id="only a folder"),
        pytest.param(tar(member(".DS_Store", b"1")), id="only junk"),
    ],
)
def test_no_archive(refused: Refused, data: bytes) -> None:
    refused(data, "is not a whole archive", "delete it and download it again")


@pytest.mark.parametrize("packed", [False, True])
def test_cut_anywhere(tmp_path: Path, place: Path, refuses: Refuses, packed: bool) -> None:
    """Python's tarfile takes most of these archives for whole ones."""
    data = tar(*(member(*one) for one in PLAIN))
    used = len(data.rstrip(b"\0"))
    end = used + -used % 512 + 1024
    whole = gzip.compress(data) if packed else data[:end]
    lengths = range(len(whole)) if packed else [*range(0, end, 100), *range(0, end, 512)]
    path = tmp_path / "x.tar"
    path.write_bytes(whole)
    archive.check(path)
    for length in lengths:
        path.write_bytes(whole[:length])
        with refuses(FetchError, "is not a whole archive", "download it again"):
            archive.check(path)
    path.write_bytes(whole[:-1])
    with refuses(FetchError, "is not a whole archive"):
        archive.unpack(path, place)


def test_damaged_header_in_the_middle(refused: Refused) -> None:
    """Python's tarfile takes it for the end."""
    data = bytearray(tar(member("a.txt", b"1"), *(member(*one) for one in PLAIN)))
    data[1024] ^= 1
    with tarfile.open(fileobj=io.BytesIO(bytes(data))) as lenient:
        assert lenient.getnames() == ["a.txt"]
    refused(bytes(data), "no header of a .tar where one belongs")


def test_damaged_packing(refused: Refused) -> None:
    data = bytearray(gzip.compress(tar_of({"a.txt": bytes(range(256)) * 99})))
    data[-5] ^= 1
    refused(bytes(data), "is not a whole archive")


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return gzip.compress(tar_of(MODEL))


@settings(deadline=None, max_examples=60)
@given(where=st.integers(0, 1 << 16), flip=st.integers(1, 255))
def test_damaged_anywhere(
    good: bytes, tmp_path_factory: pytest.TempPathFactory, where: int, flip: int
) -> None:
    """One changed byte: either it does not matter or it is found."""
    data = bytearray(good)
    data[where % len(data)] ^= flip
    folder = tmp_path_factory.getbasetemp() / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bad = folder / "bad.tar"
    bad.write_bytes(data)
    try:
        archive.unpack(bad, folder / "place")
    except FetchError:
        return
    assert tree(folder / "place") == MODEL


@settings(deadline=None, max_examples=60)
@given(data=st.binary(max_size=2000), at=st.integers(0, 511))
def test_any_header(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int) -> None:
    """Whatever a header with a right checksum says, nothing is written outside."""
    folder = tmp_path_factory.getbasetemp() / "any"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    evil = header(tar_of({"a.txt": b"1"}), at, data[: 512 - at])
    path = folder / "x.tar"
    path.write_bytes(evil)
    try:
        archive.unpack(path, folder / "place" / "inner")
    except FetchError as error:
        assert len(str(error).splitlines()) == 1
    assert {entry.name for entry in folder.iterdir()} <= {"x.tar", "place"}
    assert [entry.name for entry in (folder / "place").iterdir()] == ["inner"]
    for entry in (folder / "place").rglob("*"):
        assert not entry.is_symlink()
        assert entry.is_dir() or entry.is_file()


@pytest.mark.parametrize("name", ["b.txt", "b.txt/x"])
def test_folder_that_is_not_empty(saved: Saved, place: Path, refuses: Refuses, name: str) -> None:
    (place / "b.txt").write_text("mine")
    with refuses(FetchError, place / "b.txt", "is in the way"):
        archive.unpack(saved(tar_of({name: b"new"})), place)
    assert tree(place) == {"b.txt": b"mine"}


@pytest.mark.parametrize("name", ["a", "a/x", "a/sub/x"])
def test_link_in_the_folder_is_not_followed(
    saved: Saved, place: Path, tmp_path: Path, refuses: Refuses, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place / "a").symlink_to(outside)
    with refuses(FetchError, place / "a", "is in the way"):
        archive.unpack(saved(tar_of({name: b"evil"})), place)
    assert list(outside.iterdir()) == []


def test_no_file(tmp_path: Path, refuses: Refuses) -> None:
    with refuses(FetchError, tmp_path / "x.tar", "No such file"):
        archive.check(tmp_path / "x.tar")


def test_full_disk(saved: Saved, disk: Callable[[str], Path]) -> None:
    """Whoever gave the folder tells of it."""
    with pytest.raises(OSError, match="No space left"):
        archive.unpack(saved(tar_of({"x": b"1" * (1 << 20)})), disk("256k"))


@pytest.mark.parametrize("kind", [tarfile.AREGTYPE, tarfile.REGTYPE])
def test_old_folder_entries(saved: Saved, place: Path, kind: bytes) -> None:
    """Before POSIX a folder was an empty file whose name ends with a slash."""
    data = tar(member("a/", type=kind), member("a/x", b"1"))
    assert struct.unpack_from("c", data, 156) == (kind,)
    archive.unpack(saved(data), place)
    assert tree(place) == {"a/x": b"1"}

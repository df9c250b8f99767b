"""More files into an archive: what is there stays as it is, whatever happens."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import acgz
from acgz import newfiles
from acgz.cli.main import main
from acgz.container import blocks, writer
from acgz.errors import InputError, UsageError
from conftest import fasta

TEXT = fasta(500, 40)
OTHER = fasta(300, seed=2)
OLD = {"a/g.fa": TEXT, "b": b"text", "c.fa": fasta(2000, seed=3), "empty": b""}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d").mkdir()
    Path("d/x.fa").write_bytes(TEXT)
    Path("y.fa").write_bytes(OTHER)
    files = {name: io.BytesIO(data) for name, data in OLD.items()}
    acgz.create("c.acgz", files, "order0", block=700)


def append(*arguments: str) -> int:
    return main(["append", "-m", "twobit", *arguments])


def restored(archive: str = "c.acgz") -> dict[str, bytes]:
    assert main(["test", archive]) == 0
    assert main(["decompress", "-f", "-o", "out", archive]) == 0
    return {
        str(path.relative_to("out")): path.read_bytes()
        for path in Path("out").rglob("*")
        if path.is_file()
    }


def test_files_and_folders_are_added() -> None:
    assert append("--block", "100", "c.acgz", "d", "y.fa") == 0
    assert restored() == {**OLD, "d/x.fa": TEXT, "y.fa": OTHER}
    with acgz.open("c.acgz") as archive:
        assert archive.info.files == (*OLD, "d/x.fa", "y.fa")
        assert archive.info.mode == "order0,twobit"
        assert [record.file for record in archive][-3:] == ["d/x.fa", "d/x.fa", "y.fa"]
        assert archive[-1][:50] == OTHER.split(b"\n", 1)[1][:50].decode()


def test_blocks_stay_byte_for_byte_and_nothing_is_coded_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = Path("c.acgz").read_bytes()
    with acgz.open("c.acgz") as archive:
        end = 4 + int(archive.contents.index.blocks.size.sum())
    coded: list[bytes] = []
    encode_block = blocks.encode_block

    def encode(text: bytes, *others: object) -> blocks.Block:
        coded.append(text)
        return encode_block(text, *others)  # type: ignore[arg-type]

    def decode(*_: object) -> bytes:
        raise AssertionError("a block is decoded")

    monkeypatch.setattr(blocks, "encode_block", encode)
    monkeypatch.setattr("acgz.container.contents.decode_block", decode)
    assert append("-T", "1", "c.acgz", "y.fa") == 0
    assert coded == [OTHER]
    assert Path("c.acgz").read_bytes()[:end] == before[:end]


@pytest.mark.parametrize("text", [OTHER, b"", b"text", fasta(200_000, 100_000)], ids=len)
@pytest.mark.parametrize("block", [None, 1000])
def test_a_file_without_a_name_gets_one(text: bytes, block: int | None) -> None:
    options = {} if block is None else {"block": block}
    Path("y.fa.acgz").write_bytes(acgz.compress(text, "order0", **options))
    with acgz.open("y.fa.acgz") as archive:
        records = [(record.name, len(record)) for record in archive]
    assert append("y.fa.acgz", "d/x.fa") == 0
    assert restored("y.fa.acgz") == {"y.fa": text, "d/x.fa": TEXT}
    with acgz.open("y.fa.acgz") as archive:
        found = [(record.name, len(record)) for record in archive if record.file == "y.fa"]
        assert found == records


def test_the_name_can_be_given(capfd: pytest.CaptureFixture[str]) -> None:
    Path("one").write_bytes(acgz.compress(OTHER, "order0"))
    assert append("one", "d/x.fa") == 2
    assert "the file in it has no name: --name gives it one" in capfd.readouterr().err
    assert append("--name", "sub/o.fa", "one", "d/x.fa") == 0
    assert restored("one") == {"sub/o.fa": OTHER, "d/x.fa": TEXT}
    assert append("--name", "o.fa", "one", "y.fa") == 2


def test_it_can_be_done_again_and_again() -> None:
    expected = dict(OLD)
    for number in range(5):
        Path(f"{number}.fa").write_bytes(data := fasta(100 + number, seed=number))
        assert append("c.acgz", f"{number}.fa") == 0
        expected[f"{number}.fa"] = data
    assert restored() == expected


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["c.acgz"], 2, "there are no files to add"),
        (["c.acgz", "b"], 2, "there is a file 'b' in the archive already"),
        (["c.acgz", "a"], 2, "would be a file and a folder"),
        (["c.acgz", "c.acgz"], 2, "would replace the input c.acgz"),
        (["hard.acgz", "c.acgz"], 2, "would replace the input c.acgz"),
        (["c.acgz", "nowhere"], 3, "acgz: nowhere: cannot be read"),
        (["c.acgz", "other.acgz"], 2, "acgz: other.acgz: is an acgz archive already"),
        (["nowhere.acgz", "y.fa"], 3, "acgz: nowhere.acgz: cannot be read"),
        (["pipe", "y.fa"], 3, "acgz: pipe: is no regular file"),
        (["d", "y.fa"], 3, "acgz: d: is no regular file"),
        (["y.fa", "d/x.fa"], 4, "acgz: y.fa: this is not an acgz archive"),
    ],
)
def test_what_cannot_be_added_leaves_the_archive_as_it_is(
    arguments: list[str], code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    os.link("c.acgz", "hard.acgz")
    for name in ("b", "a"):
        Path(name).write_bytes(OTHER)
    Path("other.acgz").write_bytes(acgz.compress(OTHER, "twobit"))
    before = Path("c.acgz").read_bytes()
    assert append(*arguments) == code
    assert said in capfd.readouterr().err
    assert Path("c.acgz").read_bytes() == before
    assert not [path for path in Path().iterdir() if path.name.startswith(".")]


def test_a_damaged_block_is_not_taken_over(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(Path("c.acgz").read_bytes())
    data[60] ^= 1
    Path("c.acgz").write_bytes(data)
    assert append("c.acgz", "y.fa") == 6
    assert Path("c.acgz").read_bytes() == data


def test_a_full_disk_leaves_the_old_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = Path("c.acgz").read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    assert append("c.acgz", "y.fa") == 3
    assert Path("c.acgz").read_bytes() == before


def grow(path: Path) -> None:
    with path.open("ab") as more:
        more.write(b"!")


def replace(path: Path) -> None:
    Path("new").write_bytes(path.read_bytes())
    Path("new").replace(path)


@pytest.mark.parametrize("change", [grow, replace, Path.unlink])
@pytest.mark.parametrize("from_python", [False, True])
def test_what_another_process_has_made_of_the_archive_meanwhile_is_not_overwritten(
    change: Callable[[Path], None], from_python: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = writer.ArchiveWriter.finish

    def finish_and_change(self: writer.ArchiveWriter) -> None:
        finish(self)
        change(Path("c.acgz"))

    monkeypatch.setattr(writer.ArchiveWriter, "finish", finish_and_change)
    if from_python:
        with pytest.raises(InputError, match="has changed since it was read, so nothing is added"):
            acgz.append("c.acgz", ["y.fa"], "twobit")
    else:
        assert append("c.acgz", "y.fa") == 3
    assert Path("c.acgz").exists() == (change is not Path.unlink)


def test_a_link_stays_and_the_archive_that_it_leads_to_grows() -> None:
    Path("link.acgz").symlink_to("c.acgz")
    assert append("link.acgz", "y.fa") == 0
    assert Path("link.acgz").is_symlink()
    assert restored() == {**OLD, "y.fa": OTHER}


def test_an_archive_gets_as_private_as_what_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "umask", lambda mask: 0o022)
    Path("c.acgz").chmod(0o644)
    assert append("c.acgz", "d") == 0
    assert stat.S_IMODE(os.stat("c.acgz").st_mode) == 0o644
    Path("y.fa").chmod(0o600)
    assert append("c.acgz", "y.fa") == 0
    assert stat.S_IMODE(os.stat("c.acgz").st_mode) == 0o600


def test_the_same_from_python() -> None:
    acgz.append("c.acgz", {"new/y.fa": "y.fa", "z": io.BytesIO(b"more")}, "twobit", threads=2)
    assert restored() == {**OLD, "new/y.fa": OTHER, "z": b"more"}
    with pytest.raises(UsageError, match="need different names"):
        acgz.append("c.acgz", {"z": io.BytesIO(b"more")}, "twobit")
    Path("one.acgz").write_bytes(acgz.compress(TEXT, "twobit"))
    with pytest.raises(UsageError, match="the file in the archive has no name"):
        acgz.append("one.acgz", ["y.fa"], "twobit")
    acgz.append("one.acgz", ["y.fa"], "twobit", name="one.fa")
    with acgz.open("one.acgz") as archive:
        assert archive.info.files == ("one.fa", "y.fa")


def test_it_is_verified_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Path("c.acgz").read_bytes()
    flush = newfiles.NewFiles.flush

    def flush_and_spoil(self: newfiles.NewFiles) -> None:
        flush(self)
        spoilt = bytearray(self.part.read_bytes())
        spoilt[60] ^= 4
        self.part.write_bytes(spoilt)

    with monkeypatch.context() as patch:
        patch.setattr(newfiles.NewFiles, "flush", flush_and_spoil)
        assert append("--verify", "c.acgz", "y.fa") == 6
    assert Path("c.acgz").read_bytes() == before
    assert append("--verify", "c.acgz", "y.fa") == 0

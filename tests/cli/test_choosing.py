"""Some files of an archive: which are meant, what is decoded for them, and what is not there."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pytest

import acgz
from acgz.cli.main import main
from acgz.codec import Job
from acgz.container import blocks, choosing, contents
from acgz.container.choosing import Choice
from acgz.container.contents import Contents
from acgz.errors import DamagedError
from conftest import fasta

FILES = {
    "a/g.fa": fasta(500, 40),
    "a/notes": b"some text",
    "b/g.fa": fasta(3000, seed=2),
    "b/empty": b"",
    "b/c/[1].fa": fasta(100, seed=3),
    "x.acgz": b"not really one",
    "last.fa": fasta(70, 80, seed=4),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {name: io.BytesIO(data) for name, data in FILES.items()}
    acgz.create("c.acgz", files, "twobit", block=1000)


def test_a_name_that_is_there_is_no_pattern(capfd: pytest.CaptureFixture[str]) -> None:
    """As for the records of extract."""
    files = {name: io.BytesIO(name.encode()) for name in ("[ab].fa", "a.fa", "[d]/x", "d/x")}
    acgz.create("d.acgz", files, "twobit")
    assert main(["decompress", "-o", "out", "d.acgz", "[ab].fa", "[d]"]) == 0
    assert found() == {"[ab].fa": b"[ab].fa", "[d]/x": b"[d]/x"}
    assert main(["decompress", "-o", "more", "d.acgz", "[a].fa"]) == 0
    assert found("more") == {"a.fa": b"a.fa"}


def test_a_pipe_does_not_tell_before_whether_a_word_is_a_name(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: io.BytesIO(name.encode()) for name in ("a.fa", "[ab].fa")}
    acgz.create("d.acgz", files, "twobit")
    data = Path("d.acgz").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["decompress", "-o", "out", "-", "[ab].fa"]) == 11
    assert "is a file in the archive and a pattern that others fit" in capfd.readouterr().err
    assert not Path("out").exists()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of texts that have been decoded."""
    sizes: list[int] = []
    decode_block = blocks.decode_block

    def decode(block: blocks.Block, job: Job) -> bytes:
        sizes.append(block.head.text_size)
        return decode_block(block, job)

    for module in (blocks, contents):
        monkeypatch.setattr(module, "decode_block", decode)
    return sizes


def found(place: str = "out") -> dict[str, bytes]:
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in Path(place).rglob("*")
        if path.is_file()
    }


def give_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Path("c.acgz").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(archive)))


CHOICES = [
    (["a/g.fa"], {"a/g.fa"}),
    (["b/g.fa", "last.fa"], {"b/g.fa", "last.fa"}),
    (["b/empty"], {"b/empty"}),
    (["b"], {"b/g.fa", "b/empty", "b/c/[1].fa"}),
    (["b/c/"], {"b/c/[1].fa"}),
    (["b/c/[1].fa"], {"b/c/[1].fa"}),
    (["*/g.fa"], {"a/g.fa", "b/g.fa"}),
    (["*.fa", "a/notes"], {"a/g.fa", "a/notes", "b/g.fa", "b/c/[1].fa", "last.fa"}),
    (["?/[!g]*"], {"a/notes", "b/empty", "b/c/[1].fa"}),
    (["a/notes", "--file", "x.acgz"], {"x.acgz", "a/notes"}),
]


@pytest.mark.parametrize(("words", "expected"), CHOICES)
@pytest.mark.parametrize("from_pipe", [False, True])
def test_files_are_chosen_by_name_folder_or_pattern(
    words: list[str], expected: set[str], from_pipe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stdin(monkeypatch)
    archive = "-" if from_pipe else "c.acgz"
    assert main(["decompress", "-o", "out", archive, *words]) == 0
    assert found() == {name: FILES[name] for name in expected}


@pytest.mark.parametrize("from_pipe", [False, True])
@pytest.mark.parametrize(("name", "most"), [("last.fa", 1000), ("b/g.fa", 5000), ("b/empty", 0)])
def test_only_the_blocks_of_a_file_are_decoded(
    name: str, most: int, from_pipe: bool, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stdin(monkeypatch)
    assert main(["decompress", "-o", "out", "-" if from_pipe else "c.acgz", name]) == 0
    assert found() == {name: FILES[name]}
    assert len(FILES[name]) <= sum(decoded) <= most


def test_one_file_goes_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for command in (["decompress", "-c"], ["decompress", "-o", "-"], ["cat"]):
        assert main([*command, "c.acgz", "b/g.fa"]) == 0
        assert capfdbinary.readouterr().out == FILES["b/g.fa"]


@pytest.mark.parametrize("from_pipe", [False, True])
def test_what_is_not_there_is_an_error_and_nothing_is_restored(
    from_pipe: bool,
    decoded: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    give_stdin(monkeypatch)
    assert (
        main(["decompress", "-o", "out", "-" if from_pipe else "c.acgz", "a/g.fa", "*.gff"]) == 11
    )
    assert "there is no file '*.gff' in the archive" in capfd.readouterr().err
    assert not Path("out").exists()
    assert from_pipe or not decoded


def test_an_archive_of_one_file_without_a_name_has_no_file_of_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for text in (FILES["a/g.fa"], fasta(400_000)):
        Path("c.acgz").write_bytes(acgz.compress(text, "twobit"))
        give_stdin(monkeypatch)
        for archive in ("c.acgz", "-"):
            assert main(["decompress", "-o", "out", archive, "*"]) == 11
    assert not Path("out").exists()


@pytest.mark.parametrize("option", [["--rm"], ["--keep-going"]])
def test_an_archive_is_removed_or_salvaged_only_as_a_whole(option: list[str]) -> None:
    assert main(["decompress", *option, "-o", "out", "c.acgz", "a/g.fa"]) == 2
    assert Path("c.acgz").exists()


def test_names_want_one_archive(capfd: pytest.CaptureFixture[str]) -> None:
    os.link("c.acgz", "d.acgz")
    assert main(["decompress", "-o", "out", "c.acgz", "d.acgz", "a/g.fa"]) == 2
    assert "a/g.fa: no archive (.acgz)" in capfd.readouterr().err


def test_damage_elsewhere_does_not_matter_and_damage_here_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = bytearray(Path("c.acgz").read_bytes())
    with acgz.open("c.acgz") as archive:
        first = int(archive.contents.index.blocks.size[0])
    data[first // 2] ^= 1
    Path("c.acgz").write_bytes(data)
    assert main(["decompress", "-o", "out", "c.acgz", "last.fa"]) == 0
    assert found() == {"last.fa": FILES["last.fa"]}
    assert main(["decompress", "-o", "out", "c.acgz", "a/g.fa"]) == 6
    give_stdin(monkeypatch)  # a pipe is checked as a whole
    assert main(["decompress", "-o", "other", "-", "last.fa"]) == 6
    assert not Path("other").exists()


def test_content_without_its_digest_is_not_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(block: blocks.Block, job: Job) -> bytes:
        return bytes(block.head.text_size)

    for module in (blocks, contents):
        monkeypatch.setattr(module, "decode_block", spoil)
    message = "the content of 'a/notes' does not have its SHA-256"
    with open("c.acgz", "rb") as stream:
        with pytest.raises(DamagedError, match=message):
            list(choosing.from_contents(Contents(stream), Choice(["a/notes"]), Job()))
        stream.seek(0)
        with pytest.raises(DamagedError, match=message):
            list(choosing.from_stream(stream, Choice(["a/notes"]), Job()))


def test_a_planted_link_is_not_followed_for_a_chosen_file() -> None:
    Path("elsewhere").mkdir()
    Path("a").symlink_to("elsewhere")
    assert main(["decompress", "c.acgz", "a/g.fa"]) == 3
    assert list(Path("elsewhere").iterdir()) == []


def test_ls_lists_files_without_decoding(
    decoded: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    Path("one.acgz").write_bytes(acgz.compress(FILES["last.fa"], "twobit"))
    assert main(["ls", "--files", "c.acgz", "one.acgz"]) == 0
    rows = [line.split("\t") for line in capfd.readouterr().out.splitlines()]
    expected = {**FILES, "-": FILES["last.fa"]}
    assert rows == [
        [name, str(len(data)), str(data.count(b">")), hashlib.sha256(data).hexdigest()[:32]]
        for name, data in expected.items()
    ]
    assert main(["ls", "--files", "--json", "one.acgz"]) == 0
    size, digest = len(FILES["last.fa"]), hashlib.sha256(FILES["last.fa"]).hexdigest()[:32]
    assert json.loads(capfd.readouterr().out) == [
        {"archive": "one.acgz", "file": None, "size": size, "records": 2, "digest": digest}
    ]
    assert decoded == []

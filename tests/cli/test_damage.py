"""Damaged archives: what `test` says of them, and what `decompress --keep-going` restores."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

import acgz
from acgz.cli.main import main
from acgz.container.contents import Contents

SEQUENCES = {f"chr{n}": "".join(random.Random(n).choices("ACGT", k=300 * n)) for n in range(1, 6)}
TEXT = "".join(
    f">{name} described\n" + "".join(f"{seq[i : i + 70]}\n" for i in range(0, len(seq), 70))
    for name, seq in SEQUENCES.items()
).encode()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def damage(archive: bytes, *numbers: int) -> bytes:
    """With one bit of these blocks changed."""
    spoilt = bytearray(archive)
    sizes = Contents(io.BytesIO(archive)).index.blocks.size
    end = 4
    for number, size in enumerate(sizes):
        end += int(size)
        if number in numbers:
            spoilt[end - 8] ^= 1
    return bytes(spoilt)


def records(text: bytes) -> dict[str, str]:
    with acgz.open(io.BytesIO(acgz.compress(text, "twobit"))) as archive:
        return {record.name: str(record) for record in archive}


@pytest.mark.parametrize("block", [256, 1000, 3000])
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_every_record_keeps_its_name_and_length(
    block: int, position: str, capfd: pytest.CaptureFixture[str]
) -> None:
    archive = acgz.compress(TEXT, "twobit", block=block)
    contents = Contents(io.BytesIO(archive))
    number = {"first": 0, "middle": len(contents) // 2, "last": len(contents) - 1}[position]
    Path("x.fa.acgz").write_bytes(damage(archive, number))
    assert main(["decompress", "x.fa.acgz"]) == 6
    assert not Path("x.fa").exists()
    capfd.readouterr()
    assert main(["decompress", "--keep-going", "x.fa.acgz"]) == 6
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert f"acgz: x.fa.acgz: block {number} (at byte" in error
    found = records(Path("x.fa").read_bytes())
    assert list(found) == list(SEQUENCES)
    lost = 0
    for name, sequence in SEQUENCES.items():
        assert len(found[name]) == len(sequence)
        assert all(a in (b, "N") for a, b in zip(found[name], sequence, strict=True))
        lost += found[name].count("N")
    assert lost == int(contents.index.blocks.residue_count[number])


def test_every_damaged_block_is_named_with_its_records(capfd: pytest.CaptureFixture[str]) -> None:
    Path("x.acgz").write_bytes(damage(acgz.compress(TEXT, "twobit", block=1000), 1, 3))
    for command in (["test"], ["decompress", "-o", "out", "--keep-going"]):
        assert main([*command, "x.acgz"]) == 6
        first, second = capfd.readouterr().err.splitlines()
        assert "block 1 (at byte" in first
        assert "block 3 (at byte" in second
        assert "'chr" in first


def test_files_that_are_intact_come_back_whole(capfd: pytest.CaptureFixture[str]) -> None:
    names = ("a.fa", "b.txt", "c.fa")
    contents = {name: TEXT if name != "b.txt" else bytes(range(200)) * 20 for name in names}
    acgz.create(
        "many.acgz",
        {name: io.BytesIO(data) for name, data in contents.items()},
        "twobit",
        block=2000,
    )
    archive = Path("many.acgz").read_bytes()
    with acgz.open("many.acgz") as opened:
        assert opened.info.blocks > 5
    last = int(Contents(io.BytesIO(archive)).blocks_between(len(TEXT), len(TEXT) + 1).start)
    Path("many.acgz").write_bytes(damage(archive, last + 1))
    assert main(["decompress", "--keep-going", "-o", "out", "many.acgz"]) == 6
    restored = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    assert restored["a.fa"] == restored["c.fa"] == TEXT
    assert len(restored["b.txt"]) == len(contents["b.txt"])
    assert restored["b.txt"] != contents["b.txt"]


def test_of_an_archive_that_was_cut_the_beginning_comes_back() -> None:
    archive = acgz.compress(TEXT, "twobit", block=1000)
    Path("x.fa.acgz").write_bytes(archive[: len(archive) * 2 // 3])
    assert main(["decompress", "--keep-going", "x.fa.acgz"]) == 7
    start = Path("x.fa").read_bytes()
    assert len(start) > len(TEXT) // 3
    assert TEXT.startswith(start)


def test_an_intact_archive_is_restored_as_always() -> None:
    Path("x.fa.acgz").write_bytes(acgz.compress(TEXT, "twobit", block=1000))
    assert main(["decompress", "--keep-going", "x.fa.acgz"]) == 0
    assert Path("x.fa").read_bytes() == TEXT


def test_nothing_is_written_where_nothing_is_intact_and_that_is_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("cut.fa.acgz").write_bytes(acgz.compress(TEXT, "twobit", block=1000)[:30])
    assert main(["decompress", "--keep-going", "cut.fa.acgz"]) == 7
    assert "nothing of it is intact, so nothing is written" in capfd.readouterr().err
    assert not Path("cut.fa").exists()


def test_keep_going_never_deletes_and_wants_a_file() -> None:
    Path("x.fa.acgz").write_bytes(acgz.compress(TEXT, "twobit", block=1000))
    assert main(["decompress", "--keep-going", "--rm", "x.fa.acgz"]) == 2
    assert main(["decompress", "--keep-going", "-o", "out", "-"]) == 2
    assert Path("x.fa.acgz").exists()

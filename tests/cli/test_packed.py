"""Files in gzip, xz and zstd: unpacked where their name says so and nothing gets lost."""

from __future__ import annotations

import gzip
import io
import lzma
import sys
import zlib
from pathlib import Path

import pytest
import zstandard

import acgz
from acgz.cli.main import main
from conftest import fasta

TEXT = fasta(500, 40)
SKIPPABLE = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"size"


def bgzf(text: bytes, *, end: bool = True) -> bytes:
    """As bgzip writes it: gzip units that know their size, and an empty one at the end."""
    units = [text[at : at + 200] for at in range(0, len(text), 200)] + [b""] * end
    packed = b""
    for unit in units:
        deflate = zlib.compressobj(wbits=-15)
        body = deflate.compress(unit) + deflate.flush()
        size = len(body) + 25
        packed += b"\x1f\x8b\x08\4\0\0\0\0\0\xff\6\0BC\2\0" + size.to_bytes(2, "little") + body
        packed += zlib.crc32(unit).to_bytes(4, "little") + len(unit).to_bytes(4, "little")
    return packed


def long_window(text: bytes) -> bytes:
    """As zstd --long=28 writes it: above what decoders allow unless they are told."""
    long = zstandard.ZstdCompressionParameters(window_log=28)
    stream = zstandard.ZstdCompressor(compression_params=long).compressobj()
    return stream.compress(text) + stream.flush()


GZIP = gzip.compress(TEXT[:300]) + gzip.compress(TEXT[300:])
ZSTD = zstandard.compress(TEXT[:300]) + zstandard.compress(TEXT[300:])

PACKED = {
    "x.fa.gz": GZIP,
    "x.FA.GZ": GZIP,
    "padded.fa.gz": GZIP + bytes(512),
    "x.fa.bgz": bgzf(TEXT),
    "x.fa.xz": lzma.compress(TEXT),
    "x.fa.zst": ZSTD,
    "pzstd.fa.zst": SKIPPABLE + ZSTD,
    "window.fa.zst": long_window(TEXT),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compress(*arguments: str) -> int:
    return main(["compress", "-m", "order0", *arguments])


@pytest.mark.parametrize("name", PACKED)
def test_packed_files_are_compressed_as_their_content(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(PACKED[name])
    assert compress(name) == 0
    assert f"{name}: compressing the content of this" in capfd.readouterr().err
    archive = Path(name.rpartition(".")[0] + ".acgz")
    assert archive.read_bytes() == acgz.compress(TEXT, "order0")


@pytest.mark.parametrize("name", PACKED)
def test_packed_files_stay_as_they_are_if_asked_to(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(PACKED[name])
    assert compress("--raw", name) == 0
    assert acgz.decompress(Path(f"{name}.acgz").read_bytes()) == PACKED[name]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "name", ["x.bam", "x.tgz", "x.txz", "x.gzip", "genome.fa", ".gz", "x.xz", "x.gz.old"]
)
def test_what_the_name_does_not_call_packed_comes_back_as_it_was(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(GZIP)
    assert compress("--rm", name) == 0
    assert f"{name}: stays packed inside: its name does not end in .gz" in capfd.readouterr().err
    assert main(["decompress", f"{name}.acgz"]) == 0
    assert Path(name).read_bytes() == GZIP


def test_standard_input_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GZIP)))
    assert compress("-o", "a") == 0
    assert "standard input: stays packed inside" in capfd.readouterr().err
    assert acgz.decompress(Path("a").read_bytes()) == GZIP


@pytest.mark.parametrize("name", ["x.fa.gz", "x.fa.xz", "x.fa.zst"])
def test_what_follows_a_packing_is_not_lost(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = PACKED[name] + b"garbage"
    Path(name).write_bytes(data)
    assert compress("--rm", name) == 0
    assert "stays packed inside: something else follows" in capfd.readouterr().err
    assert main(["decompress", f"{name}.acgz"]) == 0
    assert Path(name).read_bytes() == data


@pytest.mark.parametrize("name", ["x.fa.gz", "x.fa.bgz", "x.fa.xz", "x.fa.zst", "pzstd.fa.zst"])
def test_damaged_packed_files_are_refused_before_anything_is_written(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoilt = bytearray(PACKED[name])
    spoilt[-9] ^= 255
    for damaged in (PACKED[name][:-5], PACKED[name][:50], bytes(spoilt)):
        Path(name).write_bytes(damaged)
        assert compress("-q", "--rm", name) == 3
        assert "is damaged" in capfd.readouterr().err
        assert [path.name for path in Path().iterdir()] == [name]


def test_bgzip_that_was_cut_between_two_blocks_is_damaged(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("x.fa.gz").write_bytes(bgzf(TEXT, end=False))
    assert compress("x.fa.gz") == 3
    assert "the empty block at the end of bgzip is missing" in capfd.readouterr().err


def test_a_window_of_zstd_that_is_too_large_is_not_called_damage(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A frame header that asks for a window of 2**40 bytes (RFC 8878, 3.1.1.1.2)."""
    Path("x.fa.zst").write_bytes(b"\x28\xb5\x2f\xfd\0" + bytes([30 << 3]) + bytes(20))
    assert compress("x.fa.zst") == 3
    error = capfd.readouterr().err
    assert "needs a larger window" in error
    assert "damaged" not in error


def test_names_in_an_archive_of_several_are_those_of_the_content() -> None:
    Path("a.fa.gz").write_bytes(GZIP)
    Path("b.fa.gz").write_bytes(GZIP + b"garbage")
    assert compress("-q", "-o", "all", "a.fa.gz", "b.fa.gz") == 0
    assert main(["decompress", "-o", "out", "all"]) == 0
    found = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    assert found == {"a.fa": TEXT, "b.fa.gz": GZIP + b"garbage"}

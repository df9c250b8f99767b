"""What every base costs: the sum is that of the archive, copies are cheap, tracks read again."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest

import acgz
from acgz.cli.main import main
from acgz.codec import encode
from acgz.errors import UsageError
from acgz.modes import get_codec
from acgz.profile_plot import rows_of
from acgz.profiles import of_records, records_of
from paths import PHAGE


def letters(count: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=count))


UNIT = letters(600, 5)
TEXT = f">a\n{UNIT[:300]}\n{UNIT[300:]}\nNNNN\n>b x\n{letters(200, 6).lower()}{UNIT}\n>c\n>d\nNN\n"


@pytest.mark.parametrize("mode", ["fast", "plus", "ultra"])
def test_the_sum_is_what_the_codec_writes(mode: str) -> None:
    residues = "".join(PHAGE.read_text().split("\n")[1:])[:4000]
    [one] = acgz.profile(residues.encode(), mode, prior="none")
    codes = np.array(["ACGT".index(letter) for letter in residues], np.uint8)
    coded = encode(get_codec("engine"), codes, {"preset": mode, "prior": "none"})
    assert one.name == ""
    # where a stream ends is known, so that it may be a little shorter than what it tells
    assert len(coded.payload) - 8 < one.bits.sum() / 8 < len(coded.payload) + 1


def test_letters_keep_their_places_and_copies_are_cheap() -> None:
    a, b, c, d = acgz.profile(TEXT.encode(), "fast")
    assert [one.name for one in (a, b, c, d)] == ["a", "b", "c", "d"]
    assert [one.bits.size for one in (a, b, c, d)] == [604, 800, 0, 2]
    assert np.isnan(a.bits[600:]).all()
    assert not np.isnan(a.bits[:600]).any()
    assert np.isnan(d.bits).all()
    assert a.bits[:600].mean() > 1.8
    assert b.bits[:200].mean() > 1.8
    assert b.bits[300:].mean() < 0.2


def test_the_minimum_of_both_strands_shows_both_copies() -> None:
    forward, mean, least = (
        acgz.profile(TEXT.encode(), "fast", strands=strands)  # type: ignore[arg-type]
        for strands in ("forward", "mean", "minimum")
    )
    assert least[0].bits[:500].mean() < 0.2 < 0.5 < mean[0].bits[:500].mean()
    for one, other in zip(least, forward, strict=True):
        known = ~np.isnan(one.bits)
        assert (one.bits[known] <= other.bits[known]).all()


def test_windows_are_means_of_what_has_a_base() -> None:
    a, *_, d = acgz.profile(TEXT.encode(), "fast")
    windows = list(a.windows(250))
    assert [(first, last) for first, last, _ in windows] == [(0, 250), (250, 500), (500, 604)]
    assert windows[2][2] == pytest.approx(a.bits[500:600].mean(), rel=1e-5)
    assert list(d.windows(10)) == []


def test_the_command_writes_what_python_says(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "in.fa"
    path.write_text(TEXT)
    assert main(["profile", "-q", "-m", "fast", "--window", "200", str(path)]) == 0
    rows = [line.split("\t") for line in capsysbinary.readouterr().out.decode().splitlines()]
    made = acgz.profile(path, "fast")
    expected = [(one.name, a, b, bits) for one in made for a, b, bits in one.windows(200)]
    assert [(name, int(a), int(b)) for name, a, b, _ in rows] == [row[:3] for row in expected]
    for (*_, bits), row in zip(rows, expected, strict=True):
        assert float(bits) == pytest.approx(row[3], rel=1e-3)
    archive = tmp_path / "in.acgz"
    archive.write_bytes(acgz.compress(TEXT.encode(), "twobit"))
    assert main(["profile", "-q", "-m", "fast", "--window", "200", str(archive)]) == 0
    again = [line.split("\t") for line in capsysbinary.readouterr().out.decode().splitlines()]
    assert again == rows


def test_a_big_wig_is_read_again(tmp_path: Path) -> None:
    library = pytest.importorskip("pyBigWig")
    path, track = tmp_path / "in.fa", tmp_path / "out.bw"
    path.write_text(TEXT)
    assert (
        main(["profile", "-q", "-m", "fast", "--window", "100", "-o", str(track), str(path)]) == 0
    )
    with library.open(str(track)) as file:
        assert file.chroms() == {"a": 604, "b": 800, "d": 2}
        read = file.intervals("b")
    [_, b, *_] = acgz.profile(path, "fast")
    assert [row[:2] for row in read] == [(first, last) for first, last, _ in b.windows(100)]
    assert [row[2] for row in read] == pytest.approx([bits for *_, bits in b.windows(100)])


def test_what_cannot_be_a_profile_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="twobit"):
        acgz.profile(b"ACGT", "twobit")
    with pytest.raises(UsageError, match="sideways"):
        acgz.profile(b"ACGT", "fast", strands="sideways")  # type: ignore[arg-type]
    path = tmp_path / "in.fa"
    path.write_text(">a\nACGT\n>a\nACGT\n")
    assert main(["profile", "-m", "fast", str(path)]) == 2
    assert main(["profile", "-f", "-m", "fast", "-o", str(path), str(path)]) == 2
    assert main(["profile", str(tmp_path / "none.fa")]) == 3
    assert capsys.readouterr().err.count("\n") == 3
    assert path.read_text() == ">a\nACGT\n>a\nACGT\n"


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "html"])
def test_a_plot_is_a_picture_of_its_kind(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    (tmp_path / "x.fa").write_text(TEXT)
    image = tmp_path / f"x.{kind}"
    words = [str(tmp_path / "x.fa"), "-m", "fast", "--plot", str(image)]
    track = str(tmp_path / "x.bedGraph")
    assert main(["profile", *words, "-o", track]) == 0
    magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "html": b"<!DOCTYPE html>"}
    assert image.read_bytes().startswith(magic[kind])
    if kind == "html":
        page = image.read_text()
        assert "<td>a</td><td>604</td>" in page
        assert not re.search(r"(src|href)=[\"'](?!#|data:)", page)
    assert Path(track).stat().st_size > 0
    assert main(["profile", *words]) == 3  # it is there already


def test_rows_tell_repeats_from_what_is_simple() -> None:
    unit, other = letters(4000, 7), letters(4000, 8)
    text = f">a\n{unit}{'AT' * 1000}{other}NNNN\n>b\n{unit}\n>c\n".encode()
    read = records_of(text)
    made = of_records(read, "fast", strands="minimum")
    a, b = rows_of(made, read.letters)
    assert (a.length, b.length) == (10_004, 4000)
    # Points of 100 letters: copied, simple, unique, unknown.
    assert a.repeat[2:38].mean() > 0.9 > 0.1 > a.repeat[42:98].mean()
    assert a.simple[42:58].mean() > 0.9 > 0.1 > a.simple[:38].mean()
    assert np.nanmean(a.mean[62:98]) > 1.8 > 0.3 > np.nanmean(b.mean)
    assert np.isnan(a.mean[-1])


def test_a_plot_of_another_kind_is_refused_before_the_work(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert main(["profile", "none.fa", "--plot", str(tmp_path / "x.gif")]) == 2
    assert "a plot ends in .png, .svg, .pdf or .html, not in '.gif'" in capfd.readouterr().err

"""The page of a bench: all that was measured is in it, and nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from acgz.bench.child import Usage
from acgz.bench.page import as_page, points
from acgz.bench.peers import Form
from acgz.bench.run import MISSING, OK, Row
from acgz.cli import bench
from acgz.cli.main import main

VOID = {"meta", "circle", "line"}


class Checker(HTMLParser):
    """Elements are closed in order; ``words`` are what a person reads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> str:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert not {"src", "href", "onclick"} & {name for name, _ in checker.attributes}
    assert not re.search(r"https?:|url\(|@import|<script", page)
    return " ".join(checker.words)


def row(tool: str, file: str = "a.fa", packed: int = 250, seconds: float = 2.0, **more) -> Row:
    usage = Usage(seconds, seconds, 50_000_000, more.pop("floor", 0))
    known = {"status": OK, "form": Form.FILE, "input_bytes": 1010, "bases": 1000}
    return Row(file, tool, tool, **{**known, **more}, packed_bytes=packed,
               compress=usage, decompress=Usage(seconds / 2, 1.0, 10, 0))  # fmt: skip


ABOUT = {"acgz": "0.1.0", "kernel_cache": "warmed"}


def test_sizes_and_times_of_all_files_are_added_up() -> None:
    rows = [row("x"), row("y"), row("x", "b.fa", 750, 6.0, bases=3000, input_bytes=3030)]
    (point,) = points(rows, {"x"})
    assert (point.tool, point.ours, point.bits_per_base) == ("x", True, 2.0)
    assert point.compress == pytest.approx(4.04 / 8)
    assert point.decompress == pytest.approx(4.04 / 4)


def test_all_that_was_measured_is_read() -> None:
    rows = [
        row("acgz plus", packed=236),
        row("gzip", packed=312, floor=60_000_000),
        row("cmix", status=f"{MISSING}: cmix"),
        row("GeCo3", status="failed: exit code 1"),
    ]
    words = read(as_page(rows, ABOUT, ["acgz plus"]))
    for said in ("1.8880", "2.4960", "< 50", "kernel cache", "warmed", "1,000 bases"):
        assert said in words
    assert "Not installed: cmix." in words
    assert "for want of a result for each file: GeCo3." in words
    assert "failed: exit code 1" in words


def test_names_are_text_and_no_html() -> None:
    evil = '<script src="x">&"\''
    page = as_page([row(evil, evil)], {evil: evil}, [])
    assert read(page).count(evil) >= 5


def test_there_may_be_nothing_to_draw() -> None:
    for rows in ([], [row("x", status="failed: killed")], [row("x", bases=0)]):
        read(as_page(rows, ABOUT, ["x"]))


def test_labels_cover_no_points_and_no_other_labels() -> None:
    page = as_page([row(f"tool {number}", packed=250) for number in range(9)], ABOUT, [])
    heights = sorted(float(y) for y in re.findall(r'<text x="[^"]*" y="([^"]*)">tool', page))
    assert len(heights) == 9
    assert all(b - a >= 14.9 for a, b in pairwise(heights))
    points_at = {float(y) for y in re.findall(r'<circle cx="[^"]*" cy="([^"]*)"', page)}
    assert len(points_at) == 1


@pytest.mark.slow
def test_the_command_writes_a_page_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    genome, page = tmp_path / "g.fa", tmp_path / "out.html"
    genome.write_bytes(b">g\n" + b"ACGGT" * 100 + b"\n")
    command = ["bench", str(genome), "--modes", "twobit", "--peers", "gzip", "--report", str(page)]
    assert main(command) == 0
    words = read(page.read_text())
    assert "acgz twobit" in words
    assert "gzip -9 genome" in words
    assert "acgz twobit" in capfd.readouterr().out
    page.write_text("mine")
    assert main(command) == 3
    assert page.read_text() == "mine"
    assert main([*command[:-1], str(genome), "-f"]) == 2
    assert genome.read_bytes().startswith(b">g")


def test_ctrl_c_does_not_take_away_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(*_: object):
        yield row("acgz twobit")
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "_measured", measured)
    genome, page = tmp_path / "g.fa", tmp_path / "out.html"
    genome.write_bytes(b"ACGT")
    command = ["bench", str(genome), "--modes", "none", "--peers", "gzip", "--report", str(page)]
    assert main(command) == 130
    assert "acgz twobit" in read(page.read_text())

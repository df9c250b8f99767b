"""What programs read is what docs/cli.md says: every field, and of that type."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

import acgz
from acgz.cli.main import main
from conftest import fasta
from paths import DOCS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(fasta(500, 40))
    acgz.create("c.acgz", {"x.fa": "x.fa", "b": io.BytesIO(b"text")}, "twobit")
    Path("one.acgz").write_bytes(acgz.compress(b"ACGT", "twobit"))


def described(command: str) -> dict[str, str]:
    """The fields of a command in the page, and the words that follow."""
    page = (DOCS / "cli.md").read_text()
    table = page.partition(f"\n`{command}")[2].partition("\n\n`")[0].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.M)
    return {field: words for names, words in rows for field in re.findall(r"`(\w+)`", names)}


def kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"list of {kind(value[0])}s" if value else "list"
    return "text" if isinstance(value, str) else "number"


@pytest.mark.parametrize("command", ["info --json", "ls --json", "ls --files --json"])
def test_fields_are_those_of_the_page(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    fields = described(command)
    assert len(fields) >= 5
    assert main([*command.split(), "c.acgz", "one.acgz"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert len(found) >= 2
    for item in found:
        assert list(item) == list(fields)
        for field, value in item.items():
            assert kind(value) in fields[field], field


def test_numbers_are_what_the_page_says(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", "c.acgz"]) == 0
    (info,) = json.loads(capfd.readouterr().out)
    assert info["size"] == Path("c.acgz").stat().st_size
    assert info["text_size"] == Path("x.fa").stat().st_size + 4
    assert (info["bases"], info["records"], info["files"]) == (540, 2, ["x.fa", "b"])
    assert info["bits_per_base"] == round(8 * info["size"] / 540, 4)


def test_rows_of_the_bench_are_those_of_the_page(capfd: pytest.CaptureFixture[str]) -> None:
    fields = described("bench --json")
    assert main(["bench", "x.fa", "--modes", "none", "--peers", "gzip,cmix", "--json", "-q"]) == 0
    for row in json.loads(capfd.readouterr().out)["rows"]:
        assert set(row) == set(fields)
        for field, value in row.items():
            assert kind(value) in fields[field], field

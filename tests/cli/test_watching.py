"""What is told of a command while it runs: events for programs, a bar and a line for people."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import acgz
from acgz.cli import watching
from acgz.cli.main import main
from acgz.cli.watching import Plan
from acgz.codec import Job
from acgz.container.blocks import Recipe, need_to_encode
from conftest import fasta

TEXT = fasta(9000)


def events(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[Any]]:
    code = main([str(argument) for argument in arguments])
    return code, [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def kinds(found: list[Any]) -> list[str]:
    return [event["event"] for event in found]


@pytest.mark.parametrize("threads", [1, 3])
def test_a_program_reads_what_happens(
    threads: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.fa"
    file.write_bytes(TEXT)
    options = ["-m", "twobit", "--block", "4K", "-T", threads, "--log-json"]
    code, found = events(capsys, "compress", *options, file)
    assert code == 0
    assert kinds(found) == ["begin", "file-begin", "block", "block", "block", "file-end", "end"]
    assert found[0]["arguments"][0] == "compress"
    assert found[1] == {
        "event": "file-begin",
        "time": found[1]["time"],
        "file": str(file),
        "text_bytes": len(TEXT),
        **Plan.of(Recipe.of("twobit", {}, 4096), len(TEXT), Job(threads))._asdict(),
    }
    blocks, end = found[2:5], found[5]
    assert [block["number"] for block in blocks] == [0, 1, 2]
    assert sum(block["text_bytes"] for block in blocks) == end["text_bytes"] == len(TEXT)
    stored = sum(block["archive_bytes"] for block in blocks)
    assert stored == end["archive_bytes"] < (tmp_path / "x.fa.acgz").stat().st_size < stored + 200
    assert found[-1]["exit_code"] == 0

    code, found = events(capsys, "test", "--log-json", "-T", threads, f"{file}.acgz")
    assert code == 0
    assert kinds(found) == ["begin", "file-begin", "block", "block", "block", "file-end", "end"]
    assert found[1]["text_bytes"] == found[5]["text_bytes"] == len(TEXT)
    assert found[5]["archive_bytes"] == stored


def test_a_program_reads_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.acgz", tmp_path / "bad.acgz"
    good.write_bytes(acgz.compress(TEXT, "twobit"))
    bad.write_bytes(b"no archive")
    code, found = events(capsys, "test", "--log-json", "-v", bad, good)
    assert code == 4
    assert kinds(found) == [
        *("begin", "file-begin", "error", "file-begin", "block", "file-end", "message", "end")
    ]
    assert (found[2]["file"], found[2]["exit_code"]) == (str(bad), 4)
    assert found[2]["message"] == "this is not an acgz archive"
    assert found[-1]["exit_code"] == 4


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> str:
    """What a terminal gets of a command, if nothing is too quick to be shown."""
    monkeypatch.setattr(watching, "_DELAY", -1)
    monkeypatch.setattr(watching, "_LONG", -1)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main([str(argument) for argument in arguments]) == 0
    return terminal.getvalue()


def test_files_of_a_command_share_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / name for name in ("a.fa", "b.fa")]
    for file in files:
        file.write_bytes(TEXT)
    text = shown(monkeypatch, "compress", "-m", "twobit", *files)
    assert "a.fa (1 of 2)" in text
    assert "b.fa (2 of 2)" in text
    last = [line for line in text.split("\r") if "b.fa (2 of 2): 100%" in line][-1]
    assert re.search(r" 18\.3k/18\.3k \[\d\d:\d\d<00:00, .*B/s, [\d.]+ kB archive\]", last)


def test_a_quiet_command_shows_no_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.fa"
    file.write_bytes(TEXT)
    assert shown(monkeypatch, "compress", "-q", "-m", "twobit", file) == ""


def test_a_long_job_says_how_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, when its speed is known; what comes before the first residue does not count."""
    clock = [0.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: clock[0])
    said: list[str] = []
    monkeypatch.setattr(watching, "remark", lambda loudness, line: said.append(line))
    bar = watching.ProgressBar(Loud(), "a.fa", 1000, plan=Plan(40, 8, 16, 6_400_000_000))
    bar.progress.start_block(1000, 1000)
    for clock[0], residues in ((50.0, 0), (100.0, 10), (101.0, 11), (104.0, 30), (200.0, 900)):
        bar.progress.reached(residues)
        bar.watch()
    assert said == ["a.fa: 40 blocks, 8 at a time on 16 threads, up to 6.4 GB, about 3 min left"]


class Loud:
    quiet = False
    verbose = True


@pytest.mark.parametrize(
    ("mode", "job", "expected"),
    [
        ("plus", Job(16, memory=10**12), (8, 16)),
        ("plus", Job(16, memory=4 * 10**9), (2, 4)),
        ("plus", Job(16, memory=1), (1, 2)),
        ("plus", Job(1, memory=10**12), (1, 1)),
        ("ultra", Job(16, memory=10**12), (8, 16)),
        ("geneformer", Job(16, memory=10**12), (1, 16)),
    ],
)
def test_the_plan_keeps_to_threads_and_memory(
    mode: str, job: Job, expected: tuple[int, int]
) -> None:
    recipe = Recipe.of(mode)
    plan = Plan.of(recipe, 3_100_000_000, job)
    assert plan.blocks == 47
    assert (plan.at_a_time, plan.threads) == expected
    assert plan.memory == plan.at_a_time * need_to_encode(recipe.block_size, recipe).memory

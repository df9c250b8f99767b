"""Several files of a command at once: bytes, words and exit code as one after the other."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import acgz
from acgz import newfiles
from acgz.cli import compress
from acgz.cli.main import main
from acgz.codec import Job, Need
from acgz.container import blocks
from acgz.crew import Crew
from acgz.errors import UsageError
from acgz.scheduling import Task, in_order
from cli.test_process import ENDLESS
from conftest import fasta

LONG = 60
"""Seconds that nothing here takes, unless it hangs."""


def make(folder: Path, count: int, length: int = 2000) -> list[str]:
    """So many different files in a folder."""
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number}.fa" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(fasta(length + number, seed=number))
    return [str(file) for file in files]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("block", ["64M", "1000"])
def test_threads_change_neither_bytes_nor_words(
    block: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files that cannot be read, exist already, or are no archive are among them."""
    said, made = {}, {}
    for threads in (1, 2, 5):
        folder = tmp_path / "files"
        files = make(folder, 7)
        (folder / "1.fa").unlink()
        (folder / "4.fa.acgz").write_bytes(b"mine")
        packed = run(
            capsys, "compress", "-v", "-m", "twobit", "--block", block, "-T", threads, *files
        )
        archives = [f"{file}.acgz" for file in files]
        for file in files:
            Path(file).unlink(missing_ok=True)
        tested = run(capsys, "test", "-v", "-T", threads, *archives)
        restored = run(capsys, "decompress", "-v", "-T", threads, *archives)
        said[threads], made[threads] = [packed, tested, restored], content(folder)
        for path in folder.iterdir():
            path.unlink()
    assert said[1] == said[2] == said[5]
    assert made[1] == made[2] == made[5]
    assert [code for code, _ in said[1]] == [3, 3, 3]
    assert [len(lines) for _, lines in said[1]] == [7, 7, 7]
    assert len(made[1]) == 5 + 6


def test_two_files_are_coded_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other."""
    barrier = threading.Barrier(2)
    encode_block = blocks.encode_block

    def meet(*arguments: object) -> object:
        barrier.wait(LONG)
        return encode_block(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(blocks, "encode_block", meet)
    assert main(["compress", "-m", "twobit", "-T", "2", *make(tmp_path, 4)]) == 0


def test_files_share_threads_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six files of several blocks each: never more at a time than the command may have."""
    lock = threading.Lock()
    running, most = 0, 0
    encode_block = blocks.encode_block

    def count(*arguments: object) -> object:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return encode_block(*arguments)  # type: ignore[arg-type]
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(blocks, "encode_block", count)
    files = make(tmp_path, 6, 9000)
    assert main(["compress", "-m", "twobit", "--block", "1000", "-T", "3", *files]) == 0
    assert 1 <= most <= 3
    most = 0
    options = ["-f", "-m", "twobit", "--block", "1000", "-T", "8", "--memory", "1K"]
    assert main(["compress", *options, *files]) == 0
    assert most == 1


def test_originals_are_deleted_only_where_all_went_well(tmp_path: Path) -> None:
    files = make(tmp_path, 5)
    (tmp_path / "2.fa.acgz").write_bytes(b"mine")
    assert main(["compress", "-q", "--rm", "-m", "twobit", "-T", "3", *files]) == 3
    assert [os.path.exists(file) for file in files] == [False, False, True, False, False]
    assert (tmp_path / "2.fa.acgz").read_bytes() == b"mine"


def test_an_output_for_two_files_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    files = make(tmp_path, 3)
    (tmp_path / "0.fa.gz").write_bytes(gzip.compress(b">a\nACGT\n"))
    assert main(["compress", "-T", "3", *files, str(tmp_path / "0.fa.gz")]) == 2
    assert not list(tmp_path.glob("*.acgz"))


def test_archives_with_files_for_one_new_folder(tmp_path: Path) -> None:
    """Whichever is first makes the folder."""
    for number in range(6):
        inside = {f"new/deep/{number}.fa": io.BytesIO(fasta(500, seed=number))}
        acgz.create(tmp_path / f"{number}.acgz", inside, "twobit")
    archives = [str(tmp_path / f"{number}.acgz") for number in range(6)]
    assert main(["decompress", "-q", "-T", "6", *archives]) == 0
    assert len(content(tmp_path / "new" / "deep")) == 6


def test_events_of_files_come_one_file_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = make(tmp_path, 4)
    _, lines = run(capsys, "compress", "-m", "twobit", "-T", "4", "--log-json", *files)
    named = [event["file"] for event in map(json.loads, lines) if "file" in event]
    assert named == [file for file in files for _ in ("file-begin", "block", "file-end")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_signal_ends_files_that_run_side_by_side(
    command: str, number: signal.Signals, tmp_path: Path
) -> None:
    files = make(tmp_path, 4)
    options = ["-m", "uniform"] if command == "compress" else []
    if command == "decompress":
        for file in files:
            acgz.create(f"{file}.acgz", [file], "uniform")
            Path(file).unlink()
        files = [f"{file}.acgz" for file in files]
    before = content(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, command, "-T", "2", *options, *files],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        try:
            assert [process.stderr.readline() for _ in range(2)] == 2 * [b"started\n"]
            process.send_signal(number)
            _, stderr = process.communicate(timeout=LONG)
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert stderr == b""
    assert content(tmp_path) == before


def test_an_error_of_another_kind_ends_the_command_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file behind it, which is in the middle of its work, has no unfinished output."""
    files = make(tmp_path, 2)
    begun = threading.Event()
    pack = compress.Compression._pack

    def bad(self: compress.Compression, file: str, claims: object) -> None:
        if file == files[0]:
            assert begun.wait(LONG)
            raise MemoryError
        pack(self, file, claims)  # type: ignore[arg-type]

    ended = threading.Event()

    def slow(*arguments: object) -> None:
        begun.set()
        ended.wait(LONG)

    monkeypatch.setattr(compress.Compression, "_pack", bad)
    monkeypatch.setattr(blocks, "encode_block", slow)
    code, lines = run(capsys, "compress", "-m", "twobit", "-T", "2", *files)
    left = sorted(path.name for path in tmp_path.iterdir())
    ended.set()
    assert (code, lines) == (10, ["acgz: there is not enough memory"])
    assert left == ["0.fa", "1.fa"]


def test_what_has_been_abandoned_is_not_begun_again(tmp_path: Path) -> None:
    with newfiles.NewFiles() as new:
        new.begin(tmp_path / "a")
        newfiles.abandon()
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(newfiles.InputError, match="has been ended"):
            new.begin(tmp_path / "b")


def test_results_that_are_held_back_do_not_stop_others() -> None:
    """A crew that is full of results nobody takes yet goes on with the tasks of another."""
    crew = Crew(2, 100)
    job = Job(2, crew=crew)
    full = Task(lambda job: 1, Need(memory=60), kept=60)
    held = in_order([full, full], job)
    assert next(held) == 1
    others = in_order([Task(lambda job: 2, Need(memory=90))] * 3, job)
    assert list(others) == [2, 2, 2]
    assert list(held) == [1]


def test_memory_has_to_be_a_number() -> None:
    with pytest.raises(UsageError, match="memory is a whole number above 0, not 0"):
        acgz.compress(b"ACGT", "twobit", memory=0)
    assert acgz.compress(b"ACGT", "twobit", memory=1) == acgz.compress(b"ACGT", "twobit")

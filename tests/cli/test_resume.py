"""``compress --resume``: killed at any moment, it goes on, and the archive is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import acgz
from acgz.cli.main import main
from acgz.container.blocks import Recipe
from acgz.container.journal import Journal
from acgz.errors import InputError
from conftest import fasta

# Says of every block that it is coded, and takes its time where it is told to.
SLOW = """
import os, sys, time
from acgz.cli.main import main
from acgz.container import blocks, journal

pause, where = float(sys.argv[1]), sys.argv[2]
encode_block = blocks.encode_block
sync = os.fsync

def slow(text, recipe, job):
    os.write(2, b"coded\\n")
    if where == "coding":
        time.sleep(pause)
    return encode_block(text, recipe, job)

def slow_sync(handle):
    os.write(2, b"sync\\n")
    if where == "syncing":
        time.sleep(pause)
    sync(handle)

blocks.encode_block = slow
journal.os.fsync = slow_sync
sys.exit(main(sys.argv[3:]))
"""

OPTIONS = ["compress", "--resume", "-m", "twobit", "--block", "1000"]
TEXT = fasta(20_000)
BLOCKS = 21


def start(
    folder: Path, *arguments: str, pause: float = 0, where: str = "coding"
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SLOW, str(pause), where, *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)


def killed_after(words: int, process: subprocess.Popen[bytes]) -> None:
    """Kill it when it has said so much."""
    with process:
        assert process.stderr is not None
        try:
            for _ in range(words):
                assert process.stderr.readline()
        finally:
            process.send_signal(signal.SIGKILL)


def coded_in(folder: Path, *arguments: str) -> int:
    """Run to the end; how many blocks have been coded."""
    with start(folder, *arguments) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said.count(b"coded\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.fa").write_bytes(TEXT)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize("where", ["coding", "syncing"])
@pytest.mark.parametrize("words", [1, 8, 30])
def test_a_killed_run_goes_on_where_it_was(
    words: int, where: str, threads: str, folder: Path
) -> None:
    """No more than what was being done is done again, and the bytes are those of one run."""
    command = [*OPTIONS, "-T", threads, "x.fa"]
    killed_after(words, start(folder, *command, pause=0.05, where=where))
    assert "x.fa.acgz" not in names(folder)
    again = coded_in(folder, *command)
    assert again <= BLOCKS - words // 2 + 2 * int(threads) + 1
    assert (folder / "x.fa.acgz").read_bytes() == acgz.compress(TEXT, "twobit", block=1000)
    assert names(folder) == {"x.fa", "x.fa.acgz"}


def test_it_may_be_killed_again_and_again(folder: Path) -> None:
    for _ in range(3):
        killed_after(6, start(folder, *OPTIONS, "-T", "1", "x.fa", pause=0.02))
    total = coded_in(folder, *OPTIONS, "x.fa")
    assert total <= BLOCKS - 3
    assert acgz.decompress((folder / "x.fa.acgz").read_bytes()) == TEXT


def test_a_collection_goes_on_too(tmp_path: Path) -> None:
    inside = tmp_path / "genomes"
    inside.mkdir()
    for number in range(4):
        (inside / f"{number}.fa").write_bytes(fasta(5000, seed=number))
    command = [*OPTIONS, "-T", "1", "-o", "genomes/all.acgz", "genomes"]
    killed_after(20, start(tmp_path, *command, pause=0.02))
    assert ".acgz-all.acgz.journal" in names(inside)
    assert coded_in(tmp_path, *command) < BLOCKS
    resumed = (inside / "all.acgz").read_bytes()
    (inside / "all.acgz").unlink()
    assert main([*OPTIONS, "-q", "-o", str(tmp_path / "b.acgz"), str(inside)]) == 0
    assert len(resumed) > 1000
    with acgz.open(inside.parent / "b.acgz") as other:
        assert [name.split("/")[-1] for name in other.info.files] == [f"{n}.fa" for n in range(4)]
    for number in range(4):
        assert fasta(5000, seed=number) in acgz.decompress(resumed)


def test_of_a_changed_input_only_what_is_the_same_is_used(folder: Path) -> None:
    killed_after(20, start(folder, *OPTIONS, "-T", "1", "x.fa", pause=0.02))
    changed = TEXT[:5000] + b"A" + TEXT[5001:]
    assert changed != TEXT
    (folder / "x.fa").write_bytes(changed)
    assert 2 <= coded_in(folder, *OPTIONS, "x.fa") < BLOCKS
    assert (folder / "x.fa.acgz").read_bytes() == acgz.compress(changed, "twobit", block=1000)


def test_other_settings_begin_again_and_it_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after(20, start(folder, *OPTIONS, "-T", "1", "x.fa", pause=0.02))
    assert main(["compress", "--resume", "-m", "order0", "--block", "1000", f"{folder}/x.fa"]) == 0
    assert "begins again" in capsys.readouterr().err
    assert (folder / "x.fa.acgz").read_bytes() == acgz.compress(TEXT, "order0", block=1000)


def test_ctrl_c_leaves_the_journal_and_nothing_else(folder: Path) -> None:
    with start(folder, *OPTIONS, "-T", "2", "x.fa", pause=0.1) as process:
        assert process.stderr is not None
        for _ in range(8):
            process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert names(folder) == {"x.fa", ".acgz-x.fa.acgz.journal"}
    assert coded_in(folder, *OPTIONS, "x.fa") < BLOCKS


def test_without_resume_a_journal_goes_when_its_archive_is_there(folder: Path) -> None:
    killed_after(8, start(folder, *OPTIONS, "-T", "1", "x.fa", pause=0.02))
    assert main(["compress", "-q", "-m", "twobit", f"{folder}/x.fa"]) == 0
    assert names(folder) == {"x.fa", "x.fa.acgz"}


def test_what_is_there_already_is_not_made_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An archive of this file in this mode; any other one is in the way, as ever."""
    (folder / "y.fa").write_bytes(fasta(3000, seed=2))
    files = [f"{folder}/x.fa", f"{folder}/y.fa"]
    assert main([*OPTIONS, "-q", files[0]]) == 0
    before = (folder / "x.fa.acgz").stat().st_mtime_ns
    assert main([*OPTIONS, *files]) == 0
    assert "x.fa: is compressed already" in capsys.readouterr().err
    assert (folder / "x.fa.acgz").stat().st_mtime_ns == before
    assert (folder / "y.fa.acgz").exists()
    assert main(["compress", "--resume", "-m", "order0", files[0]]) == 3
    (folder / "x.fa").write_bytes(TEXT + b"A\n")
    assert main([*OPTIONS, files[0]]) == 3
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [0, 5, 40, 300, -1, -40])
def test_a_torn_journal_is_of_use_up_to_the_tear(kept: int, folder: Path) -> None:
    """Wherever the power went."""
    killed_after(20, start(folder, *OPTIONS, "-T", "1", "x.fa", pause=0.02))
    journal = folder / ".acgz-x.fa.acgz.journal"
    data = journal.read_bytes()
    journal.write_bytes(data[:kept] if kept >= 0 else data[:kept] + bytes(-kept))
    assert coded_in(folder, *OPTIONS, "x.fa") >= 2
    assert (folder / "x.fa.acgz").read_bytes() == acgz.compress(TEXT, "twobit", block=1000)


def test_two_at_a_time_do_not_share_a_journal(tmp_path: Path) -> None:
    recipe = Recipe.of("twobit")
    with (
        Journal(tmp_path / "x.acgz", recipe),
        pytest.raises(InputError, match="another acgz is at work"),
    ):
        Journal(tmp_path / "x.acgz", recipe)


def test_what_is_no_journal_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".acgz-x.fa.acgz.journal").write_bytes(b"mine, and long enough to look like another")
    assert main([*OPTIONS, f"{folder}/x.fa"]) == 3
    assert "no journal of acgz" in capsys.readouterr().err
    assert main(["compress", "-m", "twobit", f"{folder}/x.fa"]) == 0
    assert (folder / ".acgz-x.fa.acgz.journal").read_bytes().startswith(b"mine")


def test_what_cannot_be_read_again_or_has_no_place_for_a_journal_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(folder / "pipe")
    handle = os.open(folder / "pipe", os.O_RDWR)
    os.write(handle, b"ACGT")
    try:
        for arguments in (["-"], [], [f"{folder}/pipe"], ["-c", f"{folder}/x.fa"]):
            assert main([*OPTIONS, *arguments]) == 2
            assert "--resume" in capsys.readouterr().err
    finally:
        os.close(handle)
    assert names(folder) == {"x.fa", "pipe"}

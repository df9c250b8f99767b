"""acgz as a process: pipes that break, signals, full disks, and the progress bar."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import acgz
from conftest import fasta

ACGZ = [sys.executable, "-m", "acgz"]

# A codec that takes for ever in a kernel that does not hear signals, as a large genome does.
ENDLESS = """
import os, sys
import numpy as np
from numba import njit
from acgz.cli.main import main
from acgz import baselines

@njit(nogil=True)
def endless(flag):
    while flag[0] == 0:
        pass

endless(np.ones(1))

def encode(residues, settings, job):
    os.write(2, b"started\\n")  # at once: print writes the line end by itself
    endless(np.zeros(1))

baselines.UNIFORM.encode = encode
baselines.UNIFORM.decode = encode
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*ACGZ, *arguments], capture_output=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_a_pipe_through_both_directions(tmp_path: Path) -> None:
    text = fasta(3000)
    packed = run("compress", "-m", "order0", input=text)
    assert packed.returncode == 0, packed.stderr
    assert packed.stdout == acgz.compress(text, "order0")
    restored = run("decompress", input=packed.stdout)
    assert (restored.stdout, restored.stderr) == (text, b"")


def test_blocks_side_by_side_go_through_a_pipe() -> None:
    text = fasta(30_000)
    packed = run("compress", "-m", "order0", "--block", "2K", "-T", "4", input=text)
    assert packed.stdout == acgz.compress(text, "order0", block=2048)
    for threads in ("1", "4"):
        restored = run("decompress", "-T", threads, "--memory", "1M", input=packed.stdout)
        assert (restored.stdout, restored.stderr) == (text, b"")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_work_at_once_and_leaves_nothing(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    (tmp_path / "x.fa").write_bytes(fasta(100))
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, "compress", "-m", "uniform", "x.fa"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # nohup ignores SIGHUP
    ) as process:
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == b"started\n"
            assert len(list(tmp_path.iterdir())) == 2  # the input and the unfinished output
            time.sleep(0.2)
            process.send_signal(number)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == code
    assert stderr == b""
    assert [path.name for path in tmp_path.iterdir()] == ["x.fa"]


def test_an_interrupted_process_does_not_take_itself_down_under_its_work() -> None:
    # In the middle of PyTorch that is an abort. What a `join` that was interrupted says of the
    # thread is not true.
    program = """
import os, signal, sys, time
from acgz.cli import background

def work():
    time.sleep(0.25)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)

try:
    background.run(work)
except KeyboardInterrupt as interrupt:
    code = background.exit_code_after(interrupt)
    print("the work goes on, and the interpreter ends")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (143, b"", b"")


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_signal_ends_blocks_that_run_side_by_side(command: str, tmp_path: Path) -> None:
    name = {"compress": "x.fa", "decompress": "x.fa.acgz"}[command]
    text = fasta(9000)
    content = text if command == "compress" else acgz.compress(text, "uniform", block=3000)
    (tmp_path / name).write_bytes(content)
    options = ["-m", "uniform", "--block", "3000"] if command == "compress" else []
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, command, "-T", "3", *options, name],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        try:
            assert [process.stderr.readline() for _ in range(3)] == 3 * [b"started\n"]
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 143
    assert stderr == b""
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_all_is_written_to_a_slow_pipe(unbuffered: str, tmp_path: Path) -> None:
    """Without a buffer, the system writes only a part at a time."""
    text = os.urandom(1_000_000)
    (tmp_path / "x.acgz").write_bytes(acgz.compress(text, "twobit"))
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    assert run("cat", str(tmp_path / "x.acgz"), env=environment).stdout == text


def test_a_reader_that_goes_away_is_no_error_message(tmp_path: Path) -> None:
    (tmp_path / "x.acgz").write_bytes(acgz.compress(os.urandom(3_000_000), "twobit"))
    for command in (["cat"], ["decompress", "-c"]):
        with subprocess.Popen(
            [*ACGZ, *command, tmp_path / "x.acgz"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == b""
        assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["compress", "-m", "twobit", "x.fa"], ["cat", "x.fa.acgz"]])
def test_a_full_disk_is_file_trouble(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(fasta(100_000))
    (tmp_path / "x.fa.acgz").write_bytes(acgz.compress(fasta(100_000), "twobit"))
    with open("/dev/full", "wb") as full:
        to_stdout = [*command, "-c"] if command[0] == "compress" else command
        done = subprocess.run(
            [*ACGZ, *to_stdout], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == 1
    assert b"No space left on device" in done.stderr
    if command[0] == "compress":
        done = run(*command, "-o", "/dev/full", cwd=tmp_path)
        assert done.returncode == 3
        assert b"cannot write /dev/full: No space left on device" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_file_trouble(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(b"ACGT")
    tmp_path.chmod(0o500)
    done = run("compress", "-m", "twobit", "x.fa", cwd=tmp_path)
    assert done.returncode == 3
    assert b"Permission denied" in done.stderr


def in_terminal(*arguments: str, cwd: Path) -> tuple[int, bytes]:
    """Exit code and what a terminal shows, with stdout and stderr there."""
    master, slave = pty.openpty()
    with subprocess.Popen([*ACGZ, *arguments], cwd=cwd, stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                shown += os.read(master, 1000)
            except OSError:  # the other end is closed
                break
    os.close(master)
    return process.returncode, shown


def test_archives_are_not_written_to_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(b"ACGT")
    code, shown = in_terminal("compress", "-m", "twobit", "-c", "x.fa", cwd=tmp_path)
    assert code == 2
    assert b"not for a terminal" in shown


def test_a_terminal_shows_the_result(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(fasta(1000))
    code, shown = in_terminal("compress", "-m", "twobit", "x.fa", cwd=tmp_path)
    assert code == 0
    assert b"bytes ->" in shown
    assert in_terminal("compress", "-q", "-f", "-m", "twobit", "x.fa", cwd=tmp_path) == (0, b"")

"""Closed streams, pipes of all kinds, no place to write, and input that is no honest text."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import acgz
from acgz.cli import messages
from acgz.cli.main import main
from conftest import fasta

TEXT = fasta(500, 40)
ACGZ = [sys.executable, "-m", "acgz"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(TEXT)
    Path("x.acgz").write_bytes(acgz.compress(TEXT, "twobit"))
    acgz.create("two.acgz", {name: io.BytesIO(TEXT) for name in (".profile", "b")}, "twobit")


def shell(command: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command of bash in which $ACGZ is the program."""
    return subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "ACGZ": " ".join(ACGZ)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,  # type: ignore[call-overload]
    )


# --- standard streams


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("$ACGZ compress -m twobit - <&-", 3, "acgz: standard input: is closed\n"),
        ("$ACGZ decompress <&-", 3, "acgz: standard input: is closed\n"),
        ("$ACGZ ls <&-", 3, "acgz: standard input: is closed\n"),
        ("$ACGZ cat x.acgz >&-", 3, "acgz: x.acgz: standard output is closed\n"),
        ("$ACGZ ls x.acgz >&-", 3, "acgz: x.acgz: standard output is closed\n"),
        ("$ACGZ modes >&-", 3, "acgz: standard output is closed\n"),
        ("$ACGZ compress -m twobit x.fa >&- <&-", 0, ""),
        ("$ACGZ test missing.acgz 2>&-", 3, ""),
        ("$ACGZ compress -v -m twobit -c x.fa 2>&- >out && cmp out x.acgz", 0, ""),
        ("$ACGZ decompress -v x.acgz <&- >&- 2>&- && cmp x x.fa", 0, ""),
        ("$ACGZ compress -v -m twobit -o out x.fa 2>/dev/full && cmp out x.acgz", 0, ""),
        ("$ACGZ --help >/dev/full", 3, "acgz: No space left on device\n"),
    ],
)
def test_closed_streams(command: str, code: int, says: str) -> None:
    done = shell(command)
    assert (done.returncode, done.stderr) == (code, says)


def test_input_that_does_not_block_is_waited_for() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    with subprocess.Popen(
        [*ACGZ, "compress", "-m", "twobit"], stdin=ours, stdout=subprocess.PIPE
    ) as process:
        os.close(ours)
        for start in range(0, len(TEXT), 200):
            time.sleep(0.05)
            os.write(theirs, TEXT[start : start + 200])
        os.close(theirs)
        assert process.stdout is not None
        assert acgz.decompress(process.stdout.read()) == TEXT


def test_output_that_does_not_block_is_waited_for() -> None:
    text = fasta(1_000_000)
    Path("big.acgz").write_bytes(acgz.compress(text, "twobit"))
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with subprocess.Popen([*ACGZ, "cat", "big.acgz"], stdout=theirs) as process:
        os.close(theirs)
        time.sleep(1)
        with open(ours, "rb") as stream:
            assert stream.read() == text
    assert process.returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        "$ACGZ decompress -o /dev/stdout x.acgz | cmp - x.fa",
        "$ACGZ decompress -o /dev/fd/1 x.acgz | cmp - x.fa",
        "$ACGZ decompress -o /dev/stdout x.acgz > out && cmp out x.fa",
        "(printf 1; $ACGZ decompress -o /dev/stdout x.acgz) > out && cmp out <(printf 1; cat x.fa)",
        "$ACGZ decompress -o >(cat > out) x.acgz && sleep 1 && cmp out x.fa",
        "$ACGZ compress -m twobit -o >(cat > out) x.fa && sleep 1 && cmp out x.acgz",
        "$ACGZ compress -m twobit -o out <(cat x.fa) && cmp out x.acgz",
        "$ACGZ decompress -o out <(cat x.acgz) && cmp out x.fa",
        "$ACGZ extract -o /dev/stdout <(cat x.acgz) chr1 | grep '^>chr1' > out",
        "$ACGZ compress -m twobit -o out /dev/stdin < x.fa && cmp out x.acgz",
    ],
)
def test_pipes_under_names(command: str) -> None:
    done = shell(f"set -o pipefail; {command}")
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(Path().glob(".acgz-*"))


def test_a_named_pipe_is_written_to() -> None:
    os.mkfifo("pipe")
    found = []
    reader = threading.Thread(target=lambda: found.append(Path("pipe").read_bytes()))
    reader.start()
    assert main(["decompress", "-o", "pipe", "x.acgz"]) == 0
    reader.join()
    assert found == [TEXT]
    assert Path("pipe").is_fifo()


def test_several_files_from_standard_input_want_a_place(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    archive = Path("two.acgz").read_bytes()
    before = sorted(os.listdir())

    def decompress(*arguments: str) -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(archive)))
        return main(["decompress", *arguments])

    assert decompress() == 2
    assert "-o names a folder" in capfd.readouterr().err
    assert sorted(os.listdir()) == before
    assert decompress("-c") == 0
    assert capfd.readouterr().out.encode() == TEXT * 2
    assert decompress("-o", "out") == 0
    assert sorted(os.listdir("out")) == [".profile", "b"]


# --- places


@pytest.mark.slow
def test_nothing_needs_a_folder_for_temporary_files() -> None:
    environment = {**os.environ, "TMPDIR": "/nowhere"}
    code = (
        "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: ['/nowhere']\n"
        "from acgz.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    for arguments in (["ls"], ["info", "x.acgz"], ["extract", "-", "chr1"], ["test"]):
        with open("x.acgz", "rb") as stdin:
            run = [sys.executable, "-c", code, *arguments]
            done = subprocess.run(run, stdin=stdin, env=environment, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")


STARTED = """
import sys
from acgz.cli import interrupts
interrupts.exiting()
print("started", flush=True)
from acgz.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.8])
def test_a_person_who_changes_their_mind_sees_no_traceback(delay: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTED, "compress", "-f", "-m", "plus", "x.fa"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert stderr == b""
    assert process.returncode in (130, 0)
    assert not list(Path().glob(".acgz-*"))


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_ctrl_c_is_without_a_traceback_before_the_first_import(handler: object) -> None:
    code = (
        "import importlib.abc, signal, sys\n"
        "class Watch(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, *_):\n"
        "        seen[name] = signal.getsignal(signal.SIGINT)\n"
        "seen = {}\n"
        "sys.meta_path.insert(0, Watch())\n"
        "import acgz.__main__\n"
        "print(seen['acgz.cli'].name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, handler),
    )
    expected = "SIG_IGN" if handler == signal.SIG_IGN else "SIG_DFL"
    assert done.stdout == f"{expected}\n", done.stderr


def test_ctrl_c_that_is_ignored_stays_ignored() -> None:
    """As a shell ignores it for what runs in the background."""
    code = (
        "import signal; from acgz.cli import interrupts\n"
        "interrupts.exiting()\n"
        "with interrupts.raised(), interrupts.held(): signal.raise_signal(signal.SIGINT)\n"
        "print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert done.stdout == "True\n"


def test_the_program_hears_ctrl_c_before_anything_else_is_imported() -> None:
    code = (
        "import sys, runpy; from acgz.cli import interrupts\n"
        "interrupts.exiting = lambda: print(*{'argparse', 'numpy'} & set(sys.modules))\n"
        "sys.argv[1:] = ['--version']; runpy.run_module('acgz', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == f"\nacgz {acgz.__version__}\n"


# --- what is given


@pytest.mark.parametrize(
    "arguments",
    [
        ["compress", "--block", "1T", "-m", "twobit", "-o", "out", "x.fa"],
        ["compress", "--block", "999999T", "-m", "twobit", "-o", "out", "x.fa"],
        ["test", "--memory-limit", "999T", "x.acgz"],
        ["test", "-T", "1024", "x.acgz"],
    ],
)
def test_large_numbers_that_make_sense(arguments: list[str]) -> None:
    assert main(arguments) in (0, 2)


NINES = "9" * 5000


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["extract", "x.acgz", f"chr1:{NINES}"], 11),
        (["extract", "x.acgz", f"chr1:-{NINES}"], 0),
        (["extract", "x.acgz", f"chr1:{'0' * 5000}1-5"], 0),
        (["test", "-T", NINES, "x.acgz"], 2),
        (["test", "-T", "1025", "x.acgz"], 2),
        (["test", "--memory-limit", NINES, "x.acgz"], 2),
        (["extract", "--width", NINES, "x.acgz", "chr1"], 2),
        (["compress", "--lanes", NINES, "-m", "order0", "x.fa"], 2),
        (["compress", "--set", f"lanes={NINES}", "-m", "order0", "x.fa"], 2),
        (["compress", "--set", f"{NINES}={NINES}", "-m", "order0", "x.fa"], 2),
        (["compress", "-m", NINES, "x.fa"], 2),
        (["decompress", f"{NINES}.acgz"], 3),
        (["compress", "-o", "", "x.fa"], 2),
        (["extract", "-o", "", "x.acgz", "chr1"], 2),
        (["decompress", ""], 3),
        (["explode\nacgz: all is well"], 2),
        (["compress", "--sett"], 2),
        (["compress", "-m"], 2),
    ],
)
def test_every_mistake_is_one_line_of_reasonable_length(
    arguments: list[str], code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    error = capfd.readouterr().err
    assert len(error) < 1500
    if code:
        assert error.startswith("acgz: ")
        assert error.count("\n") == 1


def test_every_error_is_printed_and_the_first_decides(capfd: pytest.CaptureFixture[str]) -> None:
    Path("no").write_bytes(b"no archive")
    assert main(["test", "x.acgz", "no", "missing", "no"]) == 4
    lines = capfd.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["no", "missing", "no"]


FORGED = b">good\x1b[2J\x85\x00evil described\nACGT\n>\xe2\x80\xaename\nACGT\n"


def test_names_cannot_forge_rows_or_move_the_cursor(capfd: pytest.CaptureFixture[str]) -> None:
    name = "a\nforged\t5\t0\x1b[1m"
    acgz.create("forged.acgz", {name: io.BytesIO(FORGED), "b": io.BytesIO(FORGED)}, "twobit")
    assert main(["ls", "forged.acgz"]) == 0
    rows = capfd.readouterr().out.splitlines()
    assert len(rows) == 4
    assert all(len(row.split("\t")) == 4 for row in rows)
    assert not any(sign in "".join(rows) for sign in "\x1b\x85\0\u202e")
    assert r"a\x0aforged\x095\x090\x1b[1m" in rows[0]
    assert main(["info", "forged.acgz"]) == 0
    assert "\x1b" not in capfd.readouterr().out
    assert main(["ls", "--json", "forged.acgz"]) == 0
    assert json.loads(capfd.readouterr().out)[0]["file"] == name
    assert main(["decompress", "-v", "-o", "out", "forged.acgz"]) == 0
    assert capfd.readouterr().err.count("\n") == 1
    assert main(["test", name]) == 3
    assert capfd.readouterr().err.count("\n") == 1


def test_a_message_of_megabytes_is_cut(capfd: pytest.CaptureFixture[str]) -> None:
    messages.complain(acgz.AcgzError("x" * 12_000_000))
    assert len(capfd.readouterr().err) < 1100

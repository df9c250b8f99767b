"""Help: examples that parse, habits of other programs, completion in shells, the manual page."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acgz.cli import options
from acgz.cli.commands import COMMANDS, EXAMPLES
from acgz.cli.main import build_parser, main, whole_parser
from conftest import fasta
from paths import ROOT

PARSERS = {each.prog: each for each in options.parsers(whole_parser())}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(fasta(500))
    assert main(["compress", "-q", "-m", "twobit", "x.fa"]) == 0


@pytest.mark.parametrize("prog", PARSERS)
def test_help_begins_with_three_examples(prog: str) -> None:
    title, *examples = PARSERS[prog].format_help().splitlines()[:5]
    assert title == "examples:"
    assert [line.startswith("  ") for line in examples] == [True, True, True, False]


@pytest.mark.parametrize(
    "example", [*EXAMPLES, *(line for parser in PARSERS.values() for line in parser.examples)]
)
def test_examples_are_command_lines_that_acgz_understands(example: str) -> None:
    command = example.partition("#")[0]
    parts = [shlex.split(part) for part in re.split(r"[|>]|&&", command)]
    ((_, *arguments),) = [words for words in parts if words[0] == "acgz"]
    if arguments[-1] == "--help":
        assert main(arguments) == 0
    else:
        build_parser().parse_args(arguments)  # UsageError


def test_without_a_word_help_is_an_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("examples:\n")


@pytest.mark.parametrize("words", [["-dc"], ["-d", "-c"], ["--decompress", "-kfc"]])
def test_gzip_restores(words: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main([*words, "x.fa.acgz"]) == 0
    assert capfdbinary.readouterr().out == Path("x.fa").read_bytes()
    assert Path("x.fa.acgz").exists()


@pytest.mark.parametrize("words", [["-t"], ["-l"], ["--test", "-q"], ["--list"]])
def test_gzip_looks(words: list[str]) -> None:
    assert main([*words, "x.fa.acgz"]) == 0


def test_all_cores_are_zero_threads_as_in_xz() -> None:
    assert main(["compress", "-q", "-f", "-m", "twobit", "-T0", "x.fa"]) == 0


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["x.fa"], "acgz compress FILE"),
        (["x.fa.acgz"], "acgz decompress x.fa.acgz"),
        (["-k", "x.fa"], "acgz compress FILE"),
        (["-9", "x.fa"], "-m ultra"),
        (["compress", "-9", "x.fa"], "-m ultra"),
        (["compress", "--fast", "x.fa"], "-m fast"),
        (["compress", "x.fa", "-1"], "-m fast"),
        (["compress", "-d", "x.fa.acgz"], "acgz decompress"),
        (["compress", "-t", "x.fa.acgz"], "acgz test"),
        (["compress", "-l", "x.fa.acgz"], "acgz info"),
        (["compress", "-r", "folder"], "acgz compress -o ARCHIVE FOLDER"),
        (["-r", "folder"], "acgz compress -o ARCHIVE FOLDER"),
    ],
)
def test_other_habits_are_answered_in_a_line(
    words: list[str], answer: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capfd.readouterr()
    assert answer in err
    assert (out, err.count("\n")) == ("", 1)


def test_a_file_may_be_called_like_a_level() -> None:
    Path("-9").write_bytes(b"ACGT")
    assert main(["compress", "-m", "twobit", "-o", "nine.acgz", "--", "-9"]) == 0


@pytest.fixture
def completion(capfd: pytest.CaptureFixture[str]) -> None:
    """Scripts for every shell, in files."""
    pytest.importorskip("shtab")
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        Path(shell).write_text(capfd.readouterr().out)


def completed(*words: str) -> list[str]:
    """What bash offers for the last of the words."""
    line = f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}"
    program = f"source ./bash; {line}; _shtab_acgz; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    run = ["bash", "--norc", "-c", program]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_commands_options_modes_and_files(completion: None) -> None:
    assert set(completed("acgz", "")) >= COMMANDS.keys()
    assert completed("acgz", "decom") == ["decompress"]
    assert completed("acgz", "compress", "--ver") == ["--verify", "--verbose"]
    assert completed("acgz", "compress", "-m", "geneformer-") == ["geneformer-grouped"]
    assert completed("acgz", "test", "x.fa.a") == ["x.fa.acgz"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_read_its_script(shell: str, completion: None) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", shell], check=True)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_commands(completion: None) -> None:
    run = ["fish", "--no-config", "-c", "source ./fish; complete -C 'acgz decom'"]
    done = subprocess.run(
        run, capture_output=True, text=True, check=True, env={**os.environ, "HOME": os.getcwd()}
    )
    assert done.stdout.startswith("decompress\trestore files")


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    if importlib.util.find_spec("argparse_manpage") is None:
        pytest.skip("argparse-manpage is not installed")
    subprocess.run([sys.executable, str(ROOT / "aot" / "manual.py"), str(tmp_path)], check=True)
    return tmp_path / "acgz.1"


def test_the_manual_has_every_option(manual: Path) -> None:
    text = manual.read_text().replace("\\-", "-")
    for parser in PARSERS.values():
        for action in parser._actions:
            if "--help" not in action.option_strings:
                assert all(option in text for option in action.option_strings)
        assert parser.prog in text


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_the_manual_without_a_warning(manual: Path) -> None:
    run = ["man", "-l", "--warnings=w", "-P", "cat", str(manual)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "acgz extract genome.fa.acgz chr1:1-1000" in done.stdout

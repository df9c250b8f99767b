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

import acgz
from acgz.cli import habits, options
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


@pytest.mark.parametrize(
    "words",
    [
        ["-t"],
        ["-l"],
        ["--test", "-q"],
        ["--list"],
        ["-tv"],
        ["-lv"],
        ["-l", "-q"],
        ["-tc"],
        ["-T0", "-t"],
        ["test", "-t"],
        ["info", "-l"],
    ],
)
def test_gzip_looks(words: list[str]) -> None:
    assert main([*words, "x.fa.acgz"]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["-dk"],
        ["-dkf"],
        ["-df"],
        ["-d", "-k", "-f"],
        ["-T0", "-d"],
        ["-kd", "-9"],
        ["decompress", "-d"],
        ["decompress", "-dk"],
        ["decompress", "-df"],
    ],
)
def test_gzip_restores_into_a_file_and_keeps_the_archive(words: list[str]) -> None:
    forced = any("f" in word for word in words[words[0] == "decompress" :])
    if not forced:
        assert main([*words, "x.fa.acgz"]) == 3
        Path("x.fa").unlink()
    assert main([*words, "x.fa.acgz"]) == 0
    assert Path("x.fa").read_bytes() == fasta(500)
    assert Path("x.fa.acgz").exists()


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["-k"], "y.fa.acgz"),
        (["-v"], "y.fa.acgz"),
        (["-z", "-q"], "y.fa.acgz"),
        (["-T0", "-kf"], "y.fa.acgz"),
        (["-o", "test"], "test"),
        (["-fotest"], "test"),
        (["--keep", "--threads", "1"], "y.fa.acgz"),
    ],
)
def test_options_without_a_command_compress(words: list[str], made: str) -> None:
    Path("y.fa").write_bytes(fasta(400))
    assert main([*words, "-m", "twobit", "y.fa"]) == 0
    assert acgz.decompress(Path(made).read_bytes()) == Path("y.fa").read_bytes()
    assert main([*words, "-m", "twobit", "y.fa"]) == (0 if "f" in "".join(words[:2]) else 3)


def test_without_a_command_only_rm_deletes() -> None:
    Path("y.fa").write_bytes(fasta(400))
    assert main(["--rm", "-m", "twobit", "y.fa"]) == 0
    assert not Path("y.fa").exists()
    assert main(["-t", "--rm", "y.fa.acgz"]) == 2
    assert main(["-d", "y.fa.acgz"]) == 0
    assert Path("y.fa").read_bytes() == fasta(400)
    assert Path("y.fa.acgz").exists()


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        (["-9"], "plus"),
        (["-19"], "plus"),
        (["-k9"], "plus"),
        (["--best"], "plus"),
        (["-1"], "fast"),
        (["--fast"], "fast"),
        (["--ultra", "-22"], "ultra"),
        (["compress", "-9"], "plus"),
        (["compress", "-1", "-k"], "fast"),
        (["-9", "-m", "twobit"], None),
        (["compress", "--lanes", "-9"], None),
        (["compress", "--", "-9"], None),
    ],
)
def test_levels_are_modes_and_that_is_said(words: list[str], mode: str | None) -> None:
    command, remark = habits.understood([*words, "x.fa"], COMMANDS)
    assert command[0] == "compress"
    assert (command[1:3] == ["-m", mode]) == (mode is not None)
    assert (f"is taken as -m {mode}: there are no levels" in remark) == (mode is not None)
    assert habits.understood(["-q", *words], COMMANDS).remark == ""


def test_a_level_is_remarked(capfd: pytest.CaptureFixture[str]) -> None:
    Path("y.fa").write_bytes(fasta(400))
    assert main(["-9", "y.fa"]) == 0
    err = capfd.readouterr().err
    assert err.startswith("acgz: -9 is taken as -m plus: there are no levels")
    assert "mode       plus" in [main(["info", "y.fa.acgz"]), *capfd.readouterr().out.splitlines()]


def test_help_is_a_word_too(capfd: pytest.CaptureFixture[str]) -> None:
    for words, same in (
        (["help"], ["--help"]),
        (["help", "compress"], ["compress", "--help"]),
        (["help", "train", "dictionary"], ["train", "dictionary", "--help"]),
        (["version"], ["--version"]),
    ):
        assert main(words) == 0
        out = capfd.readouterr().out
        assert main(same) == 0
        assert out == capfd.readouterr().out


def test_all_cores_are_zero_threads_as_in_xz() -> None:
    assert main(["compress", "-q", "-f", "-m", "twobit", "-T0", "x.fa"]) == 0


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["x.fa"], "acgz compress x.fa"),
        (["nothing.fa"], "acgz compress FILE"),
        (["x.fa.acgz"], "acgz decompress x.fa.acgz"),
        (["compres", "x.fa"], "did you mean compress?"),
        (["help", "compres"], "did you mean compress?"),
        (["faidx", "x.fa.acgz"], "acgz extract"),
        (["zcat", "x.fa.acgz"], "acgz cat"),
        (["uncompress", "x.fa.acgz"], "acgz decompress"),
        (["-q", "extract", "x.fa.acgz", "chr1"], "a command comes first"),
        (["-o", "y", "ls", "x.fa.acgz"], "a command comes first"),
        (["--nonsense", "x.fa"], "'--nonsense' is unknown here"),
        (["append", "-9", "x.fa.acgz", "x.fa"], "-m ultra"),
        (["decompress", "-9", "x.fa.acgz"], "-m ultra"),
        (["compress", "-dk", "x.fa.acgz"], "acgz decompress"),
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
    names = {"prokaryotes", "prokaryotes-large"}
    assert set(completed("acgz", "compress", "--prior", "prok")) == names
    assert completed("acgz", "compress", "--prior", "no") == ["none"]
    assert completed("acgz", "compress", "--reference", "x.fa.a") == ["x.fa.acgz"]
    assert completed("acgz", "compress", "--dictionary", "x.fa.a") == ["x.fa.acgz"]
    assert completed("acgz", "compress", "--prior", "x.fa.a") == ["x.fa.acgz"]


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
        assert all(example.replace("\\", r"\\") in text for example in parser.examples)
    for parser in [*PARSERS.values()][1:]:
        usage = parser.format_usage().strip("\n")
        assert f"\n.nf\n{usage}\n.fi\n" in text, "man would fill the lines"


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_the_manual_without_a_warning(manual: Path) -> None:
    run = ["man", "-l", "--warnings=w", "-P", "cat", str(manual)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "acgz extract genome.fa.acgz chr1:1-1000" in done.stdout

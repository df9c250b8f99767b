"""Options of a mode come from the declarations of its settings, and from nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import acgz
from acgz.cli.main import main
from acgz.modes import MODES, get_codec, get_mode
from acgz.nets import SYSTEMS
from conftest import fasta

TEXT = fasta(500)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(TEXT)


@pytest.mark.parametrize("mode", MODES)
def test_help_has_every_flag_of_the_mode(mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "-m", mode, "--help"]) == 0
    text = capfd.readouterr().out
    for declared in get_codec(get_mode(mode).codec).settings.declarations().values():
        assert (declared.flag or declared.name) in text


@pytest.mark.parametrize("mode", MODES)
def test_modes_explains_every_setting(mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    settings = get_codec(get_mode(mode).codec).settings.declarations()
    assert main(["modes", mode]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith(f"{mode}: {get_mode(mode).summary}")
    assert len(lines[1:]) == len(settings)
    assert main(["modes", "--json", mode]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert [(row["name"], row["values"], row["what"]) for row in rows] == [
        (name, declared.values, declared.what) for name, declared in settings.items()
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lanes", "3"],
        ["--lanes=3"],
        ["--set", "lanes=3"],
        ["--lanes", "2", "--set", "lanes=3"],
    ],
)
@pytest.mark.parametrize("mode", ["-m order0", "-morder0", "-fm order0", "--mode=order0"])
def test_a_setting_reaches_the_archive_wherever_the_mode_stands(
    arguments: list[str], mode: str
) -> None:
    expected = acgz.compress(TEXT, "order0", lanes=3)
    assert expected != acgz.compress(TEXT, "order0")
    for words in ([*mode.split(), *arguments, "x.fa"], [*arguments, "x.fa", *mode.split()]):
        assert main(["compress", "-f", *words]) == 0
        assert Path("x.fa.acgz").read_bytes() == expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--lanes", "17"], "argument --lanes: lanes must be a whole number from 1 to 16, not 17"),
        (["--lanes", "1.5"], "lanes must be a whole number"),
        (["--set", "lanes=true"], "lanes must be a whole number"),
        (["--set", "preset=true"], "preset must be one of"),
        (["--set", "preset"], "'preset' is not NAME=VALUE"),
        (["--set", "colour=red"], "has no setting 'colour'"),
        (["--sk", "3,3"], "'--sk' is unknown here, in the mode plus"),
        (["--lane", "3"], "'--lane' is unknown here"),
        (["-m", "twobit", "--lanes", "3"], "'--lanes' is unknown here, in the mode twobit"),
    ],
)
def test_a_wrong_setting_is_refused_in_the_words_of_its_declaration(
    arguments: list[str], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", *arguments, "x.fa"]) == 2
    error = capfd.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not Path("x.fa.acgz").exists()


def test_an_option_after_two_dashes_is_a_file() -> None:
    Path("--lanes").write_bytes(TEXT)
    assert main(["compress", "-m", "twobit", "--", "--lanes"]) == 0
    assert Path("--lanes.acgz").exists()


def test_the_command_line_names_no_network_system() -> None:
    folder = Path(acgz.__file__).parent / "cli"
    text = "".join(source.read_text().lower() for source in folder.glob("*.py"))
    assert [system for system in SYSTEMS if system in text] == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from acgz.cli.main import main; main(['--help'])\n"
        "heavy = {'torch', 'numba', 'numpy', 'tqdm', 'msgpack'}\n"
        "print(*heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr.split()) == (0, [])

"""The promise: the same archive bytes, and the same restored bytes, on every machine.

No other machine is needed to test it: an environment variable makes Numba compile for a
plain CPU, another takes the vector instructions from NumPy, and so on. Each environment
compresses with every mode in a process of its own; the archives must be byte-identical to
those of the first environment, and the archives of the first must decode in all of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from acgz.modes import MODES, get_codec
from machines import BOUNDS_CHECKED, ENVIRONMENTS, REFERENCE, WITHOUT_COMPILER, Environment
from paths import PHAGE

CASES = {
    f"{mode.name}{''.join(options)}": ["-m", mode.name, *options]
    for mode in MODES.values()
    if not mode.needs_model and not mode.fits
    for options in ([], ["--lanes", "8"])
    if not options or "lanes" in get_codec(mode.codec).settings.declarations()
}
"""Name -> how it is compressed. Networks: see nets/test_exactness.py."""
MACHINES = {**ENVIRONMENTS, "bounds checked": BOUNDS_CHECKED}
machines = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "two threads" else pytest.mark.slow)
        for name in MACHINES
    ],
)

# Runs many command lines in one process: start-up would be most of the time of the tests.
DRIVER = """
import json, sys
from acgz.cli.main import main
for line in json.load(sys.stdin):
    if code := main(line):
        sys.exit(f"acgz {' '.join(line)}: exit code {code}")
"""


@dataclass(frozen=True)
class Laboratory:
    """Runs acgz on one text in different environments."""

    folder: Path
    text: bytes

    def compress(self, environment: Environment) -> dict[str, bytes]:
        """The archive of each case."""
        (self.folder / "text").write_bytes(self.text)
        lines = {f"{case}.acgz": ["compress", *how, "text"] for case, how in CASES.items()}
        return self._run(environment, lines)

    def decompress(
        self, environment: Environment, archives: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        """What the archive of each case restores."""
        lines = {}
        for case, archive in archives.items():
            (self.folder / f"{case}.in").write_bytes(archive)
            lines[f"{case}.out"] = ["decompress", f"{case}.in"]
        return self._run(environment, lines)

    def _run(self, environment: Environment, lines: Mapping[str, list[str]]) -> dict[str, bytes]:
        """Run each command line with ``-o`` its key; return the files by case."""
        options = ["-q", "-f", "-T", str(environment.threads), "-o"]
        text = json.dumps([[*line, *options, output] for output, line in lines.items()])
        environment.run(["-c", DRIVER], self.folder, text)
        return {Path(output).stem: (self.folder / output).read_bytes() for output in lines}


def awkward_genome(bases: int) -> bytes:
    """Two records: real sequence; then noise, an erroneous copy, an inverted one, N, soft mask."""
    real = b"".join(PHAGE.read_bytes().split(b"\n")[1:])[: bases // 2]
    choose = random.Random(7)
    noise = bytes(choose.choices(b"ACGT", k=bases // 6))
    copy = bytearray(real[: bases // 6])
    for _ in range(len(copy) // 20):
        copy[choose.randrange(len(copy))] = choose.choice(b"ACGT")
    inverted = noise[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))
    second = noise + b"N" * 37 + bytes(copy).lower() + b"RYK" + inverted + noise
    lines = [second[start : start + 60] for start in range(0, len(second), 60)]
    return b">real\n" + real + b"\n>made up\n" + b"\n".join(lines) + b"\n"


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    return Laboratory(tmp_path_factory.mktemp("exactness"), awkward_genome(12_000))


@pytest.fixture(scope="module")
def archives(laboratory):
    return laboratory.compress(REFERENCE)


@machines
def test_archives_are_the_same_on_every_machine(name, laboratory, archives):
    here = laboratory.compress(MACHINES[name])
    assert [case for case in CASES if here[case] != archives[case]] == []


@machines
def test_archives_decode_on_every_machine(name, laboratory, archives):
    restored = laboratory.decompress(MACHINES[name], archives)
    assert [case for case in CASES if restored[case] != laboratory.text] == []


@pytest.mark.slow
def test_archives_are_the_same_and_decode_without_a_compiler(tmp_path):
    laboratory = Laboratory(tmp_path, awkward_genome(160))
    archives = laboratory.compress(REFERENCE)
    assert laboratory.compress(WITHOUT_COMPILER) == archives
    restored = laboratory.decompress(WITHOUT_COMPILER, archives)
    assert restored == dict.fromkeys(CASES, laboratory.text)

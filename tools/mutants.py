"""Breaks the program on purpose, one thing at a time; the tests have to notice: ``make mutants``.

Each mutant is the checkout, copied, with one line changed, in which the tests that are named
beside it run as ``make check`` runs them (``--half``). A mutant that survives means that a kind of
failure would go unnoticed. ``--all`` runs all tests of ``make check`` on each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "tools", "docs", "demo", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
COPIED += ("SECURITY.md", "pyproject.toml", "Makefile", "constraints.txt")


@dataclass(frozen=True)
class Mutant:
    """One thing that is broken."""

    what: str
    file: str
    before: str
    """Occurs once in the file."""
    after: str
    tests: str
    """Files and folders of tests, below tests/, that have to notice."""


MUTANTS = (
    Mutant(
        "the coder loses an interval's last point",
        "src/acgz/coding/range_coder.py",
        "    new_low = low + unit * np.uint64(start)\n    span = unit * np.uint64(freq)\n",
        "    new_low = low + unit * np.uint64(start)\n    span = unit * np.uint64(freq) - _32\n",
        "coding/test_range_coder.py",
    ),
    Mutant(
        "the checksum of a text is not compared",
        "src/acgz/container/blocks.py",
        "    if head.text_crc is not None and zlib.crc32(text) != head.text_crc:",
        "    if head.text_crc is not None and zlib.crc32(text) < 0:",
        "container test_codecs.py",
    ),
    Mutant(
        "the SHA-256 of a file is not compared",
        "src/acgz/container/reader.py",
        "        if file.sha256.digest()[: fields.DIGEST_SIZE] != digest:",
        "        if file.sha256.digest()[:0] != digest[:0]:",
        "container",
    ),
    Mutant(
        "a text is cut one byte behind its line end",
        "src/acgz/container/cutting.py",
        '    line = text.rfind(b"\\n" if b"\\n" in text else b"\\r") + 1\n',
        '    line = text.rfind(b"\\n" if b"\\n" in text else b"\\r") + 2\n',
        "container",
    ),
    Mutant(
        "a name that follows from the one before is not found",
        "src/acgz/container/tables.py",
        "        found = _may_follow(cursor, text, name)\n",
        "        found = False\n",
        "container/test_lookup.py container/test_document.py",
    ),
    Mutant(
        "messages show passwords and signatures",
        "src/acgz/cli/messages.py",
        "    return _CONTROLS.sub(_escape, masked(text))\n",
        "    return _CONTROLS.sub(_escape, text)\n",
        "remote/test_http.py",
    ),
    Mutant(
        "an upload is not thrown away after an error",
        "src/acgz/remote/writing.py",
        "        file.discard()\n",
        "        file.close()\n",
        "remote/test_s3.py",
    ),
    Mutant(
        "an input that changes while it is read is compressed",
        "src/acgz/remote/reading.py",
        '        if any(facts.get(key) != self._facts.get(key) for key in ("size", *_MARKS)):\n',
        "        if any(facts.get(key) != self._facts.get(key) for key in ()):\n",
        "remote/test_http.py",
    ),
    Mutant(
        "letters of regions come in the order of their blocks",
        "src/acgz/gathering.py",
        "                if part == due:\n",
        "                if part >= due:\n",
        "cli/test_extract.py",
    ),
    Mutant(
        "the other strand is read in the direction of the first",
        "src/acgz/complement.py",
        "    return complement(letters, rna=rna)[::-1]\n",
        "    return complement(letters, rna=rna)\n",
        "cli/test_extract.py",
    ),
    Mutant(
        "blocks come in the order in which they are started last",
        "src/acgz/scheduling.py",
        "            self._running.append(one)\n",
        "            self._running.appendleft(one)\n",
        "test_scheduling.py",
    ),
    Mutant(
        "blocks side by side do not share their memory",
        "src/acgz/crew.py",
        "            and self._memory() + need.memory <= self.memory\n",
        "            and self._memory() >= 0\n",
        "test_scheduling.py",
    ),
    Mutant(
        "nobody hears that the work is not wanted any more",
        "src/acgz/crew.py",
        "                one.progress.stop()\n",
        "                pass\n",
        "test_scheduling.py",
    ),
    Mutant(
        "a setting is not stored",
        "src/acgz/nets/deepzip/settings.py",
        "least=1, most=1024, stored=ALWAYS)\n    m: ",
        "least=1, most=1024)\n    m: ",
        "test_codecs.py nets/deepzip",
    ),
    Mutant(
        "a block takes the pieces of a dictionary that it leaves out",
        "src/acgz/engine/dictionary.py",
        "    spans = zip(ends[::2], ends[1::2], strict=False)\n",
        "    spans = zip(ends[1::2], ends[2::2], strict=False)\n",
        "engine/test_dictionary.py",
    ),
    Mutant(
        "a column is not turned for the other strand",
        "src/acgz/engine/columns.py",
        "    if step < 0:",
        "    if step < -1:",
        "engine/test_columns.py",
    ),
    Mutant(
        "what a column had once is forgotten",
        "src/acgz/engine/columns.py",
        "((counts >> 1) & 0x7777) + (counts & 0x1111) - (1 << shift)",
        "((counts >> 1) & 0x7777)",
        "engine/test_columns.py",
    ),
    Mutant(
        "residues that are left to the experts do not count",
        "src/acgz/engine/stretches.py",
        "    if s.apart[0] >= 0:",
        "    if s.apart[0] >= CLASSES:",
        "engine/test_stretches.py",
    ),
    Mutant(
        "what nobody speaks against is as risky as what somebody does",
        "src/acgz/engine/stretches.py",
        "    s.kind[0] = s.apart[0]\n",
        "",
        "engine/test_stretches.py",
    ),
    Mutant(
        "what was expected is learned in steps of the same size",
        "src/acgz/engine/engine.py",
        "_SELDOM = np.float32(SELDOM)",
        "_SELDOM = np.float32(1)",
        "engine/test_document.py",
    ),
    Mutant(
        "what may rest does not look at the column",
        "src/acgz/engine/presets.py",
        "AT_ONCE, DEEP = 3, 8",
        "AT_ONCE, DEEP = 3, 0",
        "engine/test_document.py",
    ),
    Mutant(
        "lanes learn from each other when it suits the threads",
        "src/acgz/engine/lanes.py",
        "        for done in range(0, lanes[0].last - before, EPOCH):",
        "        for done in range(0, lanes[0].last - before, EPOCH * threads):",
        "engine/test_lanes.py",
    ),
    Mutant(
        "what a network learns takes effect when it suits the threads",
        "src/acgz/engine/adaptation.py",
        "            self._learn(places)\n",
        "            self._learn(places)\n            self._publish()\n",
        "engine/test_adaptation.py",
    ),
    Mutant(
        "kernels are compiled with fast mathematics",
        "src/acgz/kernel.py",
        "fastmath=False",
        "fastmath=True",
        "test_golden.py engine test_exactness.py",
    ),
    Mutant(
        "a damaged archive has the exit code of a wrong command line",
        "src/acgz/errors.py",
        "    exit_code = 6",
        "    exit_code = 2",
        "cli",
    ),
    Mutant(
        "--rm removes the file before its archive has a name",
        "src/acgz/cli/compress.py",
        "                self.write(out, sources, file, source.size, journal=journal)\n",
        "                self.write(out, sources, file, source.size, journal=journal)\n"
        "                os.path.exists(file) and self.remove and os.unlink(file)\n",
        "cli",
    ),
    Mutant(
        "the memory limit of a block is not kept",
        "src/acgz/codec.py",
        "    if size > job.memory_limit:",
        "    if size > job.memory_limit << 30:",
        "test_codecs.py container",
    ),
    Mutant(
        "the engine does not do what its page says",
        "src/acgz/engine/engine.py",
        "_SCALES = np.float32(0.3)",
        "_SCALES = np.float32(0.31)",
        "engine/test_document.py test_golden.py",
    ),
    Mutant(
        "files of an archive may leave their folder",
        "src/acgz/container/names.py",
        '    if b".." in parts or encoded.startswith(b"/"):',
        '    if encoded.startswith(b"/"):',
        "container cli",
    ),
    Mutant(
        "true counts as a whole number",
        "src/acgz/settings.py",
        "        if kind is bool:\n            return bool(value)\n",
        "        if kind in (bool, int):\n            return kind(value)\n",
        "test_settings.py",
    ),
    Mutant(
        "a mode has the settings of another",
        "src/acgz/modes.py",
        '        settings={"level": "mini"},',
        '        settings={"level": "plus"},',
        "test_modes.py",
    ),
    Mutant(
        "what is planted in the place of a file in a folder is read",
        "src/acgz/cli/inputs.py",
        "            if (status.st_dev, status.st_ino) != inode or ",
        "            if ",
        "cli/test_folders.py",
    ),
    Mutant(
        "a private folder makes a public archive",
        "src/acgz/cli/together.py",
        "Rights.common([*rights, *self.rights])",
        "Rights.common(rights)",
        "cli/test_folders.py",
    ),
    Mutant(
        "what another process has added to an archive is lost",
        "src/acgz/cli/together.py",
        '            check_unchanged(path, opened.identity, "nothing is added to it")\n',
        "",
        "cli/test_append.py",
    ),
    Mutant(
        "a chosen file need not have its SHA-256",
        "src/acgz/container/choosing.py",
        "        if self.sha256.digest()[:DIGEST_SIZE] != digest:",
        "        if self.sha256.digest()[:0] != digest[:0]:",
        "cli/test_choosing.py",
    ),
    Mutant(
        "geneformer asks a network that knows nothing",
        "src/acgz/nets/geneformer/codec.py",
        "return len(payload) + _NAMED < len(two_bits)",
        "return len(payload) >= 0",
        "nets/geneformer/test_trust.py",
    ),
    Mutant(
        "a network that is wrong stays trusted",
        "src/acgz/nets/geneformer/predictor.py",
        "self._trust.learn(self._said, bases)",
        "pass",
        "nets/geneformer/test_trust.py",
    ),
    Mutant(
        "an empty file at the end of an archive is lost",
        "src/acgz/container/writer.py",
        "if start[0] < len(text) or whole]",
        "if start[0] < len(text) or not text]",
        "container/test_roundtrip.py",
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="all tests of `make check` on each")
    parser.add_argument("--only", default="", help="mutants whose description has this in it")
    args = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if args.only in mutant.what]
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="acgz-mutant-") as name:
        folder = _copy(Path(name))
        for mutant in chosen:
            start = time.monotonic()
            caught = _caught(mutant, folder, everything=args.all)
            if caught and not _passes(caught):
                raise SystemExit(f"{caught} fails without the mutant, too")
            survivors += not caught
            verdict = "caught  " if caught else "SURVIVES"
            print(
                f"{verdict} {mutant.what}: {caught} ({time.monotonic() - start:.0f} s)", flush=True
            )
    print(f"{len(chosen)} mutants, {survivors} survived")
    return 1 if survivors else 0


def changed(mutant: Mutant, text: str) -> str:
    """The text of the mutant's file, broken; ValueError if it is not what the mutant knows."""
    if text.count(mutant.before) != 1 or mutant.before == mutant.after:
        raise ValueError(f"{mutant.file} does not have once: {mutant.before!r}")
    return text.replace(mutant.before, mutant.after)


def _copy(folder: Path) -> Path:
    """The checkout in ``folder``: one for all mutants, so that kernels are compiled once."""
    compiled = shutil.ignore_patterns("__pycache__")
    for part in COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=compiled)
        elif (ROOT / part).exists():
            shutil.copy2(ROOT / part, folder / part)
    return folder


def _caught(mutant: Mutant, folder: Path, *, everything: bool) -> str:
    """The test that notices the mutant in a copy of the checkout; "" if none does."""
    path = folder / mutant.file
    before = path.read_text()
    path.write_text(changed(mutant, before))
    tests = ["tests"] if everything else [f"tests/{test}" for test in mutant.tests.split()]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "--half", *tests],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(folder / "src"),
                "ACGZ_SHARED": os.environ.get("ACGZ_SHARED", str(ROOT.parent / "shared")),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(before)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{mutant.what}: the tests did not run\n{done.stdout[-3000:]}")
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 1 and not failed:
        raise SystemExit(f"{mutant.what}: no test has failed\n{done.stdout[-3000:]}")
    return failed[0].partition(" ")[2].partition(" - ")[0] if failed else ""


def _passes(test: str) -> bool:
    """Does it pass in the sources as they are?"""
    run = [sys.executable, "-m", "pytest", "-q", test]
    return subprocess.run(run, cwd=ROOT, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())

"""Changed pieces of real files, there and back: ``make soak COUNT=1000``.

Pieces of FASTA, reads and other files are cut anywhere and changed as careless tools do: bytes,
line ends, case, N. Every one is compressed in a mode and with blocks of a size that are drawn, and
has to come back; its records have to be those of the archive in one block, and a slice of a record
has to be that slice of all its letters. The modes are those without a network or, with
``--networks``, those with one: tiny networks, shorter pieces, and PyTorch out of reach.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import acgz
from acgz.modes import MODES
from mutation import changed_bytes

QUICK = [mode.name for mode in MODES.values() if not mode.needs_model and not mode.fits]
BLOCKS = (17, 500, 3000, 1 << 20)
LONGEST_WITH_NETWORK = 1500
"""Bytes of a piece."""
MOST = 1 << 20
"""Bytes of a file that pieces are taken from."""


def originals() -> list[bytes]:
    """Beginnings of the files of the shared data, or the genome of the demo alone."""
    shared = Path(os.environ.get("ACGZ_SHARED", ROOT.parent / "shared"))
    files = sorted(path for path in shared.glob("*/**/*") if path.is_file())
    texts = []
    for path in files or [ROOT / "demo" / "phage_lambda.fa"]:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            texts.append(stream.read(MOST))
    return texts


def piece(text: bytes, choose: random.Random) -> bytes:
    """Some of a file, changed."""
    start = choose.randint(0, len(text))
    if choose.random() < 0.6:
        start = text.rfind(b"\n", 0, start) + 1
    part = text[start : start + choose.choice((0, 1, 100, 1000, 4000, 8000))]
    for _ in range(choose.choice((0, 1, 2))):
        at = choose.randint(0, len(part))
        stretch = part[at : at + choose.choice((1, 60, 1000))]
        stretch = choose.choice(
            (
                stretch.lower(),
                stretch.replace(b"\n", b"\r\n"),
                stretch.replace(b"\n", b"\r"),
                stretch.replace(b"\n", b""),
                b"N" * len(stretch),
                stretch[::-1],
                stretch * 2,
            )
        )
        part = part[:at] + stretch + part[at + len(stretch) :]
    return changed_bytes(part, choose) if choose.random() < 0.7 else part


def fault(
    text: bytes,
    mode: str,
    block: int,
    choose: random.Random,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """What is wrong with the archive of a text; "" if nothing is."""
    threads = choose.choice((1, 2))
    archive = acgz.compress(text, mode, block=block, threads=threads, **(settings or {}))
    if acgz.decompress(archive) != text:
        return "other bytes come back"
    whole = acgz.open(io.BytesIO(acgz.compress(text, "twobit")))
    parts = acgz.open(io.BytesIO(archive))
    rows = [[(one.name, one.length) for one in opened] for opened in (whole, parts)]
    if rows[0] != rows[1]:
        return "the records depend on the block"
    if rows[0]:
        number = choose.randrange(len(rows[0]))
        start, stop = sorted(choose.randint(0, rows[0][number][1]) for _ in "12")
        if parts[number][start:stop] != str(whole[number])[start:stop]:
            return f"record {number} has other letters from {start} to {stop}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--networks", action="store_true", help="modes with a network")
    args = parser.parse_args()
    texts = originals()
    with tempfile.TemporaryDirectory(prefix="acgz-soak-") as folder:
        modes = tiny_networks(Path(folder)) if args.networks else {name: {} for name in QUICK}
        return soak(range(args.seed, args.seed + args.count), texts, modes, args.networks)


def tiny_networks(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Every mode with a network that needs no PyTorch, and settings that make it quick; networks
    that are not trained on the input, which are written to ``folder``."""
    import fuzz_targets
    from codec_checks import quick_settings

    sys.modules["torch"] = None  # type: ignore[assignment]  # importing it fails
    os.environ["ACGZ_MODELS"] = str(folder)
    chosen = [mode for mode in MODES.values() if mode.name not in QUICK]
    chosen = [mode for mode in chosen if "PyTorch" not in mode.summary]
    return {mode.name: quick_settings(mode, folder, fuzz_targets.NoPatch()) for mode in chosen}


def soak(
    numbers: range,
    texts: list[bytes],
    modes: Mapping[str, Mapping[str, Any]],
    networks: bool,
) -> int:
    """A piece for every number, which is the seed of all that is drawn; the exit code."""
    tried: Counter[str] = Counter()
    for number in numbers:
        choose = random.Random(number)
        text, mode = piece(choose.choice(texts), choose), choose.choice([*modes])
        block = choose.choice(BLOCKS)
        if networks:
            text, block = text[:LONGEST_WITH_NETWORK], max(block, 100)
        wrong = fault(text, mode, block, choose, modes[mode])
        if wrong:
            print(f"seed {number}, {mode}, blocks of {block}: {wrong}")
            Path(f"soak-{number}.fa").write_bytes(text)
            return 1
        tried[mode] += 1
    print(f"{len(numbers)} pieces of {len(texts)} files came back: {dict(tried)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

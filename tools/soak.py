"""Changed pieces of real files, there and back: ``make soak COUNT=1000``.

Pieces of FASTA, reads and other files are cut anywhere and changed as careless tools do: bytes,
line ends, case, N. Every one is compressed in a mode and with blocks of a size that are drawn, and
has to come back; its records have to be those of the archive in one block, and a slice of a record
has to be that slice of all its letters. The modes are those without a network or, with
``--networks``, those with one: tiny networks, or those of the package, both with shorter pieces
and with PyTorch out of reach; or fitted ones, which PyTorch trains on the piece.
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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import acgz
from acgz.modes import MODES
from mutation import changed_bytes

QUICK = [mode.name for mode in MODES.values() if not mode.needs_model and not mode.fits]
BLOCKS = (17, 500, 3000, 1 << 20)
SIZES = (0, 1, 100, 1000, 4000, 8000)
"""Bytes that a piece has before it is changed."""
MOST = 1 << 20
"""Bytes of a file that pieces are taken from."""


@dataclass(frozen=True)
class Way:
    """A mode, and the settings that it is tried with."""

    mode: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1
    """How often it is drawn, beside the others: less of what takes long."""


@dataclass(frozen=True)
class Course:
    """What pieces go through, and how large they are."""

    ways: Mapping[str, Way]
    """By the names that are shown."""
    sizes: tuple[int, ...] = SIZES
    longest: int = MOST
    """Bytes of a piece after it has been changed."""
    least_block: int = 0
    """Residues: networks take long over many short blocks."""

    def draw(self, choose: random.Random) -> str:
        """The name of a way."""
        return choose.choices([*self.ways], [way.share for way in self.ways.values()])[0]


def originals() -> list[bytes]:
    """Beginnings of the files of the shared data, or the genome of the demo alone."""
    shared = Path(os.environ.get("ACGZ_SHARED", ROOT.parent / "shared"))
    files = sorted(path for path in shared.glob("*/**/*") if path.is_file())
    texts = []
    for path in files or [ROOT / "demo" / "phage_lambda.fa"]:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            texts.append(stream.read(MOST))
    return texts


def piece(text: bytes, choose: random.Random, sizes: tuple[int, ...] = SIZES) -> bytes:
    """Some of a file, changed."""
    start = choose.randint(0, len(text))
    if choose.random() < 0.6:
        start = text.rfind(b"\n", 0, start) + 1
    part = text[start : start + choose.choice(sizes)]
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


def fault(text: bytes, archive: bytes, choose: random.Random) -> str:
    """What is wrong with the archive of a text; "" if nothing is."""
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
    parser.add_argument("--networks", choices=NETWORKS, help="modes with a network")
    parser.add_argument("--modes", nargs="+", help="only these")
    args = parser.parse_args()
    if args.networks != "fitted":
        sys.modules["torch"] = None  # type: ignore[assignment]  # importing it fails
    with tempfile.TemporaryDirectory(prefix="acgz-soak-") as folder:
        course = (
            NETWORKS[args.networks](Path(folder))
            if args.networks
            else Course({name: Way(name) for name in QUICK})
        )
        if args.modes:
            missing = {*args.modes} - {way.mode for way in course.ways.values()}
            if missing:
                parser.error(f"no way through {', '.join(sorted(missing))} here")
            ways = {name: way for name, way in course.ways.items() if way.mode in args.modes}
            course = replace(course, ways=ways)
        return soak(range(args.seed, args.seed + args.count), originals(), course)


def tiny_networks(folder: Path, pytorch: bool = False) -> Course:
    """Every mode with a network, and settings that make it quick; networks that are not trained on
    the input, which are written to ``folder``. ``pytorch``: modes that need it, too."""
    import fuzz_targets
    from codec_checks import quick_settings

    os.environ["ACGZ_MODELS"] = str(folder)
    chosen = [mode for mode in MODES.values() if mode.name not in QUICK]
    chosen = [mode for mode in chosen if pytorch or "PyTorch" not in mode.summary]
    ways = {
        mode.name: Way(mode.name, quick_settings(mode, folder, fuzz_targets.NoPatch()))
        for mode in chosen
    }
    return Course(ways, longest=1500, least_block=100)


def networks_of_the_package(folder: Path) -> Course:
    """Every network that comes with acgz, as users meet it. Those of GeneFormer take part even
    where they know so little that two bits a base are smaller."""
    from acgz.nets.geneformer import codec as geneformer

    geneformer.is_smaller = lambda *payloads: True
    ways = {name: Way(name) for name in ("deepgeco-mini", "deepgeco-plus", "seqcoder")}
    ways |= {
        f"{name} --model {network}": Way(name, {"model": network, **settings})
        for network in ("human", "fish", "hybrid")
        for name, settings in (("geneformer", {}), ("geneformer-grouped", {"group": 256}))
    }
    names = (
        "seqcoder-twobit",
        *(f"deepzip-{cell}-{n}" for cell in ("lstm", "gru") for n in (32, 64)),
    )
    ways |= {name: Way(name) for name in names}
    return Course(ways, sizes=(300, 1000, 3000), longest=3000, least_block=500)


def fitted_networks(folder: Path) -> Course:
    """Networks that are trained on every piece. That of DeepGeCo is the package's; each of its
    parts is trained for 200 steps or more, however short the piece is."""
    ways = {"deepgeco-ultra": Way("deepgeco-ultra", share=0.3)}
    ways |= {
        f"deepzip-{cell}-32 --fit": Way(f"deepzip-{cell}-32", {"fit": True, "epochs": 2})
        for cell in ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
    }
    return Course(ways, sizes=(300, 1000, 3000), longest=3000, least_block=3000)


NETWORKS: Mapping[str, Callable[[Path], Course]] = {
    "tiny": tiny_networks,
    "shipped": networks_of_the_package,
    "fitted": fitted_networks,
}
"""Each writes models, if it makes any, to a folder."""


def soak(numbers: range, texts: list[bytes], course: Course) -> int:
    """A piece for every number, which is the seed of all that is drawn; the exit code."""
    tried: Counter[str] = Counter()
    learned = 0
    for number in numbers:
        choose = random.Random(number)
        text = piece(choose.choice(texts), choose, course.sizes)[: course.longest]
        name = course.draw(choose)
        block = max(choose.choice(BLOCKS), course.least_block)
        way, threads = course.ways[name], choose.choice((1, 2))
        what = f"seed {number}, {name}, blocks of {block}"
        try:
            archive = acgz.compress(text, way.mode, block=block, threads=threads, **way.settings)
            wrong = fault(text, archive, choose)
        except Exception as error:
            error.add_note(what)
            raise
        if wrong:
            print(f"{what}: {wrong}")
            Path(f"soak-{number}.fa").write_bytes(text)
            return 1
        tried[name] += 1
        learned += bool(acgz.open(io.BytesIO(archive)).info.models)
    print(f"{len(numbers)} pieces of {len(texts)} files came back: {dict(tried)}")
    print(f"{learned} of them in archives that need a model")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Makes golden archives: ``python tests/golden/make.py``.

Every later version of acgz must decode them, so they are made once. An archive that is there is
left alone, whatever this version would write; new cases are added. If an archive of a format that
has been released does not decode any more, the decoder is wrong, not the archive.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import acgz
from acgz.modes import MODES
from acgz.nets.deepgeco import settings as deepgeco_settings

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.json"


def genome(length: int) -> bytes:
    """Two records, with a repeat, an inverted repeat, soft mask, N and IUPAC letters."""
    generator = random.Random(20)
    noise = "".join(generator.choices("ACGT", [3, 2, 2, 3], k=length // 2))
    inverted = noise[: length // 5][::-1].translate(str.maketrans("ACGT", "TGCA"))
    repeat = noise[length // 10 : length // 3]
    sequence = noise + "N" * 70 + inverted + "RYK" + repeat.lower()
    lines = [sequence[start : start + 60] for start in range(0, len(sequence), 60)]
    return "\n".join([">chr1 golden", *lines, ">chr2", "ACGTTGCA", ""]).encode()


def untidy() -> bytes:
    """CRLF, blank lines, an empty record, lines of all lengths, blanks, no final line end."""
    generator = random.Random(21)
    lines = []
    for number in range(9):
        lines.append(f">contig{number}\twith  blanks ")
        for _ in range(generator.randrange(5)):
            letters = generator.choices("ACGTacgtnU-", [40] * 4 + [9] * 4 + [2] * 3, k=400)
            lines.append("".join(letters[: generator.randrange(400)]))
    return "\r\n".join(lines).encode()


def words() -> bytes:
    """Nothing but two words of DNA: a network that is told so saves more than telling takes."""
    return b">words\n" + "".join(random.Random(23).choices(["GATTACA", "CCG"], k=4800)).encode()


def phage() -> bytes:
    """A real genome, of which a prior knows something."""
    return (FOLDER.parent.parent / "demo" / "phage_lambda.fa").read_bytes()


def mitochondrion() -> bytes:
    """The first 540 bases of a human one (rCRS), which GeneFormer's networks know."""
    return b""">rCRS 1-540
GATCACAGGTCTATCACCCTATTAACCACTCACGGGAGCTCTCCATGCATTTGGTATTTT
CGTCTGGGGGGTGTGCACGCGATAGCATTGCGAGACGCTGGAGCCGGAGCACCCTATGTC
GCAGTATCTGTCTTTGATTCCTGCCTCATTCTATTATTTATCGCACCTACGTTCAATATT
ACAGGCGAACATACCTACTAAAGTGTGTTAATTAATTAATGCTTGTAGGACATAATAATA
ACAATTGAATGTCTGCACAGCCGCTTTCCACACAGACATCATAACAAAAAATTTCCACCA
AACCCCCCCCTCCCCCCGCTTCTGGCCACAGCACTTAAACACATCTCTGCCAAACCCCAA
AAACAAAGAACCCTAACACCAGCCTAACCAGATTTCAAATTTTATCTTTAGGCGGTATGC
ACTTTTAACAGTCACCCCCCAACTAACACATTATTTTCCCCTCCCACTCCCATACTACTA
ATCTCATCAATACAACCCCCGCCCATCCTACCCAGCACACACACACCGCTGCTAACCCCA
"""


def collection() -> bytes:
    """Enough genomes of one kind, some of the other strand, which differ at the same places."""
    generator = random.Random(24)
    ancestor = generator.choices("ACGT", k=1000)
    sites = {site: generator.choice("ACGT") for site in generator.sample(range(1000), 40)}
    lines = []
    for number in range(1060):
        genome = list(ancestor)
        for site, residue in sites.items():
            if generator.random() < 0.2:
                genome[site] = residue
        text = "".join(genome)
        if number % 10 == 9:
            text = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
        lines += [f">genome{number}", text]
    return "\n".join([*lines, ""]).encode()


TEXTS: dict[str, Callable[[], bytes]] = {
    "genome": lambda: genome(20_000),
    "untidy": untidy,
    "raw": lambda: genome(2000).replace(b"\n", b"")[13:600],
    "protein": lambda: b">P1 golden\nMKVLAAGIVGLCAKAYEQFSDNWHPRT\n" * 20,
    "bytes": lambda: random.Random(22).randbytes(500),
    "empty": lambda: b"",
    "words": words,
    "phage": phage,
    "mitochondrion": mitochondrion,
    "collection": collection,
}

CASES: dict[str, tuple[str, str, dict[str, int | str]]] = {
    f"{mode}-{text}": (mode, text, {})
    for mode in MODES
    for text in ("genome", "untidy", "raw")
    if not MODES[mode].needs_model and not MODES[mode].fits
} | {
    "twobit-genome-blocks": ("twobit", "genome", {"block": 4096}),
    "order0-genome-lanes": ("order0", "genome", {"lanes": 7}),
    "plus-phage": ("plus", "phage", {}),
    "ultra-phage": ("ultra", "phage", {}),
    "plus-genome-blocks": ("plus", "genome", {"block": 8192}),
    "ultra-genome-blocks": ("ultra", "genome", {"block": 8192}),
    "deepgeco-mini-genome": ("deepgeco-mini", "genome", {}),
    "deepgeco-mini-untidy": ("deepgeco-mini", "untidy", {}),
    "deepgeco-plus-genome": ("deepgeco-plus", "genome", {"context": 8, "ts": 50, "least": 0}),
    "deepgeco-plus-raw": ("deepgeco-plus", "raw", {"context": 4}),
    "deepgeco-ultra-words": ("deepgeco-ultra", "words", {"context": 4, "rounds": 20}),
    "plus-genome-lanes": ("plus", "genome", {"lanes": 3}),
    "geneformer-raw": ("geneformer", "raw", {}),
    "geneformer-grouped-untidy": ("geneformer-grouped", "untidy", {"group": 128}),
    "fast-collection": ("fast", "collection", {}),
    "plus-collection": ("plus", "collection", {}),
    # The dictionary knows these.
    "fast-mitochondrion": ("fast", "mitochondrion", {}),
    "plus-mitochondrion": ("plus", "mitochondrion", {}),
    "geneformer-mitochondrion": ("geneformer", "mitochondrion", {}),
    "geneformer-grouped-mitochondrion-hybrid": (
        "geneformer-grouped",
        "mitochondrion",
        {"model": "hybrid", "group": 128},
    ),
    "seqcoder-genome": ("seqcoder", "genome", {}),
    "seqcoder-coded-untidy": ("seqcoder", "untidy", {"residual": "coded"}),
    "seqcoder-twobit-genome": ("seqcoder-twobit", "genome", {}),
    "seqcoder-twobit-coded-raw": ("seqcoder-twobit", "raw", {"residual": "coded"}),
    "deepzip-package-genome": ("deepzip-lstm-32", "genome", {}),
    "deepzip-package-2-untidy": ("deepzip-gru-64", "untidy", {}),
    "deepzip-carried-untidy": ("deepzip-gru-32", "untidy", {"state": "carried", "lanes": 5}),
    "deepzip-fitted-raw": ("deepzip-rnn-32", "raw", {"epochs": 1, "dense": 8}),
    "deepzip-fitted-both-ways-raw": ("deepzip-bigru-32", "raw", {"epochs": 1, "dense": 8, "m": 4}),
    "protein": ("order0", "protein", {}),
    "bytes": ("order0", "bytes", {}),
    "empty": ("order0", "empty", {}),
}
"""Name -> mode, text, settings."""


def main(modes: list[str]) -> None:
    """Add what is missing, of the given modes (default: of all)."""
    deepgeco_settings.SHORTEST_LANE = 16  # many short lanes: the slow networks take few steps
    manifest = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    for name, (mode, text_name, settings) in CASES.items():
        path = FOLDER / f"{name}.acgz"
        if path.exists() or name in manifest or (modes and mode not in modes):
            continue
        text = TEXTS[text_name]()
        archive = acgz.compress(text, mode, **settings)
        path.write_bytes(archive)
        manifest[name] = {
            "mode": mode,
            "settings": settings,
            "size": len(text),
            "sha256": hashlib.sha256(text).hexdigest(),
            "archive_sha256": hashlib.sha256(archive).hexdigest(),
            "made_by": acgz.__version__,
        }
        print(f"{path.name}: {len(text):,} bytes -> {len(archive):,} bytes")
    MANIFEST.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

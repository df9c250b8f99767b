"""Makes the dictionary of the package: python tools/dictionary.py FOLDER OUT

What kinds of genomes there are goes by the beginnings of the names of the files. Two chloroplasts
are left out, to measure with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from acgz.engine import dictionary
from acgz.engine.condensing import condensed
from acgz.layout import split
from acgz.references import text_of

KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "bacteria, archaea and phages": (
        640 << 10,
        (
            *("bact", "MAG", "Enterococcus", "buchnera", "caulo", "chlamyd", "clost", "coverm"),
            *("gtdbtk", "archaea", "mycoplasma", "wiggles", "phage"),
        ),
    ),
    "viruses": (768 << 10, ("virus",)),
    "algae, protists and oomycetes": (640 << 10, ("alga", "protist", "oomycete")),
    "fungi": (1 << 20, ("fungus", "ustilago", "zymoseptoria")),
    "plants": (2 << 20, ("plant",)),
    "insects and worms": (
        1536 << 10,
        ("fly", "insect", "myriapod", "invertebrate", "nematode", "tapeworm"),
    ),
    "birds, fishes and frogs": (1 << 20, ("bird", "chicken", "fish", "amphibian")),
    "mammals": (2560 << 10, ("mammal", "augcgp", "bovid", "cattle")),
    "organelles": (
        4 << 20,
        ("chloroplast", "mito", "chickenMito", "mouseMito", "plant_mt", "fungus_mt", "bovid"),
    ),
    "human": (6 << 20, ("human", "augustus_human")),
}
"""Residues to take, and of which files."""
LEFT_OUT = ("chloroplast_test_NC_020152", "chloroplast_test_NC_020372")


def main(folder: Path, out: Path) -> None:
    parts, contents = [], []
    for name, (size, beginnings) in KINDS.items():
        found = (path for path in folder.iterdir() if path.name.startswith(beginnings))
        paths = sorted(path for path in found if not path.name.startswith(LEFT_OUT))
        genomes = []
        for path in paths:
            with open(path, "rb") as file:
                genomes.append(split(text_of(file)[0]).residues)
        taken = condensed(genomes, size)
        taken = taken[: taken.size // dictionary.PIECE * dictionary.PIECE]
        parts.append(taken)
        contents.append([name, taken.size // dictionary.PIECE])
        print(f"{name}: {taken.size:,} of {sum(one.size for one in genomes):,}", flush=True)
    dictionary.write(out, np.concatenate(parts), contents)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""How each compressor is called: a table, one row per tool.

A tool works in an empty folder that holds nothing but its input, named ``genome``.
Compressing leaves the file ``packed`` there. Decompressing starts in another empty
folder that holds nothing but ``packed``, and leaves the file ``restored``.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from acgz.errors import UsageError

GENOME = "genome"
"""Name of the input in the folder of a run."""


class Form(StrEnum):
    """What a tool can be fed with."""

    FILE = "file"  # any bytes
    FASTA = "fasta"  # records with header lines
    RESIDUES = "residues"  # upper-case A, C, G, T and nothing else, not even a line end


@dataclass(frozen=True)
class Tool:
    """One compressor with fixed settings."""

    name: str
    compress: tuple[str, ...]  # command line, run where the file `genome` is
    decompress: tuple[str, ...]  # command line, run where the file `packed` is
    packed: str  # file that `compress` writes
    restored: str = GENOME  # file that `decompress` writes
    takes: Form = Form.FILE

    def missing(self) -> list[str]:
        """The executables of this tool that are not on PATH."""
        commands = {self.compress[0], self.decompress[0]}
        return sorted(command for command in commands if shutil.which(command) is None)

    def shown(self) -> str:
        """The compressing command line as a person would type it."""
        return " ".join(self.compress).replace(" ".join(_ACGZ), "acgz", 1)


# Strongest setting that people use. One thread where a tool lets us choose, so that
# speeds compare; peers that cannot read a FASTA file get what they can read.
PEERS: tuple[Tool, ...] = (
    Tool("gzip", ("gzip", "-9", GENOME), ("gzip", "-d", "genome.gz"), "genome.gz"),
    Tool("bgzip", ("bgzip", "-l", "9", GENOME), ("bgzip", "-d", "genome.gz"), "genome.gz"),
    Tool("bzip2", ("bzip2", "-9", GENOME), ("bzip2", "-d", "genome.bz2"), "genome.bz2"),
    Tool("xz", ("xz", "-9e", "-T1", GENOME), ("xz", "-d", "genome.xz"), "genome.xz"),
    Tool(
        "zstd",
        ("zstd", "-q", "-19", "--long=27", "-T1", GENOME),
        ("zstd", "-q", "-d", "genome.zst"),
        "genome.zst",
    ),
    Tool(
        "brotli",
        ("brotli", "-q", "11", "-w", "24", "-o", "genome.br", GENOME),
        ("brotli", "-d", "-o", GENOME, "genome.br"),
        "genome.br",
    ),
    Tool(
        "7z",  # PPMd: smaller than 7z's LZMA2 on genomes
        ("7z", "a", "-m0=PPMd", "-mx=9", "-mmt=1", "genome.7z", GENOME),
        ("7z", "x", "genome.7z"),
        "genome.7z",
    ),
    Tool(
        "zpaq",
        ("zpaq", "a", "genome.zpaq", GENOME, "-m5", "-t1"),
        ("zpaq", "x", "genome.zpaq"),
        "genome.zpaq",
    ),
    Tool(
        "ennaf",
        ("ennaf", "--strict", "--temp-dir", ".", "-22", "-o", "genome.naf", GENOME),
        ("unnaf", "-o", GENOME, "genome.naf"),
        "genome.naf",
        takes=Form.FASTA,
    ),
    Tool(
        "MBGC",  # of one file: a collection is what it is made for
        ("mbgc", "c", "-t", "1", "-m", "3", "-i", GENOME, "genome.mbgc"),
        ("mbgc", "d", "-t", "1", "genome.mbgc", "."),
        "genome.mbgc",
        takes=Form.FASTA,
    ),
    Tool(
        "MFCompressC",
        ("MFCompressC", "-3", "-p", "1", "-t", "1", "-o", "genome.mfc", GENOME),
        ("MFCompressD", "-o", GENOME, "genome.mfc"),
        "genome.mfc",
        takes=Form.FASTA,
    ),
    Tool(
        "GeCo2",
        ("GeCo2", "-l", "6", GENOME),
        ("GeDe2", "genome.co"),
        "genome.co",
        "genome.de",
        takes=Form.RESIDUES,
    ),
    Tool(
        "GeCo3",
        ("GeCo3", "-l", "12", "-lr", "0.03", "-hs", "64", GENOME),
        ("GeDe3", "genome.co"),
        "genome.co",
        "genome.de",
        takes=Form.RESIDUES,
    ),
    Tool(
        "JARVIS3",
        ("JARVIS3", "-l", "31", GENOME),
        ("JARVIS3", "-d", "genome.jc"),
        "genome.jc",
        "genome.jc.jd",
        takes=Form.RESIDUES,
    ),
    Tool(
        "cmix",
        ("cmix", "-c", GENOME, "genome.cmix"),
        ("cmix", "-d", "genome.cmix", GENOME),
        "genome.cmix",
        takes=Form.RESIDUES,  # takes anything, but is at its best without line ends
    ),
)

_ACGZ = (sys.executable, "-m", "acgz")


def acgz_mode(mode: str, options: Sequence[str] = (), settings: Sequence[str] = ()) -> Tool:
    """The tool that is acgz in ``mode``, as a command of its own: its start-up counts too.

    ``options`` are further options for compressing *and* decompressing, such as ``-T 2``,
    ``settings`` for compressing alone, such as ``--sk 1,1``.
    """
    compress = (*_ACGZ, "compress", "-q", "-m", mode, *settings, *options)
    return Tool(
        " ".join(["acgz", mode, *settings]),
        (*compress, "-o", "genome.acgz", GENOME),
        (*_ACGZ, "decompress", "-q", *options, "-o", GENOME, "genome.acgz"),
        "genome.acgz",
    )


def find_peers(names: Sequence[str]) -> list[Tool]:
    """The peers of these names, in the order of the table; UsageError for an unknown one.

    >>> [peer.name for peer in find_peers(["xz", "gzip"])]
    ['gzip', 'xz']
    """
    known = [peer.name for peer in PEERS]
    for name in names:
        if name not in known:
            raise UsageError(f"no peer named {name!r}; known are {', '.join(known)}")
    return [peer for peer in PEERS if peer.name in names]

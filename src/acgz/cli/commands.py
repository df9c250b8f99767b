"""The table of commands: what each is for, where it is declared, and three examples of its use."""

from __future__ import annotations

from typing import NamedTuple

from acgz import nets


class Command(NamedTuple):
    """A row of the table."""

    summary: str
    declaration: str
    """The function that gives a parser its description, options and ``main``: module:name."""
    examples: tuple[str, ...]
    """Command lines, each with what it does behind a ``#``. Help begins with them."""


EXAMPLES = (
    "acgz compress genome.fa        # -> genome.fa.acgz; genome.fa stays",
    "acgz decompress genome.fa.acgz # -> genome.fa, byte for byte",
    "acgz extract genome.fa.acgz chr1:1-1000",
)
"""Of acgz as a whole."""

COMMANDS = {
    "compress": Command(
        "compress files",
        "acgz.cli.compress:declare",
        (
            "acgz compress genome.fa                # -> genome.fa.acgz; genome.fa stays",
            "acgz compress -m fast -o all.acgz *.fa # one archive, four times as fast",
            "zcat genome.fa.gz | acgz compress > genome.fa.acgz",
        ),
    ),
    "append": Command(
        "add files to an archive",
        "acgz.cli.append:declare",
        (
            "acgz append strains.acgz new.fa",
            "acgz append strains.acgz folder/             # all that is in it",
            "acgz append --name old.fa old.fa.acgz new.fa # the first file had no name",
        ),
    ),
    "decompress": Command(
        "restore files",
        "acgz.cli.restore:declare_decompress",
        (
            "acgz decompress genome.fa.acgz          # -> genome.fa; the archive stays",
            "acgz decompress strains.acgz '*/COL.fa' # these of its files; -o: below a folder",
            "acgz decompress --keep-going bad.fa.acgz # what is intact of a damaged archive",
        ),
    ),
    "test": Command(
        "check that archives are intact",
        "acgz.cli.restore:declare_test",
        (
            "acgz test genome.fa.acgz               # silent if all is well",
            "acgz test -v *.acgz                    # says so for each",
            "acgz test genome.fa.acgz && rm genome.fa",
        ),
    ),
    "cat": Command(
        "decompress to standard output",
        "acgz.cli.restore:declare_cat",
        (
            "acgz cat genome.fa.acgz | head",
            "acgz cat a.fa.acgz b.fa.acgz > both.fa",
            "acgz cat genome.fa.acgz | gzip > genome.fa.gz",
        ),
    ),
    "profile": Command(
        "bits per base along a genome",
        "acgz.cli.profile:declare",
        (
            "acgz profile genome.fa > genome.bedGraph   # means of 100 bases",
            "acgz profile --plot genome.png genome.fa   # .svg, .pdf or .html as well",
            "acgz profile --strands minimum genome.fa.acgz # every copy of a repeat",
        ),
    ),
    "info": Command(
        "mode, sizes, bits per base",
        "acgz.cli.listing:declare_info",
        (
            "acgz info genome.fa.acgz",
            "acgz info *.acgz",
            "acgz info --json genome.fa.acgz # for programs",
        ),
    ),
    "ls": Command(
        "list the records",
        "acgz.cli.listing:declare_ls",
        (
            "acgz ls genome.fa.acgz         # name, length, block of each record",
            "acgz ls --files strains.acgz   # name, bytes, records of each file",
            "acgz ls --json genome.fa.acgz  # for programs",
        ),
    ),
    "modes": Command(
        "list the modes of compression, or the settings of one",
        "acgz.cli.listing:declare_modes",
        (
            "acgz modes",
            "acgz modes plus    # what can be set, and what the mode sets",
            "acgz modes --json  # for programs",
        ),
    ),
    "extract": Command(
        "records or regions as FASTA",
        "acgz.cli.extract:declare",
        (
            "acgz extract genome.fa.acgz chrM",
            "acgz extract genome.fa.acgz chr1:1-1,000 chr2:500- # both ends belong to it",
            "acgz extract https://host/genome.fa.acgz chr1:101-200 # fetches what it needs",
        ),
    ),
    "train": Command(
        "train a network (needs PyTorch), or make a dictionary",
        "acgz.cli.train:declare",
        (
            "acgz train prior -o fungi.safetensors fungi/*.fa",
            "acgz train dictionary -o fungi.safetensors fungi/*.fa",
            "acgz compress --prior fungi.safetensors yeast.fa",
        ),
    ),
    **{name: Command(*row) for name, row in nets.COMMANDS.items()},
    "bench": Command(
        "compare modes and other compressors on your files",
        "acgz.cli.bench:declare",
        (
            "acgz bench genome.fa",
            "acgz bench --modes plus,fast --peers xz,zstd --report out.html genome.fa",
            "acgz bench --suite start genome.fa # how soon acgz is at work",
        ),
    ),
    "completion": Command(
        "print what completes acgz in a shell",
        "acgz.cli.completion:declare",
        (
            "acgz completion bash > ~/.local/share/bash-completion/completions/acgz",
            "acgz completion zsh > ~/.zfunc/_acgz # with ~/.zfunc in fpath",
            "acgz completion fish > ~/.config/fish/completions/acgz.fish",
        ),
    ),
}
"""Name -> row, in the order of the help."""

"""What hands do that know gzip, xz and zstd: understood where it harms nothing, else answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COMMANDS = {
    "-d": "decompress",
    "--decompress": "decompress",
    "--uncompress": "decompress",
    "-dc": "cat",
    "-cd": "cat",
    "-t": "test",
    "--test": "test",
    "-l": "info",
    "--list": "info",
    "-V": "--version",
    "-c": "compress -c",
    "-z": "compress",
    "--compress": "compress",
}
"""The first word -> what it means. None of these deletes or overwrites anything."""

_LEVEL = re.compile(r"-[0-9]|-1[0-9]|--fast|--best|--ultra")
_ANSWERS = {
    "-d": "to restore files: acgz decompress",
    "--decompress": "to restore files: acgz decompress",
    "-t": "to check archives: acgz test",
    "--test": "to check archives: acgz test",
    "-l": "acgz info says the sizes, acgz ls the records",
    "--list": "acgz info says the sizes, acgz ls the records",
    "-r": "a folder is taken with all that is in it: acgz compress -o ARCHIVE FOLDER",
    "--recursive": "a folder is taken with all that is in it: acgz compress -o ARCHIVE FOLDER",
    "-S": "archives end in .acgz; -o gives another name",
    "-n": "names and times of files are never in an archive of one file",
}


def translated(words: Sequence[str]) -> list[str]:
    """The ``words`` of a command line, with a command where its first word is a habit.

    >>> translated(["-d", "genome.fa.acgz"]), translated(["ls", "-d"])
    (['decompress', 'genome.fa.acgz'], ['ls', '-d'])
    """
    if words and words[0] in _COMMANDS:
        return [*_COMMANDS[words[0]].split(), *words[1:]]
    return list(words)


def answer(word: str) -> str | None:
    """What to type instead of an option that acgz does not have; None if it is no habit.

    >>> answer("-9")
    'there are no levels: -m fast, -m plus (the default) or -m ultra'
    """
    if _LEVEL.fullmatch(word):
        return "there are no levels: -m fast, -m plus (the default) or -m ultra"
    return _ANSWERS.get(word)


def instead_of(word: str) -> str:
    """What to type where the first word is no command."""
    if found := answer(word):
        return f"{word}: {found}"
    if word.startswith("-"):
        return f"{word!r} is unknown here; a command comes first: acgz compress FILE"
    if word.endswith(".acgz"):
        return f"{word!r} is no command; to restore a file: acgz decompress {word}"
    return f"{word!r} is no command; to compress a file: acgz compress FILE"

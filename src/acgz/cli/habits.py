"""What hands do that know gzip, xz and zstd: understood where it harms nothing, else answered."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_LETTERS = {"d": "decompress", "t": "test", "l": "info", "z": "compress"}
"""What stands for a command among the letters behind a dash."""
_WORDS = {
    "--decompress": "d",
    "--uncompress": "d",
    "--test": "t",
    "--list": "l",
    "--compress": "z",
    "--stdout": "c",
    "--to-stdout": "c",
    "--keep": "k",
    "--force": "f",
    "--quiet": "q",
    "--verbose": "v",
}
"""Options spelled out, as letters."""
_STRONGEST = "ltdz"
"""Which of several counts, as for gzip."""
_OWN = {"compress": "z", "decompress": "d", "cat": "dc", "test": "t", "info": "l"}
"""Letters that say once more what the command says."""
_IDLE = {"test": "ckf", "info": "ckfqv"}
"""Letters that mean nothing where nothing is written, or where there is just a list."""
_TAKERS = "omT"
"""Letters whose value follows, in the same word or as the next one."""
_FLAGS = frozenset(
    (
        "--dashboard",
        "--follow",
        "--keep-going",
        "--log-json",
        "--null",
        "--raw",
        "--resume",
        "--rm",
        "--verify",
    )
)
"""Options without a value; others may have one."""

_LEVEL = re.compile(r"-[0-9]e?|-1[0-9]e?|-2[0-2]|--fast(=[0-9]+)?|--best|--ultra|--extreme")
_LEVELS = "there are no levels: -m fast, -m plus (the default) or -m ultra"
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
_ELSEWHERE = {
    "faidx": "extract",
    "getfasta": "extract",
    "view": "extract",
    "zcat": "cat",
    "gzcat": "cat",
    "xzcat": "cat",
    "zstdcat": "cat",
    "gunzip": "decompress",
    "uncompress": "decompress",
    "unxz": "decompress",
    "unzip": "decompress",
    "unzstd": "decompress",
    "unpack": "decompress",
    "restore": "decompress",
    "gzip": "compress",
    "zip": "compress",
    "pack": "compress",
    "create": "compress",
    "add": "append",
    "check": "test",
    "verify": "test",
    "list": "ls",
    "stats": "info",
    "benchmark": "bench",
}
"""What it is called elsewhere -> here."""


class Understood(NamedTuple):
    """The words of a command line as acgz takes them."""

    words: list[str]
    remark: str = ""
    """What to say about them."""


@dataclass
class _Options:
    """What a command line has behind its command, or without one."""

    letters: str = ""
    """Those that stand for commands, and of `_WORDS`."""
    levels: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """All other words, in order."""
    plain: list[str] = field(default_factory=list)
    """Of these, what is no option and no value of one; nothing that is behind ``--``."""

    def words(self, without: str) -> list[str]:
        """Letters and other words, but for some letters."""
        return [*(f"-{one}" for one in self.letters if one not in without), *self.others]


def understood(words: Sequence[str], commands: Collection[str]) -> Understood:
    """A command line that begins with one of the ``commands``, if it can be understood so.

    Options without a command mean what they mean to gzip: to compress, or what one of -d, -t and -l
    says. Nothing is deleted that would not be if the command was there.

    >>> understood(["-dk", "genome.fa.acgz"], ["decompress"]).words
    ['decompress', '-k', 'genome.fa.acgz']
    >>> understood(["ls", "-d"], ["ls"]).words, understood(["help", "ls"], ["ls"]).words
    (['ls', '-d'], ['ls', '--help'])
    """
    if not words or words[0] in ("-h", "--help", "--version"):
        return Understood([*words])
    first, *rest = words
    if first == "help":
        return Understood([*rest, "--help"])
    if first in ("-V", "version"):
        return Understood(["--version"])
    if first in _OWN and first in commands:
        found = _scanned(rest)
        levels = found.levels if first == "compress" else []
        unknown = found.levels if first != "compress" else []
        words = [first, *unknown, *found.words(_OWN[first])]
        return _with_mode(words, levels)
    if not first.startswith("-") or first in ("-", "--"):
        return Understood([*words])
    found = _scanned(words)
    if any(word in commands and not os.path.lexists(word) for word in found.plain[:1]):
        return Understood([*words])  # it is in the wrong place
    meant = [_LETTERS[letter] for letter in _STRONGEST if letter in found.letters]
    command = meant[0] if meant else "compress"
    words = [command, *found.words("".join(_LETTERS) + _IDLE.get(command, ""))]
    return _with_mode(words, found.levels if command == "compress" else [])


def _with_mode(words: list[str], levels: Sequence[str]) -> Understood:
    """The words, and the mode in the place of ``levels``, unless they name one."""
    if not levels or any(re.match(r"-m|--mode(=|$)", word) for word in words):
        return Understood(words)
    mode = "fast" if re.match(r"-[1-3]e?$|--fast", levels[-1]) else "plus"
    mode = "ultra" if "--ultra" in levels else mode
    quiet = "-q" in words or "--log-json" in words
    remark = "" if quiet else f"{levels[-1]} is taken as -m {mode}: {_LEVELS}"
    return Understood([words[0], "-m", mode, *words[1:]], remark)


def _scanned(words: Sequence[str]) -> _Options:
    """Tell options from files, and letters that stand together from each other."""
    found = _Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        value = False  # whether the next word belongs to this one
        if word == "--":
            found.others += [word, *rest]
            break
        if word in _WORDS:
            found.letters += _WORDS[word]
        elif _LEVEL.fullmatch(word) and word != "-0":
            found.levels.append(word)
        elif word == "-" or not word.startswith("-"):
            found.others.append(word)
            found.plain.append(word)
        elif word.startswith("--"):
            found.others.append(word)
            value = "=" not in word and word not in _FLAGS
        else:
            together, other = re.findall(r"-([dtlzckfqv1-9]*)(.*)", word, re.DOTALL)[0]
            found.letters += re.sub("[1-9]", "", together)
            found.levels += [f"-{level}" for level in re.findall("[1-9]+", together)]
            found.others += [f"-{other}"] if other else []
            value = other != "" and other in [*_TAKERS]
        if value and rest and (rest[0][:1] != "-" or _LEVEL.fullmatch(rest[0])):
            found.others.append(rest.pop(0))
    return found


def answer(word: str) -> str | None:
    """What to type instead of an option that acgz does not have; None if it is no habit.

    >>> answer("-9")
    'there are no levels: -m fast, -m plus (the default) or -m ultra'
    """
    return _LEVELS if _LEVEL.fullmatch(word) else _ANSWERS.get(word)


def instead_of(word: str, commands: Collection[str]) -> str:
    """What to type where the first word is no command.

    >>> instead_of("compres", ["compress", "cat"]), instead_of("zcat", ["compress", "cat"])
    ("'compres' is no command: did you mean compress?", "'zcat' is here: acgz cat")
    """
    if word.startswith("-"):
        return f"{word!r} is unknown here; a command comes first: acgz compress FILE"
    if word.endswith(".acgz"):
        return f"{word!r} is no command; to restore a file: acgz decompress {word}"
    if os.path.lexists(word):
        return f"{word!r} is no command; to compress a file: acgz compress {word}"
    if word in _ELSEWHERE:
        return f"{word!r} is here: acgz {_ELSEWHERE[word]}"
    from difflib import get_close_matches

    if near := get_close_matches(word, commands, 1):
        return f"{word!r} is no command: did you mean {near[0]}?"
    return f"{word!r} is no command; to compress a file: acgz compress FILE"

"""The other strand of a nucleic acid, with the letters of IUPAC."""

from __future__ import annotations

from acgz.errors import UsageError

_PAIRS = (b"ACGTURYKMSWBDHVNX", b"TGCAAYRMKSWVHDBNX")
_TABLE = bytes.maketrans(
    _PAIRS[0] + _PAIRS[0].lower(),
    _PAIRS[1] + _PAIRS[1].lower(),
)
_RNA_TABLE = _TABLE[: ord("A")] + b"U" + _TABLE[ord("B") : ord("a")] + b"u" + _TABLE[ord("b") :]
_OTHERS = b"EFIJLOPQZefijlopqz"
"""Letters of amino acids alone."""


def complement(letters: bytes, *, rna: bool = False) -> bytes:
    """The letters that pair with these, in the same order and case; gaps and signs stay.

    ``rna``: A pairs with U. Raises UsageError for letters that only amino acids have.

    >>> complement(b"ACGTRYn-"), complement(b"ACGU", rna=True)
    (b'TGCAYRn-', b'UGCA')
    """
    if len(letters.translate(None, _OTHERS)) < len(letters):
        strange = next(letter for letter in letters if letter in _OTHERS)
        raise UsageError(f"{chr(strange)!r} is no nucleotide, so it has no complement")
    return letters.translate(_RNA_TABLE if rna else _TABLE)


def reverse_complement(letters: bytes, *, rna: bool = False) -> bytes:
    """The other strand, read in its direction.

    >>> reverse_complement(b"AACGn")
    b'nCGTT'
    """
    return complement(letters, rna=rna)[::-1]


def is_rna(letters: bytes) -> bool:
    """True if there is a U and no T.

    >>> is_rna(b"ACGU"), is_rna(b"ACGT"), is_rna(b"ACG")
    (True, False, False)
    """
    return (b"U" in letters or b"u" in letters) and b"T" not in letters and b"t" not in letters

"""What ``samtools faidx`` says of the original text, found without decoding its residues."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from acgz.container.contents import Contents
from acgz.container.records import Dialect
from acgz.errors import InputError


def fai(contents: Contents, file: int = 0) -> Iterator[bytes]:
    """Yield the line of every record of a file: name, letters, the place of the first one in the
    file, letters and bytes of a line.

    Only layouts are decoded, block by block. Raises InputError for a text that has no such index:
    one whose lines have different lengths within a record, but for the last, or that begins without
    a header, and for lines that are no sequence; and what reading a block raises.
    """
    row = contents.index.files[file]
    if row.records and row.dialect is not Dialect.LF:
        raise InputError("faidx needs lines that end with LF")
    record = contents.records_of(file).start
    offset = -1  # of the record that goes on
    widths: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []
    for starts, stops, is_header, is_crlf in _lines(contents, file):
        headers = np.flatnonzero(is_header).tolist()
        for begin, end in zip([-1, *headers], [*headers, starts.size], strict=True):
            if begin >= 0:
                if offset >= 0:
                    yield _row(contents, record, offset, widths, ends)
                    record += 1
                offset, widths, ends = int(stops[begin]), [], []
            if end > begin + 1:
                if offset < 0:
                    raise InputError("faidx has no index for sequence without a header")
                widths.append(stops[begin + 1 : end] - starts[begin + 1 : end])
                ends.append(is_crlf[begin + 1 : end])
    if offset >= 0:
        yield _row(contents, record, offset, widths, ends)


def _row(
    contents: Contents,
    record: int,
    offset: int,
    widths: list[NDArray[np.int64]],
    ends: list[NDArray[np.int64]],
) -> bytes:
    """The line of a record. ``widths``: bytes of its lines; ``ends``: of that, of line ends."""
    name, length = contents.index.name(record), contents.index.length(record)
    width = np.concatenate([*widths, np.zeros(0, np.int64)])
    bases = width - np.concatenate([*ends, np.zeros(0, np.int64)])
    filled = np.flatnonzero(bases)
    width, bases = (column[: filled[-1] + 1 if filled.size else 0] for column in (width, bases))
    if (
        (width[:-1] != width[:1]).any()
        or (bases[:-1] != bases[:1]).any()
        or (bases > bases[:1]).any()
        or int(bases.sum()) != length
    ):
        shown = name.decode("utf-8", "replace")
        raise InputError(f"faidx has no index for {shown!r}: its lines have different lengths")
    first = (int(bases[0]), int(width[0])) if bases.size else (0, 0)
    return b"%s\t%d\t%d\t%d\t%d" % (name, length, offset, *first)


_Some = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]


def _lines(contents: Contents, file: int) -> Iterator[_Some]:
    """Yield the lines of a file, those that end in a block together: where in the file they start
    and stop, whether they are headers, and the bytes of their line ends."""
    within = contents.text_of_file(file)
    start, header = 0, False  # of the line that goes on
    last = b""
    for number in contents.blocks_between(within.start, within.stop):
        place = contents.text_of(number)
        text = contents.outline(number)[: within.stop - place.start]
        begin = max(0, within.start - place.start)
        at = place.start - within.start  # of the block in the file
        letters = np.frombuffer(text, np.uint8)[begin:]
        before = np.concatenate([np.frombuffer(last, np.uint8), letters])[-letters.size - 1 :]
        at += begin
        if at == start:
            header = text[begin : begin + 1] == b">"
        breaks = np.flatnonzero(letters == ord("\n"))
        if breaks.size:
            stops = at + breaks + 1
            starts = np.concatenate([[start], stops[:-1]])
            is_header = np.concatenate([[header], letters[breaks[:-1] + 1] == ord(">")])
            shift = before.size - letters.size
            carriage = before[np.maximum(breaks + shift - 1, 0)] == ord("\r")
            yield starts, stops, is_header, 1 + carriage.astype(np.int64)
            start = int(stops[-1])
            behind = int(breaks[-1]) + 1
            header = behind < letters.size and letters[behind] == ord(">")
        last = text[-1:]
    if start < len(within):  # samtools counts a line end that is not there
        stop = np.array([len(within) + 1])
        yield np.array([start]), stop, np.array([header]), np.ones(1, np.int64)

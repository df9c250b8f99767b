"""What is to be the same with and without a compiler: layouts, texts and refusals."""

from __future__ import annotations

import random
import zlib

import numpy as np
from layout_texts import TEXTS, damaged, join_or_refuse, letters

from acgz.coding.bitstream import BitStream
from acgz.errors import DamagedError
from acgz.layout import split
from acgz.layout.mask import code_mask


def mask_report() -> list[str]:
    """What a mask of words of 3 costs, and what damage makes of it."""
    text = np.frombuffer(letters(400), dtype=np.uint8)
    case = np.array([0, 30, 10, 5, 40, 1, 60, 100], dtype=np.int64)
    stream = BitStream()
    code_mask(stream, text, case, 3)
    coded = stream.finish()
    report = [coded.hex()]
    for data in [coded, *random.Random(6).sample(list(damaged(coded)), 12)]:
        decoded = np.zeros_like(case)
        try:
            code_mask(BitStream(data), text, decoded, 3)
            report.append(str(decoded.tolist()))
        except DamagedError as error:
            report.append(str(error))
    assert report[1] == str(case.tolist())
    return report


def report(amounts: dict[str, int]) -> list[str]:
    """Layouts, and checksums of what becomes of them when they are damaged."""
    lines = mask_report()
    for name, amount in amounts.items():
        parts = split(TEXTS[name])
        lines.append(f"{name}: {parts.layout.hex()}")
        for layout in random.Random(5).sample(list(damaged(parts.layout)), amount):
            text = join_or_refuse(parts.residues, layout, len(TEXTS[name]))
            lines.append("refused" if text is None else str(zlib.crc32(text)))
    return lines

"""docs/layout.md is enough: a decoder written from nothing but the document restores texts.

It is slow and trusts its input, but knows nothing of acgz, not even the primer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import cache

import pytest
from layout_texts import masked_repeats

from acgz.layout import split
from paths import DOCS

DOCUMENT = (DOCS / "layout.md").read_text()
PRIMER = "".join(
    re.findall("^    (.*\n)", DOCUMENT.split("## The primer")[1], re.MULTILINE)
).encode()

MOST = 3071


def bits(n: int) -> int:
    return n.bit_length()


def mix(key: int, p: int) -> int:
    p ^= p >> 20
    key = ((key ^ (p & 0xFFFFFFFF)) * 0x2C1B3C6D + 0x297A2D39) & 0xFFFFFFFF
    return key ^ (key >> 15)


@cache
def squash(s: int) -> int:
    with localcontext() as context:
        context.prec = 40
        value = int(65536 / (1 + (Decimal(-s) / 256).exp()))
    return min(max(value, 1), 65535)


@cache
def stretch(i: int) -> int:
    return next(s for s in range(-MOST, MOST + 1) if squash(s) >= 16 * i + 8)


class Slots:
    """Slots that are fresh until they are used."""

    def __init__(self, limit: int) -> None:
        self.values: dict[int, int] = {}
        self.limit = limit

    def __getitem__(self, place: int) -> int:
        return self.values.get(place, 1 << 31)

    def learn(self, place: int, bit: int) -> None:
        chance, count = self[place] >> 10, self[place] & 1023
        chance += (bit * 2**22 - bit - chance) * (2**17 // (2 * count + 3)) >> 16
        self.values[place] = chance << 10 | min(count + 1, self.limit)


class Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 8
        self.code = int.from_bytes(data[:8].ljust(8, b"\0"), "big")
        self.span = 2**64 - 1

    def bit(self, chance: int) -> int:
        bound = (self.span >> 16) * chance
        bit = int(self.code < bound)
        if not bit:
            self.code -= bound
        self.span = bound if bit else (self.span >> 16) * (65536 - chance)
        if self.span < 2**32:
            more = self.data[self.at : self.at + 4].ljust(4, b"\0")
            self.code = (self.code << 32 | int.from_bytes(more, "big")) % 2**64
            self.span <<= 32
            self.at += 4
        return bit


class Mixer:
    """Mixed bits. Without a decoder, ``known`` says what they are."""

    def __init__(self, contexts: int, weight: int, limit: int) -> None:
        self.weights: dict[int, list[int]] = {}
        self.fresh = [weight] * contexts
        self.slots = Slots(limit)

    def bit(
        self, decoder: Decoder | None, places: list[int], row: int, rate: int, known: int = 0
    ) -> int:
        weights = self.weights.setdefault(row, self.fresh.copy())
        inputs = [stretch(self.slots[place] >> 20) for place in places]
        chance = squash(min(max(sum(map(int.__mul__, inputs, weights)) >> 16, -MOST), MOST))
        bit = known if decoder is None else decoder.bit(chance)
        error = (bit * 65536 - chance) * rate
        for k, value in enumerate(inputs):
            weights[k] += value * error + 2**19 >> 20
        for place in places:
            self.slots.learn(place, bit)
        return bit


def size(v: int) -> int:
    d = max(bits(v) - 2, 0)
    return 2 * d + (v >> d)


def numbers(
    decoder: Decoder, count: int, columns: int, breaks: tuple[int, ...] = (), symbols: bool = False
) -> list[int]:
    mixer = Mixer(9, 12000, 1023)
    mask = 2 ** min(max(bits(count) + 6, 10), 22) - 1
    table: list[int] = []
    position = 0
    for i in range(count):
        c = i % columns
        above = table[i - columns] if i >= columns else 0
        higher = table[i - 2 * columns] if i >= 2 * columns else 0
        before = table[i - 1] if i else 0
        place = position - max((b for b in breaks if b <= position), default=0)
        m = mix(0, c)
        keys = [
            m,
            mix(m + 1, size(above)),
            mix(m + 2, size(before)),
            mix(m + 3, size(before) * 128 + size(above)),
            mix(m + 4, before),
            mix(mix(m + 5, above), higher),
            mix(mix(mix(m + 6, above), before), higher),
            mix(m + 7, place),
            mix(mix(m + 8, place), before),
        ]
        rate = 12 + 12800 // (64 + i // columns)

        def bit(node: int, row: int, keys: list[int] = keys, rate: int = rate) -> int:
            return mixer.bit(decoder, [mix(key, node) & mask for key in keys], row, rate)

        digits = 0
        while bit(digits, 80 * c + digits):
            digits += 1
        value = 1
        for behind in range(digits - 1, -1, -1):
            value = 2 * value + bit((behind + 2) * 4096 + value, 80 * c + 40 + behind + 1)
        table.append(value - 1)
        position += table[-1] if not (symbols and c == 1) else 0
    return table


def wordy(byte: int) -> bool:
    return byte >= 128 or bytes([byte]).isalnum()


def other_number(line: bytes, old: bytes, kind: int) -> bytes:
    """The guess of the line after ``line``."""
    older = [int(number) for number in re.findall(rb"\d{1,15}", old)]
    guess = b""
    for part in re.findall(rb"\d{1,15}|\D", line):
        if len(guess) >= 4076:
            break
        if not part.isdigit():
            guess += part
            continue
        number = int(part)
        if older and (before := older.pop(0)) != number:
            number = max(number + (1 if kind == 0 else number - before), 0)
        guess += b"%0*d" % (len(part), number)
    return guess


class Guess:
    def __init__(self, line: bytes = b"") -> None:
        self.line, self.at, self.right = line, 0, 0

    @property
    def next(self) -> int:
        return self.line[self.at] if self.at < len(self.line) else 0

    def follow(self, byte: int) -> None:
        if self.at >= len(self.line):
            self.right = 0
        elif self.next == byte:
            self.right += 1
            self.at += 1
        else:
            self.right = 0
            if not wordy(byte):
                self.at = self.line.find(byte, self.at) + 1 or self.at
            elif wordy(self.next):
                self.at += 1


def text_lines(decoder: Decoder, count: int) -> list[bytes]:
    mask = 2 ** (18 + numbers(decoder, 1, 1)[0]) - 16
    mixer = Mixer(12, 10000, 255)
    history = b""
    lines: list[bytes] = []
    guesses = [Guess(), Guess()]
    word = word_before = field = field_place = pointer = matched = 0
    recent: dict[int, int] = {}
    line_start = 0
    while len(history) < len(PRIMER) or history.count(b"\n", len(PRIMER)) < count:
        last = [int.from_bytes(history[-n:], "big") for n in range(7)]
        right = [min(guess.right, 15) for guess in guesses]
        follows = [guess.next for guess in guesses]
        length = min(matched, 15)
        keys = [
            mix(1, last[1]),
            mix(2, last[2]),
            mix(3, last[3]),
            mix(4, last[4]),
            mix(mix(5, last[3]), last[6] >> 24),
            mix(mix(6, word), last[1]),
            mix(mix(7, word), word_before),
            mix(mix(8, field), field_place * 256 + follows[0]),
            mix(9, (follows[0] * 16 + right[0]) * 256 + last[1]),
            mix(10, (follows[1] * 256 + follows[0]) * 16 + right[1]),
            mix(mix(11, field), last[2]),
            mix(12, (history[pointer] if pointer else 0) * 16 + length),
        ]
        row = 8 * (4 * min(right[0], 3) + min(right[1], 3)) + min((length + 1) // 2, 7)
        learning = len(history) < len(PRIMER)
        value = 1
        for number in range(7, -1, -1):
            if number in (7, 3):
                bases = [mix(key, value) & mask for key in keys]
                node = 1
            known = PRIMER[len(history)] >> number & 1 if learning else 0
            places = [base + node for base in bases]
            bit = mixer.bit(None if learning else decoder, places, 8 * row + number, 70, known)
            value, node = 2 * value + bit, 2 * node + bit
        byte = value - 256
        history += bytes([byte])
        if byte == 10:
            lines.append(history[line_start:-1])
            line_start = len(history)
            old = lines[-2] if len(lines) > 1 else b""
            guesses = [Guess(other_number(lines[-1], old, kind)) for kind in (0, 1)]
            word = word_before = field = field_place = 0
        else:
            for guess in guesses:
                guess.follow(byte)
            if wordy(byte):
                word = mix(word, byte + 1)
                field_place += 1
            else:
                word_before = word or word_before
                word = field_place = 0
                field += 1
        if pointer and history[pointer] == byte:
            pointer, matched = pointer + 1, matched + 1
        else:
            pointer = matched = 0
        if len(history) >= 5:
            key = 0
            for previous in history[:-6:-1]:
                key = mix(key, previous)
            if not pointer:
                pointer = recent.get(key >> 16, 0)
            recent[key >> 16] = len(history)
    return lines[PRIMER.count(b"\n") :]


def scores(text: bytes, k: int) -> tuple[list[int], list[int]]:
    words: list[int | None] = []
    for x in range(len(text)):
        word = text[x : x + k]
        if len(word) < k or word.strip(b"ACGTU"):
            words.append(None)
            continue
        residues = [b"ACGTU".index(base) % 5 if base != 85 else 3 for base in word]
        forward = sum(value << 2 * (k - 1 - i) for i, value in enumerate(residues))
        inverse = sum((3 - value) << 2 * i for i, value in enumerate(residues))
        words.append(min(forward, inverse))
    occurrences: dict[int | None, int] = {}
    for key in words:
        occurrences[key] = occurrences.get(key, 0) + 1
    logs, sums = [], []
    for x in range(len(text)):
        window = words[x : x + 5]
        counts = [min(occurrences[key], 255) for key in window]
        complete = len(window) == 5 and None not in window
        logs.append(sum(bits(count**16) - 1 for count in counts) // 4 if complete else 0)
        sums.append(sum(min(count, 24) for count in counts) if complete else 0)
    return logs, sums


def soft_mask(decoder: Decoder, text: bytes, k: int, amount: int) -> list[int]:
    logs, sums = scores(text, k)
    gates = Slots(1023)
    mixer = Mixer(8, 18000, 1023)
    case: list[int] = []
    run = run_before = 0

    def top(f: list[int], a: int, b: int) -> int:
        return max(f[max(a, 0) : max(b, 0)], default=0)

    for x, letter in enumerate(text):
        if not 65 <= letter <= 90:
            run += 1
            continue
        log, few, lower = logs[x], sums[x], len(case) % 2
        gate = 256 + min(run, 255) if lower else log
        if gates[gate] >> 10 < 4096 and gates[gate] & 1023 >= 255:
            bit = decoder.bit(max(gates[gate] >> 16, 1))
        else:
            half = log >> 1
            lengths = 32 * min(bits(run), 15) + bits(run_before)
            soon = top(logs, x + 1, x + 17) >> 1
            if lower:
                reach = k + 4
                full = int(run >= reach)
                gone = max(x - reach, 0)
                over, many = top(logs, x - reach + 1, x + 1), top(sums, x - reach + 1, x + 1)
                ended, oldest = logs[gone] >> 1, logs[min(gone + 1, len(logs) - 1)] >> 1
                row = 16 + min(run, 63)
                keys = [
                    mix(9, 64 * over + min(run, 63)),
                    mix(10, 64 * many + min(run, reach)),
                    mix(11, 2 * (128 * (over >> 1) + half) + full),
                    mix(12, min(run, 4095)),
                    mix(13, 1024 * (over >> 1) + lengths),
                    mix(14, 2 * (128 * many + sums[gone]) + full),
                    mix(15, 2 * (128 * (over >> 1) + soon) + full),
                    mix(16, 64 * (128 * oldest + ended) + min(run, 63)),
                ]
            else:
                near = top(logs, x + 1, x + 5) >> 1
                log_before, sum_before = (logs[x - 1], sums[x - 1]) if x else (0, 0)
                row = min(bits(run), 15)
                keys = [
                    mix(1, log),
                    mix(2, 4 * few + min(run, 3)),
                    mix(3, 128 * half + near),
                    mix(4, 128 * half + soon),
                    mix(5, 1024 * half + lengths),
                    mix(6, 128 * (128 * half + near) + (log_before >> 1)),
                    mix(7, 128 * few + half),
                    mix(8, 128 * few + sum_before),
                ]
            bit = mixer.bit(decoder, [mix(key, 0) & 2**22 - 1 for key in keys], row, 16)
        gates.learn(gate, bit)
        if bit:
            case.append(run)
            run_before, run = run, 0
        run += 1
    assert len(case) == amount
    return case


def by_runs(
    text: bytearray, lengths: list[int], counted: bytes, change: Callable[[int], int]
) -> None:
    """Change the bytes of the second, fourth … run; of bytes that are ``counted``, if any are."""
    run, left = 0, lengths[0] if lengths else math.inf
    for at, byte in enumerate(text):
        if counted and byte not in counted:
            continue
        while left == 0:
            run += 1
            left = lengths[run] if run < len(lengths) else math.inf
        left -= 1
        if run % 2:
            text[at] = change(byte)


def decode(residues: list[int], layout: bytes) -> bytes:
    assert layout[0] == 1
    decoder = Decoder(layout[1:])
    lines, unterminated, *sizes, k = numbers(decoder, 8, 8)
    headers = text_lines(decoder, lines) if lines else []
    ends = numbers(decoder, sizes[0], 2)
    groups = numbers(decoder, 3 * lines + 3, 3)
    uneven = iter(numbers(decoder, sizes[1], 2))
    breaks = tuple(sum(groups[0 : 3 * n : 3]) for n in range(1, lines + 1))
    others = numbers(decoder, sizes[2], 3, breaks, symbols=True)
    uracil = numbers(decoder, sizes[3], 2)

    letters = iter(residues)
    symbols = bytearray()
    for gap, symbol, length in zip(others[0::3], others[1::3], others[2::3], strict=True):
        symbols += bytes(b"ACGT"[next(letters)] for _ in range(gap)) + bytes([symbol]) * length
    symbols += bytes(b"ACGT"[residue] for residue in letters)
    by_runs(symbols, uracil, b"ACGT", lambda byte: byte + (byte == ord("T")))
    if k:
        case = soft_mask(decoder, bytes(symbols), k, sizes[4])
    else:
        case = numbers(decoder, sizes[4], 2, breaks)
    by_runs(symbols, case, b"", lambda byte: byte | 32 if 65 <= byte <= 90 else byte)

    groups[-3] = len(symbols) - sum(groups[0:-3:3])
    found: list[bytes] = []
    width = len(symbols) + 1
    taken = 0
    for number in range(lines + 1):
        count, wrap, blanks = groups[3 * number : 3 * number + 3]
        if number:
            found.append(headers[number - 1])
        if wrap >= 2:
            width = wrap - 2 or len(symbols) + 1
        stop = taken + count
        while taken < stop:
            length, repeats = (next(uneven), next(uneven)) if wrap == 1 else (width, 1)
            for _ in range(repeats):
                found.append(bytes(symbols[taken : min(taken + length, stop)]))
                taken += len(found[-1])
        found += [b""] * blanks
    kinds = [kind for kind, much in zip(ends[0::2], ends[1::2], strict=False) for _ in range(much)]
    kinds += [ends[-1] if ends else 0] * (len(found) - len(kinds))
    text = b""
    for line, kind in zip(found, kinds, strict=True):
        text += line + (end := (b"\n", b"\r\n", b"\r")[kind])
    return text[: -len(end)] if unterminated else text


TEXTS = {
    "the example": b">a\nACGT\nNAc\n",
    "two records": b">chr1 10\nACGTTGCA\nNNGTacgt\nAC\n\n>chr2 20\nACGTT\nGCATG\nCA",
    "no header": b"ACGATTAGCATCACTACTATTATATTACTGCA\n" * 2,
    "uneven": b"ACGATCATCACTATT\nACT\n\n\nAGCTTACGT\nTTTACGACT\nA\n>x\n\nACGATTCGAT\n;\nGC\n\n",
    "RNA of a Mac": b">r|001\rACGUUGCATGACCUAuuGACuaACNNNUUGU\r>r|003\rTTACGATTnACUUG\r>r|0",
    "all ends": b">a\r\nACGTTCGATCGACTA\nCGATTCAG\rACGATTA\r\n>b\r\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_decoder_after_the_document_restores_the_text(text: bytes) -> None:
    parts = split(text)
    assert parts.residues.size > 0
    assert decode(parts.residues.tolist(), parts.layout) == text


@pytest.mark.slow
def test_a_decoder_after_the_document_restores_a_mask() -> None:
    text = masked_repeats()
    parts = split(text)
    assert decode(parts.residues.tolist(), parts.layout) == text


def test_the_example_of_the_document_is_that_layout() -> None:
    layout = split(TEXTS["the example"]).layout
    assert layout.hex(" ").upper() in DOCUMENT

"""docs/engine.md is enough: a decoder written from nothing but the documents restores residues.

It is slow and trusts its input, but knows nothing of acgz. NumPy does what is independent (the
units of a layer, the lanes of a sum) at once; it adds nothing up.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acgz import models, modes
from acgz.codec import Job, decode, encode
from acgz.engine import dictionary, priors, start
from acgz.engine.codec import CODEC
from acgz.engine.settings import EngineSettings
from paths import DOCS

DOCUMENT = (DOCS / "engine.md").read_text()

F = np.float32
LETTERS = b"ACGT"
ALL = range(4)
H = 0x9E3779B97F4A7C15
M64 = 2**64 - 1
ZERO, ONE = F(0), F(1)


def times_h(v: int) -> int:
    return v * H & M64


def total(v: Any) -> Any:
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))


def log(x: Any) -> Any:
    half, e = np.frexp(x)
    m, e = half * F(2), (e - 1).astype(F)
    z = (m - F(1.41421356)) / (m + F(1.41421356))
    q = z * z
    t = F(1 / 7) * q + F(0.2)
    t = t * q + F(1 / 3)
    t = t * q + ONE
    return (e + F(0.5)) * F(0.69314718) + (z + z) * t


def exp(x: Any) -> Any:
    x = max(x, F(-80))
    t = x * F(1.44269504)
    w = (t + F(12582912)) - F(12582912)
    f = (t - w) * F(0.69314718)
    p = F(1 / 720) * f + F(1 / 120)
    for constant in (F(1 / 24), F(1 / 6), F(0.5), ONE, ONE):
        p = p * f + constant
    return p * F(2.0 ** int(w))


class RangeDecoder:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 8
        self.code, self.span = int.from_bytes(data[:8].ljust(8, b"\0"), "big"), M64

    def residue(self, frequency: list[int]) -> int:
        unit = self.span >> 20
        point = min(self.code // unit, 2**20 - 1)
        start = s = 0
        while point >= start + frequency[s]:
            start += frequency[s]
            s += 1
        self.code -= unit * start
        self.span = unit * frequency[s]
        if self.span < 2**32:
            more = self.data[self.at : self.at + 4].ljust(4, b"\0")
            self.code = self.code << 32 | int.from_bytes(more, "big")
            self.span <<= 32
            self.at += 4
        return s


def number(residues: list[int]) -> int:
    value = 0
    for residue in residues:
        value = value << 2 | residue
    return value


class Past:
    """What a lane knows of all residues: r(i), None if it does not know; A before the lane."""

    def __init__(self, n: int, begin: int = 0) -> None:
        self.r: list[Any] = [None] * n
        self.begin = self.end = begin

    def append(self, residue: int) -> None:
        self.r[self.end] = residue
        self.end += 1

    def last(self, many: int) -> list[int]:
        first = max(self.end - many, self.begin)
        return [0] * (many - (self.end - first)) + self.r[first : self.end]

    def turned(self, many: int) -> list[int]:
        return [3 - residue for residue in reversed(self.last(many))]


class ContextExperts:
    COLUMN = 0

    def __init__(self, preset: str, b: int, alike: bool, begin: int) -> None:
        self.b = b
        few = preset == "fast"
        self.SLOW = (5, 9) if few else (2, 4, 6, 8, 10)
        self.SPARSE: tuple[int, ...] = (12,) if few else (12, 16, 22)
        if alike:
            self.SPARSE = (12, self.COLUMN) if few else (12, 16, self.COLUMN)
        self.resting = 8 if alike else 0
        self.columns: dict[int, list[int]] = {}
        self.begin = begin
        self.strange = 0
        """Columns of earlier lanes that were asked for."""
        self.slow: Any = [defaultdict(lambda: [0] * 4) for _ in self.SLOW]
        self.sparse: Any = [defaultdict(lambda: [0] * 4) for _ in self.SPARSE]
        self.calibration: dict[Any, Any] = {}
        self.notes: dict[int, Any] = {}

    def cell(self, k: int, c: int, i: int = 3) -> int:
        if 2 * k <= self.b:
            return c
        if i < 3:
            return c & 15
        return 16 * (times_h((c >> 4) + 1) >> 68 - self.b) + (c & 15)

    def absorb(self, past: Past, i: int) -> None:
        """Learn r(i) of the lane of ``past``, which ends after it."""
        r = past.r[i]
        before = Past(0, past.begin)
        before.r, before.end = past.r, i
        self.columns[i] = [int(s == r) for s in ALL]
        for tables, orders in ((self.slow, self.SLOW), (self.sparse, self.SPARSE)):
            for table, k in zip(tables, orders, strict=True):
                if k == self.COLUMN:
                    continue
                count, cell = (
                    (self.count_slow, lambda _, c: c)
                    if orders is self.SLOW
                    else (self.count_sparse, self.cell)
                )
                count(table[cell(k, number(before.last(k)))], r)
                if i >= past.begin + 32:
                    count(table[cell(k, number(past.turned(k)))], 3 - past.r[i - k])

    def calibrated(self, k: int, counts: list[int]) -> tuple[Any, list[int]]:
        """Probabilities and number of events (a list of both), and the rank of each residue."""
        order = sorted(ALL, key=lambda s: (-counts[s], s))
        key = (k, *(counts[s] for s in order))
        if key not in self.calibration:
            part = [F(count) + F(0.3) for count in key[1:]]
            self.calibration[key] = [
                [part[j] / (((part[0] + part[1]) + part[2]) + part[3]) for j in ALL],
                0,
            ]
        return self.calibration[key], [order.index(s) for s in ALL]

    def column(self, best: Pointer | None, ahead: int = 0) -> list[int]:
        """Counts of the column that a pointer comes to after so many residues."""
        if best is None:
            return [0] * 4
        self.strange += best.at < self.begin
        return self.columns.get(best.at + ahead * best.step, [0] * 4)[:: best.step]

    def predict(
        self, past: Past, i: int, best: Pointer | None, rests: bool
    ) -> tuple[list[list[Any]], int]:
        raw: list[list[Any]] = [[] for _ in ALL]
        self.silent = [rests and k <= self.resting for k in self.SLOW]
        self.slow_now = [number(past.last(k)) for k in self.SLOW]
        for table, c, silent in zip(self.slow, self.slow_now, self.silent, strict=True):
            for s in ALL:
                raw[s].append(ONE if silent else F(table[c][s]) + F(6.4))
        self.counts = [
            self.column(best)
            if k == self.COLUMN
            else table[self.cell(k, number(past.last(k)), i - past.begin)]
            for table, k in zip(self.sparse, self.SPARSE, strict=True)
        ]
        longest = 0
        for j, k in enumerate(self.SPARSE):
            counts = self.counts[j]
            (q, _), rank = self.calibrated(k, counts)
            for s in ALL:
                raw[s].append(q[rank[s]])
            if any(counts):
                longest = max(longest, j)
        return raw, longest

    @staticmethod
    def count_slow(counts: list[int], r: int) -> None:
        counts[r] += 16
        if counts[r] > 16000:
            counts[:] = [count >> 1 for count in counts]

    @staticmethod
    def count_sparse(counts: list[int], r: int) -> None:
        if counts[r] == 15:
            counts[:] = [count >> 1 for count in counts]
        counts[r] += 1

    @staticmethod
    def counted(counts: list[int], r: int) -> list[int]:
        """Those of a column with one more."""
        if counts[r] == 15:
            counts = [count + 1 >> 1 if s != r else 7 for s, count in enumerate(counts)]
        return [count + (s == r) for s, count in enumerate(counts)]

    def learn(self, past: Past, i: int) -> None:
        r = past.r[i]
        for j, c in enumerate(self.slow_now):
            if not self.silent[j]:
                self.count_slow(self.slow[j][c], r)
        for j, k in enumerate(self.SPARSE):
            counts = self.counts[j]
            calibration, rank = self.calibrated(k, counts)
            q, v = calibration
            u = ONE / (F(v) + F(2.5))
            for place in ALL:
                hit = ONE if place == rank[r] else ZERO
                q[place] = max(q[place] + (hit - q[place]) * u, F(0.00001))
            calibration[1] = min(v + 1, 399)
            if k == self.COLUMN:
                self.columns[i] = self.counted(counts, r)
            else:
                self.count_sparse(counts, r)
        self.learn_note(i - 4)
        if i >= past.begin + 32:
            silent = [*self.silent, *(k == self.COLUMN for k in self.SPARSE)]
            self.notes[i] = [
                (j, number(past.turned(k)), 3 - past.r[i - k])
                for j, k in enumerate((*self.SLOW, *self.SPARSE))
                if not silent[j]
            ]

    def learn_column(self, i: int, k: int, r: int, best: Pointer) -> None:
        """Residue ``i + k`` of a stretch at ``i``, whose best pointer has not gone on yet."""
        self.columns[i + k] = self.counted(self.column(best, k), r)

    def learn_note(self, i: int) -> None:
        slow = len(self.SLOW)
        for j, c, residue in self.notes.pop(i, ()):
            if j < slow:
                self.count_slow(self.slow[j][c], residue)
            else:
                k = self.SPARSE[j - slow]
                self.count_sparse(self.sparse[j - slow][self.cell(k, c)], residue)


@dataclass
class Pointer:
    at: int
    step: int
    mistakes: list[bool]
    run: int
    says: int | None = 0

    @property
    def missed(self) -> int:
        return sum(self.mistakes)

    @property
    def kind(self) -> tuple[int, int]:
        return self.missed, min(self.run, 4) + sum(self.run >= limit for limit in (8, 16, 32))


def bucket(run: int) -> int:
    if run < 16:
        return run
    o = run.bit_length() - 1
    return min(16 + 4 * (o - 4) + ((run >> o - 2) & 3), 63)


class RepeatExperts:
    def __init__(self, preset: str, n: int, kind: int) -> None:
        gapped = re.findall(r"^    \d+: ([01]+)$", DOCUMENT, re.MULTILINE)
        assert len(gapped) == 12
        k = 16 if kind == 1 and preset == "fast" else 12
        self.seeds = ["1" * k, *gapped][
            : {"fast": (1, 1, 1), "plus": (4, 6, 2), "ultra": (4, 13, 2)}[preset][kind]
        ]
        self.most = {"fast": (2, 2, 4), "plus": (12, 16, 14), "ultra": (12, 16, 16)}[preset][kind]
        self.enter = (14, 12, 12)[kind] if preset == "fast" else 11
        self.stay = (17, 15, 15)[kind] if preset == "fast" else 14
        self.h = min(max(n.bit_length() - 1, 12), 24)
        self.pool: list[Pointer] = []
        self.right: dict[tuple[int, int], Any] = {}
        for missed in range(33):
            m = F(32 - missed) / F(32)
            for run in range(8):
                self.right[missed, run] = F(0.25) + F(0.72) * (m * m)
        self.trust: Any = defaultdict(lambda: F(0.9))
        self.events: Any = defaultdict(int)
        self.table: list[dict[int, int]] = [{} for _ in self.seeds]
        self.here: dict[tuple[int, int], int] = {}
        self.there: dict[tuple[int, int], int] = {}
        self.candidates: list[tuple[int | None, int | None]] = [(None, None)] * len(self.seeds)
        self.longest = 0
        self.replaced = self.dropped = self.turned = self.silenced = 0
        """Pointers that were, or that are of the other strand: so that tests know what happened."""

    def predict(self, raw: list[list[Any]], past: Past, i: int) -> tuple[int, Any, Any]:
        """*match*, and *sum* and *most* of every residue; adds three inputs to ``raw``."""
        if (i - past.begin) % 256 == 0:
            self.renew()
        odds, count, sums, most = [F(0.5)] * 4, [F(0.5)] * 4, [ZERO] * 4, [ZERO] * 4
        for pointer in self.pool:
            pointer.says = said = past.r[pointer.at]
            if said is None:
                continue
            pointer.says = s = said if pointer.step == 1 else 3 - said
            vote = self.vote[pointer.kind]
            odds[s] += self.odds[pointer.kind]
            count[s] += ONE
            sums[s] += vote
            most[s] = max(most[s], vote)
        saying = [pointer for pointer in self.pool if pointer.says is not None]
        best = max(saying, key=lambda p: 64 * p.run + 32 - p.missed, default=None)
        self.best = None
        self.copy = best
        match = 0
        expected = [ONE] * 4
        if best:
            place = bucket(best.run)
            self.best = ((place, best.missed), best.says)
            trust = self.trust[place, best.missed]
            expected = [trust if s == best.says else (ONE - trust) * F(1 / 3) for s in ALL]
            match = 1 + place // 2 if place < 16 else 9 + (place - 16) // 8
        for s in ALL:
            raw[s] += [odds[s], count[s], expected[s]]
        return match, sums, most

    def learn(self, past: Past, i: int) -> None:
        r = past.r[i]
        if self.best:
            pair, said = self.best
            self.events[pair] = v = min(self.events[pair] + 1, 2048)
            u = ONE / (F(v) + F(1.5))
            trust = self.trust[pair]
            trust = trust + (ONE - trust) * u if said == r else trust - trust * u
            self.trust[pair] = min(max(trust, F(0.2)), F(0.99999))
        j = 0
        while j < len(self.pool):
            pointer = self.pool[j]
            wrong = pointer.says != r
            right = self.right[pointer.kind]
            right += ((ZERO if wrong else ONE) - right) * F(0.002)
            self.right[pointer.kind] = min(max(right, F(0.2)), F(0.9999))
            pointer.mistakes = [wrong, *pointer.mistakes[:31]]
            pointer.run = 0 if wrong else pointer.run + 1
            pointer.at += pointer.step
            silent, away = pointer.says is None, not 0 <= pointer.at < len(past.r)
            self.silenced += silent
            if pointer.missed > self.stay or away or silent:
                self.pool[j] = self.pool[-1]
                self.pool.pop()
                self.dropped += 1
            else:
                j += 1
        self.longest = max((pointer.run for pointer in self.pool), default=0)
        if i < past.begin + 32:
            return
        for last, at in self.candidates:
            self.try_forward(past, -1 if last is None else last, i)
            self.try_inverted(past, -1 if at is None else at, i)
        self.candidates = [self.noted(k, seed, past, i) for k, seed in enumerate(self.seeds)]

    def try_forward(self, past: Past, last: int, i: int) -> None:
        if 31 <= last < len(past.r) - 1:
            wrong_at = [(past.r[last - t] or 0) != past.r[i - t] for t in range(32)]
            self.join(Pointer(last + 1, 1, wrong_at, 0))

    def try_inverted(self, past: Past, at: int, i: int) -> None:
        if at >= 0 and at + 32 < len(past.r) and past.r[at + 32] is not None:
            wrong_at = [(past.r[at + 1 + t] or 0) + (past.r[i - t] or 0) != 3 for t in range(32)]
            self.join(Pointer(at, -1, wrong_at, 0))

    def join(self, new: Pointer) -> None:
        if new.missed > self.enter or any((p.at, p.step) == (new.at, new.step) for p in self.pool):
            return
        new.run = new.mistakes.index(True) if new.missed else 32
        if len(self.pool) < self.most:
            self.pool.append(new)
        else:
            worst = max(range(self.most), key=lambda j: self.pool[j].missed)
            if self.pool[worst].missed < new.missed:
                return
            self.pool[worst] = new
            self.replaced += 1
        self.turned += new.step < 0

    def noted(self, k: int, seed: str, past: Past, i: int) -> tuple[int | None, int | None]:
        last = at = None
        if (k, i - 4) in self.here:
            entry = self.here.pop((k, i - 4))
            if g := self.table[k].get(entry, 0):
                last = g + 4
            self.table[k][entry] = i - 3
        if (k, i - 2) in self.there and (g := self.table[k].get(self.there[k, i - 2], 0)):
            at = g - len(seed) - 4
        self.here[k, i] = self.entry(seed, past.last(len(seed)))
        self.there[k, i] = self.entry(seed, past.turned(len(seed)))
        return last, at

    def follow(self, past: Past, i: int, done: int) -> None:
        """A stretch at ``i``, after whose residues ``past`` ends."""
        for (k, seen), entry in sorted(self.here.items(), key=lambda note: note[0][1]):
            self.table[k][entry] = seen + 1
        self.here.clear()
        self.there.clear()
        self.candidates = [(None, None)] * len(self.seeds)
        seen_then = Past(0, past.begin)
        seen_then.r = past.r
        found = [0] * len(self.seeds)
        for at in range(i, i + done):
            seen_then.end = at + 1
            for k, (table, seed) in enumerate(zip(self.table, self.seeds, strict=True)):
                entry = self.entry(seed, seen_then.last(len(seed)))
                found[k] = table.get(entry, 0)
                table[entry] = at + 1
        j = 0
        while j < len(self.pool):
            pointer = self.pool[j]
            for residue in past.r[i : i + done]:
                said = past.r[pointer.at]
                assert said is not None
                wrong = (said if pointer.step == 1 else 3 - said) != residue
                pointer.mistakes = [wrong, *pointer.mistakes[:31]]
                pointer.run = 0 if wrong else pointer.run + 1
                pointer.at += pointer.step
            if pointer.missed > self.stay or not 0 <= pointer.at < len(past.r):
                self.pool[j] = self.pool[-1]
                self.pool.pop()
            else:
                j += 1
        self.longest = max((pointer.run for pointer in self.pool), default=0)
        if any((at - past.begin) % 256 == 0 for at in range(i, i + done)):
            self.renew()
        for last, table, seed in zip(found, self.table, self.seeds, strict=True):
            self.try_forward(past, last - 1, i + done - 1)
            g = table.get(self.entry(seed, past.turned(len(seed))), 0)
            self.try_inverted(past, g - 1 - len(seed), i + done - 1)

    def renew(self) -> None:
        self.odds = {kind: right / (ONE - right) for kind, right in self.right.items()}
        self.vote = {kind: max(log(odds * F(3)), ZERO) for kind, odds in self.odds.items()}

    def absorb(self, past: Past, i: int) -> None:
        """Learn r(i) of the lane of ``past``, which ends after it."""
        if i >= past.begin + 32:
            for table, seed in zip(self.table, self.seeds, strict=True):
                table[self.entry(seed, past.last(len(seed)))] = i + 1

    def entry(self, seed: str, residues: list[int]) -> int:
        view = [r if place == "1" else 0 for place, r in zip(seed, residues, strict=True)]
        return times_h(number(view)) >> 64 - self.h


class Stretches:
    def __init__(self, preset: str, alike: bool) -> None:
        self.long = 16 if alike else 48
        self.risk = {"fast": 256, "plus": 96, "ultra": 1024}[preset] if alike else 256
        self.classes: dict[Any, list[int]] = {}
        self.instead: Any = defaultdict(lambda: [1] * 4)
        self.apart: tuple[list[int], int] | None = None
        self.coded = self.wrong = self.turned = self.risky = self.disputed = 0
        """Residues in stretches and what happened in these: so that tests know."""

    def kind(self, run: int, against: Any, counts: list[int], said: int) -> list[int]:
        """Residues and errors of a class."""
        other = sum(counts) - counts[said]
        others = sum(limit <= other for limit in (1, 2, 3, 5, 8))
        votes = sum(F(limit) < against for limit in (0, 1, 2, 3.5, 5, 8, 12, 20))
        kind = (
            sum(limit <= run for limit in (24, 32, 40, 48, 64, 128, 256)),
            votes,
            sum(limit <= counts[said] for limit in (1, 2, 4, 8)),
            others,
        )
        first = max(128 >> votes + others, 2)
        return self.classes.setdefault(kind, [first, 1])

    def expected(
        self,
        pointers: RepeatExperts,
        contexts: ContextExperts,
        past: Past,
        i: int,
        last: int,
        sums: list[Any],
    ) -> list[Any]:
        """What the best says, its class and what else stood there, of the residues of a stretch."""
        if pointers.longest < self.long:
            return []
        pool = pointers.pool
        best = pointers.copy
        if not best:
            return []
        found: list[Any] = []
        for k in range(min(32, last - i)):
            said = []
            for p in pool:
                at = p.at + k * p.step
                residue = past.r[at] if 0 <= at < len(past.r) else None
                said.append(3 - residue if residue is not None and p.step < 0 else residue)
            if None in said:
                break
            ours = said[pool.index(best)]
            against = ZERO
            if k == 0:
                for s in ALL:
                    against += sums[s] if s != ours else ZERO
            else:
                for p, theirs in zip(pool, said, strict=True):
                    if theirs != ours:
                        against += pointers.vote[p.kind]
            column = [0] * 4
            if contexts.COLUMN in contexts.SPARSE:
                column = contexts.column(best, k)
            numbers = self.kind(best.run, against, column, ours)
            quiet = self.kind(best.run, ZERO, column, ours)
            if any(mistakes * self.risk > residues for residues, mistakes in (numbers, quiet)):
                self.risky += 1
                break
            others = [(-column[s], s) for s in ALL if s != ours and column[s]]
            found.append((ours, numbers, min(others)[1] if others else 4))
            self.disputed += against > 0
        self.best = best
        return found if len(found) >= 2 else []

    def decode(self, coder: RangeDecoder, expected: list[Any], past: Past) -> tuple[int, bool]:
        """Append the stretch; returns its residues, and whether the last is wrong."""
        p = ONE
        chances = [F(errors) / F(residues) for _, (residues, errors), _ in expected]
        for chance in chances:
            p = p * (ONE - chance)
        right = min(max(int(p * F(1048576)), 1), 2**20 - 3 * len(expected))
        wrong = bool(coder.residue([right, 2**20 - right]))
        done = len(expected)
        if wrong:
            w = [int(chance * F(1048576)) + 1 for chance in chances]
            frequency = [one * (2**20 - 32) // sum(w) + 1 for one in w]
            frequency[-1] = 2**20 - sum(frequency[:-1])
            done = coder.residue(frequency) + 1
        for k, (said, numbers, other) in enumerate(expected[:done]):
            mistaken = wrong and k == done - 1
            came = said
            if mistaken:
                count = self.instead[other, said]
                left = [s for s in ALL if s != said]
                frequency = [count[s] * 2**20 // sum(count[s] for s in left) for s in left]
                frequency[-1] = 2**20 - sum(frequency[:-1])
                came = left[coder.residue(frequency)]
                count[came] += 1
                if count[came] > 255:
                    count[:] = [one + 1 >> 1 for one in count]
            self.count(numbers, mistaken)
            past.append(came)
        self.coded += done
        self.wrong += wrong
        self.turned += self.best.step < 0
        return done, wrong

    @staticmethod
    def count(numbers: list[int], mistaken: bool) -> None:
        numbers[0] += 1
        numbers[1] += mistaken
        if numbers[0] > 2**20:
            numbers[:] = [numbers[0] >> 1, max(numbers[1] >> 1, 1)]

    def notice(self, pointers: RepeatExperts, contexts: ContextExperts, sums: list[Any]) -> None:
        """A residue that is no part of a stretch, before it is known."""
        best = pointers.copy
        self.apart = None
        if best and pointers.longest >= self.long:
            assert best.says is not None
            against = ZERO
            for s in ALL:
                if s != best.says:
                    against += sums[s]
            column = contexts.column(best) if contexts.COLUMN in contexts.SPARSE else [0] * 4
            self.apart = self.kind(best.run, against, column, best.says), best.says

    def visit(self, came: int) -> None:
        if self.apart:
            numbers, said = self.apart
            self.count(numbers, came != said)


def noise(size: int, b: int) -> Any:
    values = []
    for a in range(size):
        z = times_h(a + 1 + (b << 32))
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & M64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & M64
        z ^= z >> 31
        values.append(F((z >> 48) - 32768) * F(0.1 / 32768))
    return np.array(values, F)


def softsign(a: Any) -> Any:
    return a / (ONE + abs(a))


def slope(h: Any) -> Any:
    return (ONE - abs(h)) * (ONE - abs(h))


class Prior:
    """The network of a file, and the expert that learns."""

    def __init__(self, file: bytes, begin: int = 0) -> None:
        """``begin``: residues A of the running 3-mer that come before the first residue."""
        length = int.from_bytes(file[:8], "little")
        head = json.loads(file[8 : 8 + length])
        self.arrays: dict[str, Any] = {}
        sizes = json.loads(head.pop("__metadata__")["acgz"])
        self.u, self.d = sizes["units"], sizes["dense"]
        kinds = {"I8": "<i1", "F32": "<f4", "U16": "<u2"}
        for name, told in head.items():
            first, last = told["data_offsets"]
            data = file[8 + length + first : 8 + length + last]
            self.arrays[name] = np.frombuffer(data, kinds[told["dtype"]]).reshape(told["shape"])
        self.h = [np.zeros(self.u, F), np.zeros(self.u, F)]
        self.H = [np.zeros(self.u, np.int64), np.zeros(self.u, np.int64)]
        self.odds: Any = None
        self.known = [0] * begin
        self.tuned = np.zeros((21, 4, self.u), F)
        self.squares = np.zeros((21, self.u), F)
        self.learning: Learning | None = None

    def product(self, name: str, v: Any) -> Any:
        sums = (self.arrays[name].astype(np.int64) * v).sum(axis=1)
        return sums.astype(F) * self.arrays[f"{name}.scale"]

    def odds_now(self) -> Any:
        if self.odds is None:
            return np.ones(4, F)
        odds = self.odds
        while odds.ndim > 1 + len(self.known):
            odds = (odds[..., 0] + odds[..., 1]) + (odds[..., 2] + odds[..., 3])
        return odds[tuple(self.known)]

    def weights(self) -> Any:
        o = self.odds_now()
        return o + ((o[0] + o[1]) + (o[2] + o[3])) * F(1 / 1024)

    @property
    def node(self) -> int:
        node = 0
        for residue in self.known:
            node = 4 * node + 1 + residue
        return node

    def predict(self, raw: list[list[Any]], further: list[Prior]) -> None:
        first = self.weights()
        lo = log(first)
        if further:
            lo = ((lo + log(further[0].weights())) + log(further[1].weights())) * F(0.4)
        for reading in (self, *further):
            for s in ALL:
                v = np.zeros(8, F)
                for j in range(0, self.u, 8):
                    tuned = reading.tuned[reading.node, s, j : j + 8]
                    v = v + tuned * reading.h[1][j : j + 8]
                lo[s] += total(v)
        e = [exp(lo[s] - max(lo)) for s in ALL]
        self.c = [e[s] / ((e[0] + e[1]) + (e[2] + e[3])) for s in ALL]
        for s in ALL:
            raw[s] += [first[s], self.c[s] + F(1 / 1024)]

    def learn(self, r: int, sure: bool, further: list[Prior]) -> None:
        e = [(ONE if s == r else ZERO) - self.c[s] for s in ALL]
        square = (e[0] * e[0] + e[1] * e[1]) + (e[2] * e[2] + e[3] * e[3])
        for reading in (self, *further):
            if not sure:
                h, node = reading.h[1], reading.node
                reading.squares[node] += square * (h * h)
                step = (h * F(0.03)) / np.sqrt(reading.squares[node] + F(4))
                for s in ALL:
                    reading.tuned[node, s] += e[s] * step
            reading.note(r, sure)

    def note(self, r: int, sure: bool) -> None:
        self.known.append(r)
        if self.learning and sure:
            self.learning.foreseen = False
        if len(self.known) == 3:
            if sure:
                self.odds = None
            else:
                page = self.learning and self.learning.enter(number(self.known))
                self.read(number(self.known))
                if page:
                    page.tape = (self.kept, list(self.h), self.f, self.odds)
            self.known = []

    def read(self, t: int) -> None:
        u, bias, table = self.u, self.arrays["bias"], self.arrays["table"][t]
        a, b, c, rest = np.split(bias, [u, 4 * u, 5 * u])
        g = self.product("first", self.H[0])
        inner = g[2 * u :] + a
        self.kept: Any = []
        self.step(0, g[: 2 * u] + table[: 2 * u], table[2 * u :], inner)
        g = self.product("gates", np.concatenate(self.H)) + b[: 2 * u]
        below = self.product("below", self.H[0]) + b[2 * u :]
        self.step(1, g, below, self.product("above", self.H[1]) + c)
        f = self.product("head", self.H[1]) + rest
        self.f = f[64:]
        dense = rounded(np.minimum(np.maximum(f[64:], ZERO), F(127)) * F(256))
        y = f[:64] + self.product("output", dense.astype(np.int64))
        self.odds = np.array([exp(one - y.max()) for one in y], F).reshape(4, 4, 4)

    def step(self, layer: int, gates: Any, given: Any, inner: Any) -> None:
        r, z = np.split(sigmoid(gates), 2)
        n = tanh(given + r * inner)
        self.kept.append((self.h[layer], r, z, n, inner))
        self.h[layer] = n + z * (self.h[layer] - n)
        self.H[layer] = rounded(self.h[layer] * F(16384)).astype(np.int64)


@dataclass
class Page:
    """Of a diary: a 3-mer, whether it was foreseen, what the mixer thought, what cells did."""

    token: int
    foreseen: bool
    mixed: list[Any]
    tape: Any = None


class Learning:
    """The weights of a network while they learn."""

    def __init__(self, readings: list[Prior], file: bytes) -> None:
        self.readings = readings
        self.net = Prior(file)
        self.diary: list[Page] = []
        self.foreseen = True
        self.mixed: list[Any] = [None] * 3
        self.learned = False
        self.power = ONE
        self.steps = self.unforeseen = 0
        arrays, u = self.net.arrays, self.net.u
        self.scales = {name: 256 if name == "output" else 16384 for name in MATRICES}
        self.weights = {
            name: arrays[name].astype(F) * arrays[f"{name}.scale"][:, None] * F(scale)
            for name, scale in self.scales.items()
        }
        self.weights |= {name: arrays[name].copy() for name in ("table", "bias")}
        self.squares = {name: np.zeros_like(one) for name, one in self.weights.items()}
        self.u = u
        self.fix()

    def enter(self, token: int) -> Page:
        self.diary.append(Page(token, self.foreseen, self.mixed))
        self.unforeseen += not self.foreseen
        self.foreseen = True
        self.mixed = [None] * 3
        return self.diary[-1]

    def turn(self) -> None:
        """After an epoch."""
        if self.learned:
            for reading in self.readings:
                reading.arrays = dict(self.net.arrays)
        self.learned = False
        while len(self.diary) > 1152:
            self.step(self.diary[:1153])
            del self.diary[:1152]
            self.learned = True

    def step(self, pages: list[Page]) -> None:
        notes: list[tuple[Any, Any]] = []
        for begin in range(0, 1152, 64):
            notes += self.segment(pages[begin : begin + 65])
        slopes, states = (
            [np.array(one) for one in zip(*part, strict=True)] for part in zip(*notes, strict=True)
        )
        whole, back = [], []
        for column in slopes:
            m = np.abs(column).max(axis=0)
            fine = (m > F(1e-30)) & (m < F(1e30))
            unit = np.where(fine, F(2047) / np.where(fine, m, ONE), ZERO)
            whole.append(rounded(column * unit).astype(np.int64))
            back.append(np.where(fine, m / F(2047), ZERO))
        n0, r0, z0, c0, n1, r1, z1, c1, f = range(9)
        before0, after0, before1, after1, active = range(5)

        def gradient(slope: int, state: int, part: int = 1 << 30) -> Any:
            sums = whole[slope][:, :part].T @ states[state]
            return (
                sums.astype(F)
                * (back[slope][:part] * F(1 / 16 if state == 4 else 1 / 512))[:, None]
            )

        def bias(slope: int) -> Any:
            return whole[slope].sum(axis=0).astype(F) * back[slope]

        table = []
        for slope in (r0, z0, n0):
            sums = np.zeros((64, self.u), np.int64)
            for page, one in zip(pages, whole[slope], strict=False):
                sums[page.token] += one
            table.append(sums.astype(F) * back[slope])
        found = {
            "first": np.concatenate([gradient(one, before0) for one in (r0, z0, c0)]),
            "gates": np.block(
                [[gradient(one, after0), gradient(one, before1)] for one in (r1, z1)]
            ),
            "below": gradient(n1, after0),
            "above": gradient(c1, before1),
            "head": gradient(f, after1),
            "output": gradient(f, active, 64),
            "table": np.concatenate(table, axis=1),
            "bias": np.concatenate([bias(one) for one in (c0, r1, z1, n1, c1, f)]),
        }
        self.power = self.power * F(0.999)
        lift = ONE / (ONE - self.power)
        for name, g in found.items():
            self.squares[name] = self.squares[name] * F(0.999) + (g * g) * (ONE - F(0.999))
            self.weights[name] -= (g * F(0.0005)) / (np.sqrt(self.squares[name] * lift) + F(0.001))
        self.steps += 1
        self.fix()

    def fix(self) -> None:
        arrays = dict(self.net.arrays)
        self.unit = {}
        for name in MATRICES:
            most = np.maximum(np.abs(self.weights[name]).max(axis=1), F(2.0**-30))
            self.unit[name] = e = most / F(127)
            arrays[name] = rounded(self.weights[name] / e[:, None]).astype(np.int8)
            arrays[f"{name}.scale"] = e / F(self.scales[name])
        arrays |= {name: self.weights[name].copy() for name in ("table", "bias")}
        self.net.arrays = arrays

    def back(self, parts: list[tuple[str, slice, slice, Any]]) -> Any:
        """Of slopes through rows and columns of matrices."""
        v = np.concatenate([slope * self.unit[name][rows] for name, rows, _, slope in parts])
        m = np.fmax.reduce(np.abs(v))
        if not F(1e-30) < m < F(1e30):
            return np.zeros(self.net.arrays[parts[0][0]][:, parts[0][2]].shape[1], F)
        whole = rounded(np.where(np.isnan(v), -m, v) * (F(16383) / m)).astype(np.int64)
        matrix = np.concatenate([self.net.arrays[name][rows, cut] for name, rows, cut, _ in parts])
        return (whole @ matrix.astype(np.int64)).astype(F) * (m / F(16383))

    def segment(self, pages: list[Page]) -> list[tuple[Any, Any]]:
        u = self.u
        flow = [np.zeros(u, F), np.zeros(u, F)]
        come = [np.zeros(u, F), np.zeros(u, F)]
        all_, low, high = slice(None), slice(None, u), slice(u, None)
        notes = []
        for t in range(63, -1, -1):
            kept, h, f, odds = pages[t].tape
            wanted = self.wanted(pages[t + 1], odds)
            dense = self.back([("output", all_, all_, wanted)])
            slopes_f = np.concatenate([wanted, np.where((f > 0) & (f < 127), dense, ZERO)])
            come[1] = come[1] + self.back([("head", all_, all_, slopes_f)])
            n1, r1, z1, c1 = self.through(1, kept, flow, come)
            r, z = slice(None, u), slice(u, None)
            come[1] = self.back(
                [("gates", r, high, r1), ("gates", z, high, z1), ("above", all_, all_, c1)]
            )
            come[0] = come[0] + self.back(
                [("below", all_, all_, n1), ("gates", r, low, r1), ("gates", z, low, z1)]
            )
            n0, r0, z0, c0 = self.through(0, kept, flow, come)
            rzc = np.concatenate([r0, z0, c0])
            come[0] = self.back([("first", all_, all_, rzc)])
            grain = [kept[0][0], h[0], kept[1][0], h[1]]
            active = np.minimum(np.maximum(f, ZERO), F(31))
            whole = [rounded(one * F(512)).astype(np.int64) for one in grain]
            whole.append(rounded(active * F(16)).astype(np.int64))
            notes.append(((n0, r0, z0, c0, n1, r1, z1, c1, slopes_f), tuple(whole)))
        return notes[::-1]

    def through(self, layer: int, kept: Any, flow: list[Any], come: list[Any]) -> tuple[Any, ...]:
        before, r, z, n, c = kept[layer]
        g = flow[layer] + come[layer]
        to_n = (g * (ONE - z)) * (ONE - n * n)
        flow[layer] = g * z
        return (
            to_n,
            ((to_n * c) * r) * (ONE - r),
            ((g * (before - n)) * z) * (ONE - z),
            to_n * r,
        )

    @staticmethod
    def wanted(page: Page, o: Any) -> Any:
        if not page.foreseen:
            return np.zeros(64, F)
        came = [page.token >> 4, page.token >> 2 & 3, page.token & 3]
        o2 = (o[..., 0] + o[..., 1]) + (o[..., 2] + o[..., 3])
        o1 = (o2[..., 0] + o2[..., 1]) + (o2[..., 2] + o2[..., 3])
        error = [np.array(p, F) for p in page.mixed]
        for one, residue in zip(error, came, strict=True):
            one[residue] -= ONE
        result = np.empty((4, 4, 4), F)
        for a in ALL:
            result[a] = (error[0][a] / o1[a]) * o[a]
        first = came[0]
        for b in ALL:
            result[first, b] += (error[1][b] / o2[first, b]) * o[first, b]
        result[first, came[1]] += error[2]
        return result.reshape(64)


MATRICES = ("first", "gates", "below", "above", "head", "output")


class NoPrior:
    def predict(self, raw: list[list[Any]], further: list[Prior]) -> None:
        for s in ALL:
            raw[s] += [ONE, ONE]

    def learn(self, r: int, sure: bool, further: list[Prior]) -> None:
        pass


def rounded(x: Any) -> Any:
    return (x + F(12582912)) - F(12582912)


def tanh(x: Any) -> Any:
    x = np.minimum(np.maximum(x, F(-4.97)), F(4.97))
    q = x * x
    top = ((q + F(378)) * q + F(17325)) * q + F(135135)
    low = ((F(28) * q + F(3150)) * q + F(62370)) * q + F(135135)
    return (x * top) / low


def sigmoid(x: Any) -> Any:
    return tanh(x * F(0.5)) * F(0.5) + F(0.5)


class Mixer:
    def __init__(self, preset: str, alike: bool) -> None:
        self.boost = F(4)
        self.seldom = 0
        """Residues that were expected and learned from: so that tests know."""
        self.hidden = preset != "fast"
        inputs, self.width = (15, 16) if self.hidden else (9, 16) if alike else (8, 8)
        start = np.zeros(self.width, F)
        start[:inputs] = F(0.25 / 3)
        self.sets = [np.tile(start, (rows, 1)) for rows in (192, 1024, 45)]
        self.shared_in = noise(16 * 16, 1).reshape(16, 16)
        self.shared_out = noise(16, 2)
        self.joint_in = noise(64 * 32, 3).reshape(64, 32)
        self.joint_bias = np.zeros(32, F)
        self.joint_out = noise(4 * 32, 4).reshape(4, 32)

    def probabilities(self, x: Any, rows: tuple[int, int, int]) -> list[Any]:
        """Of x (4, width)."""
        self.x = x
        self.rows = [table[row] for table, row in zip(self.sets, rows, strict=True)]
        w = (self.rows[0] + self.rows[1]) + self.rows[2]
        logit = []
        for s in ALL:
            v = np.zeros(8, F)
            for e in range(0, self.width, 8):
                v = v + w[e : e + 8] * x[s, e : e + 8]
            logit.append(total(v))
        if self.hidden:
            self.think(x, logit)
        t = [exp(logit[s] - max(logit)) for s in ALL]
        self.p = [t[s] / ((t[0] + t[1]) + (t[2] + t[3])) for s in ALL]
        return self.p

    def think(self, x: Any, logit: list[Any]) -> None:
        """Add what the hidden layers say."""
        a = np.zeros((4, 16), F)
        for term in self.shared_in[:, None, :] * x.T[:, :, None]:
            a += term
        self.shared_now = softsign(a)
        for s in ALL:
            v = self.shared_now[s] * self.shared_out
            logit[s] += total(v[:8] + v[8:])
        even, odd = self.joint_bias.copy(), np.zeros(32, F)
        terms = self.joint_in * x.reshape(64, 1)
        for q in range(0, 64, 2):
            even += terms[q]
            odd += terms[q + 1]
        self.joint_now = softsign(even + odd)
        for s in ALL:
            v = (self.joint_now * self.joint_out[s]).reshape(4, 8)
            logit[s] += total((v[0] + v[1]) + (v[2] + v[3]))

    def learn(self, r: int, i: int) -> None:
        x = self.x
        boost = ONE + self.boost / (ONE + F(i) * F(0.001))
        error = [(ONE if s == r else ZERO) - self.p[s] for s in ALL]
        if error[r] < F(1 / 16):
            if i % 4:
                return
            self.seldom += 1
            boost = boost * F(4)
        a = [error[s] * (F(0.0004) * boost) for s in ALL]
        b = [error[s] * (F(0.002) * boost) for s in ALL]
        step = (a[0] * x[0] + a[1] * x[1]) + (a[2] * x[2] + a[3] * x[3])
        for row in self.rows:
            row += step
        if not self.hidden:
            return
        d = [(b[s] * self.shared_out) * slope(self.shared_now[s]) for s in ALL]
        for s in ALL:
            self.shared_out = self.shared_out + b[s] * self.shared_now[s]
        each = [d[s][None, :] * x[s][:, None] for s in ALL]
        self.shared_in += (each[0] + each[1]) + (each[2] + each[3])
        sums = np.zeros(32, F)
        for s in ALL:
            sums = sums + b[s] * self.joint_out[s]
        for s in ALL:
            self.joint_out[s] += b[s] * self.joint_now
        sums = sums * slope(self.joint_now)
        self.joint_bias = self.joint_bias + sums
        self.joint_in += sums[None, :] * x.reshape(64, 1)


class Correction:
    def __init__(self) -> None:
        self.maps = [[ZERO] * 33 for _ in range(48)]
        self.of_places = [[ZERO] * 33 for _ in range(4096)]

    def frequencies(self, p: list[Any], kind: int, five: int) -> list[int]:
        self.used = []
        for s in ALL:
            c = max(p[s], F(0.0000001))
            z = log(c) - log(max(ONE - c, F(0.0000001)))
            place = (min(max(z, F(-11.99)), F(11.99)) + F(12)) * F(32 / 24)
            k = int(place)
            w = place - F(k)
            for one in (self.maps[kind], self.of_places[4 * five + s]):
                moved = c + (one[k] * (ONE - w) + one[k + 1] * w)
                self.used.append((one, k, w, min(max(moved, c * F(0.1)), ONE)))
        said = np.array([one[3] for one in self.used]).reshape(4, 2)
        both = (said[0] + said[1]) + (said[2] + said[3])
        a, b = (said / both).T
        frequency = [
            min(int((p[s] * F(0.3) + (a[s] * F(0.3) + b[s] * F(0.4))) * F(1048572)) + 1, 1048573)
            for s in ALL
        ]
        frequency[frequency.index(max(frequency))] += 2**20 - sum(frequency)
        return frequency

    def learn(self, r: int) -> None:
        for j, (one, k, w, said) in enumerate(self.used):
            error = (ONE if j // 2 == r else ZERO) - said
            one[k] += error * (F(0.003) * (ONE - w))
            one[k + 1] += error * (F(0.003) * w)


class Decoder:
    """Of one lane."""

    def __init__(
        self, stream: bytes, parameters: dict[str, Any], n: int, begin: int = 0, known: int = 0
    ) -> None:
        preset, w = parameters["preset"], n - known
        self.coder = RangeDecoder(stream)
        self.past = Past(n, begin)
        self.alike = "alike" in parameters
        self.contexts = ContextExperts(preset, parameters["b"], self.alike, begin)
        self.repeats = RepeatExperts(preset, n, 2 if self.alike else int(w >= 1 << 23))
        self.stretches = Stretches(preset, self.alike)
        self.mixer = Mixer(preset, self.alike)
        self.correction = Correction()
        self.prior: Prior | NoPrior = NoPrior()
        self.further: list[Prior] = []
        self.rested = 0
        if "models" in parameters:
            self.prior = Prior(file_of(*parameters["models"]))
            if preset == "ultra" or w < 1 << 15:
                self.further = [Prior(file_of(*parameters["models"]), begin) for begin in (2, 1)]
            self.start(self.prior.arrays)
            if preset == "ultra" and w >= 1 << 15:
                readings = [self.prior, *self.further]
                self.prior.learning = Learning(readings, file_of(*parameters["models"]))

    def start(self, arrays: dict[str, Any]) -> None:
        """What starts trained."""
        mixer, width = self.mixer, self.mixer.width
        mixer.boost = ZERO
        mixer.sets = np.split(arrays["sets"].reshape(-1, width).copy(), [192, 192 + 1024])
        mixer.shared_in = arrays["shared_in"].reshape(width, 16).copy()
        mixer.shared_out = arrays["shared_out"].copy()
        mixer.joint_in = arrays["joint_in"].reshape(4 * width, 32).copy()
        mixer.joint_bias = arrays["joint_bias"].copy()
        mixer.joint_out = arrays["joint_out"].reshape(4, 32).copy()
        self.correction.maps = [list(one) for one in arrays["correction"][:-1].reshape(48, 33)]
        backwards = itertools.combinations_with_replacement(range(16), 4)
        keys = [(k, *one[::-1]) for k, one in itertools.product(self.contexts.SPARSE, backwards)]
        for key, q, events in zip(
            keys, arrays["calibration"].reshape(-1, 4), arrays["seen"], strict=True
        ):
            self.contexts.calibration[key] = [list(q), int(events)]
        for at, value in enumerate(arrays["right"]):
            self.repeats.right[32 - at // 8, at % 8] = value
        for at, value in enumerate(arrays["run_right"]):
            self.repeats.trust[at // 33, 32 - at % 33] = value
            self.repeats.events[at // 33, 32 - at % 33] = int(arrays["run_seen"][at])

    def absorb(self, other: Past, i: int) -> None:
        self.past.r[i] = other.r[i]
        past = Past(0, other.begin)
        past.r, past.end = other.r, i + 1
        self.contexts.absorb(past, i)
        self.repeats.absorb(past, i)

    def note(self, other: Past, i: int) -> None:
        """Know residue i of a dictionary."""
        self.past.r[i] = other.r[i]
        past = Past(0, other.begin)
        past.r, past.end = other.r, i + 1
        self.repeats.absorb(past, i)

    def decode(self, count: int) -> bytes:
        """The letters of so many residues, in epochs."""
        for first in range(self.past.begin, self.past.begin + count, 4096):
            self.run(min(first + 4096, self.past.begin + count))
            if isinstance(self.prior, Prior) and self.prior.learning:
                self.prior.learning.turn()
        found = self.past.r[self.past.begin : self.past.end]
        return bytes(LETTERS[residue] for residue in found)

    def run(self, last: int) -> None:
        """Decode what comes before ``last``."""
        while self.past.end < last:
            i = self.past.end
            copied: list[list[Any]] = [[] for _ in ALL]
            match, sums, most = self.repeats.predict(copied, self.past, i)
            expected = self.stretches.expected(
                self.repeats, self.contexts, self.past, i, last, sums
            )
            if expected:
                self.stretch(i, expected)
            else:
                self.residue(i, copied, match, sums, most)

    def stretch(self, i: int, expected: list[Any]) -> None:
        done, _ = self.stretches.decode(self.coder, expected, self.past)
        for k in range(done):
            self.contexts.learn_column(i, k, self.past.r[i + k], self.stretches.best)
        self.repeats.follow(self.past, i, done)
        for before in range(i - 4, i):
            self.contexts.learn_note(before)
        for residue in self.past.r[i : i + done]:
            for reading in (self.prior, *self.further):
                if isinstance(reading, Prior):
                    reading.note(residue, sure=True)

    def residue(
        self, i: int, copied: list[list[Any]], match: int, sums: list[Any], most: list[Any]
    ) -> None:
        self.stretches.notice(self.repeats, self.contexts, sums)
        sure = match >= (9 if self.alike else 10)
        if self.alike and match >= 3 and self.repeats.copy:
            sure |= sum(self.contexts.column(self.repeats.copy)) >= 8
        raw, longest = self.contexts.predict(self.past, i, self.repeats.copy, sure)
        for s in ALL:
            raw[s] += copied[s]
        size = len(self.repeats.pool)
        some = (size > 0) + (size > 2) + (size > 9)
        many = sum(limit <= size for limit in (1, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64))
        e = len(raw[0]) - 3
        if self.mixer.hidden:
            (NoPrior() if sure else self.prior).predict(raw, self.further)
            agreed = np.ones(4, F)
            for reading in () if sure else self.further:
                agreed = agreed * np.sqrt(reading.weights())
            for s in ALL:
                raw[s].append(agreed[s])
        y = log(np.array(raw, F))
        y -= ((y[0] + y[1]) + (y[2] + y[3])) * F(0.25)
        x = np.zeros((4, self.mixer.width), F)
        x[:, : e + 3] = y[:, : e + 3]
        if self.mixer.hidden:
            x[:, e + 5 : e + 8] = y[:, e + 3 :]
        for s in ALL:
            x[s, e + 3] = (sums[s] - ((sums[0] + sums[1]) + (sums[2] + sums[3])) * F(0.25)) * F(0.3)
            x[s, e + 4] = most[s] - ((most[0] + most[1]) + (most[2] + most[3])) * F(0.25)
        kind = 3 * match + longest
        rows = (4 * kind + some, number(self.past.last(5)), 3 * many + longest)
        p = self.mixer.probabilities(x, rows)
        if isinstance(self.prior, Prior) and self.prior.learning:
            self.prior.learning.mixed[len(self.prior.known)] = list(p)
        r = self.coder.residue(self.correction.frequencies(p, kind, rows[1]))
        self.past.append(r)
        self.correction.learn(r)
        self.mixer.learn(r, i - self.past.begin)
        self.stretches.visit(r)
        self.contexts.learn(self.past, i)
        self.repeats.learn(self.past, i)
        self.prior.learn(r, sure, self.further)
        self.rested += sure


def average(lanes: list[Decoder]) -> None:
    share = F(1 / len(lanes))

    def mean(values: list[Any]) -> Any:
        result = values[0]
        for value in values[1:]:
            result = result + value
        return result * share

    networks = [lane.mixer for lane in lanes]
    for k in range(3):
        table = mean([network.sets[k] for network in networks])
        for network in networks:
            network.sets[k] = table.copy()
    for name in ("shared_in", "shared_out", "joint_in", "joint_bias", "joint_out"):
        table = mean([getattr(network, name) for network in networks])
        for network in networks:
            setattr(network, name, table.copy())
    for alike in zip(*([lane.prior, *lane.further] for lane in lanes), strict=True):
        heads = [head for head in alike if isinstance(head, Prior)]
        if heads:
            table = mean([head.tuned for head in heads])
            for head in heads:
                head.tuned = table.copy()
    for key in {key for lane in lanes for key in lane.contexts.calibration}:
        each = [lane.contexts.calibrated(key[0], list(key[1:]))[0] for lane in lanes]
        middle = [mean([q[j] for q, _ in each]) for j in ALL]
        for one in each:
            one[0] = list(middle)
    for kind in lanes[0].repeats.right:
        value = mean([lane.repeats.right[kind] for lane in lanes])
        for lane in lanes:
            lane.repeats.right[kind] = value
    for pair in {pair for lane in lanes for pair in lane.repeats.trust}:
        value = mean([lane.repeats.trust[pair] for lane in lanes])
        for lane in lanes:
            lane.repeats.trust[pair] = value
    for maps in ("maps", "of_places"):
        table = mean([np.array(getattr(lane.correction, maps), F) for lane in lanes])
        for lane in lanes:
            setattr(lane.correction, maps, [list(one) for one in table])


def decoded_in_lanes(
    data: bytes, parameters: dict[str, Any], n: int
) -> tuple[bytes, list[Decoder]]:
    count = parameters["lanes"]
    sizes = [int.from_bytes(data[4 * m : 4 * m + 4], "little") for m in range(count - 1)]
    q = 32 * -(-n // (32 * count))
    lanes, at = [], 4 * (count - 1)
    for m in range(count):
        stream = data[at : at + sizes[m]] if m < count - 1 else data[at:]
        at += len(stream)
        lanes.append(Decoder(stream, parameters, n, min(m * q, n)))
    ends = [*(lane.past.begin for lane in lanes[1:]), n]
    while any(lane.past.end < end for lane, end in zip(lanes, ends, strict=True)):
        spans = [(x.past.end, min(x.past.end + 4096, e)) for x, e in zip(lanes, ends, strict=True)]
        for lane, (_, last) in zip(lanes, spans, strict=True):
            lane.run(last)
        for lane in lanes:
            for other, (first, last) in zip(lanes, spans, strict=True):
                if other is not lane:
                    for i in range(first, last):
                        lane.absorb(other.past, i)
        average(lanes)
    return bytes(LETTERS[residue] for residue in lanes[0].past.r), lanes


def section(text: bytes, mode: str, **settings: Any) -> tuple[bytes, dict[str, Any], int]:
    """Residues section, parameters, and number of residues of ``text``, which is nothing else."""
    residues = np.array([LETTERS.index(letter) for letter in text], np.uint8)
    chosen = EngineSettings(preset=mode, **settings)
    # one way, even where `ultra` would keep what `plus` makes
    coded = CODEC.coded(residues, chosen, Job())
    assert coded.parameters["preset"] == mode
    return coded.payload, dict(coded.parameters), residues.size


def file_of(digest: Any) -> bytes:
    """The prior of that name."""
    return models.locate(bytes(digest)).read_bytes()


def bases(count: int, seed: int) -> bytes:
    return bytes(random.Random(seed).choices(LETTERS, k=count))


def mutated(text: bytes, part: float, seed: int) -> bytes:
    generator = random.Random(seed)
    return bytes(generator.choice(LETTERS) if generator.random() < part else base for base in text)


def other_strand(text: bytes) -> bytes:
    return text[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))


def repeats() -> bytes:
    """Copies of both strands, with and without substitutions, between bases that are no copy."""
    unit = bases(150, 1)
    return b"".join(
        [
            unit,
            bases(50, 2),
            mutated(unit, 0.1, 3),
            bases(40, 4),
            other_strand(unit),
            bases(60, 5),
            mutated(other_strand(unit), 0.15, 6),
        ]
    )


def crowd(copies: int, run: int) -> bytes:
    """So many unlike copies in a row, of both strands, that the pool overflows; then a long run."""
    unit = bases(40, 7)
    forward = [mutated(unit, 0.2, seed) for seed in range(copies)]
    turned = [other_strand(mutated(unit, 0.2, seed)) for seed in range(100, 120)]
    return b"".join([*forward, *turned, b"A" * run, b"T" * run, bases(40, 8)])


def decoded(text: bytes, mode: str, **settings: Any) -> tuple[bytes, RepeatExperts]:
    data, parameters, n = section(text, mode, **settings)
    decoder = Decoder(data, parameters, n)
    return decoder.decode(n), decoder.repeats


@pytest.mark.parametrize("mode", ["fast", "plus", "ultra"])
def test_a_decoder_after_the_document_restores_repeats_of_both_strands(mode: str) -> None:
    result, pointers = decoded(repeats(), mode, prior="none")
    assert result == repeats()
    assert pointers.turned
    assert pointers.dropped


def test_a_decoder_after_the_document_knows_when_the_prior_rests() -> None:
    unit = bases(150, 13)
    text = unit + unit[:120] + bases(30, 14) + other_strand(unit) + bases(100, 15)
    data, parameters, n = section(text, "plus", prior="prokaryotes")
    decoder = Decoder(data, parameters, n)
    assert decoder.decode(n) == text
    assert 3 < decoder.rested < 200


@pytest.mark.parametrize("mode", ["fast", "plus", "ultra"])
def test_a_decoder_after_the_document_restores_what_is_alike(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    monkeypatch.setattr(start, "_REPETITIVE", -1)
    unit = bases(150, 17)
    text = unit + b"".join(mutated(unit, 0.03, seed) for seed in range(3)) + other_strand(unit)
    data, parameters, n = section(text, mode, prior="none" if mode == "fast" else "prokaryotes")
    assert parameters["alike"] == 1
    decoder = Decoder(data, parameters, n)
    assert decoder.decode(n) == text
    assert mode == "fast" or decoder.rested


@pytest.mark.parametrize("mode", ["fast", "plus"])
def test_a_decoder_after_the_document_follows_columns_through_stretches(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    text = collection(45)
    data, parameters, n = section(text, mode, prior="none")
    assert parameters["alike"] == 1
    decoder = Decoder(data, parameters, n)
    assert decoder.decode(n) == text
    found = decoder.stretches
    assert found.coded > n / 8
    assert found.turned
    assert found.wrong
    assert found.risky
    assert decoder.mixer.seldom
    columns = decoder.contexts.columns.values()
    assert any(sum(counts) > 3 and min(counts) < max(counts) < sum(counts) for counts in columns)


def test_ultra_keeps_what_plus_makes_where_that_is_smaller() -> None:
    codec = modes.get_codec("engine")
    letters = np.frombuffer(bases(3000, 16), np.uint8) % 4
    made = encode(codec, letters, {"preset": "ultra", "prior": "none"})
    assert made.parameters["preset"] == "plus"
    assert np.array_equal(decode(codec, made, letters.size), letters)


@pytest.mark.parametrize("mode", ["plus", "ultra"])
@pytest.mark.parametrize("prior", priors.shipped())
def test_a_decoder_after_the_document_restores_what_a_prior_predicts(prior: str, mode: str) -> None:
    assert decoded(repeats(), mode, prior=prior)[0] == repeats()


def test_a_decoder_after_the_document_learns_as_the_network_does() -> None:
    unit = bases(1200, 30)
    parts = [unit, bases(9500, 31), other_strand(mutated(unit, 0.02, 32)), bases(1500, 33)]
    text = b"".join(parts)
    text += text * 2
    assert len(text) >= 1 << 15
    data, parameters, n = section(text, "ultra", prior="prokaryotes", dictionary="none")
    decoder = Decoder(data, parameters, n)
    assert decoder.decode(n) == text
    assert isinstance(decoder.prior, Prior)
    assert decoder.prior.learning
    assert decoder.prior.learning.steps >= 3
    assert decoder.prior.learning.unforeseen


def test_a_decoder_after_the_document_restores_what_a_reference_tells(tmp_path: Path) -> None:
    reference = bases(391, 17)
    path = tmp_path / "reference.fa"
    path.write_bytes(b">r\n" + reference)
    text = mutated(reference[100:250], 0.1, 18) + other_strand(reference[20:120])
    data, parameters, n = section(text, "plus", prior="none", reference=str(path))
    assert parameters["reference"] == hashlib.sha256(reference).digest()[:8]
    known = parameters["known"]
    assert known == 384
    decoder = Decoder(data, parameters, known + n, known, known)
    past = Past(known)
    for residue in reference[:known]:
        past.append(LETTERS.index(residue))
    for i in range(known):
        decoder.absorb(past, i)
    assert decoder.decode(n) == text
    assert decoder.repeats.turned


def test_a_decoder_after_the_document_copies_from_a_dictionary(tmp_path: Path) -> None:
    words = np.frombuffer(bases(3 * 2048, 20), np.uint8)
    residues = np.array([LETTERS.index(letter) for letter in words.tobytes()], np.uint8)
    path = tmp_path / "dictionary.safetensors"
    dictionary.write(path, residues, [])
    last = words[4096:].tobytes()
    text = mutated(last[:1100], 0.02, 21) + other_strand(last[1000:2000])
    data, parameters, n = section(text, "plus", prior="prokaryotes", dictionary=str(path))
    assert parameters["pieces"] == [2, 1]
    stored = file_of(parameters["models"].pop())
    begin = int.from_bytes(stored[:8], "little") + 8
    about = json.loads(stored[8:begin])
    assert json.loads(about["__metadata__"]["acgz"])["kind"] == "engine-dictionary"
    first, _ = about["residues"]["data_offsets"]
    packed = stored[begin + first + 2 * 512 : begin + first + 3 * 512]
    known = [byte >> shift & 3 for byte in packed for shift in (6, 4, 2, 0)]
    decoder = Decoder(data, parameters, len(known) + n, len(known), len(known))
    past = Past(len(known))
    for residue in known:
        past.append(residue)
    for i in range(len(known)):
        decoder.note(past, i)
    assert decoder.decode(n) == text
    assert decoder.repeats.turned


def collection(count: int = 12) -> bytes:
    """Genomes of a kind, which differ at the same sites, some of them on the other strand."""
    genome = bases(260, 19)
    sites = random.Random(20).sample(range(60, 240), 5)
    result = [genome]
    for seed in range(21, 21 + count):
        generator = random.Random(seed)
        letters = bytearray(genome)
        for site in generator.sample(sites, 2):
            letters[site] = generator.choice(LETTERS)
        result.append(other_strand(bytes(letters)) if seed % 4 == 0 else bytes(letters))
    return b"".join(result)


@pytest.mark.parametrize("mode", ["fast", "plus", "ultra"])
def test_a_decoder_after_the_document_restores_stretches(mode: str) -> None:
    data, parameters, n = section(collection(45), mode, prior="none")
    decoder = Decoder(data, parameters, n)
    assert decoder.decode(n) == collection(45)
    found = decoder.stretches
    assert n / 8 < found.coded < n
    assert found.wrong
    assert found.turned
    assert found.risky


def test_a_decoder_after_the_document_hears_copies_that_say_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    genome = bases(600, 40)
    other = bytearray(genome)
    for site in range(20, 600, 24):
        other[site] = ord("A") if genome[site] != ord("A") else ord("C")
    text = (genome + bytes(other)) * 20
    data, parameters, n = section(text, "plus", prior="none")
    assert parameters["alike"] == 1
    decoder = Decoder(data, parameters, n)
    assert decoder.decode(n) == text
    assert decoder.stretches.disputed > 100


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "copies", "run"), [("plus", 45, 520), ("ultra", 45, 0)])
def test_a_decoder_after_the_document_restores_what_overflows_pool_and_counts(
    mode: str, copies: int, run: int
) -> None:
    result, pointers = decoded(crowd(copies, run), mode)
    assert result == crowd(copies, run)
    assert pointers.replaced


@pytest.mark.slow
def test_a_decoder_after_the_document_restores_lanes_that_point_into_each_other() -> None:
    unit = bases(600, 9)
    first = unit + other_strand(mutated(unit, 0.05, 10)) + bases(3500, 11)
    # what the second lane copies in its second epoch is not all known to it
    second = bases(4100, 12) + mutated(first[3700:4150], 0.01, 13) + other_strand(first[:150])
    text = first + second
    data, parameters, n = section(text, "plus", lanes=2, prior="prokaryotes")
    result, lanes = decoded_in_lanes(data, parameters, n)
    assert result == text
    assert any(lane.repeats.silenced for lane in lanes)
    assert any(lane.stretches.coded for lane in lanes)


@pytest.mark.slow
def test_a_decoder_after_the_document_knows_the_columns_of_other_lanes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    monkeypatch.setattr(start, "_REPETITIVE", -1)
    unit = bases(300, 21)
    first = unit + bases(3900, 22)
    text = first + bases(4200, 23) + mutated(unit, 0.03, 24) + other_strand(unit)
    data, parameters, n = section(text, "fast", lanes=2)
    assert parameters["alike"] == 1
    result, lanes = decoded_in_lanes(data, parameters, n)
    assert result == text
    assert lanes[1].contexts.strange


@pytest.mark.parametrize("mode", ["plus", "ultra"])
def test_the_example_of_the_document_is_that_section(mode: str) -> None:
    data, parameters, n = section(b"GATTACA" * 10, mode, prior="none")
    assert (parameters["b"], n) == (16, 70)
    assert f"    {data.hex(' ').upper()}\n" in DOCUMENT

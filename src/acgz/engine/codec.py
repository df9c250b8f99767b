"""The codec "engine": an adaptive mixture of context and repeat experts."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from acgz.codec import MEMORY_LIMIT, Coded, Job, Need, integer_parameter
from acgz.engine import reference
from acgz.engine.settings import EngineSettings
from acgz.engine.start import BITS, Start, are_alike, parts_for, table_bits
from acgz.errors import DamagedError, UsageError
from acgz.models import Model
from acgz.references import MOST_HINT
from acgz.settings import JSON

if TYPE_CHECKING:
    from acgz.engine.presets import Parts

_MOST = 1 << 31
"""Positions are stored in 32 bits."""
_TWO_LANES = 1 << 20
"""From so many residues on some presets have two lanes."""
_ROOM = 3 << 30
"""Bytes that both lanes may take where no lanes are asked for."""
_TRIED = 1 << 16
"""Up to so many residues a block is coded with a dictionary and without."""
_LEARNING = 96 << 20
"""Bytes that the learning of a prior of 256 units takes; of one of 160 units six tenths of them."""
_NAMING = 2
"""Bytes of a number in the list of the pieces."""
_WORTH = 8
"""Bytes that `ultra` has to save: where blocks differ, the archive names two modes."""
_PAYLOAD = 3
"""Bits of a residue in the payload, and more than that."""
_LENGTH_BYTES = 4
"""Of the length of each stream but the last, before the streams."""


class EngineCodec:
    """Residues coded by an engine that learns from them.

    Parameters beside those of the settings: ``b``, the log2 of the largest sparse tables;
    ``alike``, 1 for many sequences of one kind; ``models``, the digests of the prior and of the
    dictionary, if there are any; ``pieces`` of the
    dictionary, by `Excerpt.runs`; and where there is a reference, its digest in ``reference``, how
    many of its residues are ``known``, and the name of its file as ``hint``.
    """

    name = "engine"
    settings = EngineSettings

    def encode(self, residues: NDArray[np.uint8], settings: EngineSettings, job: Job) -> Coded:
        if residues.size >= _MOST:
            raise UsageError("a block of the engine holds fewer than 2**31 residues")
        source = np.array(residues, np.uint8)
        if settings.preset != "ultra":
            return self._smaller(source, settings, job)
        as_plus = replace(settings, preset="plus")
        same = parts_for("ultra", source.size, 0) == parts_for("plus", source.size, 0)
        if same or not self._fits(self._claims(settings, "ultra", source.size), source.size):
            return self._smaller(source, as_plus, job)
        coded, plus = self._both(source, settings, as_plus, job)
        return plus if len(coded.payload) + _WORTH > len(plus.payload) else coded

    def _both(
        self,
        source: NDArray[np.uint8],
        settings: EngineSettings,
        others: EngineSettings,
        job: Job,
    ) -> tuple[Coded, Coded]:
        """By two settings, side by side if there are threads and memory for it."""
        if job.threads < 2 or self.need_to_encode(settings, source.size).memory > job.memory:
            return self._smaller(source, settings, job), self._smaller(source, others, job)
        part = job.progress.part()
        with ThreadPoolExecutor(1) as beside:
            aside = replace(job, threads=1, progress=part)
            later = beside.submit(self._smaller, source, others, aside)
            try:
                return self._smaller(source, settings, job), later.result()
            except BaseException:
                part.stop()
                raise
            finally:
                job.progress.join(part)

    def _smaller(self, source: NDArray[np.uint8], settings: EngineSettings, job: Job) -> Coded:
        """With a dictionary or without one; more than a few residues are not coded twice."""
        coded = self.coded(source, settings, job)
        if source.size > _TRIED or "pieces" not in coded.parameters:
            return coded
        plain = self.coded(source, replace(settings, dictionary="none"), job)
        naming = _NAMING * len(cast("list[int]", coded.parameters["pieces"]))
        return coded if len(coded.payload) + naming < len(plain.payload) else plain

    def coded(self, source: NDArray[np.uint8], settings: EngineSettings, job: Job) -> Coded:
        """``source`` coded with the preset of the settings and no other."""
        from acgz.engine import lanes

        start = self.start(source, settings)
        parameters: dict[str, JSON] = {"preset": settings.preset, "b": start.parts.table_bits}
        if start.alike:
            parameters["alike"] = 1
        if start.reference.digest:
            parameters["reference"] = start.reference.digest
            parameters["known"] = start.reference.residues.size
            parameters["hint"] = start.reference.name[:MOST_HINT]
        if start.dictionary.runs:
            parameters["pieces"] = start.dictionary.runs
        wanted = settings.lanes or self._own_lanes(source.size, parameters)
        digests = [start.prior.digest if start.prior else b"", start.dictionary.digest]
        if any(digests):
            parameters["models"] = [digest for digest in digests if digest]
        if wanted > 1:
            parameters["lanes"] = wanted
        if not self._fits(parameters, source.size):
            what = f"{wanted} lanes" if wanted > 1 else f"a block of {source.size:,} residues"
            raise UsageError(f"{what} of the engine could not be read again: too much memory")
        streams = lanes.encode(
            start.parts,
            start.arrays,
            start.residues,
            start.dictionary.residues.size,
            start.before,
            wanted,
            job.threads,
            job.progress.reached,
        )
        sizes = b"".join(part.size.to_bytes(_LENGTH_BYTES, "little") for part in streams[:-1])
        return Coded(parameters, sizes + b"".join(part.tobytes() for part in streams))

    def start(self, source: NDArray[np.uint8], settings: EngineSettings) -> Start:
        """What an engine begins with that is to code ``source``; UsageError, InputError."""
        from acgz.engine import dictionary

        given = reference.asked_for(settings)
        excerpt = dictionary.NOTHING
        if settings.dictionary or not given.digest:
            excerpt = dictionary.chosen(settings.dictionary, source)
        known = np.concatenate([excerpt.residues, given.residues])
        if known.size + source.size >= _MOST:
            raise UsageError("a block and its reference have fewer than 2**31 residues together")
        alike = self._may_be_alike(settings, source.size, known.size) and are_alike(source)
        made = parts_for(settings.preset, source.size, known.size, alike)
        prior = self._prior(settings, source, made)
        return Start(made, prior, excerpt, given, alike, np.concatenate([known, source]))

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        from acgz.engine import dictionary, lanes, priors
        from acgz.engine.presets import parts

        settings, bits, stored, before = self._stored(coded.parameters, count)
        made = parts(settings.preset, count, before, bits, "alike" in coded.parameters)
        pieces = dictionary.stored(coded.parameters)
        given = reference.stored(coded.parameters, before - pieces.size)
        known = np.concatenate([pieces, given])
        prior = priors.stored(coded.parameters) if made.prior else None
        streams = _streams(coded.payload, stored)
        arrays = prior.arrays if prior else None
        return lanes.decode(
            made, arrays, streams, count, known, pieces.size, job.threads, job.progress.reached
        )

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        from acgz.engine.columns import COLUMN
        from acgz.engine.presets import parts

        settings, bits, lanes, before = self._stored(parameters, count)
        made = parts(settings.preset, count, before, bits, "alike" in parameters)
        count += before
        columns = made.sparse.count(COLUMN)
        tables = (2 * (len(made.sparse) - columns) << made.table_bits) + 2 * columns * count
        index = (4 * len(made.seeds) << made.seed_bits) + count // 4
        own = tables + index + count + (64 << 20) + (_LEARNING if made.adapts else 0)
        return lanes * own + 3 * count + (32 << 20)

    def need_to_encode(self, settings: EngineSettings, count: int) -> Need:
        """The most that it may take: how many lanes there are depends on the residues."""
        # `ultra` tries `plus` beside; that is quick, and needs no thread kept for it.
        presets = ["ultra", "plus"] if settings.preset == "ultra" else [settings.preset]
        needs = []
        for preset in presets:
            claims = self._claims(settings, preset, count)
            lanes = settings.lanes or self._most_own_lanes(count, claims)
            alike = {**claims, "alike": 1}
            memory = max(self.memory(one, count) for one in ({**claims, "lanes": lanes}, alike))
            needs.append(Need(self._threads(lanes, preset, count), memory))
        return Need(needs[0].threads, sum(need.memory for need in needs))

    def _claims(self, settings: EngineSettings, preset: str, count: int) -> dict[str, JSON]:
        """The most that parameters say of ``count`` residues that are not alike, in one lane where
        nobody asks for more."""
        from acgz.engine import dictionary

        before = reference.asked_for(settings).residues.size
        if settings.dictionary != dictionary.NONE and (settings.dictionary or not before):
            before += dictionary.most(count)
        return _claimed(preset, before, count, settings.lanes or 1)

    def _may_be_alike(self, settings: EngineSettings, count: int, before: int) -> bool:
        """Whether a reader takes ``count`` residues with columns."""
        claims = _claimed(settings.preset, before, count, settings.lanes or 1)
        return self._fits({**claims, "alike": 1}, count)

    def _fits(self, parameters: Mapping[str, JSON], count: int) -> bool:
        """Whether readers take a block as long as they are not told to allow more memory."""
        return self.memory(parameters, count) + count + _PAYLOAD * count // 8 <= MEMORY_LIMIT

    def need_to_decode(self, parameters: Mapping[str, JSON], count: int) -> Need:
        """A thread for each lane, one more for each that learns, and `memory`."""
        settings, _, lanes, _ = self._stored(parameters, count)
        return Need(self._threads(lanes, settings.preset, count), self.memory(parameters, count))

    def _threads(self, lanes: int, preset: str, count: int) -> int:
        from acgz.engine.presets import parts

        return 2 * lanes if parts(preset, count, 0, BITS[0]).adapts else lanes

    def _prior(
        self, settings: EngineSettings, residues: NDArray[np.uint8], made: Parts
    ) -> Model | None:
        """The prior for these residues and an engine of these parts."""
        from acgz.engine import priors

        if made.prior:
            return priors.chosen(settings.prior, residues, made.units)
        if settings.prior not in (None, priors.NONE):
            raise UsageError(f"the preset {settings.preset} uses no prior")
        return None

    def _own_lanes(self, count: int, parameters: Mapping[str, JSON]) -> int:
        """Lanes where none are asked for: two, as long as they cost little."""
        return 1 if "alike" in parameters else self._most_own_lanes(count, parameters)

    def _most_own_lanes(self, count: int, parameters: Mapping[str, JSON]) -> int:
        """Lanes of so many residues, if these are not alike, where none are asked for."""
        from acgz.engine.presets import PRESETS

        if PRESETS[str(parameters["preset"])].most_lanes < 2 or count < _TWO_LANES:
            return 1
        if self.memory({**parameters, "lanes": 2}, count) > _ROOM:
            return 1
        return 2

    def _stored(
        self, parameters: Mapping[str, JSON], count: int
    ) -> tuple[EngineSettings, int, int, int]:
        """Settings, log2 of the largest tables, lanes, and residues of the reference of a block;
        DamagedError."""
        from acgz.engine import dictionary

        settings = EngineSettings.from_parameters(parameters, self.name)
        bits = integer_parameter(parameters, "b", *BITS)
        integer_parameter({"alike": 1, **parameters}, "alike", 1, 1)
        before = dictionary.known(parameters)
        if "known" in parameters:
            before += integer_parameter(parameters, "known", 0, _MOST)
        if before + count >= _MOST or before % reference.WORD:
            raise DamagedError("the block claims more residues than this codec allows")
        if bits > table_bits(before + count, BITS[1]):
            raise DamagedError("the tables are larger than the residues allow")
        return settings, bits, settings.lanes or 1, before


def _claimed(preset: str, before: int, count: int, lanes: int) -> dict[str, JSON]:
    """Parameters of ``count`` residues after ``before`` known ones, as far as memory goes."""
    from acgz.engine.presets import PRESETS

    bits = table_bits(before + count, PRESETS[preset].most_table_bits)
    return {"preset": preset, "b": bits, "known": before, "lanes": lanes}


def _streams(payload: bytes, stored: int) -> list[NDArray[np.uint8]]:
    """The stream of each lane; DamagedError if there are not so many bytes."""
    at = _LENGTH_BYTES * (stored - 1)
    sizes = np.frombuffer(payload[: at if at <= len(payload) else 0], "<u4")
    ends = np.cumsum(sizes, dtype=np.int64) + at
    if at > len(payload) or (ends.size and ends[-1] > len(payload)):
        raise DamagedError("the streams of the lanes are longer than the block")
    data = np.frombuffer(payload, np.uint8)[at:].copy()
    return np.split(data, ends - at)


CODEC = EngineCodec()

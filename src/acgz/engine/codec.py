"""The codec "engine": an adaptive mixture of context and repeat experts."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Coded, Job, Need
from acgz.engine import needs, reference
from acgz.engine.settings import EngineSettings
from acgz.engine.start import Start, are_alike, parts_for
from acgz.errors import DamagedError, UsageError
from acgz.models import Model
from acgz.references import MOST_HINT
from acgz.settings import JSON

if TYPE_CHECKING:
    from acgz.engine.presets import Parts

_TRIED = 1 << 16
"""Up to so many residues a block is coded with a dictionary and without."""
_NAMING = 2
"""Bytes of a number in the list of the pieces."""
_WORTH = 8
"""Bytes that `ultra` has to save: where blocks differ, the archive names two modes."""
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
        if residues.size >= needs.MOST:
            raise UsageError("a block of the engine holds fewer than 2**31 residues")
        source = np.array(residues, np.uint8)
        if settings.preset != "ultra":
            return self._smaller(source, settings, job)
        as_plus = replace(settings, preset="plus")
        same = parts_for("ultra", source.size, 0) == parts_for("plus", source.size, 0)
        if same or not needs.fits(needs.claims(settings, "ultra", source.size), source.size):
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
        if job.threads < 2 or needs.to_encode(settings, source.size).memory > job.memory:
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
        wanted = settings.lanes or needs.own_lanes(source.size, parameters)
        digests = [start.prior.digest if start.prior else b"", start.dictionary.digest]
        if any(digests):
            parameters["models"] = [digest for digest in digests if digest]
        if wanted > 1:
            parameters["lanes"] = wanted
        if not needs.fits(parameters, source.size):
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
        if known.size + source.size >= needs.MOST:
            raise UsageError("a block and its reference have fewer than 2**31 residues together")
        alike = needs.may_be_alike(settings, source.size, known.size) and are_alike(source)
        made = parts_for(settings.preset, source.size, known.size, alike)
        prior = self._prior(settings, source, made)
        return Start(made, prior, excerpt, given, alike, np.concatenate([known, source]))

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        from acgz.engine import dictionary, lanes, priors
        from acgz.engine.presets import parts

        settings, bits, stored, before = needs.stored(coded.parameters, count)
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
        return needs.memory(parameters, count)

    def need_to_encode(self, settings: EngineSettings, count: int) -> Need:
        return needs.to_encode(settings, count)

    def need_to_decode(self, parameters: Mapping[str, JSON], count: int) -> Need:
        return needs.to_decode(parameters, count)

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

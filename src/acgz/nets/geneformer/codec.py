"""The codec "geneformer": a network trained on similar genomes, and the range coder.

Section 3.3 of the paper: groups of fixed length are lanes, each of which begins anew; all
of them are decoded at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from acgz.baselines import TWOBIT
from acgz.codec import MEMORY_LIMIT, Coded, Job, stored_lanes
from acgz.coding import streams
from acgz.nets.architecture import MEMORY, Network
from acgz.nets.codec import NetworkCodec
from acgz.nets.geneformer.architecture import GeneFormerArchitecture
from acgz.nets.geneformer.operations import backend
from acgz.nets.geneformer.predictor import GeneFormer, memory_needed
from acgz.nets.geneformer.settings import MOST_GROUPS, GeneFormerSettings
from acgz.settings import JSON, Settings

SAMPLE_LANES, SAMPLE_PIECE = 64, 512
LITTLE = 8 * SAMPLE_LANES * SAMPLE_PIECE
"""Bases. Of more a sample is tried first: a network that knows nothing of it is not asked again."""

_NAMED = 32
"""Bytes that the number of groups and the digest of a network take in an archive, at most."""

Reached = Callable[[int], object]
"""Told how many residues are done."""


class _GeneFormer(NetworkCodec):
    """Codec of the GeneFormer modes, see `acgz.codec.Codec`, with `GeneFormerSettings`.

    Parameters: ``grouped``, ``lanes`` (the groups), ``models`` (the one network's digest).
    Residues that the network does not make smaller take two bits each; then there is ``grouped``
    alone.
    """

    name = "geneformer"
    settings = GeneFormerSettings

    def _encode(self, residues: NDArray[np.uint8], settings: GeneFormerSettings, job: Job) -> Coded:
        chosen = settings
        ops = backend(chosen.backend)
        network = _chosen_network(chosen)
        architecture = network.architecture
        groups = chosen.groups_for(residues.size)
        while groups > 1 and _memory(architecture, groups, residues.size) > MEMORY_LIMIT // 2:
            groups //= 2

        def coded(residues: NDArray[np.uint8], lanes: int, reached: Reached | None) -> bytes:
            predictor = GeneFormer(ops, architecture, network.arrays, lanes)
            return streams.encode(residues, predictor, lanes, reached)

        plain = Coded({"grouped": chosen.grouped}, packed(residues, job))
        if residues.size > LITTLE:
            sample = _sample(residues)
            if not is_smaller(coded(sample, SAMPLE_LANES, None), packed(sample, job)):
                return plain
        payload = coded(residues, groups, job.progress.reached)
        if not is_smaller(payload, plain.payload):
            return plain
        parameters: dict[str, JSON] = {
            "grouped": chosen.grouped,
            "lanes": groups,
            "models": [network.digest],
        }
        return Coded(parameters, payload)

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        GeneFormerSettings.from_parameters(parameters, self.name)
        if _in_two_bits(parameters):
            return TWOBIT.decode(coded, count, job)
        groups = stored_lanes(parameters, count, MOST_GROUPS)
        architecture, arrays, _ = GeneFormerArchitecture.named(parameters)
        predictor = GeneFormer(backend(), architecture, arrays, groups)
        return streams.decode(payload, count, predictor, groups, job.progress.reached).astype(
            np.uint8
        )

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        if _in_two_bits(parameters):
            return TWOBIT.memory(parameters, count)
        groups = stored_lanes(parameters, count, MOST_GROUPS)
        return _memory(GeneFormerArchitecture.named(parameters).architecture, groups, count)


CODEC = _GeneFormer()


def packed(residues: NDArray[np.uint8], job: Job) -> bytes:
    """Two bits for each of the ``residues``."""
    return TWOBIT.encode(residues, Settings(), job).payload


def is_smaller(payload: bytes, two_bits: bytes) -> bool:
    """Whether it is worth to ask the network, which has to be named too."""
    return len(payload) + _NAMED < len(two_bits)


def _memory(architecture: GeneFormerArchitecture, groups: int, count: int) -> int:
    return MEMORY + memory_needed(architecture, groups) + 2 * count


def _chosen_network(chosen: GeneFormerSettings) -> Network[GeneFormerArchitecture]:
    """The package's model of that name, or the file."""
    name = chosen.model or "human"
    packaged = name.isalnum()
    return GeneFormerArchitecture.chosen(
        None if packaged else name,
        f"geneformer-{name}",
        '"acgz train geneformer" makes one for --model',
    )


def _in_two_bits(parameters: Mapping[str, JSON]) -> bool:
    return "models" not in parameters and "lanes" not in parameters


def _sample(residues: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pieces of ``residues`` at equal distances, a lane each."""
    starts = np.linspace(0, residues.size - SAMPLE_PIECE, SAMPLE_LANES).astype(np.int64)
    pieces: NDArray[np.uint8] = residues[starts[:, None] + np.arange(SAMPLE_PIECE)]
    return pieces.reshape(-1)

"""The codec "geneformer": a network trained on similar genomes, and the range coder.

Section 3.3 of the paper: groups of fixed length are lanes, each of which begins anew; all
of them are decoded at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acgz.codec import MEMORY_LIMIT, Coded, Job, stored_lanes
from acgz.coding import streams
from acgz.nets.architecture import MEMORY, Network
from acgz.nets.codec import NetworkCodec
from acgz.nets.geneformer.architecture import GeneFormerArchitecture
from acgz.nets.geneformer.operations import backend
from acgz.nets.geneformer.predictor import GeneFormer, memory_needed
from acgz.nets.geneformer.settings import MOST_GROUPS, GeneFormerSettings
from acgz.settings import JSON


class _GeneFormer(NetworkCodec):
    """Codec of the GeneFormer modes, see `acgz.codec.Codec`, with `GeneFormerSettings`.

    Parameters: ``grouped``, ``lanes`` (the groups), ``models`` (the one network's digest).
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
        parameters: dict[str, JSON] = {
            "grouped": chosen.grouped,
            "lanes": groups,
            "models": [network.digest],
        }
        predictor = GeneFormer(ops, architecture, network.arrays, groups)
        payload = streams.encode(residues, predictor, groups, job.progress.reached)
        return Coded(parameters, payload)

    def _decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        groups = stored_lanes(parameters, count, MOST_GROUPS)
        GeneFormerSettings.from_parameters(parameters, self.name)
        architecture, arrays, _ = GeneFormerArchitecture.named(parameters)
        predictor = GeneFormer(backend(), architecture, arrays, groups)
        return streams.decode(payload, count, predictor, groups, job.progress.reached).astype(
            np.uint8
        )

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        groups = stored_lanes(parameters, count, MOST_GROUPS)
        return _memory(GeneFormerArchitecture.named(parameters).architecture, groups, count)


CODEC = _GeneFormer()


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

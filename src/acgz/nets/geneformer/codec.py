"""The codec "geneformer": a network trained on similar genomes, and the range coder.

Section 3.3 of the paper: groups of fixed length are lanes, each of which begins anew; all
of them are decoded at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acgz import models
from acgz.codec import MEMORY_LIMIT, Coded, Job, integer_parameter
from acgz.coding import streams
from acgz.errors import DamagedError, InputError, MissingModelError, UsageError
from acgz.models import Weights
from acgz.nets.exact import operations
from acgz.nets.geneformer.architecture import Description
from acgz.nets.geneformer.predictor import GeneFormer, memory_needed
from acgz.nets.geneformer.settings import MOST_GROUPS, GeneFormerSettings
from acgz.settings import JSON


class _GeneFormer:
    """See `acgz.codec.Codec`; the settings are those of `Settings`.

    Parameters: ``grouped``, ``lanes`` (the groups), ``models`` (the one network's digest).
    """

    name = "geneformer"
    settings = GeneFormerSettings

    def encode(self, residues: NDArray[np.uint8], settings: GeneFormerSettings, job: Job) -> Coded:
        chosen = settings
        ops = operations.backend(chosen.backend)
        model = _model_to_use(chosen)
        description = Description.from_json(model.description)
        groups = chosen.groups_for(residues.size)
        while groups > 1 and _memory(description, groups, residues.size) > MEMORY_LIMIT // 2:
            groups //= 2
        parameters: dict[str, JSON] = {
            "grouped": chosen.grouped,
            "lanes": groups,
            "models": [model.digest],
        }
        predictor = GeneFormer(ops, description, model.arrays, groups)
        payload = streams.encode(residues, predictor, groups, job.progress.residues)
        return Coded(parameters, payload)

    def decode(self, coded: Coded, count: int, job: Job) -> NDArray[np.uint8]:
        parameters, payload = coded
        groups = integer_parameter(parameters, "lanes", 1, min(MOST_GROUPS, max(1, count)))
        GeneFormerSettings.from_parameters(parameters, self.name)
        model = _stored_model(parameters)
        try:
            description = Description.from_json(model.description)
            predictor = GeneFormer(operations.backend(), description, model.arrays, groups)
        except InputError as error:
            raise DamagedError(f"the block names a model that is not for it: {error}") from error
        return streams.decode(payload, count, predictor, groups, job.progress.residues).astype(
            np.uint8
        )

    def memory(self, parameters: Mapping[str, JSON], count: int) -> int:
        groups = integer_parameter(parameters, "lanes", 1, min(MOST_GROUPS, max(1, count)))
        try:
            description = Description.from_json(_stored_model(parameters).description)
        except InputError as error:
            raise DamagedError(f"the block names a model that is not for it: {error}") from error
        return _memory(description, groups, count)


CODEC = _GeneFormer()


def _memory(description: Description, groups: int, count: int) -> int:
    return (64 << 20) + memory_needed(description, groups) + 2 * count


def _model_to_use(chosen: GeneFormerSettings) -> Weights:
    """The package's model of that name, or the file."""
    if chosen.model.isalnum():
        try:
            return models.read(models.default_model(f"geneformer-{chosen.model}"))
        except MissingModelError as error:
            raise MissingModelError(
                f'{error}; "acgz train geneformer" makes one for --model'
            ) from error
    model = models.read(Path(chosen.model))
    try:
        Description.from_json(model.description)
    except InputError as error:
        raise UsageError(f"{chosen.model}: {error}") from error
    models.remember(Path(chosen.model))
    return model


def _stored_model(parameters: Mapping[str, JSON]) -> Weights:
    digests = parameters.get("models")
    if not isinstance(digests, list) or len(digests) != 1 or not isinstance(digests[0], bytes):
        raise DamagedError("the block does not name one network")
    return models.find(digests[0])

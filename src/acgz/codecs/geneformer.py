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
from acgz.codecs import streams
from acgz.codecs.base import JSON, MEMORY_LIMIT, Work, integer_parameter
from acgz.codecs.geneformer_settings import MOST_GROUPS, Settings
from acgz.errors import DamagedError, InputError, LimitError, MissingModelError, UsageError
from acgz.exact import operations
from acgz.models import Weights
from acgz.predictors.geneformer.description import Description
from acgz.predictors.geneformer.predictor import GeneFormer, memory_needed


class _GeneFormer:
    """See `acgz.codecs.base.Codec`; the settings are those of `Settings`.

    Parameters: ``grouped``, ``lanes`` (the groups), ``models`` (the one network's digest).
    """

    name = "geneformer"

    def encode(
        self, residues: NDArray[np.uint8], settings: Mapping[str, JSON], work: Work
    ) -> tuple[dict[str, JSON], bytes]:
        chosen = Settings.from_json(settings)
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
        return parameters, streams.encode(residues, predictor, groups, work.progress)

    def decode(
        self, payload: bytes, parameters: Mapping[str, JSON], count: int, work: Work
    ) -> NDArray[np.uint8]:
        groups = integer_parameter(parameters, "lanes", 1, min(MOST_GROUPS, max(1, count)))
        if type(parameters.get("grouped")) is not bool:
            raise DamagedError("the block does not say whether it is grouped")
        model = _stored_model(parameters)
        try:
            description = Description.from_json(model.description)
            if _memory(description, groups, count) > work.memory_limit:
                raise LimitError("decoding this block needs more memory than allowed")
            predictor = GeneFormer(operations.backend(), description, model.arrays, groups)
        except InputError as error:
            raise DamagedError(f"the block names a model that is not for it: {error}") from error
        return streams.decode(payload, count, predictor, groups, work.progress).astype(np.uint8)


CODEC = _GeneFormer()


def _memory(description: Description, groups: int, count: int) -> int:
    return (64 << 20) + memory_needed(description, groups) + 2 * count


def _model_to_use(chosen: Settings) -> Weights:
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

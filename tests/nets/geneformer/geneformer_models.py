"""Tiny GeneFormer networks for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from network_archives import Line, Task

from acgz.codec import encode
from acgz.modes import Mode
from acgz.nets.geneformer.architecture import GeneFormerArchitecture


def tiny_architecture(**sizes: Any) -> GeneFormerArchitecture:
    return GeneFormerArchitecture(**{"dimension": 8, "heads": 2, **sizes})


def tiny_model(folder: Path, name: str = "tiny", **sizes: Any) -> Path:
    """A network with a few random weights; the file."""
    return tiny.model(folder, tiny_architecture(**sizes), name)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    model = str(tiny_model(folder))
    return {"model": model, "group": 128} if mode.settings["grouped"] else {"model": model}


ARCHIVED = 2304
"""Bases that `archives` compresses."""


def archives(task: Task) -> Iterator[Line]:
    """With and without the latent array."""
    from acgz.nets.geneformer import codec as geneformer

    models = {
        tiny_model(task.folder, "latent", dimension=24): 128,  # lanes for the kernel of many
        tiny_model(task.folder, "plain", latent=False, segments=2): 300,
    }
    for model, group in models.items():
        settings = {"model": str(model), "grouped": True, "group": group}
        parameters, payload = encode(
            geneformer.CODEC, task.residues, settings | task.common, task.work
        )
        yield model.stem, parameters["lanes"], payload


PINNED = """\
latent 18 896 ea893ff5bde7d8e8497afc4fc055b553aa6a98d9dbba69b764a089d6a3c442db
plain 7 657 a5e96fcf666334b097464fec747f28e6b62b487364683080162fcd003644abb3
"""
"""What `network_archives` prints of them, everywhere."""

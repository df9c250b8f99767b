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
from acgz.nets.geneformer import codec
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
    monkeypatch.setattr(codec, "is_smaller", lambda *payloads: True)
    model = str(tiny_model(folder))
    return {"model": model, "group": 128} if mode.settings["grouped"] else {"model": model}


ARCHIVED = 2304
"""Bases that `archives` compresses."""


def archives(task: Task) -> Iterator[Line]:
    """With and without the latent array."""
    codec.is_smaller = lambda *payloads: True  # these networks know nothing
    models = {
        tiny_model(task.folder, "latent", dimension=24): 128,  # lanes for the kernel of many
        tiny_model(task.folder, "plain", latent=False, segments=2): 300,
    }
    for model, group in models.items():
        settings = {"model": str(model), "grouped": True, "group": group}
        parameters, payload = encode(codec.CODEC, task.residues, settings | task.common, task.work)
        yield model.stem, parameters["lanes"], payload


PINNED = """\
latent 18 579 0c26c563808318faa54b44f3e99f972da53cbf9502e6aeb23612fbeac986e740
plain 7 577 bab7baad6c95cc690f3bc0354569c15cf189c0716fec33bc190a8260798fa276
"""
"""What `network_archives` prints of them, everywhere."""

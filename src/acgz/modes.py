"""The tables of codecs and of modes: a mode is a codec and its settings under a name.

Only compression knows modes. An archive names the codec and its parameters. Codecs are imported
when they are asked for: a `twobit` archive does not pay for Numba, and nothing but training pays
for PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType

from acgz.codec import Codec
from acgz.errors import UsageError, VersionError
from acgz.settings import JSON

CODECS = {
    "uniform": "acgz.baselines:UNIFORM",
    "order0": "acgz.baselines:ORDER0",
    "twobit": "acgz.baselines:TWOBIT",
    "engine": "acgz.engine.codec:CODEC",
    "deepgeco": "acgz.nets.deepgeco.codec:CODEC",
    "geneformer": "acgz.nets.geneformer.codec:CODEC",
    "deepzip": "acgz.nets.deepzip.codec:CODEC",
    "seqcoder": "acgz.nets.seqcoder.codec:CODEC",
}
"""Name in an archive -> "module:attribute"."""

SYSTEMS = ("deepgeco", "geneformer", "deepzip", "seqcoder")
"""Folders of `acgz.nets`: each implements a document, with training and the document's tables."""

_registered: dict[str, Codec] = {}


def register(codec: Codec) -> None:
    """Make a codec of your own known under its name; ValueError if the name is taken."""
    if codec.name in _registered or codec.name in CODECS:
        raise ValueError(f"there is a codec named {codec.name!r} already")
    _registered[codec.name] = codec


def unregister(name: str) -> None:
    """Forget a codec that was added with `register`; KeyError if there is none."""
    del _registered[name]


def get_codec(name: str) -> Codec:
    """The codec of that name; VersionError if this version of acgz has none."""
    if name in CODECS:
        module, attribute = CODECS[name].split(":")
        codec: Codec = getattr(import_module(module), attribute)
        return codec
    try:
        return _registered[name]
    except KeyError:
        raise VersionError(
            f"the archive uses the codec {name!r}, which this version of acgz does not have"
        ) from None


@dataclass(frozen=True)
class Mode:
    """One line of ``acgz modes``."""

    name: str
    codec: str
    summary: str
    source: str
    """Where the method is described."""
    speed: str
    """On one core: "very fast" is 20 MB/s and more, "fast" 2, "medium" 0.2, "slow" less."""
    needs_model: bool = False
    """True: an installed model is needed to compress and to decompress."""
    fits: bool = False
    """True: without a model of the user's, it trains one on the input and stores it."""
    settings: Mapping[str, JSON] = field(default_factory=lambda: MappingProxyType({}))


DEFAULT_MODE = "plus"

_DEEPZIP_CELLS = {"rnn": "simple RNN", "lstm": "LSTM", "gru": "GRU"}
_DEEPZIP_MODELS = ("lstm-32", "lstm-64", "gru-32", "gru-64")
"""Networks that the package brings."""


def _deepzip(layers: str, cell: str, units: int) -> Mode:
    """``layers``: "" for one, "bi" for two bidirectional ones."""
    shipped = f"{layers}{cell}-{units}" in _DEEPZIP_MODELS
    what = f"{_DEEPZIP_CELLS[cell]}, {units} units" + (", two layers both ways" if layers else "")
    return Mode(
        name=f"deepzip-{layers}{cell}-{units}",
        codec="deepzip",
        settings={"network": layers + cell, "units": units},
        summary=f"{what}, reads the last 32 bases",
        source="RNN compressors after DeepZip; docs/deepzip.md",
        speed="slow",
        needs_model=shipped,
        fits=not shipped,
    )


_TABLE = (
    Mode(
        name="plus",
        codec="engine",
        settings={"preset": "plus"},
        summary="adaptive mixture of context and repeat experts (default)",
        source="acgz, docs/engine.md",
        speed="medium",
    ),
    Mode(
        name="ultra",
        codec="engine",
        settings={"preset": "ultra"},
        summary="the same with more experts: smaller and slower",
        source="acgz, docs/engine.md",
        speed="slow",
    ),
    Mode(
        name="deepgeco-mini",
        codec="deepgeco",
        settings={"level": "mini"},
        summary="static network trained on many species",
        source="DeepGeCo (AAAI 2025), MINI; docs/deepgeco.md",
        speed="medium",
        needs_model=True,
    ),
    Mode(
        name="deepgeco-plus",
        codec="deepgeco",
        settings={"level": "plus"},
        summary="the same network, and a transformer that learns while it codes",
        source="DeepGeCo (AAAI 2025), PLUS; docs/deepgeco.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="deepgeco-ultra",
        codec="deepgeco",
        settings={"level": "ultra"},
        summary="the same, the network fine-tuned on the input first (compressing needs PyTorch)",
        source="DeepGeCo (AAAI 2025), ULTRA; docs/deepgeco.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="geneformer",
        codec="geneformer",
        settings={"grouped": False},
        summary="transformer encoder, trained on 70 % of the mitochondria among the test data",
        source="GeneFormer (2022); docs/geneformer.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="geneformer-grouped",
        codec="geneformer",
        settings={"grouped": True},
        summary="the same in groups that are coded and decoded side by side",
        source="GeneFormer (2022), fixed-length grouping; docs/geneformer.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="seqcoder",
        codec="seqcoder",
        summary="autoencoder and corrections; trained on AeCa, HaHi and EsCo of the test data",
        source="SeqCoder; docs/seqcoder.md",
        speed="medium",
        needs_model=True,
    ),
    *(
        _deepzip(layers, cell, units)
        for layers in ("", "bi")
        for cell in _DEEPZIP_CELLS
        for units in (32, 64, 128)
    ),
    Mode(
        name="order0",
        codec="order0",
        summary='baseline: frequencies of the four bases ("fair" probabilities)',
        source="RNN compressors after DeepZip, baselines",
        speed="fast",
    ),
    Mode(
        name="uniform",
        codec="uniform",
        summary="baseline: every base has probability 1/4",
        source="RNN compressors after DeepZip, baselines",
        speed="fast",
    ),
    Mode(
        name="twobit",
        codec="twobit",
        summary="baseline: four bases in a byte",
        source="plain packing",
        speed="very fast",
    ),
)

MODES: Mapping[str, Mode] = MappingProxyType({mode.name: mode for mode in _TABLE})
"""All modes by name, best known first."""


def get_mode(name: str) -> Mode:
    """The mode of that name; UsageError if there is none.

    >>> get_mode("twobit").codec
    'twobit'
    """
    try:
        return MODES[name]
    except KeyError:
        raise UsageError(f"there is no mode {name!r}; the modes are {', '.join(MODES)}") from None


def mode_of(codec: str, parameters: Mapping[str, JSON]) -> str:
    """The mode that writes such a block, or the codec's name where no mode says so."""
    for mode in MODES.values():
        if mode.codec == codec and mode.settings.items() <= parameters.items():
            return mode.name
    return codec

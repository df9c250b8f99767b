"""The tables of codecs and of modes: a mode is a codec and its settings under a name.

Only compression knows modes. An archive names the codec and its parameters. Codecs are imported
when they are asked for: a `twobit` archive does not pay for Numba, and nothing but training pays
for PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import MappingProxyType

from acgz.codec import Codec
from acgz.errors import UsageError, VersionError
from acgz.settings import JSON, shown


@dataclass(frozen=True)
class Mode:
    """One line of ``acgz modes``."""

    name: str
    codec: str
    summary: str
    source: str
    """The document that describes the method."""
    speed: str
    """On one core: "very fast" is 20 MB/s and more, "fast" 2, "medium" 0.2, "slow" less."""
    needs_model: bool = False
    """True: an installed model is needed to compress and to decompress."""
    fits: bool = False
    """True: where no model is installed, it trains one on the input and stores it."""
    settings: Mapping[str, JSON] = field(default_factory=lambda: MappingProxyType({}))
    spelled: tuple[str, ...] = ()
    """Settings whose values may stand behind the name, each after a hyphen."""


DEFAULT_MODE = "plus"

_TABLE = (
    Mode(
        name="plus",
        codec="engine",
        settings={"preset": "plus"},
        summary="context, repeat and network experts mixed (default)",
        source="acgz, docs/engine.md",
        speed="medium",
    ),
    Mode(
        name="fast",
        codec="engine",
        settings={"preset": "fast"},
        summary="a few experts, no network: 4 times as fast",
        source="acgz, docs/engine.md",
        speed="fast",
    ),
    Mode(
        name="ultra",
        codec="engine",
        settings={"preset": "ultra"},
        summary="more experts, and its network goes on learning",
        source="acgz, docs/engine.md",
        speed="slow",
    ),
    Mode(
        name="deepgeco-mini",
        codec="deepgeco",
        settings={"level": "mini"},
        summary="static GRU (paper: BiGRU), of many species",
        source="DeepGeCo (AAAI 2025), MINI; docs/deepgeco.md",
        speed="medium",
        needs_model=True,
    ),
    Mode(
        name="deepgeco-plus",
        codec="deepgeco",
        settings={"level": "plus"},
        summary="the same, and a transformer that learns meanwhile",
        source="DeepGeCo (AAAI 2025), PLUS; docs/deepgeco.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="deepgeco-ultra",
        codec="deepgeco",
        settings={"level": "ultra"},
        summary="the same, fine-tuned on the input (needs PyTorch)",
        source="DeepGeCo (AAAI 2025), ULTRA; docs/deepgeco.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="geneformer",
        codec="geneformer",
        settings={"grouped": False},
        summary="transformer, trained on 70 % of test mitochondria",
        source="GeneFormer (2022); docs/geneformer.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="geneformer-grouped",
        codec="geneformer",
        settings={"grouped": True},
        summary="the same, in groups that run side by side",
        source="GeneFormer (2022), fixed-length grouping; docs/geneformer.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="seqcoder",
        codec="seqcoder",
        settings={"latent": "int8"},
        summary="autoencoder, trained on AeCa, HaHi, EsCo (tests)",
        source="SeqCoder; docs/seqcoder.md",
        speed="slow",
        needs_model=True,
    ),
    Mode(
        name="seqcoder-twobit",
        codec="seqcoder",
        settings={"latent": "twobit"},
        summary="ablation of it: the latent values are the bases",
        source="docs/seqcoder.md",
        speed="medium",
        needs_model=True,
    ),
    Mode(
        name="deepzip",
        codec="deepzip",
        spelled=("network", "units"),
        summary="recurrent networks: deepzip-lstm-32 and others",
        source="RNN compressors after DeepZip; docs/deepzip.md",
        speed="slow",
        needs_model=True,
        fits=True,
    ),
    Mode(
        name="order0",
        codec="order0",
        summary="baseline: the share of each base, counted first",
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


_CODECS = {
    "uniform": "acgz.baselines:UNIFORM",
    "order0": "acgz.baselines:ORDER0",
    "twobit": "acgz.baselines:TWOBIT",
    "engine": "acgz.engine.codec:CODEC",
}
"""Name in an archive -> "module:attribute"; all others are folders of `acgz.nets`."""

CODECS = {
    mode.codec: _CODECS.get(mode.codec, f"acgz.nets.{mode.codec}.codec:CODEC") for mode in _TABLE
}
"""All codecs of the package; see `register` for others."""

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


def get_mode(name: str) -> Mode:
    """The mode of that name; UsageError if there is none.

    >>> get_mode("twobit").codec, get_mode("deepzip-gru-64").settings
    ('twobit', {'network': 'gru', 'units': 64})
    """
    if name in MODES:
        return MODES[name]
    for mode in MODES.values():
        values = name.removeprefix(f"{mode.name}-").split("-")
        if mode.spelled and name.startswith(f"{mode.name}-") and len(values) == len(mode.spelled):
            said = {
                setting: int(value) if value.isascii() and value.isdigit() else value
                for setting, value in zip(mode.spelled, values, strict=True)
            }
            return replace(mode, name=name, settings={**mode.settings, **said})
    raise UsageError(f"there is no mode {shown(name)}; the modes are {', '.join(MODES)}")


def mode_of(codec: str, parameters: Mapping[str, JSON]) -> str:
    """The mode that writes such a block, or the codec's name where no mode says so."""
    for mode in MODES.values():
        if mode.codec == codec and mode.settings.items() <= parameters.items():
            values = (str(parameters.get(setting, "")) for setting in mode.spelled)
            return "-".join([mode.name, *values])
    return codec

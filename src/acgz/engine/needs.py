"""What a block of the engine says about itself, and the threads and memory that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from acgz.codec import MEMORY_LIMIT, Need, integer_parameter
from acgz.engine import reference
from acgz.engine.settings import EngineSettings
from acgz.engine.start import BITS, table_bits
from acgz.errors import DamagedError
from acgz.settings import JSON

MOST = 1 << 31
"""Positions are stored in 32 bits."""
_TWO_LANES = 1 << 20
"""From so many residues on some presets have two lanes."""
_ROOM = 3 << 30
"""Bytes that both lanes may take where no lanes are asked for."""
_LEARNING = 96 << 20
"""Bytes that the learning of a prior of 256 units takes; of one of 160 units six tenths of them."""
_PAYLOAD = 3
"""Bits of a residue in the payload, and more than that."""


class Stored(NamedTuple):
    """What the parameters of a block say."""

    settings: EngineSettings
    bits: int
    """log2 of the largest sparse tables."""
    lanes: int
    before: int
    """Residues that are known: of the dictionary and of the reference."""


def stored(parameters: Mapping[str, JSON], count: int) -> Stored:
    """What a block of ``count`` residues says; DamagedError."""
    from acgz.engine import dictionary

    settings = EngineSettings.from_parameters(parameters, "engine")
    bits = integer_parameter(parameters, "b", *BITS)
    integer_parameter({"alike": 1, **parameters}, "alike", 1, 1)
    before = dictionary.known(parameters)
    if "known" in parameters:
        before += integer_parameter(parameters, "known", 0, MOST)
    if before + count >= MOST or before % reference.WORD:
        raise DamagedError("the block claims more residues than this codec allows")
    if bits > table_bits(before + count, BITS[1]):
        raise DamagedError("the tables are larger than the residues allow")
    return Stored(settings, bits, settings.lanes or 1, before)


def claims(settings: EngineSettings, preset: str, count: int) -> dict[str, JSON]:
    """The most that parameters say of ``count`` residues that are not alike, in one lane where
    nobody asks for more."""
    from acgz.engine import dictionary

    before = reference.asked_for(settings).residues.size
    if settings.dictionary != dictionary.NONE and (settings.dictionary or not before):
        before += dictionary.most(count)
    return _claimed(preset, before, count, settings.lanes or 1)


def _claimed(preset: str, before: int, count: int, lanes: int) -> dict[str, JSON]:
    """Parameters of ``count`` residues after ``before`` known ones, as far as memory goes."""
    from acgz.engine.presets import PRESETS

    bits = table_bits(before + count, PRESETS[preset].most_table_bits)
    return {"preset": preset, "b": bits, "known": before, "lanes": lanes}


def memory(parameters: Mapping[str, JSON], count: int) -> int:
    """Bytes that a block of ``count`` residues takes at most, coded or decoded; DamagedError."""
    from acgz.engine.columns import COLUMN
    from acgz.engine.presets import parts

    settings, bits, lanes, before = stored(parameters, count)
    made = parts(settings.preset, count, before, bits, "alike" in parameters)
    count += before
    columns = made.sparse.count(COLUMN)
    tables = (2 * (len(made.sparse) - columns) << made.table_bits) + 2 * columns * count
    index = (4 * len(made.seeds) << made.seed_bits) + count // 4
    own = tables + index + count + (64 << 20) + (_LEARNING if made.adapts else 0)
    return lanes * own + 3 * count + (32 << 20)


def fits(parameters: Mapping[str, JSON], count: int) -> bool:
    """Whether readers take a block as long as they are not told to allow more memory."""
    return memory(parameters, count) + count + _PAYLOAD * count // 8 <= MEMORY_LIMIT


def may_be_alike(settings: EngineSettings, count: int, before: int) -> bool:
    """Whether a reader takes ``count`` residues with columns."""
    claimed = _claimed(settings.preset, before, count, settings.lanes or 1)
    return fits({**claimed, "alike": 1}, count)


def to_encode(settings: EngineSettings, count: int) -> Need:
    """The most that it may take: how many lanes there are depends on the residues."""
    # `ultra` tries `plus` beside; that is quick, and needs no thread kept for it.
    presets = ["ultra", "plus"] if settings.preset == "ultra" else [settings.preset]
    needs = []
    for preset in presets:
        claimed = claims(settings, preset, count)
        lanes = settings.lanes or _most_own_lanes(count, claimed)
        alike = {**claimed, "alike": 1}
        most = max(memory(one, count) for one in ({**claimed, "lanes": lanes}, alike))
        needs.append(Need(_threads(lanes, preset, count), most))
    return Need(needs[0].threads, sum(need.memory for need in needs))


def to_decode(parameters: Mapping[str, JSON], count: int) -> Need:
    """A thread for each lane, one more for each that learns, and `memory`; DamagedError."""
    settings, _, lanes, _ = stored(parameters, count)
    return Need(_threads(lanes, settings.preset, count), memory(parameters, count))


def _threads(lanes: int, preset: str, count: int) -> int:
    from acgz.engine.presets import parts

    return 2 * lanes if parts(preset, count, 0, BITS[0]).adapts else lanes


def own_lanes(count: int, parameters: Mapping[str, JSON]) -> int:
    """Lanes where none are asked for: two, as long as they cost little."""
    return 1 if "alike" in parameters else _most_own_lanes(count, parameters)


def _most_own_lanes(count: int, parameters: Mapping[str, JSON]) -> int:
    """Lanes of so many residues, if these are not alike, where none are asked for."""
    from acgz.engine.presets import PRESETS

    if PRESETS[str(parameters["preset"])].most_lanes < 2 or count < _TWO_LANES:
        return 1
    if memory({**parameters, "lanes": 2}, count) > _ROOM:
        return 1
    return 2

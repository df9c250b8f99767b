"""One declaration decides what a setting may be, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from acgz import modes
from acgz.errors import AcgzError, DamagedError, UsageError
from acgz.modes import CODECS, MODES
from acgz.settings import ALWAYS, CHANGED, Declaration, Settings, setting, shown


@dataclass(frozen=True)
class Everything(Settings):
    """A setting of every sort."""

    whole: int = setting(3, "with two bounds", least=1, most=9, stored=ALWAYS)
    large: int = setting(7, "with one bound", least=0, stored=CHANGED)
    share: float = setting(0.5, "between", above=0, below=1, stored=CHANGED)
    weight: float = setting(1.5, "of either sign", stored=ALWAYS)
    plain: bool = setting(False, "yes or no", stored=CHANGED)
    word: str = setting("a", "one of two", among=("a", "b"), stored=CHANGED)
    few: int | None = setting(None, "one of three, or the codec decides", among=(1, 2, 4))
    path: str | None = setting(None, "any text")

    def check(self) -> None:
        if self.plain and self.word == "b":
            raise ValueError("plain goes with a alone")


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("whole", np.int8(4), 4),
        ("whole", np.uint64(9), 9),
        ("whole", np.array(2), 2),
        ("large", 1 << 100, 1 << 100),
        ("share", np.float32(0.25), 0.25),
        ("share", Decimal("0.5"), 0.5),
        ("weight", 3, 3.0),
        ("weight", np.int64(-3), -3.0),
        ("plain", True, True),
        ("plain", np.True_, True),
        ("word", np.str_("b"), "b"),
        ("few", None, None),
        ("few", np.int16(4), 4),
        ("path", "é\n", "é\n"),
    ],
)
def test_a_value_is_kept_as_plain_python(name: str, given: Any, kept: Any) -> None:
    value = getattr(Everything.of({name: given}, "codec"), name)
    assert value == kept
    assert type(value) is type(kept)


FROM_1_TO_9 = "whole must be a whole number from 1 to 9, not "
BETWEEN = "share must be a number above 0 and below 1, not "
MISTAKES = [
    ("whole", True, FROM_1_TO_9 + "True"),
    ("whole", np.False_, FROM_1_TO_9 + "np.False_"),
    ("whole", 0, FROM_1_TO_9 + "0"),
    ("whole", 10, FROM_1_TO_9 + "10"),
    ("whole", 3.0, FROM_1_TO_9 + "3.0"),
    ("whole", "3", FROM_1_TO_9 + "'3'"),
    ("whole", None, FROM_1_TO_9 + "None"),
    ("whole", [3], FROM_1_TO_9 + "[3]"),
    ("whole", 10**5000, FROM_1_TO_9 + "int"),
    ("large", -1, "large must be a whole number from 0, not -1"),
    ("share", 0, BETWEEN + "0"),
    ("share", 1.0, BETWEEN + "1.0"),
    ("share", "0.5", BETWEEN + "'0.5'"),
    ("share", False, BETWEEN + "False"),
    ("share", float("nan"), BETWEEN + "nan"),
    ("weight", float("-inf"), "weight must be a number, not -inf"),
    ("weight", 10**400, "weight must be a number, not 1" + "0" * 56 + "..."),
    ("weight", 1j, "weight must be a number, not 1j"),
    ("plain", 1, "plain must be true or false, not 1"),
    ("plain", "true", "plain must be true or false, not 'true'"),
    ("word", "c", "word must be one of a, b, not 'c'"),
    ("word", ["a"], "word must be one of a, b, not ['a']"),
    ("few", 3, "few must be one of 1, 2, 4, not 3"),
    ("few", True, "few must be one of 1, 2, 4, not True"),
    ("path", "", "path must be text, not ''"),
    ("path", b"raw", "path must be text, not b'raw'"),
]
mistakes = pytest.mark.parametrize(
    ("name", "given", "message"), MISTAKES, ids=[message for *_, message in MISTAKES]
)


@mistakes
def test_a_mistake_is_a_usage_error_of_one_line(name: str, given: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Everything.of({name: given}, "codec")
    assert str(caught.value) == f"codec: {message}"


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ("4", "whole", 4),
        ("0.25", "share", 0.25),
        ("-3", "weight", -3.0),
        ("true", "plain", True),
        ("false", "plain", False),
        ("b", "word", "b"),
        ("2", "few", 2),
        ("7", "path", "7"),
    ],
)
def test_text_becomes_a_value_of_the_declared_type(text: str, name: str, kept: Any) -> None:
    parsed = Everything.parsed({name: text}, "codec")
    assert parsed == {name: kept}
    assert type(parsed[name]) is type(kept)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("whole", "true"),
        ("whole", "3.0"),
        ("whole", "9" * 5000),
        ("share", "half"),
        ("plain", "True"),
        ("plain", "1"),
        ("word", "A"),
        ("few", "none"),
        ("path", ""),
    ],
)
def test_text_that_is_no_value_is_the_mistake_that_the_text_itself_is(name: str, text: str) -> None:
    assert message(lambda: Everything.parsed({name: text}, "codec"), UsageError) == message(
        lambda: Everything.of({name: text}, "codec"), UsageError
    )


@pytest.mark.parametrize(("name", "text", "value"), [("whole", "0", 0), ("share", "nan", np.nan)])
def test_text_of_a_value_out_of_range_is_the_mistake_that_the_value_is(
    name: str, text: str, value: Any
) -> None:
    assert message(lambda: Everything.parsed({name: text}, "codec"), UsageError) == message(
        lambda: Everything.of({name: value}, "codec"), UsageError
    )


@pytest.mark.parametrize("read", [Everything.of, Everything.parsed])
def test_an_unknown_name_is_a_usage_error_that_lists_the_others(read: Any) -> None:
    with pytest.raises(UsageError, match=r"codec has no setting 'hole' \(it has few, large"):
        read({"hole": "3"}, "codec")


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(UsageError, match="codec: plain goes with a alone"):
        Everything.of({"plain": True, "word": "b"}, "codec")
    with pytest.raises(DamagedError, match="codec: plain goes with a alone"):
        Everything.from_parameters({"whole": 3, "weight": 1, "plain": True, "word": "b"}, "codec")


def test_an_archive_stores_what_was_declared_so_and_has_changed() -> None:
    assert Everything().parameters() == {"whole": 3, "weight": 1.5}
    changed = Everything(whole=4, large=8, plain=True, few=2, path="x")
    assert changed.parameters() == {"whole": 4, "large": 8, "weight": 1.5, "plain": True}


@hypothesis.given(
    st.fixed_dictionaries(
        {},
        optional={
            "whole": st.integers(1, 9),
            "large": st.integers(0, 1 << 64),
            "share": st.floats(0, 1, exclude_min=True, exclude_max=True),
            "weight": st.floats(allow_nan=False, allow_infinity=False),
            "plain": st.booleans(),
        },
    )
)
def test_stored_settings_come_back(chosen: dict[str, Any]) -> None:
    settings = Everything.of(chosen, "codec")
    restored = Everything.from_parameters({**settings.parameters(), "other": [b"x"]}, "codec")
    assert restored == settings


def test_a_setting_that_is_not_stored_is_never_read_from_an_archive() -> None:
    stored = {"whole": 3, "weight": 1.5, "path": "/etc/passwd", "few": 77}
    assert Everything.from_parameters(stored, "codec") == Everything()


@mistakes
def test_a_stored_mistake_is_damage_in_the_same_words(name: str, given: Any, message: str) -> None:
    parameters = {"whole": 3, "weight": 1.5, name: given}
    if name in ("few", "path"):
        assert Everything.from_parameters(parameters, "codec") == Everything()
        return
    with pytest.raises(DamagedError) as caught:
        Everything.from_parameters(parameters, "codec")
    assert str(caught.value) == f"codec: {message}"


def test_a_setting_that_is_always_stored_must_be_there() -> None:
    with pytest.raises(DamagedError, match="weight"):
        Everything.from_parameters({"whole": 3}, "codec")


@pytest.mark.parametrize(
    ("bounds", "values"),
    [
        ({}, "a number"),
        ({"least": 0}, "a number from 0"),
        ({"most": 2}, "a number up to 2"),
        ({"least": 0, "most": 2}, "a number from 0 to 2"),
        ({"above": 0, "most": 2}, "a number above 0 and up to 2"),
        ({"least": 0, "below": 2}, "a number from 0 and below 2"),
    ],
)
def test_bounds_are_told_and_kept(bounds: dict[str, float], values: str) -> None:
    declared = Declaration("x", float, False, 1.0, **bounds)
    assert declared.values == values
    for value in (-1.0, 0.0, 1.0, 2.0, 3.0):
        inside = bounds.get("least", value) <= value <= bounds.get("most", value) and bounds.get(
            "above", value - 1
        ) < value < bounds.get("below", value + 1)
        if inside:
            assert declared.checked(value) == value
        else:
            with pytest.raises(ValueError, match=f"x must be {values}, not {value}"):
                declared.checked(value)


@hypothesis.given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), st.lists))
def test_whatever_is_shown_in_a_message_is_one_short_line(value: Any) -> None:
    text = shown(value)
    assert len(text) <= 60
    assert len(text.splitlines()) <= 1


@pytest.mark.parametrize("name", CODECS)
def test_every_default_is_a_value_that_its_own_declaration_allows(name: str) -> None:
    codec = modes.get_codec(name)
    for declared in codec.settings.declarations().values():
        assert declared.what
        assert declared.checked(declared.default) == declared.default
        assert type(declared.checked(declared.default)) in (declared.kind, type(None))
    codec.settings.of({}, name)


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.name)
def test_the_settings_of_every_mode_are_settings_of_its_codec(mode: modes.Mode) -> None:
    settings = modes.get_codec(mode.codec).settings
    chosen = settings.of(mode.settings, mode.codec)
    assert settings.from_parameters(chosen.parameters(), mode.codec).parameters() == (
        chosen.parameters()
    )


def message(call: Callable[[], object], kind: type[AcgzError]) -> str:
    """The words of the error that ``call`` ends with."""
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)

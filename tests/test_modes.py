"""The tables of codecs and modes: a name means one thing, and says what there is instead."""

from __future__ import annotations

import pytest

from acgz import modes
from acgz.errors import UsageError, VersionError
from acgz.modes import MODES, get_mode, mode_of


class Another:
    """Enough of a codec to be registered."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_a_name_is_registered_once() -> None:
    codec = Another("another")
    modes.register(codec)  # type: ignore[arg-type]
    try:
        assert modes.get_codec("another") is codec
        assert modes.get_codec("another").name == "another"
        with pytest.raises(ValueError, match="already"):
            modes.register(Another("another"))  # type: ignore[arg-type]
    finally:
        modes.unregister("another")
    with pytest.raises(ValueError, match="already"):
        modes.register(Another("twobit"))  # type: ignore[arg-type]


def test_an_unknown_codec_is_a_question_of_version() -> None:
    with pytest.raises(VersionError, match="telepathy"):
        modes.get_codec("telepathy")


def test_every_mode_has_a_codec() -> None:
    assert {mode.codec for mode in MODES.values()} == set(modes.CODECS)


def test_a_codec_that_no_mode_uses_is_named_itself() -> None:
    assert mode_of("telepathy", {}) == "telepathy"


def test_an_unknown_mode_is_a_usage_error_that_names_the_others() -> None:
    with pytest.raises(UsageError, match="twobit"):
        get_mode("best")


def test_no_two_modes_are_the_same() -> None:
    rows = [(mode.codec, sorted(mode.settings.items())) for mode in MODES.values()]
    assert [row for row in rows if rows.count(row) > 1] == []

"""Settings, declared once: type, range, default, meaning, what an archive stores, and the flag.

A codec's settings are a frozen dataclass below `Settings` whose fields are made by `setting`.
Python keywords, ``--set NAME=VALUE``, flags of the command line and the parameters of an archive
are all read by that declaration, so a mistake has the same words wherever it is made.
"""

from __future__ import annotations

import dataclasses
import math
import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

from acgz.errors import AcgzError, DamagedError, UsageError

JSON = None | bool | int | float | str | bytes | Sequence["JSON"] | Mapping[str, "JSON"]
"""A setting or a parameter: JSON, and raw bytes for digests."""

NEVER, CHANGED, ALWAYS = "never", "changed", "always"
"""Whether an archive stores a setting; CHANGED: unless it has its default."""


def setting(
    default: Any,
    what: str,
    *,
    among: Sequence[Any] = (),
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    stored: str = NEVER,
    flag: str = "",
    metavar: str = "",
) -> Any:
    """Declare a field of `Settings`.

    Its annotation is ``bool``, ``int``, ``float`` or ``str``, with ``| None`` where the codec
    decides if nothing is said. ``what``: the line of help. ``among``: the choices. ``least``,
    ``most``: the range, both ends included; ``above``, ``below``: both excluded. ``stored``: when
    `Settings.parameters` has it: NEVER, CHANGED (if it is not the default) or ALWAYS. ``flag``:
    the option of the command line, such as "--lanes"; every setting has ``--set`` too.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "what": what,
            "among": tuple(among),
            "least": least,
            "most": most,
            "above": above,
            "below": below,
            "stored": stored,
            "flag": flag,
            "metavar": metavar,
        },
    )


@dataclass(frozen=True)
class Declaration:
    """One setting as it was declared; see `setting`."""

    name: str
    kind: type
    optional: bool
    """None is a value: the codec decides."""
    default: Any
    what: str = ""
    among: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    stored: str = NEVER
    flag: str = ""
    metavar: str = ""

    @property
    def values(self) -> str:
        """The values that are allowed, in words.

        >>> Declaration("k", int, False, 1, least=1, most=9).values
        'a whole number from 1 to 9'
        """
        if self.among:
            return "one of " + ", ".join(str(value) for value in self.among)
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            return "text"
        kind = "a whole number" if self.kind is int else "a number"
        if self.least is not None and self.most is not None:
            return f"{kind} from {self.least} to {self.most}"
        bounds = {
            "from": self.least,
            "above": self.above,
            "up to": self.most,
            "below": self.below,
        }
        told = [f"{word} {bound}" for word, bound in bounds.items() if bound is not None]
        return " ".join([kind, " and ".join(told)]).strip()

    def checked(self, value: Any) -> Any:
        """``value`` as a plain bool, int, float, str or None; ValueError if it is not allowed."""
        if value is None and self.optional:
            return None
        try:
            plain = _plain(value, self.kind)
            if self._allows(plain):
                return plain
        except (TypeError, ValueError, OverflowError):
            pass
        raise ValueError(f"{self.name} must be {self.values}, not {shown(value)}")

    def parsed(self, text: str) -> Any:
        """The value that a person has typed; ValueError if it is not allowed."""
        value: Any = text
        try:
            if self.kind is bool:
                value = {"true": True, "false": False}[text]
            elif self.kind is not str:
                value = self.kind(text)
        except (KeyError, ValueError):
            pass  # `checked` says what is wrong
        return self.checked(value)

    def _allows(self, value: Any) -> bool:
        if self.among:
            return bool(value in self.among)
        if self.kind in (bool, str):
            return bool(value != "")
        return bool(
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


@dataclass(frozen=True)
class Settings:
    """Base of the settings of every codec. `of` makes them, `check` holds them together."""

    def check(self) -> None:
        """ValueError for settings that do not go together."""

    @classmethod
    def declarations(cls) -> Mapping[str, Declaration]:
        """All settings by name, in the order in which they are declared."""
        found = {}
        hints = get_type_hints(cls)
        for field in dataclasses.fields(cls):
            hint = hints[field.name]
            kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
            (kind,) = (kind for kind in kinds if kind is not NoneType)
            found[field.name] = Declaration(
                field.name, kind, NoneType in kinds, field.default, **field.metadata
            )
        return found

    @classmethod
    def of(cls, given: Mapping[str, Any], who: str) -> Self:
        """Settings with what a user has ``given``; ``who``: the mode, or the codec, for messages.

        Raises UsageError for an unknown name, a value that is not allowed, or a contradiction.

        >>> Settings.of({"lames": 3}, "twobit")
        Traceback (most recent call last):
        acgz.errors.UsageError: twobit has no setting 'lames' (it has none)
        """
        cls._known(given, who)
        return cls._made(given, UsageError, who)

    @classmethod
    def parsed(cls, texts: Mapping[str, str], who: str) -> dict[str, Any]:
        """The values of settings that a person has typed; UsageError as in `of`."""
        cls._known(texts, who)
        try:
            return {name: cls.declarations()[name].parsed(text) for name, text in texts.items()}
        except ValueError as error:
            raise UsageError(f"{who}: {error}") from None

    def files(self) -> list[str]:
        """The files that the values name: such a one is an input, and no output goes there."""
        named = [
            getattr(self, name)
            for name, declared in self.declarations().items()
            if declared.kind is str and not declared.among
        ]
        return [value for value in named if value is not None and os.path.isfile(value)]

    def parameters(self) -> dict[str, JSON]:
        """What an archive stores of them."""
        return {
            name: getattr(self, name)
            for name, declared in self.declarations().items()
            if declared.stored == ALWAYS
            or (declared.stored == CHANGED and getattr(self, name) != declared.default)
        }

    @classmethod
    def from_parameters(cls, stored: Mapping[str, Any], who: str) -> Self:
        """The inverse of `parameters`; names that are not stored settings are passed over.

        Raises DamagedError for what `parameters` cannot have written.
        """
        given = {}
        for name, declared in cls.declarations().items():
            if declared.stored != NEVER and name in stored:
                given[name] = stored[name]
            elif declared.stored == ALWAYS:
                raise DamagedError(f"the block does not say what {name} of {who} is")
        return cls._made(given, DamagedError, who)

    @classmethod
    def _known(cls, names: Mapping[str, Any], who: str) -> None:
        declared = cls.declarations()
        for name in names:
            if name not in declared:
                known = ", ".join(sorted(declared)) or "none"
                raise UsageError(f"{who} has no setting {shown(name)} (it has {known})")

    @classmethod
    def _made(cls, given: Mapping[str, Any], error: type[AcgzError], who: str) -> Self:
        declared = cls.declarations()
        try:
            made = cls(**{name: declared[name].checked(value) for name, value in given.items()})
            made.check()
        except ValueError as wrong:
            raise error(f"{who}: {wrong}") from None
        return made


def _plain(value: Any, kind: type) -> Any:
    """``value`` as the Python type; TypeError or ValueError if it is of another kind."""
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # NumPy's too
        if kind is bool:
            return bool(value)
        raise TypeError
    if kind is int:
        return operator.index(value)
    if kind is float:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
        return number
    if kind is str and isinstance(value, str):
        return str(value)
    raise TypeError


def shown(value: Any) -> str:
    """``value`` for a message: one line of at most 60 characters, whatever it is.

    >>> shown("two\\nlines"), shown(10**5000)
    ("'two\\\\nlines'", 'int')
    """
    try:
        text = repr(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."

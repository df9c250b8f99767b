"""What every network says about itself, and how its weights are found, read and checked.

Imports nothing heavy: the command line reads declarations from here for its flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from acgz.errors import DamagedError, InputError, MissingModelError, UsageError
from acgz.settings import JSON, Settings, setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acgz.models import Model

Arrays = Mapping[str, "NDArray[Any]"]
"""The numbers of a network by name."""

MOST = 1e4
"""No weight is greater; of those of the package none is above 300."""
MEMORY = 64 << 20
"""Bytes that the libraries under a network take, whatever its size."""


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """What a user may choose wherever there is a network."""

    model: str | None = setting(
        None,
        "file of a trained network (default: the package's; acgz train makes others)",
        flag="--model",
        metavar="PATH",
    )
    backend: str = setting(
        "numpy", "what computes; never changes the archive", among=("numpy", "torch")
    )


@dataclass(frozen=True)
class Architecture(Settings):
    """Kind and sizes of a network, declared like settings; its file holds them beside its arrays.

    Those with a flag can be chosen on the command line of ``acgz train``.
    """

    kind: ClassVar[str]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """What the file says."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; InputError for anything else."""
        sizes = {name: value for name, value in stored.items() if name != "kind"}
        if stored.get("kind") != cls.kind:
            raise InputError(f"this is no network of the kind {cls.kind}")
        try:
            return cls.of(sizes, cls.kind)
        except UsageError as error:
            raise InputError(f"this is no network of the kind {cls.kind}: {error}") from error

    def check_arrays(self, arrays: Arrays) -> None:
        """InputError unless these are the arrays of such a network, of floats of at most 32 bits.

        None is above `MOST`: what is infinite, or no number, has no one value as an integer, and
        machines do not agree on which of two numbers it is less than.
        """
        import numpy as np

        fits = {name: array.shape for name, array in arrays.items()} == self.shapes()
        floats = (np.float16, np.float32)
        if not fits or not all(array.dtype in floats for array in arrays.values()):
            raise InputError(f"the arrays of the model are not those of its {self.kind} network")
        if not all((np.abs(array) <= np.float32(MOST)).all() for array in arrays.values()):
            raise InputError(f"the model has a weight that is no number from -{MOST:g} to {MOST:g}")

    def write(self, path: Path, arrays: Arrays) -> bytes:
        """Write a model file; its SHA-256."""
        from acgz import models

        return models.write(path, self.to_json(), arrays)

    @classmethod
    def of_model(cls, model: Model) -> Network[Self]:
        """The network of a model; InputError if it is of another kind or its arrays do not fit."""
        architecture = cls.from_json(model.architecture)
        architecture.check_arrays(model.arrays)
        return Network(architecture, model.arrays, model.digest)

    @classmethod
    def read(cls, path: str | Path) -> Network[Self]:
        """The network in a file; InputError as in `of_model`."""
        from acgz import models

        model = models.read(Path(path))
        try:
            return cls.of_model(model)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    @classmethod
    def chosen(cls, path: str | None, packaged: str, otherwise: str) -> Network[Self]:
        """The network in the file that a user names, or the package's of that name.

        The file will be found when this process decodes. InputError as in `of_model`;
        MissingModelError, which says what can be done ``otherwise``, if the package has none.
        """
        from acgz import models

        if path is not None:
            network = cls.read(path)
            models.remember(Path(path))
            return network
        try:
            return cls.read(models.packaged(packaged))
        except MissingModelError as error:
            raise MissingModelError(f"{error}; {otherwise}") from error

    @classmethod
    def named(cls, parameters: Mapping[str, JSON]) -> Network[Self]:
        """The one network that a block names.

        Raises MissingModelError if it is not installed, DamagedError if it is of another kind or
        the block does not name exactly one.
        """
        from acgz import models

        digests = parameters.get("models")
        if not isinstance(digests, list) or len(digests) != 1 or not isinstance(digests[0], bytes):
            raise DamagedError("the block does not name one network by its digest")
        model = models.find(digests[0])
        try:
            return cls.of_model(model)
        except InputError as error:
            raise DamagedError(f"the block names a model that is not for it: {error}") from error


A = TypeVar("A", bound=Architecture)


class Network(NamedTuple, Generic[A]):
    """An architecture and arrays that fit it."""

    architecture: A
    arrays: Arrays
    digest: bytes
    """SHA-256 of its file."""

"""What can go wrong, one class and one exit code per kind.

Every error a user can cause or meet derives from `AcgzError`; the command line prints its
message on one line and exits with ``exit_code``.
"""

from __future__ import annotations


class AcgzError(Exception):
    """Base of all errors that acgz raises on purpose."""

    exit_code = 1
    place: str | None = None
    """The file that it is about, where the message does not say so."""


class UsageError(AcgzError):
    """The command line or an argument makes no sense."""

    exit_code = 2


class InputError(AcgzError):
    """A file cannot be read, or an output cannot be written."""

    exit_code = 3


class NotAnArchiveError(AcgzError):
    """The file does not start with the acgz magic."""

    exit_code = 4


class VersionError(AcgzError):
    """The archive was written by a later format version or uses an unknown codec."""

    exit_code = 5


class DamagedError(AcgzError):
    """A checksum, a length or a field of the archive is wrong."""

    exit_code = 6


class TruncatedError(DamagedError):
    """The archive ends too early."""

    exit_code = 7


class MissingModelError(AcgzError):
    """The archive names a model or a reference, by digest, that is not installed."""

    exit_code = 8


class MissingReferenceError(MissingModelError):
    """The archive was compressed against a reference that is found nowhere."""


class MissingDependencyError(AcgzError):
    """An optional package (for example PyTorch) is needed and absent."""

    exit_code = 9


class LimitError(AcgzError):
    """The work needs more memory than allowed."""

    exit_code = 10


class NotInArchiveError(AcgzError, KeyError):
    """The archive has no file or record of that name."""

    __str__ = Exception.__str__  # that of KeyError shows its message in quotes

    exit_code = 11


class RecordNotFoundError(NotInArchiveError, IndexError):
    """No record of that name or number, or a range outside of it."""

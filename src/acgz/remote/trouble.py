"""Errors of fsspec and of what it uses, as errors of acgz that show no secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from acgz.errors import AcgzError, InputError, MissingDependencyError
from acgz.remote.address import masked

INSTALL = "pip install 'acgz[remote]'"
CHANGED = "it has changed while it was read"

_ANSWERS = {
    401: "access is denied",
    403: "access is denied",
    404: "there is no such file",
    410: "there is no such file",
    412: CHANGED,
}
"""HTTP status -> what it means here."""


class ChangedError(InputError):
    """Another content has come behind the address."""


@contextmanager
def trouble(doing: str) -> Iterator[None]:
    """Errors as InputErrors that say what could not be done, and MissingDependencyErrors.

    Their causes are left out: their messages may have the whole address in them.
    """
    try:
        yield
    except AcgzError:
        raise
    except ImportError as error:
        raise MissingDependencyError(f"{doing}: {masked(str(error))} ({INSTALL})") from None
    except Exception as error:  # noqa: BLE001 - whatever class the library of a scheme raises
        raise translated(error, doing) from None


def translated(error: BaseException, doing: str) -> InputError:
    """The error as one of ours."""
    if isinstance(error, InputError):
        return error
    text = _reason(error)
    return (ChangedError if text == CHANGED else InputError)(f"{doing}: {text}")


def is_final(error: BaseException) -> bool:
    """True for what is not better the next time."""
    status = _status(error)
    if status is not None:
        return 400 <= status < 500 and status != 429
    return isinstance(error, AcgzError | PermissionError | FileNotFoundError | ValueError) or (
        _is_expired(error)
    )


def _reason(error: BaseException) -> str:
    status = _status(error)
    if status is not None:
        return _ANSWERS.get(status, f"the server answers {status}")
    if _is_expired(error):
        return CHANGED
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and cause is not None and not _is_answer(cause):
        return _reason(cause)  # fsspec says so of a host that it has not found
    if isinstance(error, FileNotFoundError):
        return _ANSWERS[404]
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    if isinstance(error, PermissionError):
        return _ANSWERS[403]
    if "Credential" in type(error).__name__:  # of botocore and google.auth
        return "no credentials for it are where fsspec looks for them"
    if isinstance(error, NotImplementedError):
        return "that is not possible with addresses of this kind"
    return masked(" ".join(str(error).split())) or type(error).__name__


def _status(error: BaseException | None) -> int | None:
    """The status of HTTP that an error, or its cause, is about."""
    while error is not None:
        status = getattr(error, "status", None)
        if isinstance(status, int) and status >= 400:
            return status
        error = error.__cause__
    return None


def _is_expired(error: BaseException) -> bool:
    """What s3fs raises where a condition of a request does not hold."""
    return type(error).__name__ == "FileExpired" or "pre-conditions" in str(error)


def _is_answer(error: BaseException) -> bool:
    """True for an error that an answer of S3 was, which is a cause too."""
    return hasattr(error, "response")

"""One thread for the libraries under the networks: more of them only wait for each other here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread_for_blas() -> Iterator[None]:
    with threadpool_limits(limits=1, user_api="blas"):
        yield

"""Networks write the same bytes on every CPU, with any number of threads, on either backend.

As in test_exactness.py, environment variables stand for other machines; each environment
compresses in a process of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from network_archives import CODECS

from machines import ENVIRONMENTS, REFERENCE, WITH_PYTORCH, run
from paths import TESTS

pytestmark = pytest.mark.slow
MACHINES = {**ENVIRONMENTS, **WITH_PYTORCH}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks-exactness")


@pytest.fixture(scope="module", params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reference(codec: str, folder: Path) -> str:
    return run(TESTS / "nets" / "network_archives.py", codec, REFERENCE, folder)


@pytest.mark.parametrize("name", MACHINES)
def test_archives_are_the_same_in_every_environment(
    name: str, codec: str, reference: str, folder: Path
) -> None:
    assert run(TESTS / "nets" / "network_archives.py", codec, MACHINES[name], folder) == reference


def test_the_archives_are_those_that_the_codec_has_always_written(
    codec: str, reference: str
) -> None:
    assert reference == PINNED[codec]


PINNED: Mapping[str, str] = {
    "deepgeco": """\
mini 23 374 a5447a82d84340f22f5e99d9a87e5ba96a80f9d65e763f1c1dbd920ab60c1e9a
plus 23 376 23b3760a48638e3be7045e6c3d6e0e5ec7179020835e1932e9a73ea9423e557d
""",
    "deepzip": """\
rnn 128 1 1083 e653134bbf33682c48ba8eaaeb430867f303b60f1822ed895ee8fd44f5929956
lstm 32 1 543 db6410ed727425c357a6ed19ca5c6d304d9cef2f2b86123f6d07bad816c56f3b
gru 64 2 624 fa48e8d75b7f93a74994ee95e4930a16fd5a83cf68013b7d912b49ca98849ee7
birnn 32 4 485 b7fb7344aaa2ff17cdff9a688feebc1be5fd3266fbd6d6044f889a6d5f21e44c
bilstm 20 2 531 1e8f9c1dd4427bc1767bd222693550a3f1b43a5448134192b6d11570b291b0b5
bigru 32 4 488 8ee6750055bb5487ccd1a99cbb7269ac60fa874f09469735a2868ac4ad97a873
""",
    "geneformer": """\
latent 18 896 ea893ff5bde7d8e8497afc4fc055b553aa6a98d9dbba69b764a089d6a3c442db
plain 7 657 a5e96fcf666334b097464fec747f28e6b62b487364683080162fcd003644abb3
""",
    "seqcoder": """\
64 zstd 2007 4690 21f297ba3d90653f8b30394dee7811c272d01cfea6932870bbc6524197852a06
64 coded 2007 777 2ceb7c5fccd870201bcd138808738a407bd0ab11509bd1f510b6f8da3be1532f
1280 zstd 2007 4690 df8bc55a186d8328bd5a8c69924db245a2f605d5bf546745303740d4ea25bbc2
1280 coded 2007 768 998a26fe1e249bf9efb429cc301a79586d43acada7f516860245bacebf75155b
""",
}

"""What the tests of Portkey share."""

from collections.abc import Iterator

import pytest

from tests.portkey.peer import started


@pytest.fixture(scope="module")
def gateway_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of Portkey's own gateway."""
    yield from started(tmp_path_factory.mktemp("portkey") / "gateway.log")

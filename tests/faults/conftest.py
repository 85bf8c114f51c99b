"""What the tests of translated calls share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.translate.house import House, house


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="home")
async def _home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway before two providers of every dialect."""
    async with house(tmp_path_factory.mktemp("house")) as built:
        yield built

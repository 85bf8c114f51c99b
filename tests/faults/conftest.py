"""What the tests of translated calls share."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.translate.house import House, house


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="home")
async def _home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway before two providers of every dialect."""
    async with house(tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest.fixture(autouse=True)
def _nothing_set_aside(request: pytest.FixtureRequest) -> Iterator[None]:
    """I2 after every test of a house; a stage looks by itself."""
    yield
    if "home" in request.fixturenames:
        home: House = request.getfixturevalue("home")
        home.holds.released()

"""What every test shares."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import uvloop

from tests.faults.stage import Stages
from tests.support import databases

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the gateway runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def shared() -> Path:
    """The recordings and data of others, where they lie beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the recordings are not here (a folder `shared` beside the project)")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def server_left_clean() -> Iterator[None]:
    """No database of a test stays on the server."""
    yield
    databases.drop()


@pytest.fixture
def play(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Stages:
    """Sets a stage: `async with play(script) as stage`; leaving it checks what must hold after every fault."""
    caplog.set_level("INFO")
    return Stages(tmp_path, caplog)

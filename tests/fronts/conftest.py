"""The environment of a program that has Fairlead in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead import portkey

KEYED = ("_API_KEY", "_KEY", "_VK", "_TOKEN", "_BASE_URL", "_PROXY", "_proxy")


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that a program runs in, with no provider's key in its environment and no manager from before."""
    for name in os.environ:
        if name.endswith(KEYED) or "PORTKEY" in name.upper():
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for manager in portkey._managers.values():
        manager.close()
    portkey._managers.clear()

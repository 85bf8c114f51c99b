"""The built wheel: what is in it, and that it starts by itself."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

REPO = Path(__file__).resolve().parents[1]
ALLOWED = {".json", ".py", ".toml", ".yaml", ".typed"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=REPO, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    names = [PurePosixPath(name) for name in zipfile.ZipFile(wheel).namelist()]
    package = [name for name in names if name.parts[0] == "fairlead"]
    assert {name.suffix for name in package} <= ALLOWED
    assert all(name.parts[0].endswith(".dist-info") for name in names if name not in package)
    assert {str(name) for name in package} >= {
        "fairlead/providers/vendors.toml",
        "fairlead/routing/intents.toml",
        "fairlead/config/profiles/direct.yaml",
        "fairlead/config/profiles/registry.yaml",
        "fairlead/providers/models.json",
        "fairlead/py.typed",
    }


def test_the_wheel_answers_from_its_own_files(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "fairlead.cli.main", "--model", "echo", "hello there"]
    ran = subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True, timeout=30)
    assert "hello there" in ran.stdout
    where = "import fairlead; print(fairlead.__file__)"
    ran = subprocess.run([sys.executable, "-c", where], env=environ, check=True, capture_output=True, text=True)
    assert ran.stdout.startswith(str(site))

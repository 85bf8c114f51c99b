"""How keys are made, told apart and hashed."""

import threading
from pathlib import Path

import pytest

from fairlead.errors import ConfigError
from fairlead.ledger import keys


def test_a_key_tells_its_kind_and_differs_from_every_other() -> None:
    client, admin = keys.mint("client"), keys.mint("admin")
    assert keys.kind_of(client.encode()) == "client"
    assert keys.kind_of(admin.encode()) == "admin"
    assert len({keys.mint("client") for _ in range(100)}) == 100
    assert len(client.removeprefix("fl-")) == 43  # 256 bits in base 64


@pytest.mark.parametrize(
    "presented",
    [b"", b"fl-", b"' OR '1'='1", b"sk-" + b"a" * 43, b"fl-" + b"a" * 42, b"fl-" + b"a" * 42 + b"\n", b"\xff" * 46],
)
def test_what_is_no_key_has_not_the_shape_of_one(presented: bytes) -> None:
    assert not keys.shaped(presented)


def test_every_key_has_the_shape() -> None:
    assert all(keys.shaped(keys.mint(kind).encode()) for kind in ("client", "admin") for _ in range(50))


def test_of_a_key_only_its_end_is_shown() -> None:
    key = keys.mint("client")
    assert keys.shown(key, "client") == f"fl-…{key[-4:]}"


def test_the_hash_needs_the_pepper() -> None:
    assert keys.fingerprint(b"fl-x", b"1" * 32) != keys.fingerprint(b"fl-x", b"2" * 32)


def test_the_pepper_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = keys.pepper(tmp_path / "data")
    assert keys.pepper(tmp_path / "data") == first
    assert len(first) == 32
    assert (tmp_path / "data" / "pepper").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in (tmp_path / "data").iterdir()] == ["pepper"]


def test_gateways_that_start_at_once_get_the_same_pepper(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(keys.pepper(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_pepper_of_many_machines_is_said(tmp_path: Path) -> None:
    said = keys.pepper(tmp_path, "x" * 32)
    assert said == keys.pepper(tmp_path / "elsewhere", "x" * 32)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="FAIRLEAD_PEPPER"):
        keys.pepper(tmp_path, "short")


def test_a_pepper_that_was_cut_is_not_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pepper").write_bytes(b"short")
    with pytest.raises(ConfigError, match="is not the secret"):
        keys.pepper(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be kept"):
        keys.pepper(tmp_path / "file" / "data")

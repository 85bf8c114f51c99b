"""Which addresses a provider's host may stand for, and that the one that was judged is the one that is used."""

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.upstream import addresses
from fairlead.upstream.addresses import Lookup, is_local_name, reach


def saying(*answers: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that gives these answers, one after the other."""
    left = list(answers)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return lookup


async def never(host: str, port: int) -> Sequence[str]:
    raise AssertionError(f"{host} was looked up")


def test_every_address_of_langwatchs_corpus_has_its_class(shared: Path) -> None:
    # langwatch/langwatch pkg/ssrf/testdata/address_vectors.json, Apache-2.0
    vectors = json.loads((shared / "data/ssrf_address_vectors.json").read_text())["vectors"]
    words = {"global": "public", "special": "private", "metadata": "metadata"}
    assert len(vectors) >= 54
    assert {one["addr"]: reach(one["addr"]) for one in vectors} == {
        one["addr"]: words[one["category"]] for one in vectors
    }


@pytest.mark.parametrize(
    "address", ["169.254.170.23", "100.100.100.200", "fd00:ec2::23", "fd20:ce::254", "64:ff9b::a9fe:a9fe"]
)
def test_other_places_of_credentials_are_known(address: str) -> None:
    assert reach(address) == "metadata"


NAMES = {
    "localhost": True,
    "ollama": True,
    "gpu.internal": True,
    "GPU.Local.": True,
    "vllm.ai.svc.cluster.local": True,
    "vllm.ai.svc": True,
    "nas.lan": True,
    "api.example.test": True,
    "api.example.com": False,
    "localhost.example.com": False,
    "internal.example.com": False,
    "10.0.0.1.nip.io": False,
}


@pytest.mark.parametrize(("name", "local"), NAMES.items())
def test_a_name_that_nobody_outside_can_own_is_local(name: str, local: bool) -> None:
    assert is_local_name(name) is local


async def found(host: str, lookup: Lookup, *, private: bool = False) -> Sequence[str]:
    return await addresses.of(host, 443, private=private, lookup=lookup)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "192.168.0.2", "::1", "fd12::1", "93.184.216.34"])
async def test_an_address_that_the_operator_wrote_is_taken_as_it_is(host: str) -> None:
    assert await found(host, never) == [host]


@pytest.mark.parametrize("host", ["localhost", "ollama", "gpu.internal"])
async def test_a_local_name_may_lead_into_private_networks(host: str) -> None:
    assert await found(host, saying(["::1", "10.0.0.7"])) == ["::1", "10.0.0.7"]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.1.1", "::1", "fd12::1", "::ffff:10.0.0.7"])
async def test_a_public_name_may_not_unless_its_provider_is_said_to_be_there(address: str) -> None:
    with pytest.raises(UpstreamFailure) as caught:
        await found("api.example.com", saying([address]))
    assert caught.value.failure.kind is FailureKind.ADDRESS
    assert f"api.example.com leads to the private address {address}" in caught.value.failure.detail
    assert await found("api.example.com", saying([address]), private=True) == [address]


@pytest.mark.parametrize("host", ["api.example.com", "metadata.google.internal", "169.254.169.254"])
@pytest.mark.parametrize("private", [False, True])
async def test_where_clouds_hand_out_credentials_is_for_nobody(host: str, private: bool) -> None:
    with pytest.raises(UpstreamFailure) as caught:
        await found(host, saying(["169.254.169.254"]), private=private)
    assert "credentials" in caught.value.failure.detail


async def test_of_a_mixed_answer_only_the_public_part_is_used() -> None:
    answer = ["127.0.0.1", "93.184.216.34", "169.254.169.254", "2606:4700:4700::1111"]
    assert await found("api.example.com", saying(answer)) == ["93.184.216.34", "2606:4700:4700::1111"]


async def test_a_name_without_an_address_says_so() -> None:
    with pytest.raises(OSError, match=r"api\.example\.com has no address"):
        await found("api.example.com", saying([]))


async def test_the_system_is_asked_where_nobody_else_is() -> None:
    assert set(await found("localhost", addresses.look_up)) <= {"127.0.0.1", "::1"}

"""Every recorded answer of every provider reaches a client of every dialect with all that it says."""

from pathlib import Path

import pytest

from fairlead.dialects import hub
from tests.matrix.losses import LOSSES, Loss, left
from tests.matrix.recordings import VENDORS, Recording, reads, recordings, retold, said
from tests.matrix.said import Answer, Said

every_vendor = pytest.mark.parametrize("vendor", VENDORS)
every_client = pytest.mark.parametrize("client", hub.CLIENTS)
# Clients of the others get one answer, and cannot ask for more.
MANY = ("openai-chat", "gemini")


def differences(recording: Recording, expected: Said, got: Said) -> list[str]:
    """What an answer says otherwise than it should."""
    pairs = [("usage", expected.usage, got.usage)]
    for index in {*expected.answers, *got.answers}:
        before, after = (vars(each.answers.get(index, Answer())) for each in (expected, got))
        pairs += [(f"{name} of {index}", before[name], after[name]) for name in before]
    return [f"{recording.id}: {name}: {a!r:.200} became {b!r:.200}" for name, a, b in pairs if a != b]


@every_vendor
def test_a_provider_is_read_as_its_json_says(vendor: str, shared: Path) -> None:
    assert reads(shared, vendor)
    found: list[str] = []
    for recording, read in reads(shared, vendor):
        found += differences(recording, recording.plain(), said(read))
    assert found == []


@every_vendor
@every_client
def test_a_client_gets_all_that_its_dialect_can_say(vendor: str, client: str, shared: Path) -> None:
    found: list[str] = []
    for recording, read in reads(shared, vendor):
        plain = recording.plain()
        if len(plain.answers) == 1 or client in MANY:
            found += differences(recording, left(client, plain, stream=recording.stream), retold(client, read))
    assert found == []


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_every_loss_is_one_that_a_recording_shows(loss: Loss, shared: Path) -> None:
    every = [(each, each.plain()) for vendor in VENDORS for each in recordings(shared, vendor)]
    assert any(
        left(loss.dialect, plain, stream=each.stream) != left(loss.dialect, plain, stream=each.stream, but=loss)
        for each, plain in every
    )


@pytest.mark.parametrize(
    "client",
    [
        "anthropic-messages",
        "openai-responses",
    ],
)
def test_a_client_that_cannot_ask_for_two_answers_gets_the_first(client: str, shared: Path) -> None:
    found: list[str] = []
    for vendor in VENDORS:
        for recording, read in reads(shared, vendor):
            plain = recording.plain()
            if len(plain.answers) > 1:
                first = Said({0: plain.answers[0]}, plain.usage)
                found += differences(recording, left(client, first, stream=recording.stream), retold(client, read))
    assert found == []

"""Every recorded answer of an OpenAI-shaped provider, mended, is what OpenAI's schema says, and nothing is lost."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.providers.quirks import QUIRKS, Known, Mender, mender
from tests.openai_schema import ABSENT, TOLERANCES, Recording, Tolerance, problems, recordings

recorded = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))

ALL = mender(QUIRKS)
KNOWN = Known(id="chatcmpl-known", model="known-model", created=1_700_000_000)

# What each vendor's recorded answers show. The rows in vendors.toml cite at least these.
SHOWN = {
    "copilot": ("envelope", "choice-fields"),
    "deepseek": ("choice-fields", "logprob-parts"),
    "doubleword": ("choice-fields", "one-finish-reason", "usage-counts"),
    "groq": ("choice-fields", "service-tier"),
    "llamacpp": ("choice-fields", "logprob-parts"),
    "mistral": ("choice-fields", "null-members"),
    "mistralrs": ("null-members",),
    "openai": (),
    "openrouter": ("one-finish-reason", "service-tier"),
    "perplexity": ("envelope", "choice-fields"),
    "venice": ("choice-fields", "null-members", "roles", "tool-calls"),
}
every_provider = pytest.mark.parametrize("provider", SHOWN)
other_providers = pytest.mark.parametrize("provider", [name for name in SHOWN if name != "openai"])


def mended(by: Mender, recording: Recording) -> list[bytes | None]:
    if recording.kind == "chunk":
        stream = by.stream(KNOWN)
        return [stream.chunk(body) for body in recording.bodies]
    whole = {"reply": by.reply, "embeddings": by.embeddings, "models": by.models}[recording.kind]
    return [whole(body, KNOWN) for body in recording.bodies]


# The oracle itself


@recorded
@pytest.mark.parametrize("tolerance", TOLERANCES, ids=lambda each: each.name)
def test_openai_itself_needs_each_tolerance_in_the_recording_it_cites(tolerance: Tolerance) -> None:
    cited = next(each for each in recordings("openai") if each.id == tolerance.recording)
    without = tuple(each for each in TOLERANCES if each is not tolerance)
    assert cited.kind in tolerance.kinds
    assert any(problems(cited.kind, json.loads(body), without) for body in cited.bodies)


@recorded
def test_openai_itself_needs_no_other_tolerance() -> None:
    for recording in recordings("openai"):
        for body in recording.bodies:
            assert problems(recording.kind, json.loads(body)) == [], recording.id


# Recorded answers


@recorded
@other_providers
@pytest.mark.parametrize("by", ["what is shown", "every quirk"])
def test_every_recorded_answer_comes_out_as_the_schema_says(provider: str, by: str) -> None:
    mends = ALL if by == "every quirk" else mender(SHOWN[provider])
    for recording in recordings(provider):
        for body in mended(mends, recording):
            assert body is None or problems(recording.kind, json.loads(body)) == [], recording.id


@recorded
@other_providers
def test_every_quirk_of_a_vendor_is_shown_by_its_recordings(provider: str) -> None:
    for name in SHOWN[provider]:
        one = mender([name])
        assert any(
            out is not raw
            for recording in recordings(provider)
            for out, raw in zip(mended(one, recording), recording.bodies, strict=True)
        ), name


@recorded
@every_provider
def test_what_conforms_passes_as_the_very_same_bytes(provider: str) -> None:
    normalized = {"one-finish-reason"}  # the schema cannot see a repeated finish reason
    by = mender(set(QUIRKS) - normalized)
    for recording in recordings(provider):
        for raw, out in zip(recording.bodies, mended(by, recording), strict=True):
            if out is not raw:
                assert problems(recording.kind, json.loads(raw), TOLERANCES[:2]), recording.id


@recorded
def test_openai_answers_pass_as_the_very_same_bytes() -> None:
    plain, every = mender(SHOWN["openai"]), mender(set(QUIRKS) - {"choice-fields"})
    for recording in recordings("openai"):
        for by in (plain, every):
            assert all(out is raw for raw, out in zip(recording.bodies, mended(by, recording), strict=True))


@recorded
@every_provider
def test_nothing_a_vendor_said_is_lost(provider: str) -> None:
    for recording in recordings(provider):
        for raw, out in zip(recording.bodies, mended(ALL, recording), strict=True):
            if out is raw:
                continue
            kept = dict(leaves(json.loads(out))) if out is not None else {}
            lost = [path for path, value in leaves(json.loads(raw)) if not is_kept(path, value, kept)]
            if out is None:
                assert not any(
                    re.search(r"delta\.(content|reasoning|tool_calls)|usage|logprobs", path) for path in lost
                )
            else:
                assert all(path.endswith(".finish_reason") for path in lost), recording.id


def leaves(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}")
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from leaves(each, f"{path}[{position}]")
    elif value is not None and value != "":
        yield path, value


def is_kept(path: str, value: Any, kept: dict[str, Any]) -> bool:
    head, _, name = path.rpartition(".")
    return bool(kept.get(path) == value or kept.get(f"{head}.native_{name}") == value)


@recorded
@every_provider
def test_a_stream_says_the_same_text_calls_and_usage_and_ends_each_choice_once(provider: str) -> None:
    for recording in recordings(provider):
        if recording.kind != "chunk":
            continue
        before = [json.loads(body) for body in recording.bodies]
        after = [json.loads(body) for body in mended(ALL, recording) if body is not None]
        assert said(before) == said(after), recording.id
        ends = finishes(after)
        assert set(ends) == set(finishes(before))
        assert all(len(reasons) == 1 for reasons in ends.values()), recording.id


def said(stream: list[Any]) -> dict[Any, str]:
    """All that a stream tells, joined by choice and by member."""
    told: dict[Any, str] = {}
    for chunk in stream:
        if chunk.get("usage"):
            told["usage"] = json.dumps([chunk["usage"].get(f"{name}_tokens") for name in ("prompt", "total")])
        for choice in chunk["choices"]:
            delta = choice["delta"]
            for name in ("content", "refusal", "reasoning", "reasoning_content"):
                told[choice["index"], name] = told.get((choice["index"], name), "") + (delta.get(name) or "")
            for call in delta.get("tool_calls") or ():
                for name, value in (("id", call.get("id")), *call["function"].items()):
                    place = choice["index"], call["index"], name
                    told[place] = told.get(place, "") + (value or "")
    return {place: text for place, text in told.items() if text}


def finishes(stream: list[Any]) -> dict[int, list[str]]:
    ends: dict[int, list[str]] = {}
    for chunk in stream:
        for choice in chunk["choices"]:
            if choice.get("finish_reason"):
                ends.setdefault(choice["index"], []).append(choice["finish_reason"])
    return ends


@recorded
@every_provider
def test_mending_twice_changes_no_more_than_mending_once(provider: str) -> None:
    for recording in recordings(provider):
        once = tuple(body for body in mended(ALL, recording) if body is not None)
        again = mended(ALL, Recording(recording.id, recording.kind, once))
        assert all(out is body for out, body in zip(again, once, strict=True)), recording.id

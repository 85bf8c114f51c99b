"""A stream with fewer choices than the client asked for: whole where its provider says that this is the end."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import HttpReply, ask, one_provider, running
from tests.support.scripted import chunk, scripted, streaming

GEMINI = "/v1beta/models/m:streamGenerateContent?alt=sse"
CHAT = "/v1/chat/completions"
TWO = {"contents": [{"parts": [{"text": "q"}]}], "generationConfig": {"candidateCount": 2}}
SNAKE = {"contents": [{"parts": [{"text": "q"}]}], "generation_config": {"candidate_count": 2}}
ASKED: dict[str, Any] = {GEMINI: TWO, CHAT: ask(stream=True, n=2)}


def candidate(index: int, text: str, finish: str | None = None) -> bytes:
    said = {"index": index, "content": {"role": "model", "parts": [{"text": text}]}}
    if finish:
        said["finishReason"] = finish
    return b"data: " + json.dumps({"candidates": [said]}).encode() + b"\n\n"


def choice(index: int, text: str, finish: str | None = None) -> bytes:
    return chunk(choices=[{"index": index, "delta": {"content": text}, "finish_reason": finish}])


async def told(folder: Path, dialect: str, path: str, *events: bytes, done: bool = False, body: Any = None) -> Any:
    settings = {"dialect": dialect, "auth": "bearer"}
    async with scripted(streaming(*events, done=done)) as up, running(folder, one_provider(up.url, **settings)) as fl:
        return await fl.post(body or ASKED[path], path)


def whole(got: HttpReply) -> bool:
    return got.status == 200 and not any("error" in each for each in got.events if each != "[DONE]")


@pytest.mark.parametrize("path", [CHAT, GEMINI], ids=["as it came", "translated"])
async def test_one_choice_of_two_is_all_where_the_end_mark_follows(path: str, tmp_path: Path) -> None:
    got = await told(tmp_path, "openai-chat", path, choice(0, "a"), choice(0, "", "stop"), done=True)
    assert whole(got), got.body


@pytest.mark.parametrize("path", [CHAT, GEMINI], ids=["as it came", "translated"])
async def test_one_choice_of_two_is_cut_without_an_end_mark(path: str, tmp_path: Path) -> None:
    got = await told(tmp_path, "openai-chat", path, choice(0, "a"), choice(0, "", "stop"))
    assert not whole(got), got.body


async def test_candidates_are_counted_however_their_number_is_spelled(tmp_path: Path) -> None:
    got = await told(tmp_path, "openai-chat", GEMINI, choice(0, "a", "stop"), body=SNAKE)
    assert not whole(got), got.body


@pytest.mark.parametrize("n", [0, -1, 10**12])
async def test_a_number_of_choices_that_makes_no_sense_is_one(n: int, tmp_path: Path) -> None:
    body = {**TWO, "generationConfig": {"candidateCount": n}}
    got = await told(tmp_path, "openai-chat", GEMINI, choice(0, "a", "stop"), body=body)
    assert whole(got), got.body


@pytest.mark.parametrize("path", [GEMINI, CHAT], ids=["as it came", "translated"])
async def test_one_candidate_of_two_is_all_where_it_has_ended(path: str, tmp_path: Path) -> None:
    got = await told(tmp_path, "gemini", path, candidate(0, "a"), candidate(0, "b", "STOP"))
    assert whole(got), got.body


@pytest.mark.parametrize("path", [GEMINI, CHAT], ids=["as it came", "translated"])
async def test_a_candidate_that_began_and_has_not_ended_is_cut(path: str, tmp_path: Path) -> None:
    events = candidate(0, "a"), candidate(1, "b"), candidate(0, "c", "STOP")
    got = await told(tmp_path, "gemini", path, *events)
    assert not whole(got), got.body
    got = await told(tmp_path, "gemini", path, candidate(0, "a", "STOP"), candidate(1, "b"))
    assert not whole(got), got.body

"""`ai route replay` and `ai route calibrate`, on a record that real calls have left."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Program, Ran
from tests.money.house import on_disk
from tests.support.scripted import Connection, Script, completion, reply, scripted

EASY = "What is the capital of France?"
MIDDLING = "Which of them is larger?"
HARD = (
    "Suppose that one train leaves at 9:00 and another at 10:30. If neither stops, when does each reach the town, "
    "which is 120 km away? Explain why no other answer can be true, and compare both."
)
# Dollars for a million tokens. A call has 1000 tokens in and 500 out: 2 and 80 thousandths of a dollar.
PRICES = {"up/small": {"input": 1, "output": 2}, "up/large": {"input": 40, "output": 80}}
SMALL, LARGE = 2_000_000, 80_000_000
USED = completion(prompt_tokens=1000, completion_tokens=500, total_tokens=1500)
BY_DIFFICULTY = {"by_difficulty": {"cheap": "up/small", "strong": "up/large"}}
Call = tuple[str, str]


def at(*models: str) -> dict[str, Any]:
    return {"targets": [{"provider": "up", "model": model} for model in models]}


def serving(*absent: str) -> Script:
    """Answers for every model but these."""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            gone = asked.json["model"] in absent
            said = {"error": {"message": "no such model", "code": "model_not_found"}}
            await connection.send(reply(said, 404) if gone else reply(USED))

    return script


async def recorded(
    folder: Path, models: dict[str, Any], calls: Sequence[Call], *absent: str, **more: Any
) -> dict[str, Any]:
    """Make the calls through a gateway that keeps a record. Gives its settings."""
    folder.mkdir(exist_ok=True)
    async with scripted(serving(*absent)) as up:
        row = {"dialect": "openai-chat", "base_url": up.url, "api_key": "up-secret-key"}
        settings = {"providers": {"up": row}, "prices": PRICES, "models": models, **more}
        async with on_disk(folder, settings) as (gateway, _):
            for model, text in calls:
                await gateway.post({"model": model, "messages": [{"role": "user", "content": text}]})
    return settings


async def asked(ai: Program, folder: Path, settings: dict[str, Any], *words: str, **changed: Any) -> Ran:
    """Run `ai route …` over that record, with changed settings as `new.yaml`."""
    ai.config(settings)
    (ai.home / "new.yaml").write_text(yaml.safe_dump({**settings, **changed}))
    return await ai("route", *words, FAIRLEAD_DATA_DIR=str(folder / "data"))


async def replayed(ai: Program, folder: Path, settings: dict[str, Any], **changed: Any) -> Any:
    ran = await asked(ai, folder, settings, "replay", "--config", "new.yaml", "--json", **changed)
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


async def test_a_cheaper_policy_is_priced_call_by_call(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY), ("chat", HARD)])
    told = await replayed(ai, tmp_path, settings, models={"chat": at("small")})
    whole = told["total"]
    assert (whole["calls_now"], whole["moved"]) == (2, 2)
    assert (whole["cost_usd_then"], whole["cost_usd_now"]) == ("0.16", "0.004")
    assert (whole["unknown_then"], whole["unknown_now"]) == (0, 0)
    targets = {each["target"]: (each["calls_then"], each["calls_now"]) for each in told["targets"]}
    assert targets == {"up/large": (2, 0), "up/small": (0, 2)}
    assert told["first_byte_ms"]["unknown_now"] == 2
    assert told["first_byte_ms"]["p50_then"] > 0


async def test_the_same_policy_changes_nothing(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large"), "smart": BY_DIFFICULTY},
                              [("chat", EASY), ("smart", EASY), ("smart", HARD), ("up/small", EASY)])  # fmt: skip
    told = await replayed(ai, tmp_path, settings)
    assert (told["total"]["calls_now"], told["total"]["moved"]) == (4, 0)
    assert told["total"]["cost_usd_now"] == told["total"]["cost_usd_then"] == "0.164"
    assert told["first_byte_ms"]["p95_now_estimated"] == told["first_byte_ms"]["p95_then"]
    assert told["not_replayed"] == {}


async def test_a_price_that_is_not_known_is_counted_and_not_zero(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY)])
    told = await replayed(ai, tmp_path, settings, models={"chat": at("unheard-of")})
    assert (told["total"]["cost_usd_now"], told["total"]["unknown_now"]) == ("0", 1)
    assert told["known_both_times"]["calls_now"] == 0
    ran = await asked(ai, tmp_path, settings, "replay", "--config", "new.yaml", models={"chat": at("unheard-of")})
    assert "$0.08 then, $0.00 + 1 unknown now" in ran.out


async def test_a_new_price_of_the_operators_own_counts(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY)])
    prices = {**PRICES, "up/large": {"input": 4, "output": 8}}
    assert (await replayed(ai, tmp_path, settings, prices=prices))["total"]["cost_usd_now"] == "0.008"


async def test_what_failed_then_fails_again(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("broken", "large")}, [("chat", EASY)], "broken")
    told = await replayed(ai, tmp_path, settings, models={"chat": at("broken", "small")})
    assert [(each["target"], each["calls_now"]) for each in told["targets"]] == [("up/large", 0), ("up/small", 1)]
    alone = await replayed(ai, tmp_path, settings, models={"chat": at("broken")})
    assert alone["nobody_would_answer"] == {"every target of its plan had failed then": 1}
    assert alone["known_both_times"]["calls_now"] == 0


async def test_a_name_that_is_gone_is_told(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY)])
    told = await replayed(ai, tmp_path, settings, models={"other": at("small")})
    assert told["nobody_would_answer"] == {"there is no model `chat` here": 1}


async def test_a_text_that_decides_must_have_been_kept(ai: Program, tmp_path: Path) -> None:
    calls = [("chat", EASY), ("chat", HARD)]
    settings = await recorded(tmp_path / "without", {"chat": at("large")}, calls)
    models = {"chat": BY_DIFFICULTY}
    told = await replayed(ai, tmp_path / "without", settings, models=models)
    assert told["total"]["calls_now"] == 0
    assert told["not_replayed"] == {"what it says decides, and was not kept (`keep_bodies`)": 2}
    kept = await recorded(tmp_path / "with", {"chat": at("large")}, calls, keep_bodies=True)
    told = await replayed(ai, tmp_path / "with", kept, models=models)
    targets = {each["target"]: (each["calls_then"], each["calls_now"]) for each in told["targets"]}
    assert targets == {"up/large": (2, 1), "up/small": (0, 1)}
    assert told["total"]["cost_usd_now"] == "0.082"


async def test_another_threshold_needs_no_text(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"smart": BY_DIFFICULTY}, [("smart", EASY), ("smart", HARD)])
    lowest = {"by_difficulty": {**BY_DIFFICULTY["by_difficulty"], "threshold": 0}}
    told = await replayed(ai, tmp_path, settings, models={"smart": lowest})
    assert told["total"]["cost_usd_now"] == "0.16"


async def test_an_intent_that_was_read_is_not_read_again(ai: Program, tmp_path: Path) -> None:
    intent = {"primary": "large", "fallback": "large", "providers": ["up"]}
    settings = await recorded(tmp_path, {}, [("auto", "write a function"), ("intent:code", "hello")],
                              intents={"code": intent})  # fmt: skip
    told = await replayed(ai, tmp_path, settings, intents={"code": {**intent, "primary": "small"}})
    assert [(each["target"], each["calls_now"]) for each in told["targets"]] == [("up/large", 0), ("up/small", 2)]
    named = await replayed(ai, tmp_path, settings, models={"chat": at("small")}, default_model="chat")
    assert {each["target"]: each["calls_now"] for each in named["targets"]} == {"up/large": 1, "up/small": 1}


async def test_for_people_it_is_a_table(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY), ("chat", HARD)])
    models = {"chat": at("small")}
    ran = await asked(ai, tmp_path, settings, "replay", "--config", "new.yaml", models=models)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "2 calls replayed, 2 of them to another target"
    assert lines[1] == "cost: $0.16 then, $0.004 now"
    assert lines[2] == "where both are known (2 calls answered): -$0.156 (-97.5%)"
    assert lines[3].endswith("unknown for 2 calls, whose target the record has no times of")


async def test_nothing_recorded_is_said(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [])
    ran = await asked(ai, tmp_path, settings, "replay", "--config", "new.yaml")
    assert ran.code == 0
    assert "no calls are recorded here" in ran.err


async def test_a_wrong_configuration_is_refused_with_its_line(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY)])
    ran = await asked(ai, tmp_path, settings, "replay", "--config", "new.yaml", models={"chat": {"targets": []}})
    assert (ran.code, ran.out) == (2, "")
    assert "new.yaml" in ran.err
    absent = await asked(ai, tmp_path, settings, "replay", "--config", "not-there.yaml")
    assert absent.code == 2
    assert "not-there.yaml" in absent.err


SOME = [("smart", EASY)] * 6 + [("smart", MIDDLING)] * 2 + [("smart", HARD)] * 2


@pytest.mark.parametrize(("share", "strong"), [(0.1, 0), (0.2, 2), (0.3, 2), (0.45, 4), (1, 10)])
async def test_a_threshold_keeps_to_the_share(share: float, strong: int, ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"smart": BY_DIFFICULTY}, SOME)
    ran = await asked(ai, tmp_path, settings, "calibrate", "--model", "smart", "--spend-share", str(share), "--json")
    assert (ran.code, ran.err) == (0, "")
    told = json.loads(ran.out)
    assert (told["strong_calls"], told["reached_share"]) == (strong, strong / 10)
    assert (told["weighed_by"], told["calls"]["by_the_record"]) == ("money", 10)
    tiers = {**BY_DIFFICULTY["by_difficulty"], "threshold": told["threshold"]}
    again = await replayed(ai, tmp_path, settings, models={"smart": {"by_difficulty": tiers}})
    now = {each["target"]: each["calls_now"] for each in again["targets"]}
    assert now.get("up/large", 0) == strong


async def test_calibrating_takes_kept_texts_where_the_record_has_no_difficulty(ai: Program, tmp_path: Path) -> None:
    calls = [("chat", EASY), ("chat", HARD)]
    settings = await recorded(tmp_path, {"chat": at("large")}, calls, keep_bodies=True)
    ran = await asked(ai, tmp_path, settings, "calibrate", "--model", "chat", "--spend-share", "0.5")
    assert (ran.code, ran.err) == (0, "")
    assert "spends 50.0%, 1 of 2 calls" in ran.out
    assert "0 of the record, 2 of kept texts" in ran.out
    assert "each counts alike" in ran.out
    assert "worth:" not in ran.out


async def test_a_worth_keeps_to_the_share_too(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"smart": BY_DIFFICULTY}, SOME)
    ran = await asked(ai, tmp_path, settings, "calibrate", "--model", "smart", "--spend-share", "0.45", "--json")
    told = json.loads(ran.out)
    assert (told["strong_calls_by_worth"], told["reached_share_by_worth"]) == (4, 0.4)
    tiers = {**BY_DIFFICULTY["by_difficulty"], "worth": told["worth"]}
    again = await replayed(ai, tmp_path, settings, models={"smart": {"by_difficulty": tiers}})
    assert {each["target"]: each["calls_now"] for each in again["targets"]} == {"up/large": 4, "up/small": 6}


async def test_calibrating_without_anything_to_go_by_says_what_to_do(ai: Program, tmp_path: Path) -> None:
    settings = await recorded(tmp_path, {"chat": at("large")}, [("chat", EASY)])
    ran = await asked(ai, tmp_path, settings, "calibrate", "--model", "chat", "--spend-share", "0.5")
    assert (ran.code, ran.out) == (2, "")
    assert "neither the difficulty nor the text" in ran.err
    assert "keep_bodies" in ran.err
    nobody = await asked(ai, tmp_path, settings, "calibrate", "--model", "nobody", "--spend-share", "0.5")
    assert (nobody.code, nobody.out) == (1, "")
    assert "no recorded call asked for `nobody`" in nobody.err

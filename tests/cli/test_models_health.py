"""What a running gateway leaves alone is said beside the names."""

import json
import re
from pathlib import Path

from tests.cli.conftest import Program
from tests.reliability.test_failover import FAILED, WELL, Held, gateway
from tests.support.gateway import ask
from tests.support.scripted import answering


async def test_a_target_that_is_left_alone_is_listed_so(ai: Program, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    async with gateway(here, answering(FAILED), answering(WELL), clock=Held()) as (running, ups):
        targets = [{"provider": f"p{at}", "model": f"m{at}"} for at in range(2)]
        row = {"dialect": "openai-chat", "api_key": "a-key-of-it"}
        ai.config(
            {
                "providers": {f"p{at}": {**row, "base_url": up.url} for at, up in enumerate(ups)},
                "models": {"m": {"targets": targets}},
            }
        )
        well = await ai("models", "list", FAIRLEAD_URL=running.url)
        assert "left alone" not in well.out
        for _ in range(5):
            await running.post(ask())
        ran = await ai("models", "list", "--gateway", f"{running.url}/v1")
        assert (ran.code, ran.err) == (0, "")
        assert re.search(r"^  m +p0/m0: left alone \(server\), for", ran.out, re.MULTILINE)
        as_json = json.loads((await ai("models", "--json", FAIRLEAD_URL=running.url)).out)
        found = next(each for each in as_json if each["name"] == "m")
        assert (found["state"], found["cause"]) == ("open", "server")
        assert 0 < found["seconds"] <= 6


async def test_without_an_answer_the_names_are_listed_alone(ai: Program) -> None:
    ran = await ai("models", "list", FAIRLEAD_URL="http://127.0.0.1:1")
    assert ran.code == 0
    assert "warning: no gateway answers at http://127.0.0.1:1" in ran.err
    assert "auto" in ran.out

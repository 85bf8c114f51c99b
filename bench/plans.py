"""What planning a call takes: the planner itself, in this process, for a model of ten equal targets."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from fairlead import policies
from fairlead.clock import Clock
from fairlead.config.load import load
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.openai.chat import CHAT
from fairlead.ledger.prices import PriceBook
from fairlead.pipeline.call import Call, CallRequest, Principal
from fairlead.pipeline.moments import Moments
from fairlead.pipeline.pins import Pins
from fairlead.pipeline.plan import Planner
from fairlead.routing.policy import Policy
from fairlead.routing.sticky import Sessions

TARGETS = 10
_ONCE = 2_000
_HEADERS = dict.fromkeys((b"host", b"authorization", b"content-type", b"content-length", b"user-agent", b"accept"), b"")
_BEGUN = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "x" * 800}]
_GONE_ON = [*_BEGUN, {"role": "assistant", "content": "y" * 200}, {"role": "user", "content": "And then?"}]


def planned(rounds: int) -> dict[str, float]:
    """Microseconds of CPU a call, the least of several rounds.

    `plan_us` is for a model whose ten targets are chosen among by health and weights; `plan_session_us` for a
    conversation that stays at one of them, `plan_same_us` for a plan that is the same for all calls. `envelope_us` is
    what reading the body of the same call takes, as a measure of how busy the machine is.
    """
    with TemporaryDirectory() as folder:
        policy = _policy(Path(folder))
    planner = Planner(policy, Pins(), Moments(Clock(), random.random, PriceBook(), Sessions()))
    begun, gone_on = (json.dumps({"model": "equal", "messages": said}).encode() for said in (_BEGUN, _GONE_ON))
    calls = {
        "plan_us": _call("equal", begun),
        "plan_session_us": _call("staying", gone_on),
        "plan_same_us": _call("ordered", begun),
    }
    for call in calls.values():
        for target in planner.plan(call).targets:
            for _ in range(30):
                target.standing.answered(0.0, 0.2 + random.random(), stream=True)
    whole: dict[str, Callable[[], object]] = {
        name: lambda call=call: planner.plan(call)  # type: ignore[misc]
        for name, call in calls.items()
    }
    whole["envelope_us"] = lambda: Envelope(CHAT, begun)
    return {name: min(_spent(do) for _ in range(10 * rounds)) for name, do in whole.items()}


def _spent(do: Callable[[], object]) -> float:
    begin = time.process_time()
    for _ in range(_ONCE):
        do()
    return (time.process_time() - begin) / _ONCE * 1e6


def _call(model: str, body: bytes) -> Call:
    body = body.replace(b'"equal"', json.dumps(model).encode())
    return Call("", CallRequest(CHAT, body, names=_HEADERS), Principal("bench"), 0.0, Envelope(CHAT, body))


def _policy(folder: Path) -> Policy:
    names = [f"p{at}" for at in range(TARGETS)]
    row = {"dialect": "openai-chat", "api_key": "k"}
    targets = [{"provider": name, "model": "m"} for name in names]
    weighed = [{**target, "weight": at + 1} for at, target in enumerate(targets)]
    settings = {
        "providers": {name: {**row, "base_url": f"http://127.0.0.1:9/{name}"} for name in names},
        "models": {
            "equal": {"targets": weighed, "balance": "best", "sticky": 0},
            "staying": {"targets": weighed, "balance": "best"},
            "ordered": {"targets": targets},
        },
    }
    file = folder / "fairlead.yaml"
    file.write_text(json.dumps(settings))
    environ = {"HOME": str(folder), "FAIRLEAD_DATA_DIR": str(folder / "data")}
    return policies.make_policy(load(str(file), environ, folder).config, environ)

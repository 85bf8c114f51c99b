"""The failure wall: sixteen ways in which a provider fails, and what is the best that can be made of each.

Base: at most two retries, 30 s of patience, one fallback. The ids are those of published walls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.wall import deeds
from tests.wall.deeds import Deed, answer, no_prefill, refuse
from tests.wall.judge import (
    Judge,
    answered,
    broken_cleanly,
    most_of,
    names_who_served,
    not_waited_for,
    refused,
    resting,
    within,
)

BOTH, STREAMED, WHOLE = (False, True), (True,), (False,)
TITLES = {
    "S01": "429 with Retry-After",
    "S02": "429 for ever",
    "S03": "500 once",
    "S04": "503 for ever",
    "S05": "TCP reset",
    "S06": "no response for 120 s",
    "S07": "first token after 20 s",
    "S08": "cut at 40 of 60 chunks",
    "S09": "stall of 30 s mid-stream",
    "S10": "malformed chunk",
    "S11": "no [DONE]",
    "S12": "context_length 400",
    "S13": "content-filter 400",
    "S14": "fallback rejects assistant prefill",
    "S15": "flapping for 60 s, 20 calls",
    "S16": "accounting names the served model",
}


@dataclass(frozen=True)
class Case:
    """One way to play a scenario: what the two targets do, and what to make of it.

    `streams` says whether to ask for streams, for whole replies, or both. Of several `calls`, one begins every `apart`
    seconds. `begins`: the client's call begins the answer itself. `resumed`: the best is to go on where a stream broke
    off; where the upstreams' dialect has no words for that, it is to say cleanly that it broke. `resumers`: it is for
    those alone who go on with answers.
    """

    scenario: str
    name: str
    one: Sequence[Deed]
    judge: Judge
    two: Sequence[Deed] = (answer,)
    streams: tuple[bool, ...] = BOTH
    calls: int = 1
    apart: float = 0.0
    begins: bool = False
    resumed: bool = False
    resumers: bool = False

    @property
    def id(self) -> str:
        return f"{self.scenario}-{self.name}" if self.name else self.scenario


_FULL = "Rate limit reached for requests"
_TOO_LONG = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
_FILTERED = "The response was filtered due to the prompt triggering the content management policy."
_OVER = refuse(503, "overloaded", "The server is overloaded")
_FAULT = refuse(500, "server_error", "The server had an error")
_LIMIT = refuse(429, "rate_limit_exceeded", _FULL, "retry-after: 2\r\n")
_WAIT = refuse(429, "rate_limit_exceeded", _FULL, "retry-after: 60\r\n")
_LONG = refuse(400, "context_length_exceeded", _TOO_LONG)
_FILTER = refuse(400, "content_filter", _FILTERED)

CASES = (
    Case("S01", "", [_LIMIT, answer], resting(2)),
    Case("S01", "twice", [_WAIT, answer], resting(60), calls=2, apart=15),
    Case("S02", "", [_LIMIT], answered),
    Case("S02", "both", [_LIMIT], refused(429, waits=True), [_LIMIT]),
    Case("S03", "", [_FAULT, answer], answered),
    Case("S04", "", [_OVER], answered),
    Case("S04", "both", [_OVER], refused(502, 503), [_OVER]),
    Case("S05", "", [deeds.reset], answered),
    Case("S05", "both", [deeds.reset], refused(500, 502, 503), [deeds.reset]),
    Case("S06", "", [deeds.silent(120)], within(150)),
    Case("S06", "both", [deeds.silent(120)], refused(408, 504), [deeds.silent(120)]),
    Case("S07", "", [deeds.late(20)], not_waited_for(15), streams=STREAMED),
    Case("S07", "whole", [deeds.late(20)], within(60), streams=WHOLE),
    Case("S08", "", [deeds.cut(40)], answered, resumed=True),
    Case("S08", "reset", [deeds.cut(40, "reset")], answered, resumed=True),
    Case("S09", "", [deeds.stall(40, 45)], within(150), resumed=True),
    Case("S10", "", [deeds.malformed(30)], answered, resumed=True),
    Case("S10", "first", [deeds.malformed(0)], answered, streams=STREAMED),
    Case("S11", "", [deeds.unmarked], answered),
    Case("S11", "bare", [deeds.unended], answered, streams=STREAMED, resumed=True),
    Case("S12", "", [_LONG], answered),
    Case("S12", "both", [_LONG], refused(400), [_LONG]),
    Case("S13", "", [_FILTER], refused(400, once=True)),
    Case("S14", "", [_OVER], refused(400, 502, 503), [no_prefill], begins=True),
    Case("S14", "seam", [deeds.cut(40), _OVER], broken_cleanly, [no_prefill], streams=STREAMED, resumers=True),
    Case("S15", "", [deeds.flapping(10, 10)], most_of(0.9), calls=20, apart=3),
    Case("S16", "", [_FAULT], names_who_served),
)
assert list(dict.fromkeys(case.scenario for case in CASES)) == list(TITLES)

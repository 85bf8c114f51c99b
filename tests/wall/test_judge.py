"""What the wall takes for a pass and what not: a wall that cannot fall says nothing."""

import pytest

from tests.wall.deeds import Stand, answer
from tests.wall.judge import Judge, Played, Seen, Verdict, answered, broken_cleanly, most_of, refused, resting, within
from tests.wall.voices import PIECES, TEXT, VOICES

WHOLE = Seen(200, text=TEXT, succeeded=True, first=1.0)
SHORT = "".join(PIECES[:40])
ERROR = {"message": "it broke"}


def played(*seen: Seen, one: int = 1, two: int = 0, at: float = 9.0) -> Played:
    """As if the first target had been asked so often, `at` seconds apart, and the second one so often."""
    voice = VOICES["openai-chat"]
    first = Stand(voice, "m", [answer], asked=[at * turn for turn in range(one)])
    return Played(list(seen), first, Stand(voice, "n", [answer], asked=[0.0] * two))


MISLED = {
    "a part that looks like the whole": Seen(200, text=SHORT, succeeded=True),
    "twice": Seen(200, text=TEXT + " " + TEXT, succeeded=True),
    "begun anew": Seen(200, text=SHORT + " " + TEXT, error=ERROR),
    "neither": Seen(200, text=SHORT),
    "nothing at all": Seen(200),
    "garbled": Seen(200, text=TEXT, succeeded=True, garbled="`{`"),
    "without end": Seen(broken="late"),
}


@pytest.mark.parametrize("seen", MISLED.values(), ids=MISLED)
@pytest.mark.parametrize("judge", [answered, broken_cleanly, refused(400), within(9), most_of(0.0)])
def test_a_client_that_is_misled_is_a_fail(seen: Seen, judge: Judge) -> None:
    assert judge(played(seen))[0] is Verdict.FAIL


JUDGED: dict[str, tuple[Judge, Played, Verdict]] = {
    "answered": (answered, played(WHOLE), Verdict.PASS),
    "answered after too many tries": (answered, played(WHOLE, one=4), Verdict.PARTIAL),
    "an error in the stream": (answered, played(Seen(200, text=SHORT, error=ERROR)), Verdict.SAFE_FAIL),
    "a status": (answered, played(Seen(502)), Verdict.SAFE_FAIL),
    "a broken connection": (answered, played(Seen(200, text=SHORT, broken="ReadError")), Verdict.SAFE_FAIL),
    "late": (within(0.5), played(WHOLE), Verdict.PARTIAL),
    "asked too early": (resting(20), played(WHOLE, one=2), Verdict.PARTIAL),
    "asked when it was due": (resting(9), played(WHOLE, one=2), Verdict.PASS),
    "the truth": (refused(400), played(Seen(400)), Verdict.PASS),
    "another status": (refused(400), played(Seen(500)), Verdict.SAFE_FAIL),
    "no word of when": (refused(429, waits=True), played(Seen(429)), Verdict.SAFE_FAIL),
    "refused, and asked elsewhere": (refused(400), played(WHOLE, two=1), Verdict.PARTIAL),
    "refused twice": (refused(400, once=True), played(Seen(400), two=1), Verdict.PARTIAL),
    "broke cleanly": (broken_cleanly, played(Seen(200, text=SHORT, error=ERROR)), Verdict.PASS),
    "nine of ten": (most_of(0.9), played(*[WHOLE] * 9, Seen(502)), Verdict.PARTIAL),
    "eight of ten": (most_of(0.9), played(*[WHOLE] * 8, *[Seen(502)] * 2), Verdict.SAFE_FAIL),
}


@pytest.mark.parametrize(("judge", "what", "verdict"), JUDGED.values(), ids=JUDGED)
def test_what_it_is_worth(judge: Judge, what: Played, verdict: Verdict) -> None:
    assert judge(what)[0] is verdict


def test_the_worst_counts() -> None:
    assert max(Verdict) is Verdict.FAIL
    assert [str(each) for each in Verdict] == ["pass", "partial", "safe-fail", "FAIL"]

"""An upstream that is left alone for longer each time it fails again."""

from itertools import pairwise

from tests.faults.stage import Skewed, Stages, well
from tests.support.scripted import Connection, Script, completion, reply

FAULT = reply({"error": {"message": "overloaded", "type": "server_error"}}, 503)


class Failing:
    """503 while `down` holds of the time, and when it was asked (seconds since the first call)."""

    def __init__(self, up: float = 0.0, down: float = 1.0) -> None:
        self.asked: list[float] = []
        self.failed: list[float] = []
        self.clock: Skewed | None = None
        self._up, self._down = up, down
        self._began = 0.0

    @property
    def now(self) -> float:
        assert self.clock is not None
        return self.clock.ahead - self._began

    def script(self) -> Script:
        async def script(connection: Connection) -> None:
            while await connection.request():
                self.asked.append(self.now)
                well_now = self.now % (self._up + self._down) < self._up
                if not well_now:
                    self.failed.append(self.now)
                await connection.send(reply(completion("well")) if well_now else FAULT)

        return script


async def lived(play: Stages, first: Failing, seconds: int, every: float) -> None:
    """A call at every so many seconds for so long; all are answered. Only the clock moves."""
    async with play(first.script(), well, lines=0) as stage:
        first.clock = stage.clock
        for _ in range(round(seconds / every)):
            got = await stage.gateway.post({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
            assert got.status == 200
            stage.clock.ahead += every


async def test_u21_ejection_backs_off(play: Stages) -> None:
    first = Failing()
    await lived(play, first, 200, every=2)
    looks = first.asked[5:]
    gaps = [later - earlier for earlier, later in pairwise([first.asked[4], *looks])]
    assert 3 <= len(looks) <= 7, f"asked at {first.asked}"
    assert all(later > earlier * 1.5 for earlier, later in pairwise(gaps)), gaps


async def test_u21_flapping_is_met_less_and_less(play: Stages) -> None:
    first = Failing(up=10, down=10)
    await lived(play, first, 300, every=2)
    early = sum(at < 100 for at in first.failed)
    late = sum(at >= 200 for at in first.failed)
    assert early > 0
    assert late <= early, f"failed at {first.failed}"
    assert len(first.failed) <= 30, f"failed at {first.failed}"

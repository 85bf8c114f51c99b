"""A soak: mixed faults for an hour of the gateway's clocks, after which all is as it was."""

from pathlib import Path

import pytest

from tests.wall.soak import Soak, soak


async def soaked(folder: Path, minutes: float) -> Soak:
    async with soak(folder) as made:
        async with made.holds.watched(0.2):
            await made.run(minutes * 60)
        await made.holds.check(made.up, calls=made.calls)
    print(f"\n{minutes:g} minutes of the gateway's clocks: {made.calls} calls, {dict(made.ends)}, {_told(made.memory)}")
    assert not [end for end in made.ends if end.startswith("misled")], made.ends
    assert made.ends["answered"] > made.calls * 0.7
    return made


def _told(memory: list[int]) -> str:
    return f"{memory[len(memory) // 4] / 2**20:.1f} MiB after a quarter, {memory[-1] / 2**20:.1f} MiB at the end"


async def test_i1_to_i8_after_two_minutes_of_mixed_faults(tmp_path: Path) -> None:
    await soaked(tmp_path, 2)


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_i4_after_an_hour_of_mixed_faults_memory_is_back_too(tmp_path: Path) -> None:
    made = await soaked(tmp_path, 60)
    quarter = made.memory[len(made.memory) // 4]
    assert made.memory[-1] <= quarter * 1.05, _told(made.memory)

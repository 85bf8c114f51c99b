"""`ai import`: what it prints, what it tells, and how it ends."""

from pathlib import Path

from tests.cli.conftest import Program

SAMPLES = Path(__file__).parents[1] / "migrate" / "samples"
WHOLE = """
model_list:
  - {model_name: chat, litellm_params: {model: openai/gpt-4o, api_key: sk-secret-of-this-test}}
"""


async def test_what_it_prints_is_what_config_check_takes(ai: Program) -> None:
    for kind, sample in (("litellm", "litellm.yaml"), ("portkey", "portkey.json")):
        ran = await ai("import", kind, str(SAMPLES / sample))
        assert ran.code == 1
        assert ran.err.startswith("not carried over:\n")
        assert "(in what is printed)" not in ran.err
        (ai.home / "fairlead.yaml").write_text(ran.out)
        checked = await ai("config", "check")
        assert (checked.code, checked.err) == (0, ""), sample


async def test_where_all_is_carried_it_ends_with_0_and_tells_what_to_set(ai: Program) -> None:
    (ai.home / "config.yaml").write_text(WHOLE)
    ran = await ai("import", "litellm", "config.yaml")
    assert ran.code == 0
    assert "sk-secret-of-this-test" not in ran.out + ran.err
    assert ran.err == (
        "to be set:\n  model_list[0].litellm_params.api_key: set OPENAI_API_KEY to the value that stands here; "
        "it is not copied\n"
    )


async def test_a_file_that_is_there_stays_unless_it_is_forced(ai: Program) -> None:
    (ai.home / "config.yaml").write_text(WHOLE)
    (ai.home / "mine.yaml").write_text("{}\n")
    ran = await ai("import", "litellm", "config.yaml", "-o", "mine.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "mine.yaml is there already" in ran.err
    assert (ai.home / "mine.yaml").read_text() == "{}\n"
    forced = await ai("import", "litellm", "config.yaml", "-o", "mine.yaml", "--force")
    assert (forced.code, forced.out) == (0, "")
    assert "wrote mine.yaml" in forced.err
    assert "gpt-4o" in (ai.home / "mine.yaml").read_text()


async def test_a_file_that_cannot_be_read_is_told_with_its_place_and_not_its_text(ai: Program) -> None:
    (ai.home / "config.yaml").write_text("model_list:\n  - {api_key: sk-secret-of-this-test\n")
    ran = await ai("import", "litellm", "config.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "config.yaml:" in ran.err
    assert "sk-secret" not in ran.err
    missing = await ai("import", "portkey", "nothing.json")
    assert missing.code == 2
    assert "nothing.json: no such file or directory" in missing.err

import pytest

from tests.config.conftest import Desk

PORT = "server: {{port: {}}}\n"


def test_without_any_file_the_defaults_hold(desk: Desk) -> None:
    loaded = desk.load()
    assert (loaded.config.server.host, loaded.config.server.port) == ("127.0.0.1", 8787)
    assert loaded.files == ()
    assert loaded.warnings == ()


def test_the_first_file_found_wins(desk: Desk) -> None:
    user = desk.home / ".config" / "fairlead"
    user.mkdir(parents=True)
    (user / "fairlead.yaml").write_text(PORT.format(1))
    assert desk.load().config.server.port == 1
    desk.write(PORT.format(2))
    assert desk.load().config.server.port == 2
    desk.write(PORT.format(3), "by-env.yaml")
    assert desk.load(FAIRLEAD_CONFIG="by-env.yaml").config.server.port == 3
    desk.write(PORT.format(4), "by-flag.yaml")
    loaded = desk.load(path="by-flag.yaml", FAIRLEAD_CONFIG="by-env.yaml")
    assert loaded.config.server.port == 4
    assert loaded.files == (desk.cwd / "by-flag.yaml",)


def test_xdg_config_home_is_honored_if_it_is_absolute(desk: Desk) -> None:
    folder = desk.home / "xdg" / "fairlead"
    folder.mkdir(parents=True)
    (folder / "fairlead.yaml").write_text(PORT.format(5))
    assert desk.load(XDG_CONFIG_HOME=str(desk.home / "xdg")).config.server.port == 5
    assert desk.load(XDG_CONFIG_HOME="xdg").config.server.port == 8787


@pytest.mark.parametrize(
    ("by", "path", "env"), [("the command line", "gone.yaml", ""), ("FAIRLEAD_CONFIG", None, "gone.yaml")]
)
def test_a_file_that_is_named_must_exist(desk: Desk, by: str, path: str | None, env: str) -> None:
    desk.write("server: {port: 1}\n")
    problem = desk.problem(path=path, FAIRLEAD_CONFIG=env)
    assert (problem.file, problem.message) == ("gone.yaml", "no such file")
    assert problem.hint is not None
    assert problem.hint.startswith(f"{by} names it; make it (`ai config schema` ")
    assert f"`fairlead.yaml` is looked for here and in {desk.home}/.config/fairlead" in problem.hint


def test_a_file_that_is_named_almost_right_is_suggested(desk: Desk) -> None:
    desk.write("server: {port: 1}\n")
    assert desk.problem(path="fairleed.yml").hint == "the command line names it; did you mean `fairlead.yaml`?"


def test_a_home_in_a_path_that_no_shell_has_seen_is_expanded(desk: Desk) -> None:
    (desk.home / "mine.yaml").write_text(PORT.format(6))
    for path in ("~/mine.yaml", "$HOME/mine.yaml", "${HOME}/mine.yaml"):
        assert desk.load(FAIRLEAD_CONFIG=path).config.server.port == 6


def test_without_a_home_there_is_no_user_file(desk: Desk) -> None:
    assert desk.load(HOME="").config.server.port == 8787


def test_a_folder_is_not_a_configuration(desk: Desk) -> None:
    assert desk.problem(path=str(desk.home)).message == "is a directory"


def test_a_folder_in_a_files_place_says_which_file_was_meant(desk: Desk) -> None:
    folder = desk.write("server: {port: 1}\n", "settings/fairlead.yaml").parent
    problem = desk.problem(path=str(folder))
    assert (problem.message, problem.hint) == ("is a directory", f"did you mean `{folder}/fairlead.yaml`?")
    (folder / "fairlead.yaml").unlink()
    assert desk.problem(path="settings").hint == "the command line names it; name a file in it"
    desk.write("models: {}\n", "settings/models.yaml")
    assert desk.problem(MODEL_CONFIG_PATH="settings").hint == "did you mean `settings/models.yaml`?"

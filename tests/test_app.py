"""What is refused before anything is served."""

from pathlib import Path

import pytest

from fairlead import app, policies
from fairlead.config.load import load
from fairlead.config.schema import Config, Server
from fairlead.errors import ConfigError


def test_listening_beyond_this_machine_without_a_key_is_refused() -> None:
    exposed = Config(server=Server(host="0.0.0.0"))
    with pytest.raises(ConfigError, match="without a key"):
        app.check_exposure(exposed, {})
    app.check_exposure(exposed, {"FAIRLEAD_KEY": "a-key"})
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        app.check_exposure(Config(server=Server(host=host)), {})


def test_a_host_that_only_begins_like_loopback_is_not_loopback() -> None:
    for host in ("localhost.example", "127.evil.example", "::10"):
        with pytest.raises(ConfigError):
            app.check_exposure(Config(server=Server(host=host)), {})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8787/v1", "http://localhost:8787/v1"])
def test_a_variable_meant_for_clients_does_not_make_the_gateway_call_itself(tmp_path: Path, url: str) -> None:
    environ = {"HOME": str(tmp_path), "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "fl-client"}
    policy = policies.make_policy(load(None, environ, tmp_path).config, environ)
    with pytest.raises(ConfigError, match="`openai` has the address of this gateway") as caught:
        app.check_loop(policy, "127.0.0.1", 8787)
    assert "OPENAI_BASE_URL" in str(caught.value.hint)
    app.check_loop(policy, "127.0.0.1", 8788)


def test_a_quirk_that_there_is_not_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "fairlead.yaml").write_text("providers: {openai: {quirks: [none-such]}}\n")
    environ = {"HOME": str(tmp_path)}
    with pytest.raises(ConfigError, match="none-such"):
        policies.make_policy(load(None, environ, tmp_path).config, environ)

"""What `import fairlead` gives, and what it costs."""

import json
import subprocess
import sys

import pytest
import yaml

import fairlead
from fairlead import CHAT, LOCAL, CallRequest, Gateway, open_gateway
from tests.support.scripted import answering, completion, reply, scripted


async def test_a_program_has_a_gateway_of_its_own(program) -> None:
    async with scripted(answering(reply(completion("hello")))) as up:
        (program / "fairlead.yaml").write_text(yaml.safe_dump({"providers": {"openai": {"base_url": up.url}}}))
        async with open_gateway(environ={"HOME": str(program), "OPENAI_API_KEY": "sk"}) as gateway:
            body = {"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}]}
            answer = await gateway.call(CallRequest(CHAT, json.dumps(body).encode()), LOCAL)
    assert isinstance(gateway, Gateway)
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "hello"


def test_every_public_name_is_there_and_no_other() -> None:
    for name in fairlead.__all__:
        assert getattr(fairlead, name) is not None
    with pytest.raises(AttributeError, match="no attribute `Gatewy`"):
        fairlead.Gatewy  # noqa: B018


def test_importing_it_imports_nothing_of_it() -> None:
    code = "import sys, fairlead; print([name for name in sys.modules if name.startswith('fairlead.')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"

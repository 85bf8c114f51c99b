"""Policies for the tests of what calls are for, from settings and an environment."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fairlead import policies
from fairlead.config.load import load
from fairlead.config.schema import Config
from fairlead.routing.policy import Policy


def config(settings: Mapping[str, Any] | str, **environ: str) -> Config:
    """The configuration that a file with these settings makes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fairlead.yaml"
        file.write_text(settings if isinstance(settings, str) else yaml.safe_dump(dict(settings)))
        return load(str(file), {"HOME": folder, **environ}, Path(folder)).config


def policy(settings: Mapping[str, Any] | str, **environ: str) -> Policy:
    """What routing knows by them."""
    return policies.make_policy(config(settings, **environ), {"HOME": "/nowhere", **environ})

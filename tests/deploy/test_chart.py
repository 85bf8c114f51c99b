"""The Helm chart: what it renders is what Kubernetes and Fairlead take, and no secret stands in it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairlead.config.load import load

CHART = Path(__file__).parents[2] / "deploy/helm/fairlead"
HELM = Path(sys.executable).parent / "helm"
pytestmark = pytest.mark.skipif(not HELM.exists(), reason="no helm: `.venv/bin/python scripts/helm.py` fetches it")

SECRET = {"existingSecret": "fairlead-secrets"}
FULL: dict[str, Any] = {
    **SECRET,
    "replicas": 3,
    "workers": 4,
    "redis": False,
    "image": {"repository": "registry.internal/fairlead", "tag": "1"},
    "imagePullSecrets": [{"name": "pull"}],
    "config": {
        "daily_budget": 100,
        "server": {"drain": 30},
        "providers": {"lab": {"dialect": "openai-chat", "base_url": "http://lab/v1", "api_key": "${LAB_KEY}"}},
    },
    "extraEnv": [{"name": "LAB_KEY", "valueFrom": {"secretKeyRef": {"name": "lab", "key": "key"}}}],
    "service": {"type": "LoadBalancer", "port": 80, "annotations": {"a/b": "c"}},
    "persistence": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
    "serviceAccount": {"create": False},
    "podAnnotations": {"scrape": "yes"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "k", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}}
    ],
}
PLAIN: dict[str, Any] = {**SECRET, "persistence": {"storageClass": "fast"}}
both = pytest.mark.parametrize("values", [PLAIN, FULL], ids=["plain", "full"])


def helm(tmp_path: Path, *args: str, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "values.json"
    file.write_text(json.dumps(values))
    homes = {name: str(tmp_path) for name in ("HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    said = [str(HELM), *args, str(CHART), "--values", str(file)]
    return subprocess.run(said, capture_output=True, text=True, check=False, env={**os.environ, **homes}, timeout=50)


def rendered(tmp_path: Path, values: dict[str, Any], release: str = "fairlead") -> dict[str, dict[str, Any]]:
    """The objects, by kind and name."""
    ran = helm(tmp_path, "template", release, values=values)
    assert ran.returncode == 0, ran.stderr
    found = [each for each in yaml.safe_load_all(ran.stdout) if each]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


@both
def test_helm_has_nothing_against_it(values: dict[str, Any], tmp_path: Path) -> None:
    ran = helm(tmp_path, "lint", "--strict", values=values)
    assert ran.returncode == 0, ran.stdout


@both
def test_what_belongs_together_is_called_the_same(values: dict[str, Any], tmp_path: Path) -> None:
    objects = rendered(tmp_path, values)
    kept = objects["StatefulSet/fairlead"]
    pods = kept["spec"]["template"]
    for service in ("Service/fairlead", "Service/fairlead-machines"):
        chosen = objects[service]["spec"]["selector"]
        assert chosen.items() <= pods["metadata"]["labels"].items()
        assert objects[service]["spec"]["ports"][0]["targetPort"] == "http"
    assert kept["spec"]["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
    assert f"Service/{kept['spec']['serviceName']}" in objects
    (container,) = pods["spec"]["containers"]
    volumes = {each["name"] for each in pods["spec"]["volumes"]}
    volumes |= {each["metadata"]["name"] for each in kept["spec"].get("volumeClaimTemplates", [])}
    assert {each["name"] for each in container["volumeMounts"]} == volumes
    assert {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")} == {
        "/readyz", "/livez"
    }  # fmt: skip
    assert container["ports"][0]["containerPort"] == 8787
    assert pods["spec"]["terminationGracePeriodSeconds"] > 30
    if values is FULL:
        assert (kept["spec"]["replicas"], container["image"]) == (3, "registry.internal/fairlead:1")
        assert container["args"][-2:] == ["--workers", "4"]
        assert "PodDisruptionBudget/fairlead" not in objects
    else:
        assert objects["PodDisruptionBudget/fairlead"]["spec"]["maxUnavailable"] == 1
        assert kept["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "fast"


@both
def test_fairlead_takes_the_configuration(values: dict[str, Any], tmp_path: Path) -> None:
    (text,) = rendered(tmp_path, values)["ConfigMap/fairlead"]["data"].values()
    (tmp_path / "fairlead.yaml").write_text(text)
    environ = {"HOME": str(tmp_path), "FAIRLEAD_REDIS": "redis://:canary@redis/0", "LAB_KEY": "canary"}
    config = load(str(tmp_path / "fairlead.yaml"), environ, tmp_path).config
    assert config.redis == (None if values is FULL else "redis://:canary@redis/0")
    assert config.daily_budget == (100 if values is FULL else None)
    assert "canary" not in text


@both
def test_no_secret_is_in_it(values: dict[str, Any], tmp_path: Path) -> None:
    objects = rendered(tmp_path, values)
    assert not [name for name in objects if name.startswith("Secret/")]
    (container,) = objects["StatefulSet/fairlead"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "fairlead-secrets"}}]
    plain = {each["name"] for each in container["env"] if "value" in each}
    assert plain == {"FAIRLEAD_DATA_DIR", "HOME"}


def test_pods_start_anew_when_the_configuration_changes(tmp_path: Path) -> None:
    sums = []
    for budget in (1, 2):
        objects = rendered(tmp_path, {**SECRET, "config": {"daily_budget": budget}})
        sums.append(objects["StatefulSet/fairlead"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"])
    assert sums[0] != sums[1]


def test_names_of_a_long_release_are_names_to_kubernetes(tmp_path: Path) -> None:
    for name in rendered(tmp_path, PLAIN, release="a" * 53):
        assert len(name.partition("/")[2]) <= 63


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "set `existingSecret`"),
        ({**SECRET, "replicas": "many"}, "replicas"),
        ({**SECRET, "persistance": {}}, "persistance"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    ran = helm(tmp_path, "template", "fairlead", values=wrong)
    assert ran.returncode != 0
    assert said in ran.stderr

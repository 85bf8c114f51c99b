"""What is said otherwise where models are a cloud's: regions, projects, versions, and credentials that are no keys."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fairlead.migrate.report import Report
from fairlead.migrate.values import escaped, text
from fairlead.migrate.variables import Variables, of_environment

Entry = dict[str, Any]


def bedrock(params: Mapping[str, Any], path: str, report: Report, variables: Variables) -> Entry:
    """Amazon's: the region in the address, and a key of two or three parts."""
    entry: Entry = {}
    if base := text(params.get("aws_bedrock_runtime_endpoint") or params.get("api_base")):
        entry |= {"base_url_env": of_environment(base)} if of_environment(base) else {"base_url": escaped(base)}
    region = text(params.get("aws_region_name"))
    if region:
        entry["region"] = _filled(region, "us-east-1")
        if not base:
            entry["base_url"] = f"https://bedrock-runtime.{entry['region']}.amazonaws.com"
    parts = [name for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token") if params.get(name)]
    if len(parts) >= 2:
        entry["api_key_env"] = ":".join(variables.name(params[name], f"{path}.{name}", name) for name in parts)
    elif key := params.get("api_key"):
        entry["api_key_env"] = variables.name(key, f"{path}.api_key", "AWS_BEARER_TOKEN_BEDROCK")
    for name in ("aws_role_name", "aws_profile_name", "aws_web_identity_token", "aws_session_name"):
        if params.get(name):
            report.left(f"{path}.{name}", "a role is not assumed here: give the provider keys, or a bearer token")
    return entry


def vertex(params: Mapping[str, Any], path: str, report: Report) -> Entry:
    """Google's: project and place in the address, and an account of a service or a token."""
    entry: Entry = {}
    project, place = text(params.get("vertex_project")), text(params.get("vertex_location")) or "global"
    if base := text(params.get("api_base")):
        entry["base_url"] = escaped(base)
    elif project:
        where = _filled(place, "us-central1")
        host = "aiplatform.googleapis.com" if place == "global" else f"{where}-aiplatform.googleapis.com"
        entry["base_url"] = f"https://{host}/v1/projects/{_filled(project, 'project')}/locations/{where}"
    elif params.get("vertex_location"):
        report.note(f"{path}.vertex_location", f"set GOOGLE_CLOUD_LOCATION to it, and GOOGLE_CLOUD_PROJECT ({place})")
    credentials = params.get("vertex_credentials")
    if variable := of_environment(credentials):
        entry["api_key_env"] = f"file:{variable}"
        report.note(f"{path}.vertex_credentials", f"{variable} has to name a file here")
    elif credentials:
        report.note(
            f"{path}.vertex_credentials", "put it into a file, and its path into GOOGLE_APPLICATION_CREDENTIALS"
        )
    return entry


def azure(params: Mapping[str, Any], path: str, report: Report, entry: Entry) -> None:
    """Microsoft's: a version, and a base URL that is the resource's or has all of its path."""
    version = text(params.get("api_version"))
    if variable := of_environment(version):
        entry["api_version_env"] = variable
    elif version:
        entry["api_version"] = escaped(version)
    elif "base_url_env" in entry:
        entry["api_version_env"] = "AZURE_API_VERSION"
    url = entry.get("base_url", "")
    if url.rstrip("/").endswith("/openai/v1"):
        entry["paths"] = "plain"
        entry.pop("api_version", None)
    elif "/openai" in url:
        parts = urlsplit(url)
        entry["base_url"] = f"{parts.scheme}://{parts.netloc}"
    for name in ("azure_ad_token", "tenant_id", "client_id", "client_secret", "azure_username", "azure_password"):
        if params.get(name):
            report.left(f"{path}.{name}", "Entra ID is not asked for tokens here: give the provider a key")


def _filled(value: str, otherwise: str) -> str:
    variable = of_environment(value)
    return f"${{{variable}:-{otherwise}}}" if variable else escaped(value)

"""The API's own description: as OpenAPI 3.1 for software, and as a page for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from identity_provider.api.blueprint import bp
from identity_provider.kit.access import Audience, open_to

_FILE = Path(__file__).with_name("static") / "openapi.json"
_TEXT = _FILE.read_text("utf-8")
DOCUMENT: dict[str, Any] = json.loads(_TEXT)
"""Written by hand; tests/api/test_description.py holds it and the code to one another."""

_METHODS = ("get", "post", "put", "patch", "delete")
_CACHEABLE = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


@bp.get("/openapi.json")
@bp.get("/v1/openapi.json")
@open_to(Audience.ANYONE)
def document() -> ResponseReturnValue:
    """OpenAPI 3.1, at both places where it is looked for."""
    return Response(_TEXT, mimetype="application/json", headers=_CACHEABLE)


@bp.get("/docs")
@open_to(Audience.ANYONE)
def page() -> ResponseReturnValue:
    """The same for people."""
    return render_template("api/docs.html", document=DOCUMENT, operations=_operations())


def _operations() -> list[dict[str, Any]]:
    """Every call with its own parameters and those of its path, in the order of the file."""
    return [
        {
            "method": method.upper(),
            "path": f"/api/v1{path}",
            "parameters": [_resolved(each) for each in item.get("parameters", []) + operation.get("parameters", [])],
            "scopes": sorted({scope for way in operation["security"] for scope in way["service"]}),
            "summary": operation["summary"],
            "description": operation.get("description", ""),
            "answers": {status: _resolved(answer)["description"] for status, answer in operation["responses"].items()},
            "body": _body_of(operation),
            "anchor": operation["operationId"],
        }
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]


def _body_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if sent is None:
        return []
    schema = _resolved(sent)
    return [
        {"name": name, "required": name in schema.get("required", []), "description": _resolved(each)["description"]}
        for name, each in schema["properties"].items()
    ]


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference within the document leads to."""
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return {**found, **{name: value for name, value in part.items() if name != "$ref"}}

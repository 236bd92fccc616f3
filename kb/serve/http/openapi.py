"""The description of the API, made from the table of endpoints and the models of its requests and reports."""

from __future__ import annotations

from functools import cache

from pydantic import JsonValue
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from kb import __version__
from kb.models import Frozen
from kb.reports import Failure
from kb.serve.http.endpoints import ENDPOINTS, Endpoint

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
SCHEMAS = "#/components/schemas/"
SECURITY: dict[str, JsonValue] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "kb-PORT"},
}
Schema = dict[str, JsonValue]


@cache
def openapi() -> Schema:
    """An OpenAPI 3.1 document. Reports are described as they are written, requests as they are read."""
    asked: set[type[Frozen]] = {endpoint.asked for endpoint in ENDPOINTS}
    reports: set[type[Frozen]] = {Failure, *(endpoint.report for endpoint in ENDPOINTS)}
    modes: list[tuple[type[Frozen], JsonSchemaMode]] = [(model, "validation") for model in asked]
    modes += [(model, "serialization") for model in reports]
    modes.sort(key=lambda one: one[0].__name__)
    _, definitions = models_json_schema(modes, ref_template=SCHEMAS + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "kb", "version": __version__},
        "security": [{name: []} for name in SECURITY],
        "paths": {endpoint.path: {endpoint.method.lower(): _operation(endpoint)} for endpoint in ENDPOINTS},
        "components": {"schemas": definitions["$defs"], "securitySchemes": SECURITY},
    }


def _operation(endpoint: Endpoint) -> Schema:
    operation: Schema = {
        "operationId": f"{endpoint.method.lower()}{endpoint.path.replace('/', '_')}",
        "summary": endpoint.summary,
        "description": endpoint.asked.__doc__,
        "responses": {
            "200": _content(endpoint.report, EVENT_STREAM if endpoint.streams else JSON, "The report."),
            "default": _content(Failure, JSON, "Why there is no report."),
        },
    }
    if endpoint.changes:
        return operation | {"requestBody": _content(endpoint.asked, JSON, "The request.") | {"required": True}}
    return operation | {"parameters": _parameters(endpoint.asked)}


def _content(model: type[Frozen], media: str, description: str) -> Schema:
    schema: Schema = {"$ref": SCHEMAS + model.__name__}
    return {"description": description, "content": {media: {"schema": schema}}}


def _parameters(asked: type[Frozen]) -> list[JsonValue]:
    """The fields of a request as parameters of a query; lists are given by repeating the name."""
    schema = asked.model_json_schema(ref_template=SCHEMAS + "{model}")
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field, "style": "form", "explode": True}
        for name, field in schema.get("properties", {}).items()
    ]

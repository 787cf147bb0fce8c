"""OpenAPI descriptions: GitHub's own operations, and each rule in small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tooltune.errors import ToolDefinitionError
from tooltune.tools.openapi import LONGEST_NAME, read_openapi
from tooltune.types import Tool

GITHUB = json.loads((Path(__file__).parent / "data" / "github_openapi.json").read_text(encoding="utf-8"))


def document(operation: dict[str, Any], path: str = "/pets/{id}", method: str = "get", **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {}, "paths": {path: {method: operation}}, **more}


def one(operation: dict[str, Any], **more: Any) -> Tool:
    (tool,) = read_openapi(document(operation, **more), "api.yaml").tools
    return tool


def body(schema: Any, kind: str = "application/json", **more: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema}}, **more}}


def test_githubs_operations() -> None:
    loaded = read_openapi(GITHUB, "github.json")
    tools = {tool.name: tool for tool in loaded.tools}
    assert list(tools) == ["gists_update", "issues_list_for_repo", "issues_create", "repos_create_pages_site",
                           "markdown_render_raw", "orgs_create_issue_type", "issues_add_labels"]  # fmt: skip
    assert tools["issues_create"].description.startswith("Create an issue. Any user with pull access")
    create = tools["issues_create"].schema()
    assert create["required"] == ["owner", "repo", "title"]
    assert create["properties"]["assignee"]["type"] == ["string", "null"]
    assert tools["issues_list_for_repo"].parameter("state").enum == ["open", "closed", "all"]  # type: ignore[union-attr]
    assert tools["issues_add_labels"].schema()["properties"]["body"]["oneOf"][0]["type"] == "object"
    assert "source" in tools["repos_create_pages_site"].schema()["required"]
    assert loaded.notices == (
        "github.json, POST /repos/{owner}/{repo}/pages: the body needs one of 2 sets of properties; "
        "the tool asks for the first",
        "github.json, POST /markdown/raw: its body, text/plain, text/x-markdown, is neither JSON nor a form; left out",
    )


def test_githubs_own_examples_fit_the_tools() -> None:
    tools = {tool.name: tool for tool in read_openapi(GITHUB, "github.json").tools}
    place = {"owner": "o", "repo": "r", "gist_id": "g", "org": "o", "issue_number": 1}
    fitting = 0
    for path in GITHUB["paths"].values():
        for operation in path.values():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            tool = tools.get(operation["operationId"].replace("/", "_").replace("-", "_"))
            for name, example in media.get("examples", {}).items():
                if name == "deleteFile":  # null where GitHub's own schema says object
                    continue
                reference = example.get("$ref", "").split("/")[-1]
                value = example["value"] if "value" in example else GITHUB["components"]["examples"][reference]["value"]
                value = {"body": value} if operation["operationId"] == "issues/add-labels" else value
                arguments = value | {key: place[key] for key in place if tool.parameter(key)}
                jsonschema_rs.validator_for(tool.schema()).validate(arguments)
                fitting += 1
    assert fitting >= 6


def test_yaml_and_json_give_the_same() -> None:
    again = yaml.safe_load(yaml.safe_dump(GITHUB, sort_keys=False))
    assert read_openapi(again, "f") == read_openapi(GITHUB, "f")


def test_names() -> None:
    paths = {
        "/a": {"get": {"operationId": "list.things-now"}, "post": {"operationId": "list things_now"}},
        "/pets/{petId}/toys": {"get": {}, "put": {"operationId": " "}},
        "/": {"get": {}},
        "/long": {
            "get": {"operationId": "word " * 30},
            "put": {"operationId": "word " * 30},
            "post": {"operationId": "x" * 99},
        },
    }
    names = [tool.name for tool in read_openapi({"openapi": "3.1.0", "paths": paths}, "f").tools]
    assert names[:5] == ["list_things_now", "list_things_now_2", "get_pets_petId_toys", "put_pets_petId_toys", "get"]
    assert len(set(names)) == len(names) == 8
    assert max(len(name) for name in names) == LONGEST_NAME
    assert not any(name.endswith("_") for name in names)


def test_parameters_of_all_places() -> None:
    shared = [{"$ref": "#/components/parameters/id"}, {"name": "limit", "in": "query", "schema": {"type": "string"}}]
    operation = {
        "parameters": [
            {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer", "maximum": 9},
             "example": 3},
            {"name": "X-Trace", "in": "header", "schema": {"type": "string"},
             "examples": {"a": {"value": "t"}, "b": {"value": 3}}},
            {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}},
            {"name": "sid", "in": "cookie", "required": True, "schema": {"type": "string"}},
            {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            {"name": "id", "in": "query", "schema": {"type": "string"}},
        ]
    }  # fmt: skip
    data = document(
        operation, components={"parameters": {"id": {"name": "id", "in": "path", "schema": {"type": "integer"}}}}
    )
    data["paths"]["/pets/{id}"]["parameters"] = shared
    loaded = read_openapi(data, "f")
    schema = loaded.tools[0].schema()
    assert schema["required"] == ["id", "limit"]
    assert schema["properties"] == {
        "id": {"type": "integer"},
        "limit": {"type": "integer", "maximum": 9, "examples": [3]},
        "X-Trace": {"type": "string", "examples": ["t"]},
        "filter": {"type": "object"},
        "id_query": {"type": "string"},
    }
    assert len(loaded.notices) == 2
    assert "the required cookie parameter 'sid' is left out" in loaded.notices[0]


PET = {"type": "object", "properties": {"id": {"type": "integer"}, "kind": {"type": "string"}}, "required": ["kind"]}


def test_a_body_is_flat_unless_a_name_is_taken() -> None:
    path_id = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]}
    tool = one(path_id | body(PET, required=True))
    assert tool.schema()["properties"] == {"id": {"type": "string"}, "body": PET}
    assert tool.schema()["required"] == ["id", "body"]
    assert one(body(PET, required=True)).schema() == PET
    assert one(body(PET)).schema() == PET
    assert one(body(PET, required=False)).schema()["required"] == []
    assert one(body(PET, "application/vnd.x+json; v=1")).schema() == PET
    assert one(body(PET, "application/x-www-form-urlencoded")).schema() == PET
    assert one(body({"type": "array", "items": PET}, description="Pets")).schema()["properties"]["body"] == {
        "type": "array", "items": PET, "description": "Pets",
    }  # fmt: skip


def test_all_of_and_alternatives_of_a_body() -> None:
    data = {"components": {"schemas": {"Pet": PET}}}
    named = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"name": {"type": "string"}}}]}
    assert list(one(body(named), **data).schema()["properties"]) == ["id", "kind", "name"]
    either = PET | {"anyOf": [{"required": ["id"]}, {"required": ["kind"]}]}
    assert one(body(either)).schema()["required"] == ["id", "kind"]
    shapes = {"oneOf": [PET, {"type": "string"}]}
    assert one(body(shapes)).schema()["properties"] == {"body": shapes}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"oneOf": [{"type": "string"}], "nullable": True}, {"oneOf": [{"type": "string"}, {"type": "null"}]}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 1}),
        ({"type": "integer", "maximum": 1, "exclusiveMaximum": False}, {"type": "integer", "maximum": 1}),
        ({"type": "integer", "exclusiveMaximum": 5}, {"type": "integer", "exclusiveMaximum": 5}),
        ({"type": "file"}, {}),
        ({"type": "integer", "example": "3"}, {"type": "integer"}),
        ({"type": "string", "example": "3", "xml": {}, "x-go": 1, "title": "T"}, {"type": "string", "examples": ["3"]}),
        ({"$ref": "other.yaml#/Pet"}, {}),
    ],
)
def test_the_dialect_becomes_json_schema(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert one({"parameters": [{"name": "p", "in": "query", "schema": given}]}).schema()["properties"]["p"] == made
    nested = {"type": "object", "properties": {"p": given}}
    assert one(body(nested)).schema()["properties"]["p"] == made


def test_what_only_the_server_writes_is_not_asked() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string", "readOnly": True},
                                               "pin": {"type": "string", "writeOnly": True}},
              "required": ["id", "pin"]}  # fmt: skip
    assert one(body(schema)).schema() == {
        "type": "object",
        "properties": {"pin": {"type": "string"}},
        "required": ["pin"],
    }


def test_descriptions_are_short_prose() -> None:
    text = "> [!NOTE]\n> Preview.\n\nGet a [pet](https://x).\nNow.\n\nMore."
    assert one({"summary": "Find pets", "description": text}).description == "Find pets. Get a pet. Now."
    assert one({"summary": "Get a pet", "description": text}).description == "Get a pet. Now."
    assert one({"description": "Very " * 200}).description.endswith("Very...")
    assert one({"summary": "", "description": None}).description == ""


def test_sixty_parameters_six_levels_and_recursion() -> None:
    deep: dict[str, Any] = {"type": "string", "enum": ["end"]}
    for _ in range(6):
        deep = {"type": "object", "properties": {"in": deep}, "required": ["in"]}
    many = {f"p{i}": {"type": "integer"} for i in range(58)} | {
        "deep": deep,
        "tree": {"$ref": "#/components/schemas/Tree"},
    }
    tree = {
        "type": "object",
        "properties": {
            "leaf": {"type": "string"},
            "sub": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    }
    loaded = read_openapi(
        document(body({"type": "object", "properties": many}), components={"schemas": {"Tree": tree}}), "f"
    )
    schema = loaded.tools[0].schema()
    assert len(schema["properties"]) == 60
    assert schema["properties"]["deep"] == deep
    assert schema["properties"]["tree"]["properties"]["sub"]["items"]["properties"]["sub"]["items"] == {
        "type": "object"
    }
    assert loaded.notices == (
        "f, GET /pets/{id}: the recursive reference #/components/schemas/Tree is cut after 2 levels",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"swagger": "2.0", "paths": {}}, "in swagger 2.0; expected OpenAPI 3.0 or 3.1. Convert"),
        ({"openapi": "4.0", "paths": {}}, "in 4.0; expected OpenAPI 3"),
        ({"openapi": "3.0.0"}, "no operation that can be a tool"),
        ({"openapi": "3.0.0", "paths": []}, "no operation that can be a tool"),
        ({"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/nowhere"}}}, "path /a: left out"),
        (document(body({"type": "object"}, "text/plain", required=True)), "left out: its body, text/plain, is neither"),
        (document({"parameters": [{"name": "a", "in": "query", "schema": {"pattern": "("}}]}), "left out: not a valid"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        read_openapi(data, "api.yaml")
    assert str(caught.value).startswith("api.yaml: ")
    assert said in str(caught.value)

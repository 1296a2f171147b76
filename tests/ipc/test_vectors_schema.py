"""The files of vectors have the format that vectors.schema.json describes, and no other."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

SPEC = Path(str(import_module("storagedriver.ipc").__file__)).parent / "spec"
FILES = sorted((SPEC / "vectors").glob("*.json"))


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((SPEC / "vectors.schema.json").read_text(encoding="ascii"))


def of(schema: Any, name: str) -> Any:
    """The schema of one of its definitions."""
    return {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}


def errors(schema: Any, file: Any) -> list[str]:
    """What is wrong with a file, as texts."""
    jsonschema: Any = pytest.importorskip(
        "jsonschema", reason="the vectors are NOT checked: it comes with pip install '.[test]'"
    )
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(file)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_fits_the_schema_of_its_name(path: Path, schema: Any) -> None:
    file = json.loads(path.read_text(encoding="ascii"))
    assert errors(of(schema, path.stem), file) == []


def test_the_schema_tells_the_files_apart_by_their_titles(schema: Any) -> None:
    file = json.loads((SPEC / "vectors" / "versions.json").read_text(encoding="ascii"))
    assert errors(schema, file) == []
    assert errors(schema, {**file, "title": "Times"}) != []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_key_too_many_or_too_few_is_found(path: Path, schema: Any) -> None:
    file: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    _, vectors, *_ = file.values()  # behind the title
    vectors[1:] = []
    name = vectors[0].pop("name")
    assert errors(of(schema, path.stem), file) != []
    vectors[0] |= {"name": name, "nmae": name}
    assert errors(of(schema, path.stem), file) != []


@pytest.mark.parametrize("parts", ["", "00ff", [], ["00", ["ff", 2]]])
def test_bytes_are_hexadecimal_or_parts_of_it(parts: Any, schema: Any) -> None:
    assert errors(of(schema, "bytes"), parts) == []


@pytest.mark.parametrize("parts", [None, 0, "0", "0g", "FF", ["00", 2], [["00", 0]], [["00"]]])
def test_what_are_no_bytes_is_found(parts: Any, schema: Any) -> None:
    assert errors(of(schema, "bytes"), parts) != []


def test_the_schema_is_one_itself(schema: Any) -> None:
    jsonschema: Any = pytest.importorskip("jsonschema", reason="the schema is NOT checked")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {path.stem for path in FILES} == {part["$ref"][8:] for part in schema["oneOf"]}

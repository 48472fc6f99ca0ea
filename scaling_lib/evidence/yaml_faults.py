"""What pydantic finds wrong with a file, as a person can mend it: the line, the field, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from scaling_lib.evidence.yaml_parts import Place, line_of


def fault_text(fault: Mapping[str, Any], node: yaml.Node | None, root: type[BaseModel]) -> str:
    """One entry of pydantic's `errors()` on a file whose root is described by `root`."""
    place = tuple(fault["loc"])
    where = field_text(node, place)
    if fault["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_model_at(place[:-1], root).model_fields))
        return f"{where}: unknown key {place[-1]!r}; allowed here: {allowed}"
    if fault["type"] == "missing":
        return f"{where}: this key is missing; add it"
    message = fault["msg"].removeprefix("Value error, ")
    quiet = fault["type"] == "value_error" or isinstance(fault["input"], dict) or "@" in str(fault["input"])
    return f"{where}: {message[0].lower()}{message[1:]}" + ("" if quiet else f", found {fault['input']!r}")


def field_text(node: yaml.Node | None, place: Place) -> str:
    """Where a field is: `line 4, journeys.0.slos`."""
    field = ".".join(str(part) for part in place)
    return f"line {line_of(node, place)}" + (f", {field}" if field else "")


def _model_at(place: Place, root: type[BaseModel]) -> type[BaseModel]:
    """The model that describes the part of the file at `place`."""
    model = root
    for part in place:
        if isinstance(part, int):
            continue
        model = _inner(model.model_fields[part].annotation)
    return model


def _inner(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if argument is not type(None):
            return _inner(argument)
    raise TypeError(f"no model in {annotation}")

"""Parameters of notebooks: checked by name and type against the notebook's own parameter cell before anything runs."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scaling_lib.errors import InvalidInput

PACKAGE = "scaling_lib"
KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: 'a list in JSON, such as ["a", "b"]',
    dict: 'a mapping in JSON, such as {"a": 1}',
}


@dataclass(frozen=True)
class Notebook:
    """A step's notebook: its file, the number of its cells (of any kind), and its parameters.

    defaults: by name; meanings: by name, what the comment behind the parameter says, where there is one.
    modules: those of the library that its cells import.
    """

    path: Path
    cells: int
    defaults: Mapping[str, Any]
    meanings: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name without its ending, such as `01_slo`."""
        return self.path.stem


def read_notebook(path: Path) -> Notebook:
    """A notebook's parameters, as its one cell tagged `parameters` declares them.

    Raises InvalidInput when the file is no notebook of version 4, has more than one such cell, or the cell holds more
    than plain assignments of str, int, float, bool, list or dict.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = list(content["cells"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path}: not a notebook (format 4): {type(error).__name__}: {error}.") from error
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) > 1:
        raise InvalidInput(
            f"{path}: found {len(tagged)} cells tagged `parameters`; expected one. Keep one of the tags."
        )
    source = "".join(tagged[0]["source"]) if tagged else ""
    defaults = _defaults(source, path)
    return Notebook(
        path=path,
        cells=len(cells),
        defaults=defaults,
        meanings=_meanings(source, list(defaults)),
        modules=_modules(["".join(cell["source"]) for cell in cells if cell.get("cell_type") == "code"]),
    )


def _modules(sources: list[str]) -> tuple[str, ...]:
    """The library's modules that the code imports; names in them that are none do no harm."""
    found: list[str] = []
    for source in sources:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except (SyntaxError, ValueError):  # IPython's own, such as %matplotlib: what runs it will say what it thinks
            continue
        for node in nodes:
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(dict.fromkeys(name for name in found if name.split(".")[0] == PACKAGE))


def bind(notebooks: list[Notebook], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The parameters of each notebook, by its name; each takes those that it declares.

    given: values by name; text is read as the type of the parameter's default.
    Raises InvalidInput for a name that none declares and for a value of another type.
    """
    allowed = sorted({name for notebook in notebooks for name in notebook.defaults})
    for name in given:
        if name not in allowed:
            known = [_described(each, notebooks) for each in allowed]
            raise InvalidInput(f"parameter {name!r}: no chosen notebook has it; allowed: {'; '.join(known) or 'none'}.")
    return {
        notebook.name: {
            name: _typed(name, value, notebook.defaults[name])
            for name, value in given.items()
            if name in notebook.defaults
        }
        for notebook in notebooks
    }


def _described(name: str, notebooks: list[Notebook]) -> str:
    """A parameter with its default and meaning, as the first notebook that has it says them."""
    first = next(notebook for notebook in notebooks if name in notebook.defaults)
    meaning = first.meanings.get(name, "")
    return f"{name} = {json.dumps(first.defaults[name], ensure_ascii=False)}{f' ({meaning})' if meaning else ''}"


def _meanings(source: str, names: list[str]) -> dict[str, str]:
    """The comments behind the parameters, each on the line where its assignment ends."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}
    ends = [statement.end_lineno or 0 for statement in ast.parse(source).body]
    return {name: comments[end] for name, end in zip(names, ends, strict=False) if end in comments}


def _defaults(source: str, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise InvalidInput(f"{path}: its parameter cell is not Python: {error.msg}, line {error.lineno}.") from error
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        try:
            (target,) = targets
            if not isinstance(target, ast.Name):
                raise ValueError("not a name")
            value = ast.literal_eval(statement.value)  # type: ignore[attr-defined]
        except (ValueError, AttributeError) as error:
            raise InvalidInput(
                f"{path}: its parameter cell has `{ast.unparse(statement)}`; expected only assignments of plain "
                "values, such as target = 0.999."
            ) from error
        if type(value) not in KINDS:
            raise InvalidInput(
                f"{path}: the parameter {target.id} has the default {value!r}; "
                "expected str, int, float, bool, list or dict."
            )
        found[target.id] = value
    return found


def _typed(name: str, value: Any, default: Any) -> Any:
    wanted = type(default)
    read = _read(value, wanted) if isinstance(value, str) and wanted is not str else value
    if wanted is float and type(read) is int:
        read = float(read)
    if type(read) is not wanted:
        raise InvalidInput(f"parameter {name}: found {value!r}; expected {KINDS[wanted]} (by default {default!r}).")
    return read


def _read(text: str, wanted: type) -> Any:
    """Text from the command line as the wanted type, or the text itself where it is not one."""
    text = text.strip()
    if wanted is bool:
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(read, float) and wanted is int else read

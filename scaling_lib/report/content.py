"""What an executed notebook holds, as its page needs it: the conclusion, and blocks of text, figures and code."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scaling_lib.findings import FINDINGS_MIME, Conclusion
from scaling_lib.names import FILE_MIME, PLOTLY_MIME, TABLE_MIME, slug

HEAVY_BYTES = 1_000_000
SKIPPED_TAGS = frozenset(["papermill-error-cell-tag", "remove-cell", "hide"])


@dataclass(kw_only=True)
class Block:
    """One thing on a page, in the notebook's order; a figure has a title, a caption and a height in pixels.

    kind: what it is; content: markdown, HTML, text, code, a data URI, or a figure's JSON.
    name: the anchor of a figure or table; data: whether files of that name lie under `tables/`; file: the name of a
    text file there.
    """

    kind: Literal["markdown", "figure", "html", "text", "image", "code", "error", "moved"]
    content: str = ""
    name: str = ""
    title: str = ""
    caption: str = ""
    height: int = 380
    data: bool = False
    file: str = ""

    @property
    def heavy(self) -> float:
        """The figure's weight in MB where it is over the budget, else 0."""
        size = len(self.content.encode()) if self.kind == "figure" else 0
        return size / 1e6 if size > HEAVY_BYTES else 0.0


@dataclass(kw_only=True)
class Content:
    """An executed notebook: its first heading, what it concludes, its blocks, their tables and text files by name."""

    heading: str = ""
    conclusion: Conclusion | None = None
    problem: str = ""
    blocks: list[Block] = field(default_factory=list)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def read_content(file: Path) -> Content:
    """Read an executed notebook, and write it back without the tables' data, which the report keeps beside it."""
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return Content(problem="Its notebook was cut short while it was written, and cannot be read.")
    content = Content()
    names: set[str] = set()
    for cell in notebook["cells"]:
        if SKIPPED_TAGS & set(cell["metadata"].get("tags", [])):
            continue
        source = _text(cell["source"])
        if cell["cell_type"] == "markdown":
            _add_markdown(content, source)
        elif cell["cell_type"] == "code":
            for output in cell["outputs"]:
                content.blocks += _blocks(output, content, names)
            if source.strip():
                content.blocks.append(Block(kind="code", content=source))
    file.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return content


def _add_markdown(content: Content, source: str) -> None:
    """The first heading of the first level becomes the page's title."""
    lines = source.splitlines()
    if not content.heading and lines and lines[0].startswith("# "):
        content.heading, source = lines[0].removeprefix("# ").strip(), "\n".join(lines[1:])
    if source.strip():
        content.blocks.append(Block(kind="markdown", content=source.strip()))


def _blocks(output: dict[str, Any], content: Content, names: set[str]) -> Iterator[Block]:
    if output["output_type"] == "stream":
        if output["name"] == "stdout":
            yield Block(kind="text", content=_text(output["text"]).rstrip())
        return
    if output["output_type"] == "error":
        yield Block(kind="error", content=f"{output['ename']}: {output['evalue']}")
        return
    data, said = output["data"], output.get("metadata", {}).get("scaling", {})
    if FINDINGS_MIME in data:
        _conclude(content, data[FINDINGS_MIME])
        return
    name = _unique(said.get("name") or f"output-{len(names) + 1}", names)
    table = data.pop(TABLE_MIME, None)
    if table is not None:
        content.tables[name] = table
    file = data.pop(FILE_MIME, None)
    if file is not None:
        content.files[f"{name}.{slug(file['ending'])}"] = str(file["text"])
        said = said | {"file": f"{name}.{slug(file['ending'])}"}
    common: dict[str, Any] = {"name": name, "caption": said.get("caption", ""), "data": table is not None}
    common["file"] = said.get("file", "")
    if PLOTLY_MIME in data:
        yield _figure(data[PLOTLY_MIME], _text(data.get("text/plain", "")), common)
    elif "text/html" in data:
        yield Block(kind="html", content=_text(data["text/html"]), **common)
    elif png := data.get("image/png"):
        yield Block(kind="image", content=f"data:image/png;base64,{''.join(_text(png).split())}", **common)
    elif "text/markdown" in data:
        yield Block(kind="markdown", content=_text(data["text/markdown"]))
    elif "text/plain" in data:
        yield Block(kind="text", content=_text(data["text/plain"]))


def _figure(figure: dict[str, Any], title: str, common: dict[str, Any]) -> Block:
    """The page says the title itself and brings the template: both leave the figure."""
    layout = dict(figure.get("layout", {}))
    layout.pop("template", None)
    own = layout.pop("title", {})
    own_text = (own.get("text", "") if isinstance(own, dict) else str(own)).replace("<br>", " ")
    text = json.dumps({"data": figure.get("data", []), "layout": layout}, ensure_ascii=False, separators=(",", ":"))
    shown = own_text if title.startswith("Figure(") else title or own_text
    return Block(
        kind="figure", content=text, title=shown or "Figure", height=int(layout.get("height") or 380), **common
    )


def _conclude(content: Content, data: dict[str, Any]) -> None:
    from pydantic import TypeAdapter, ValidationError

    for finding in data.get("findings", []):  # null is JSON's way of saying: not known
        impact = finding.get("impact") or {}
        finding["impact"] = {key: math.nan if value is None else value for key, value in impact.items()} or None
    try:
        content.conclusion = TypeAdapter(Conclusion).validate_python(data)
    except ValidationError as error:
        content.problem = f"Its conclusion cannot be read: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}."


def _unique(name: str, names: set[str]) -> str:
    wanted = slug(name)
    found, count = wanted, 1
    while found in names:
        count += 1
        found = f"{wanted}-{count}"
    names.add(found)
    return found


def _text(value: Any) -> str:
    """Notebooks keep text whole or as a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)

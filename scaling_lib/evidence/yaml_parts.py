"""YAML documents whose every field knows its file, document and line, for errors a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from scaling_lib.errors import BrokenEvidence, InvalidInput

Place = tuple[str | int, ...]
MERGE = "<<"
DEEPEST = 50


@dataclass(frozen=True)
class Part:
    """A mapping somewhere in a document.

    file, document: where it is from, the document counted from 1; place: the keys that lead to it; root: the node tree.
    """

    file: str
    document: int
    data: dict[str, Any]
    place: Place = ()
    root: yaml.Node | None = field(default=None, repr=False, compare=False)

    def where(self, key: str | int = "") -> str:
        """Such as `slo.yaml, document 2, line 14, spec.objectives[0].target`."""
        place = (*self.place, key) if key != "" else self.place
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return f"{self.file}, document {self.document}, line {line_of(self.root, place)}{', ' if text else ''}{text}"

    def error(self, key: str | int, found: str, expected: str, fix: str = "") -> InvalidInput:
        """An error at one of the part's fields."""
        return InvalidInput(f"{self.where(key)}: found {found}; expected {expected}.{' ' if fix else ''}{fix}")

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self.data.get(key) is not None

    def text(self, key: str, *, required: bool = False) -> str:
        """A string, "" where absent."""
        value = self.data.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            raise self.error(key, _shown(value), "text", "" if value is None else "Put it in quotes, if it is meant.")
        return value

    def number(self, key: str) -> Decimal | None:
        """A finite number, exactly as written, None where absent."""
        value = self.data.get(key)
        if value is None:
            return None
        try:
            number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.error(key, _shown(value), "a number")
        return number

    def flag(self, key: str) -> bool | None:
        """True or false, None where absent."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, _shown(value), "true or false")
        return value

    def part(self, key: str) -> Part | None:
        """A mapping, None where absent."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, _shown(value), "keys with values")
        return Part(self.file, self.document, value, (*self.place, key), self.root)

    def parts(self, key: str) -> list[Part]:
        """A list of mappings, empty where absent."""
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, _shown(value), "a list, each item with keys")
        return [
            Part(self.file, self.document, item, (*self.place, key, position), self.root)
            for position, item in enumerate(value)
        ]

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of text to text; numbers and true/false as written, lists joined by commas."""
        mapping = self.part(key)
        return {str(name): _plain(value) for name, value in mapping.data.items()} if mapping else {}

    def unknown(self, known: set[str]) -> list[str]:
        """Remarks on keys that are not read."""
        return [
            f"{self.where(str(key))}: this key is not known and was not read" for key in self.data if key not in known
        ]


def read_parts(file: Path, expected: str = "keys such as apiVersion (OpenSLO) or version (sloth)") -> list[Part]:
    """Every document of a YAML file that is a mapping, or a list of them. Raises as `read_documents` does.

    expected: what a document should have, for the error where it is no mapping.
    """
    parts: list[Part] = []
    for number, (node, data) in enumerate(read_documents(file), start=1):
        parts += _documents(str(file), number, data, node, expected)
    if not parts:
        raise InvalidInput(f"{file}: found no document; expected {expected}.")
    return parts


def read_documents(file: Path) -> list[tuple[yaml.Node | None, Any]]:
    """Every document of a YAML file: its nodes, which know their lines, and what they say.

    Raises BrokenEvidence where the file cannot be read; InvalidInput for what is no YAML, has tags or a key twice.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BrokenEvidence(f"{file}: cannot be read ({error.strerror}); expected a YAML file.") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{file}: found bytes that are not UTF-8 at byte {error.start}; expected YAML text."
        ) from None
    documents: list[tuple[yaml.Node | None, Any]] = []
    try:
        _refuse_tags_and_depths(file, text)
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            _refuse_duplicates(file, node)
            documents.append((node, loader.construct_document(node) if node else None))
    except yaml.YAMLError as error:
        raise InvalidInput(f"{file}: not valid YAML: {fault_of(error)}. Mend that line.") from None
    except (ValueError, RecursionError, TypeError) as error:
        raise InvalidInput(f"{file}: not readable YAML ({' '.join(str(error).split())[:120]}). Mend it.") from None
    return documents


class _Loader(yaml.SafeLoader):
    """A date or number that cannot be is an error with its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError) as error:
            found = f"found {str(node.value)[:40]!r}, which cannot be ({error})"
            raise yaml.constructor.ConstructorError(None, None, found, node.start_mark) from None


def fault_of(error: yaml.YAMLError) -> str:
    """What is wrong and in which line, without the line itself: it may hold a secret."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "found a character that YAML does not allow"
    said = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    return said + (f", line {mark.line + 1}" if mark else "")


def _documents(file: str, number: int, data: Any, node: yaml.Node | None, expected: str) -> Iterator[Part]:
    items: list[tuple[Place, Any]] = [((), data)]
    if isinstance(data, list):
        items = [((position,), item) for position, item in enumerate(data)]
    for place, item in items:
        if item is None:
            continue
        if not isinstance(item, dict):
            raise InvalidInput(
                f"{file}, document {number}, line {line_of(node, place)}: found {_shown(item)}; expected {expected}."
            )
        yield Part(file, number, item, place, node)


def _refuse_tags_and_depths(file: Path, text: str) -> None:
    """Also refuses nesting no such file has, on which the parser would spend minutes."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InvalidInput(f"{file}: found more than {DEEPEST} levels of nesting; expected fewer.")
        tag = getattr(event, "tag", None)
        if tag:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise InvalidInput(
                f"{file}, line {line}: found the YAML tag {str(tag)[:60]!r}; expected none. Write the plain value."
            )


def _refuse_duplicates(file: Path, root: yaml.Node | None) -> None:
    """YAML lets the last of two equal keys win without a word."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else ""
                if name and name != MERGE and name in names:
                    line = key.start_mark.line + 1
                    raise InvalidInput(f"{file}, line {line}: found the key {name!r} a second time; expected it once.")
                names.add(name)
                waiting.append(value)


def line_of(node: yaml.Node | None, place: Place) -> int:
    """The line of a field, or of the nearest part around it that the file has."""
    line = node.start_mark.line + 1 if node else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == step), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(_plain(item) for item in value) if isinstance(value, list) else "" if value is None else str(value)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "keys with values"
    return (
        f"{str(value)[:60]!r}"
        if isinstance(value, str)
        else ("true" if value is True else "false" if value is False else str(value)[:60])
    )

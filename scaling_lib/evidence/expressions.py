"""What a PromQL expression reads: its series selectors, its windows, and the constants that it compares with."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.aggregations import Aggregation, aggregations
from scaling_lib.evidence.selector import NAME, STRING, Selector, parse_selector

COMMENT = re.compile(r"#[^\n]*")
BRACKET = re.compile(r"\[[^\[\]]*\]")
NUMBER = re.compile(r"(?:0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[a-z0-9]*")
LABELS = re.compile(r"\s*\(([^()]*)\)")
COMPARED = re.compile(r"(?:>=|<=|==|!=|>|<)\s*(?:bool\b\s*)?([\s(]*[-\d.][\d\s.eE+*/()-]*)(\w?)")
LONGEST = 200  # characters of arithmetic: nobody writes a longer limit
OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
GROUPING = frozenset(["by", "without", "on", "ignoring", "group_left", "group_right"])
WORDS = frozenset(["and", "or", "unless", "atan2", "bool", "offset", "start", "end", "inf", "nan", *GROUPING])


@dataclass(frozen=True, kw_only=True)
class Expression:
    """What an expression reads.

    selectors: in their order, each once; windows_s: the ranges in brackets, seconds, each once and rising;
    limits: the constants that something is compared with, in their order. aggregated: of each selector the aggregations
    around it, wherever it stands.
    """

    selectors: tuple[Selector, ...]
    windows_s: tuple[float, ...]
    limits: tuple[float, ...]
    aggregated: tuple[tuple[Aggregation, ...], ...] = ()


def parse_expression(text: str) -> Expression:
    """What a PromQL expression reads. Functions, operators and label lists are passed over, not checked.

    A window that is a variable (`[$__rate_interval]`, `[{{.window}}]`) is none. Arithmetic of numbers alone behind a
    comparison, such as `> (14.4 * (1 - 0.999))`, is worked out; with anything else in it there is no limit.
    Raises InvalidInput where a selector cannot be read.
    """
    found = list(_selectors(text))
    selectors = {each.text: each for each, _ in found}
    around = aggregations(text)
    kept: dict[str, dict[Aggregation, None]] = {name: {} for name in selectors}
    for each, place in found if around else ():
        kept[each.text] |= {added: None for start, end, added in around if start <= place < end}
    quiet = COMMENT.sub(" ", STRING.sub('""', text))
    windows = {_seconds(found[0][1:-1]) for found in BRACKET.finditer(quiet)}
    limits = [_constant(found[1], found[2]) for found in COMPARED.finditer(BRACKET.sub(" ", quiet))]
    return Expression(
        selectors=tuple(selectors.values()),
        windows_s=tuple(sorted(window for window in windows if window is not None)),
        limits=tuple(limit for limit in limits if limit is not None),
        aggregated=tuple(tuple(kept[name]) for name in selectors),
    )


def _selectors(text: str) -> Iterator[tuple[Selector, int]]:
    """The selectors with their places, from left to right: a name, braces, or a name with braces."""
    place = 0
    while place < len(text):
        passed = next(
            (found for each in (STRING, COMMENT, BRACKET, NUMBER) if (found := each.match(text, place))), None
        )
        if passed:
            place = passed.end()
            continue
        name = NAME.match(text, place)
        after = _blank(text, name.end()) if name else place
        if name and name[0].lower() in GROUPING:
            labels = LABELS.match(text, after)
            place = labels.end() if labels else after
        elif text[after : after + 1] == "{":
            end = _closing(text, after)
            yield parse_selector(text[place:end]), place
            place = end
        elif name:
            if text[after : after + 1] != "(" and name[0].lower() not in WORDS and not _aggregates(text, after):
                yield parse_selector(name[0]), place
            place = after
        else:
            place += 1


def _blank(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _aggregates(text: str, place: int) -> bool:
    """Whether an operator such as `sum` stands before: it is followed by `by (...)` or `without (...)`."""
    word = NAME.match(text, place)
    return bool(word) and word is not None and word[0].lower() in ("by", "without")


def _closing(text: str, place: int) -> int:
    """The place behind the brace that closes the one at `place`; what is in quotes is passed over."""
    while place < len(text):
        quoted = STRING.match(text, place)
        place = quoted.end() if quoted else place + 1
        if text[place - 1] == "}" and not quoted:
            return place
    raise InvalidInput(f"Expression {text[:60]!r}: found an opening brace; expected one that closes it.")


def _seconds(window: str) -> float | None:
    """The seconds of a range such as `5m` or `1h30m`, of a subquery's first part; None where it is a variable."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", window.partition(":")[0])
    if not parts or "".join(number + unit for number, unit in parts) != window.partition(":")[0].strip():
        return None
    units = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
    return sum(float(number) * units[unit] for number, unit in parts)


def _constant(text: str, behind: str) -> float | None:
    """The value of arithmetic of numbers, up to a bracket that it does not open; None where it goes on with a name."""
    depth, end = 0, len(text)
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            end = place
            break
    bare = text[:end].strip()
    if len(bare) > LONGEST or (end == len(text) and bare[-1:] in "+-*/"):
        return None
    if behind and end == len(text) and not text[-1:].isspace():
        return None  # part of a longer word, such as 5m
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's own on what looks like a call, as in 1 (2)
            return _worked_out(ast.parse(bare, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError):
        return None


def _worked_out(node: ast.expr) -> float:
    """Raises ValueError for anything but numbers and the four operations on them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_worked_out(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](_worked_out(node.left), _worked_out(node.right))
    raise ValueError("found something else")

"""PromQL series selectors, as Prometheus matches them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from scaling_lib.errors import InvalidInput

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
OPERATOR = re.compile(r"=~|!~|!=|=")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`')
ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))")
PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
NUMERIC_LABELS = ("le", "quantile")


@dataclass(frozen=True)
class Matcher:
    """One condition on a label; an absent label is the empty string."""

    label: str
    operator: str
    value: str

    def accepted(self, values: Iterable[str]) -> frozenset[str]:
        """Those of the label's values that fulfil the condition. Raises InvalidInput for a pattern RE2 refuses."""
        found = set(values)
        forms = {value: _forms(self.label, value) for value in found}
        if self.operator in ("=", "!="):
            same = _forms(self.label, self.value)
            hits = {value for value in found if forms[value] & same}
        else:
            matching = _full_matches(self.value, frozenset().union(*forms.values()))
            hits = {value for value in found if forms[value] & matching}
        return frozenset(hits if self.operator in ("=", "=~") else found - hits)


@dataclass(frozen=True)
class Selector:
    """A parsed selector: `name{a="b",c=~"5.."}`."""

    matchers: tuple[Matcher, ...]
    text: str

    @property
    def name(self) -> str:
        """The metric's name, "" if it is not fixed."""
        named = [m.value for m in self.matchers if m.label == "__name__" and m.operator == "="]
        return named[0] if named else ""

    def matching(self, series: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The series (metric, labels as JSON) that fulfil all conditions, in their order."""
        kept = list(series)
        for matcher in self.matchers:
            values = [_value(key, matcher.label) for key in kept]
            accepted = matcher.accepted(values)
            kept = [key for key, value in zip(kept, values, strict=True) if value in accepted]
        return kept


def parse_selector(text: str) -> Selector:
    """Parse an instant selector; InvalidInput says where it stops being one."""
    matchers: list[Matcher] = []
    place = _skip(text, 0)
    if match := NAME.match(text, place):
        matchers.append(Matcher("__name__", "=", match[0]))
        place = _skip(text, match.end())
    if place < len(text) and text[place] == "{":
        place = _skip(text, place + 1)
        while text[place : place + 1] != "}":
            matcher, place = _matcher(text, place)
            matchers.append(matcher)
            place = _skip(text, place)
            if text[place : place + 1] == ",":
                place = _skip(text, place + 1)
            elif text[place : place + 1] != "}":
                raise _wrong(text, place, "a comma or }")
        place = _skip(text, place + 1)
    if place < len(text):
        raise _wrong(text, place, "the end of a selector; an expression such as rate(...) is not one")
    if all("" in matcher.accepted([""]) for matcher in matchers):
        raise InvalidInput(
            f"Selector {text!r}: it would match every series; name a metric or a label that is not empty."
        )
    return Selector(tuple(matchers), text)


def with_matcher(selector: str, label: str, operator: str, value: str) -> str:
    """A selector's text with one condition more. Raises InvalidInput where the text is no selector."""
    parse_selector(selector)
    text, condition = selector.strip(), f"{label}{operator}{json.dumps(value, ensure_ascii=False)}"
    if not text.endswith("}"):
        return f"{text}{{{condition}}}"
    inner = text[:-1].rstrip()
    return f"{inner}{condition}}}" if inner.endswith(("{", ",")) else f"{inner},{condition}}}"


def with_edge(selector: str, edge: float) -> str:
    """A histogram's selector for the bucket that ends at an edge, however the exposition format writes the number."""
    forms = spellings(edge)
    if len(forms) == 1:
        return with_matcher(selector, "le", "=", forms[0])
    return with_matcher(selector, "le", "=~", "|".join(re.sub(r"[.+]", r"[\g<0>]", form) for form in forms))


def spellings(number: float) -> tuple[str, ...]:
    """How `le` may be written, digit by digit: 1 and 1.0; 0.3; 0.00001 and 1e-05; +Inf."""
    if math.isinf(number):
        return ("+Inf" if number > 0 else "-Inf",)
    exact = Decimal(repr(float(number))).normalize()
    plain, power = f"{exact:f}", exact.adjusted()
    forms = (plain,) if "." in plain else (plain, f"{plain}.0")
    if -4 <= power < 6:  # beyond, Go writes the exponent
        return forms
    return (*forms, f"{exact.scaleb(-power).normalize():f}e{power:+03d}")


def unquote(literal: str) -> str:
    """The text of a PromQL string literal: double, single or back quotes, with Go's escapes."""
    if literal.startswith("`"):
        return literal[1:-1]
    return ESCAPE.sub(_unescaped, literal[1:-1])


@lru_cache(maxsize=65_536)
def labels_of(labels: str) -> Mapping[str, str]:
    """Canonical labels as a mapping."""
    parsed: dict[str, str] = json.loads(labels)
    return parsed


def _matcher(text: str, place: int) -> tuple[Matcher, int]:
    quoted = STRING.match(text, place)
    match = quoted or LABEL.match(text, place)
    if not match:
        raise _wrong(text, place, "a label name or }")
    label = unquote(match[0]) if quoted else match[0]
    place = _skip(text, match.end())
    operator = OPERATOR.match(text, place)
    if not operator:
        if quoted:  # Prometheus 3: {"a metric name"}
            return Matcher("__name__", "=", label), place
        raise _wrong(text, place, "one of = != =~ !~")
    place = _skip(text, operator.end())
    value = STRING.match(text, place)
    if not value:
        raise _wrong(text, place, "a value in quotes")
    return Matcher(label, operator[0], unquote(value[0])), value.end()


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _wrong(text: str, place: int, expected: str) -> InvalidInput:
    found = repr(text[place : place + 20]) if place < len(text) else "its end"
    return InvalidInput(
        f"Selector {text!r}, character {place + 1}: found {found}; expected {expected}. "
        'Write it as name{label="value", code=~"5.."}.'
    )


def _unescaped(match: re.Match[str]) -> str:
    plain, *numbers, octal = match.groups()
    if plain:
        return PLAIN.get(plain, plain)
    return chr(int(octal, 8)) if octal else chr(int(next(number for number in numbers if number), 16))


def _value(key: tuple[str, str], label: str) -> str:
    return key[0] if label == "__name__" else labels_of(key[1]).get(label, "")


def _forms(label: str, value: str) -> frozenset[str]:
    """`le="1"` and `le="1.0"` are the same bucket: which one is stored depends on the exposition format."""
    if label not in NUMERIC_LABELS:
        return frozenset([value])
    try:
        number = float(value)
    except ValueError:
        return frozenset([value])
    return frozenset([value, "NaN"] if math.isnan(number) else [value, *spellings(number)])


@lru_cache(maxsize=256)
def _full_matches(pattern: str, values: frozenset[str]) -> frozenset[str]:
    """The values that an anchored RE2 pattern matches, by DuckDB, which has RE2 itself (and its linear time)."""
    import duckdb

    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "SELECT v FROM (SELECT unnest($values::VARCHAR[]) AS v) WHERE regexp_full_match(v, $pattern, 's')",
                {"values": ["", *sorted(values)], "pattern": pattern},  # one value at least, so that it is compiled
            ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].rpartition("Error: ")[2]
        raise InvalidInput(
            f"Selector: found the pattern {pattern!r}, which RE2, Prometheus' regular expressions, refuses: {reason}."
        ) from None
    return frozenset(row[0] for row in rows) & values

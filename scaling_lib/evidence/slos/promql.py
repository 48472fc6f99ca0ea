"""What has to be known of PromQL to put a window into a query, and to see that it counts fast requests."""

from __future__ import annotations

import math
import re

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.selector import STRING, parse_selector

WINDOW = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
RANGE = re.compile(r"\[\s*([0-9a-z]+)\s*\]")
SUBQUERY = re.compile(r"\[[^\]]*:[^\]]*\]")
QUIET = re.compile(rf"{STRING.pattern}|#[^\n]*")  # text in which brackets mean nothing
BUCKET = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*_bucket)\s*(\{{(?:{STRING.pattern}|[^{{}}\"'`])*\}})")
UNITS_S = (
    ("_seconds_bucket", 1.0),
    ("_milliseconds_bucket", 1e-3),
    ("_ms_bucket", 1e-3),
    ("_microseconds_bucket", 1e-6),
)


SUM = re.compile(r"sum\s*\((.*)\)", re.DOTALL)
COUNTER = "sum(increase({selector}[{window}]))"
RATE = "sum(rate({selector}[{window}]))"  # the same by the second, beside a query that is written so


def windowed(query: str, window: str, *, bare: str = COUNTER) -> str:
    """The query over a window such as "5m".

    `{{.window}}` is replaced; in an expression whose ranges are all the same, such as `sum(rate(x[5m]))`, that range
    is replaced; a bare selector is put into `bare`.
    Raises InvalidInput where it cannot be seen which part is the window.
    """
    text = query.strip()
    if WINDOW.search(text):
        return WINDOW.sub(window, text)
    quiet = list(QUIET.finditer(text))
    ranges = [found for found in RANGE.finditer(text) if not _inside(found.start(), quiet)]
    subqueries = [found for found in SUBQUERY.finditer(text) if not _inside(found.start(), quiet)]
    if len({found[1] for found in ranges}) == 1 and not subqueries:
        for found in reversed(ranges):
            text = f"{text[: found.start()]}[{window}]{text[found.end() :]}"
        return text
    if _is_selector(text):
        return bare.format(selector=text, window=window)
    raise InvalidInput(
        f"the query {text!r} has no {{{{.window}}}}, and "
        + ("several ranges" if ranges or subqueries else "no range")
        + " to put a window in its place"
    )


def unsummed(query: str) -> str:
    """The selector within `sum(selector)`, as OpenSLO writes a counter; any other query as it is.

    A counter's sum is no count of a window: what is summed is how much each series rose in it.
    """
    found = SUM.fullmatch(query.strip())
    return found[1].strip() if found and _is_selector(found[1].strip()) else query


def latency_threshold(queries: list[str]) -> tuple[float | None, bool]:
    """The threshold in seconds, if the queries count a histogram's bucket; and whether the unit had to be assumed.

    The unit is in the metric's name (`_seconds_bucket`); without one it is seconds, Prometheus' convention.
    """
    found: set[tuple[float, bool]] = set()
    for query in queries:
        for name, braces in (match.group(1, 2) for match in BUCKET.finditer(query)):
            try:
                matchers = parse_selector(name + braces).matchers
                edges = [float(m.value) for m in matchers if m.label == "le" and m.operator == "="]
            except (InvalidInput, ValueError):
                continue
            unit = next((unit for ending, unit in UNITS_S if name.endswith(ending)), None)
            found |= {(edge * (unit or 1.0), unit is None) for edge in edges if math.isfinite(edge) and edge > 0}
    return found.pop() if len(found) == 1 else (None, False)


def _inside(place: int, quiet: list[re.Match[str]]) -> bool:
    return any(match.start() <= place < match.end() for match in quiet)


def _is_selector(text: str) -> bool:
    try:
        parse_selector(text)
    except InvalidInput:
        return False
    return True

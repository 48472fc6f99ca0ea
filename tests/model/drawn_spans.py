"""Spans as the reference draws them, and the rules of the critical path written plainly, one span after another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pandas as pd

NS = 10**9
DRAWN = re.compile(r"(?P<id>\w+)\[(?P<start>\d+),(?P<end>\d+)\](?:<(?P<parent>\w+))?(?P<follows>~)?")


def drawn(text: str, **columns: object) -> pd.DataFrame:
    """`A[0,100], B[10,60]<A`: span A of 100 s and its child B, each its own operation; `~` follows its parent."""
    rows = [
        {
            "trace_id": "t",
            "span_id": each["id"],
            "parent_id": each["parent"] or "",
            "service": "s",
            "operation": each["id"],
            "kind": "internal",
            "start_ns": int(each["start"]) * NS,
            "end_ns": int(each["end"]) * NS,
            "follows": bool(each["follows"]),
        }
        for each in DRAWN.finditer(text)
    ]
    return pd.DataFrame(rows).assign(**columns)


@dataclass
class Plain:
    """What the rules say, by span id: exclusive times of those on a path, slack of all on a root's tree, drag."""

    exclusive: dict[str, int] = field(default_factory=dict)
    slack: dict[str, int] = field(default_factory=dict)
    drag: dict[str, int] = field(default_factory=dict)


def plain(spans: pd.DataFrame, tolerance: int = 0) -> Plain:
    """The rules of the critical path for one trace without circles, by recursion."""
    rows = {row.span_id: row for row in spans.itertuples()}
    below: dict[str, list] = {}
    roots = []
    for row in rows.values():
        if row.parent_id not in rows:
            roots.append(row)
        elif not row.follows:
            below.setdefault(row.parent_id, []).append(row)
    found = Plain()

    def visit(name: str, start: int, end: int, on: bool, slack: int, most: int) -> None:
        found.slack[name] = slack
        kids = []
        for row in below.get(name, []):
            a, b = max(row.start_ns, start), min(row.end_ns, end)
            if b > a:
                kids.append((row.span_id, a, b))
        last_first = sorted(kids, key=lambda kid: (-kid[2], kid[1], kid[0]))
        before = {}
        for place, (kid, a, _) in enumerate(last_first):
            before[kid] = next((o for o in last_first[place + 1 :] if o[2] <= a + tolerance and o[1] < a), None)
        path = last_first[:1]
        while path and before[path[-1][0]]:
            path.append(before[path[-1][0]])
        names = [kid for kid, _, _ in path]
        spent = 0
        for kid, a, b in kids:
            # the end of the next one that is waited for: the last of the path that is not before this one in order
            limit = min(o[2] for o in path if last_first.index(o) <= last_first.index((kid, a, b)))
            ready = min(before[kid][2], a) if before[kid] else min(o[1] for o in kids)
            own = 0 if kid in names else (limit - (b - a)) - ready
            until, drag = b, 0
            if kid in names:
                after = names.index(kid) - 1
                until = b if after < 0 else min(b, path[after][1])
                beside = [o for o in kids if o[0] not in names and o[1] < b and o[2] > a]
                floats = [min(e[2] for e in path if last_first.index(e) < last_first.index(o)) - o[2] for o in beside]
                drag = min([b - a, most, *floats])
            waited = on and kid in names
            if waited:
                spent += until - a
                found.drag[kid] = drag
            visit(kid, a, until, waited, slack + own, drag)
        if on:
            found.exclusive[name] = end - start - spent

    for root in roots:
        found.drag[root.span_id] = max(root.end_ns - root.start_ns, 0)
        visit(root.span_id, root.start_ns, max(root.end_ns, root.start_ns), True, 0, found.drag[root.span_id])
    return found

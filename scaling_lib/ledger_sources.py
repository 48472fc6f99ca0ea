"""Sources as the ledger lists them, and as findings name them: what is alike is told together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Source
from scaling_lib.words import MESSAGE, listing, plural, same_words

LOGS = ("requests", "logs")  # kinds whose files are rotated
LONGEST = 160  # characters of an example: a line of a log may be a page
EMPTY = ": is empty;"  # in what the readers say of such a file


def calm(sources: Iterable[Quality]) -> list[Quality]:
    """An empty log where others have rows is no fault but a remark: it is empty when it has just been rotated."""
    given = list(sources)
    some = any(each.rows for each in given)
    return [_calm(each) if some and each.kind in LOGS else each for each in given]


def _calm(quality: Quality) -> Quality:
    messages = [message.strip() for message in MESSAGE.split(quality.problem)]
    empty = [message for message in messages if EMPTY in message]
    if not empty:
        return quality
    names = listing([message.partition(EMPTY)[0] for message in empty], 3)
    note = f"{plural(len(empty), 'file')} without a row, as a log that has just been rotated: {names}"
    rest = " ".join(message for message in messages if message not in empty)
    return replace(quality, problem=rest.strip(), notes=(*quality.notes, note))


def broken_once(sources: Iterable[Quality]) -> list[Quality]:
    """Sources that cannot be read for the same reason as one line, where the first of them stands."""
    groups: dict[tuple[str, ...], list[Quality]] = {}
    for number, each in enumerate(sources):
        broken = (each.kind, same_words(each.problem)) if each.problem and not each.rows else (str(number),)
        groups.setdefault(broken, []).append(each)
    return [
        replace(group[0], source=plural(len(group), "source"), problem=" ".join(each.problem for each in group))
        if len(group) > 1
        else group[0]
        for group in groups.values()
    ]


def gathered(sources: Iterable[Quality]) -> list[Quality]:
    """Files of one folder with nothing to say about any of them, as one line."""
    lines: dict[tuple[str, ...], list[Quality]] = {}
    for number, each in enumerate(sources):
        folder, _, name = each.source.rpartition("/")
        plain = not (each.problem or each.rejected or each.gaps or each.notes) and "://" not in each.source
        lines.setdefault((folder, each.format, each.origin) if plain and name else (str(number),), []).append(each)
    return [_together(group) if len(group) > 1 else group[0] for group in lines.values()]


def examples_words(examples: Sequence[str]) -> str:
    """Rejected rows behind the reason, as they stand in the source."""
    short = [text if len(text) <= LONGEST else f"{text[:LONGEST]}…" for text in examples]
    return f", such as {' | '.join(short)}" if short else ""


def sources_used(read: Iterable[Quality], kinds: Sequence[str]) -> dict[str, tuple[Source, ...]]:
    """What figures rest on: by kind of evidence one Source an origin, measured first, of what has rows.

    read: of all sources, as the ledger has them; a kind without a row is left out.
    """
    groups: dict[tuple[str, bool], list[Quality]] = {}
    for each in read:
        if each.kind in kinds and each.rows:
            groups.setdefault((each.kind, each.origin == "simulated"), []).append(each)
    found: dict[str, tuple[Source, ...]] = {}
    for (kind, simulated), own in sorted(groups.items()):
        start, end = _range(own)
        source = Source(
            table=kind,
            rows=sum(each.rows for each in own),
            start=f"{start:%Y-%m-%dT%H:%M:%SZ}" if start else "",
            end=f"{end:%Y-%m-%dT%H:%M:%SZ}" if end else "",
            origin="simulated" if simulated else "measured",
        )
        found[kind] = (*found.get(kind, ()), source)
    return found


def _together(group: list[Quality]) -> Quality:
    start, end = _range(group)
    folder = group[0].source.rpartition("/")[0]
    return replace(
        group[0],
        source=f"{folder}/ ({plural(len(group), 'file')})",
        rows=sum(each.rows for each in group),
        start=start,
        end=end,
    )


def _range(group: Iterable[Quality]) -> tuple[datetime | None, datetime | None]:
    """From the first to the last time of all of them, None where none has one."""
    given = list(group)
    return (
        min((each.start for each in given if each.start), default=None),
        max((each.end for each in given if each.end), default=None),
    )

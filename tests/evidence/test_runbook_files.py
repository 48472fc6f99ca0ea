"""Runbooks: pages with a head; and pages without one."""

from __future__ import annotations

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.runbooks import COLUMNS, RunbookSource, read_runbooks

PAGE = """---
title: A disk is full
service: gateway
incidents: [disk full, "disk *"]
owner: team-edge
reviewed: 2026-08-20
tried: null
---
# A disk is full
---
not: of the head
"""


def read(tmp_path, **pages):
    for name, text in pages.items():
        (tmp_path / f"{name}.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_runbooks([RunbookSource(path=str(tmp_path / "*.md"))])


def test_pages(tmp_path):
    found = read(tmp_path, disk=PAGE, other=PAGE.replace("\n", "\r\n").replace("null", "'2026-09-05T10:00:00+02:00'"))
    frame = found.frame.set_index("name")
    assert tuple(found.frame.columns) == COLUMNS
    assert frame["incidents"].tolist() == [("disk full", "disk *")] * 2
    assert frame["reviewed"].tolist() == [pd.Timestamp("2026-08-20", tz="UTC")] * 2
    assert pd.isna(frame.loc["disk", "tried"])
    assert frame.loc["other", "tried"] == pd.Timestamp("2026-09-05T08:00:00Z")
    assert found.quality[0].rows == 2


def test_one_broken_page_leaves_the_others(tmp_path):
    found = read(tmp_path, good=PAGE, no_head="# A page\n")
    assert found.frame["name"].tolist() == ["good"]
    assert "no_head.md: found no head" in found.quality[0].problem


def test_what_the_head_does_not_say_is_empty(tmp_path):
    (row,) = read(tmp_path, page="---\ntitle: One\nincidents: only this\n---\n").frame.to_dict("records")
    assert (row["service"], row["owner"], row["incidents"]) == ("", "", ("only this",))
    assert pd.isna(row["reviewed"])


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("", "found no head"),
        ("# Title\n", "found no head"),
        ("---\ntitle: never closed\n", "found no head"),
        ("---\n---\ntext\n", "found a head without keys"),
        ("---\ntitle: [\n---\n", "its head cannot be read as YAML"),
        ("---\ntitle: !!python/object/apply:os.system [true]\n---\n", "its head cannot be read as YAML"),
        ("---\n- a\n---\n", "found a head without keys"),
        ("---\ntitle: 3\n---\n", "title: found '3'; expected text"),
        ("---\ntitle: a\nincidents: {a: 1}\n---\n", "expected a list of titles"),
        ("---\ntitle: a\nreviewed: last summer\n---\n", "reviewed: found 'last summer'; expected a date"),
        ("---\ntitle: a\nreviewed: 2026-13-45\n---\n", "page.md"),
        (b"---\ntitle: caf\xe9\n---\n", "cannot be read as text"),
    ],
)
def test_what_is_none_is_named(tmp_path, page, said):
    with pytest.raises(BrokenEvidence) as error:
        read(tmp_path, page=page)
    assert said in str(error.value) and "page.md" in str(error.value)

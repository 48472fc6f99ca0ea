"""Names that notebooks and reports agree on: MIME types of what a cell shows, and text as a file name."""

from __future__ import annotations

import re

PLOTLY_MIME = "application/vnd.plotly.v1+json"
TABLE_MIME = "application/vnd.scaling.table+json"
FILE_MIME = "application/vnd.scaling.file+json"


def slug(text: str) -> str:
    """Text as a file name: lower case, words joined by dashes, at most 60 characters; "" where nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:60].strip("-")

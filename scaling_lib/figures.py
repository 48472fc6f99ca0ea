"""Figures and tables as every room draws them: one small template, one colour an entity, labels on the line.

The template weighs some 0.5 KB. In JupyterLab it stands on either theme; the report's page replaces it by its own,
light or dark as the reader has it, so that a page carries no template at all.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape, unescape
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from scaling_lib.names import FILE_MIME, PLOTLY_MIME, TABLE_MIME, slug
from scaling_lib.tables import BELOW, encode, to_html

__all__ = [
    "PALETTE",
    "band",
    "colour",
    "direct_label",
    "escape",
    "figure",
    "name_entities",
    "nothing",
    "show",
    "span",
    "table",
    "text_file",
    "threshold",
    "time_axis",
    "utc",
]

# Okabe and Ito, "Color Universal Design" (2008), without black (unseen on dark) and with grey in place of yellow
# (unseen on white).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C8C8C")
TITLE_WIDTH = 90  # characters to a line in JupyterLab, which cuts longer ones; the report wraps by itself
QUIET = "#767c85"  # readable on white and on black
TEMPLATE: dict[str, Any] = {
    "layout": {
        "font": {"family": "system-ui, sans-serif", "color": QUIET},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(PALETTE),
        "xaxis": {"automargin": True, "gridcolor": "rgba(128,128,128,.2)", "zeroline": False},
        "yaxis": {"automargin": True, "gridcolor": "rgba(128,128,128,.2)", "zeroline": False},
        "shapedefaults": {"line": {"color": QUIET}},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "hovermode": "closest",
    }
}
_slots: dict[str, int] = {}


def figure(title: str, *, x: str = "", y: str = "", height: int = 380) -> go.Figure:
    """An empty figure of ours: `title` states the finding; `x` and `y` name quantity and unit; height in pixels."""
    return go.Figure(
        layout={
            "template": TEMPLATE,
            "title": {
                "text": "<br>".join(map(escape, wrap(title, TITLE_WIDTH))),
                "x": 0,
                "xanchor": "left",
                "font": {"size": 15},
            },
            "xaxis": {"title": {"text": escape(x)}},
            "yaxis": {"title": {"text": escape(y)}},
            "height": height,
            "margin": {"l": 10, "r": 20, "t": 60, "b": 10},
        }
    )


def colour(name: str) -> str:
    """The colour of an entity (a journey, a service, a resource), the same in all figures of a report.

    It follows from the name alone as long as the palette's preferred slot is free, so that kernels that never speak
    to each other agree; `name_entities` settles the slots of a whole assessment beforehand.
    """
    if name not in _slots:
        size = len(PALETTE)
        wanted = zlib.crc32(name.encode()) % (size - 1)  # grey, the last, only when all others are taken
        taken = set(_slots.values())
        free = (slot % size for slot in range(wanted, wanted + size) if slot % size not in taken)
        _slots[name] = next(free, wanted)
    return PALETTE[_slots[name]]


def name_entities(names: Sequence[str]) -> None:
    """Give these entities the palette's colours in their order; call it once, with the assessment's own order."""
    for name in names:
        _slots.setdefault(name, len(_slots) % len(PALETTE))


def utc(times: Any) -> list[str]:
    """Times as UTC text, as short as their precision allows; plotly draws them as they stand, in any reader's zone."""
    stamps = pd.DatetimeIndex(pd.to_datetime(times, utc=True)).tz_localize(None).to_numpy(dtype="datetime64[ns]")
    for unit in ("m", "s", "ms", "us"):
        if (stamps == stamps.astype(f"datetime64[{unit}]")).all():
            stamps = stamps.astype(f"datetime64[{unit}]")
            break
    return [str(text) for text in np.datetime_as_string(stamps)]


def time_axis(figure: go.Figure, *, title: str = "time, UTC") -> go.Figure:
    """Make the x axis one of time, said once to be UTC, oldest left."""
    return figure.update_xaxes(type="date", title_text=escape(title))


def threshold(figure: go.Figure, value: float, label: str, *, axis: str = "y", color: str = "") -> go.Figure:
    """A dashed line at `value` of the axis "x" or "y", with its label on the line."""
    ends: dict[str, Any] = {"x0": 0, "x1": 1, "xref": "x domain", "y0": value, "y1": value, "yref": "y"}
    place: dict[str, Any] = {"textposition": "end", "yanchor": "bottom"}
    if axis == "x":
        ends = {"y0": 0, "y1": 1, "yref": "y domain", "x0": value, "x1": value, "xref": "x"}
        place = {"textposition": "end", "textangle": 0, "xanchor": "left", "yanchor": "top"}
    line: dict[str, Any] = {"dash": "dash", "width": 1.5} | ({"color": color} if color else {})
    return figure.add_shape(type="line", **ends, line=line, label={"text": escape(label), "padding": 4, **place})


def band(
    figure: go.Figure, x: Any, low: Sequence[float], high: Sequence[float], *, color: str, name: str = "interval"
) -> go.Figure:
    """The band from `low` to `high` over `x`: an interval. A NaN on either side leaves it open."""
    lower, upper = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    known = np.isfinite(lower) & np.isfinite(upper)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(int)))
    places = list(x)
    for start, stop in edges.reshape(-1, 2):  # plotly closes a band over a gap, so each stretch is a band of its own
        figure.add_scatter(
            x=places[start:stop] + places[start:stop][::-1],
            y=np.concatenate((lower[start:stop], upper[start:stop][::-1])),
            fill="toself",
            fillcolor=_faint(color),
            line={"width": 0},
            mode="lines",
            name=escape(name),
            showlegend=False,
            hoverinfo="skip",
        )
    return figure


def span(figure: go.Figure, start: Any, end: Any, label: str, *, color: str = "#8C8C8C") -> go.Figure:
    """Shade the stretch of the x axis from `start` to `end` over the figure's height, labelled at its top."""
    timed = (datetime, np.datetime64)
    ends = [utc([edge])[0] if isinstance(edge, timed) else edge for edge in (start, end)]
    return figure.add_shape(
        type="rect",
        xref="x",
        x0=ends[0],
        x1=ends[1],
        yref="y domain",
        y0=0,
        y1=1,
        layer="below",
        line={"width": 0},
        fillcolor=_faint(color),
        label={"text": escape(label), "textposition": "top left", "font": {"size": 12}, "padding": 3},
    )


def direct_label(figure: go.Figure, x: Any, y: float, text: str, *, color: str = "") -> go.Figure:
    """Name a line at the point (x, y), its last, instead of in a legend; the axis makes room for the text."""
    figure.update_layout(showlegend=False)
    return figure.add_annotation(
        x=np.log10(x) if figure.layout.xaxis.type == "log" else x,  # plotly takes annotations there as exponents
        y=np.log10(y) if figure.layout.yaxis.type == "log" else y,
        text=escape(text),
        name="direct",
        showarrow=False,
        xanchor="left",
        xshift=6,
        align="left",
        font={"color": color} if color else None,
    )


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A figure or a table as a notebook shows it, with the data behind it for the report."""

    text: str
    bundle: dict[str, Any]
    name: str
    caption: str = ""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"text/plain": self.text, **self.bundle}, {"scaling": {"name": self.name, "caption": self.caption}}


def show(figure: go.Figure | Shown, table: pd.DataFrame | None = None, name: str = "", caption: str = "") -> Shown:
    """A figure with the table behind it, as a notebook's last line shows it.

    table: what the figure is drawn from; the report writes it beside the page as Parquet and CSV.
    name: short and stable, by which a finding points at the figure; the title's words without one.
    caption: what a reader needs to know to read it, in a sentence.
    """
    if isinstance(figure, Shown):
        return figure
    title = _plain(figure.layout.title.text or "")
    if not title:
        raise ValueError("show: the figure has no title; expected one that states the finding")
    name = slug(name or title) or "figure"
    bundle: dict[str, Any] = {PLOTLY_MIME: json.loads(figure.to_json(validate=False))}
    if table is not None:
        bundle[TABLE_MIME] = encode(table, name, caption or title)
    return Shown(text=title, bundle=bundle, name=name, caption=caption)


def table(
    frame: pd.DataFrame,
    name: str,
    caption: str = "",
    units: dict[str, str] | None = None,
    *,
    below: Sequence[str] = BELOW,
    data: pd.DataFrame | None = None,
    empty: str = "",
) -> Shown:
    """A frame as a table that can be read: escaped, numbers to the right, units in the headers.

    units: by column, as in `words.quantity`: "s" reads as a duration, "fraction" as percent, others stand in the
    header. Without one a name's suffix tells: `_s`, `_ms`, `_us`, `_bytes`, `_percent`.
    below: columns of text that stand on a line of their own below their row.
    data: what lies beside the page, where it is more than the page shows.
    empty: the sentence in place of a table without rows: why, and what would fill it; of the caption's words without.
    Cells may be Estimates; the data behind the table then has a column for each end of the interval.
    """
    name = slug(name) or "table"
    if frame.empty:
        return nothing(empty or f"{caption.split('. ')[0].rstrip('.') or name.replace('-', ' ').capitalize()}: none.")
    coded = encode(frame if data is None else data, name, caption, units)
    bundle = {"text/html": to_html(frame, caption, units or {}, below), TABLE_MIME: coded}
    return Shown(text=frame.to_string(max_rows=20), bundle=bundle, name=name, caption=caption)


def text_file(text: str, name: str, ending: str, caption: str) -> Shown:
    """Text for another program, such as Prometheus rules: folded on the page, a file `<name>.<ending>` beside it."""
    shown = f"<details><summary>{escape(caption)}</summary><pre>{escape(text)}</pre></details>"
    bundle = {"text/html": shown, FILE_MIME: {"ending": ending, "text": text}}
    return Shown(text=text, bundle=bundle, name=slug(name), caption=caption)


def nothing(sentence: str) -> Shown:
    """In place of an empty figure: one sentence that says why, and what evidence would fill it."""
    return Shown(text=sentence, bundle={"text/html": f'<p class="nothing">{escape(sentence)}</p>'}, name="")


def _plain(text: str) -> str:
    """Plotly's title without its markup."""
    return unescape(re.sub(r"<br\s*/?>", " ", text)).strip()


def _faint(color: str) -> str:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},.18)"

"""HdrHistogram logs, written with its own package."""

from __future__ import annotations

T0 = 1_700_000_000  # 2023-11-14T22:13:20Z


def hlog(histograms: list[tuple[str, float, float, dict[int, int]]], digits: int = 3) -> str:
    """A log as HdrHistogram writes it: (tag, seconds since the base, length, {nanoseconds: count})."""
    from hdrh.histogram import HdrHistogram

    lines = [
        "#[Histogram log format version 1.3]",
        f"#[StartTime: {T0}.000 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]",
        f"#[BaseTime: {T0}.000 (seconds since epoch)]",
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]
    for tag, start, length, values in histograms:
        made = HdrHistogram(1, 3_600_000_000_000, digits)
        for value, count in values.items():
            made.record_value(value, count)
        line = f"{start:.3f},{length:.3f},{made.get_max_value() / 1e6:.3f},{made.encode().decode()}"
        lines.append(f"Tag={tag},{line}" if tag else line)
    return "\n".join(lines) + "\n"

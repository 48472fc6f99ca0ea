"""What is asked of spans: where they are, and what their files do not say."""

from __future__ import annotations

from dataclasses import dataclass

from scaling_lib.evidence.formats import Origin, SpanFormat, Unit


@dataclass(frozen=True, kw_only=True)
class SpanSource:
    """Files of spans of one form.

    path: a file or glob (`**` too). format: "" is to recognise it. service: of spans that name none.
    time_unit: of the file's times; "" is the format's own unit, unless the times are plainly in another one.
    """

    path: str
    format: SpanFormat = ""
    service: str = ""
    time_unit: Unit = ""
    origin: Origin = ""

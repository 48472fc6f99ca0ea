"""`MetricSource`: where metrics come from, query_range files or a live Prometheus, without ever showing a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, urlsplit, urlunsplit

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.formats import Origin

MAX_POINTS = 10_000  # a series and request; Prometheus refuses more than 11,000


@dataclass(frozen=True, kw_only=True, repr=False)
class MetricSource:
    """Where metrics are: files, or a Prometheus (one of `path` and `url`).

    path: a file or glob of query_range answers in JSON, plain or gzipped.
    url: a Prometheus, with its path prefix if it has one; queries: PromQL to ask it, by name. A raw selector's series
        keep their own metric names, an expression's take the query's name.
    start, end: with a time zone; `end` defaults to now, `start` to 28 days before. step_s: seconds between points.
    user, password_env: basic auth, the password in that environment variable; token_env: the variable with a bearer
        token; ca_file: PEM of the authority that signed the server's certificate.
    timeout_s: for one request with its retries.
    """

    path: str = ""
    url: str = ""
    queries: Mapping[str, str] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    step_s: float = 60
    user: str = ""
    password_env: str = ""
    token_env: str = ""
    ca_file: str = ""
    timeout_s: float = 30
    origin: Origin = ""

    def __post_init__(self) -> None:
        if bool(self.path) == bool(self.url):
            raise InvalidInput(
                "Metrics: expected either `path` (query_range files) or `url` (a Prometheus), one of them."
            )
        if self.url:
            self._check_live()

    def __repr__(self) -> str:
        return f"MetricSource({self.place!r})"

    @property
    def place(self) -> str:
        """The path, or the URL without user, password, query and fragment."""
        return self.path or stripped(self.url)

    def secret(self, variable: str) -> str:
        """The secret in an environment variable; InvalidInput names the variable, never its content."""
        value = os.environ.get(variable, "").strip()
        if not value:
            raise InvalidInput(
                f"{self.place}: the environment variable {variable} is not set; it must hold the secret."
            )
        if not all(" " <= character <= "~" for character in value):
            raise InvalidInput(
                f"{self.place}: the environment variable {variable} holds a line break or a character that is not "
                "ASCII; expected the secret alone. Check how it is set."
            )
        return value

    def _check_live(self) -> None:
        parts = _split(self.url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"Metrics: found the URL {stripped(self.url)!r}; expected one such as http://localhost:9090."
            )
        if not self.queries:
            raise InvalidInput(
                f"{self.place}: no queries are given; expected at least one, such as "
                "queries: {requests: http_requests_total}."
            )
        if self.user and not self.password_env:
            raise InvalidInput(
                f"{self.place}: user is given without password_env; name the variable with the password."
            )
        if self.user and self.token_env:
            raise InvalidInput(f"{self.place}: both user and token_env are given; a request can carry one of them.")
        if self.step_s < 0.001:
            raise InvalidInput(f"{self.place}: found step_s {self.step_s}; expected 0.001 s or more.")
        for name, time in (("start", self.start), ("end", self.end)):
            if time is not None and time.tzinfo is None:
                raise InvalidInput(f"{self.place}: {name} {time} has no time zone; write one, such as {time}Z.")
        if self.start and self.end and self.start >= self.end:
            raise InvalidInput(f"{self.place}: start {self.start} is not before end {self.end}.")


def stripped(url: str) -> str:
    """A URL without user, password, query and fragment: nothing before its last `@`, whatever else is wrong with it."""
    parts = _split(url)
    before, at, _ = url.rpartition("@")
    if parts is None or set(before) & set("?#"):
        return "(not a URL)"
    if not at:
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    scheme = f"{parts.scheme}://" if parts.scheme in ("http", "https") else ""
    return scheme + re.split("[?#]", url.rpartition("@")[2])[0]


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts

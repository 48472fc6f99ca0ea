"""A live Prometheus over HTTP: its query_range API, asked in chunks it does not refuse."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.metrics.query_range import Answer
from scaling_lib.evidence.metrics.source import MAX_POINTS, MetricSource, stripped
from scaling_lib.words import duration

if TYPE_CHECKING:
    import httpx

DEFAULT_RANGE = timedelta(days=28)
TRIES = 3
PAUSE_S = 0.25  # before the second try; doubled before each further one
API = "/api/v1/query_range"


class _QueryError(BrokenEvidence):
    """One query failed; the others may not."""


def read_prometheus(source: MetricSource) -> Answer:
    """Ask every query over the whole range; what fails is said in the answer's problems.

    A query Prometheus refuses costs that query; a server that cannot be reached, or lets nobody in, ends the reading.
    Raises InvalidInput where a secret's environment variable or the CA file is absent, or no step fits the range.
    """
    answer = Answer(place=source.place, format="prometheus", origin=source.origin)
    if source.start is None:
        answer.notes.append("no start is given: the 28 days before the end were asked for")
    ranges = list(_chunks(*_grid(source)))
    with _client(source) as client:
        try:
            for name, query in source.queries.items():
                _ask(client, source, name, query, ranges, answer)
        except BrokenEvidence as error:
            answer.problems.append(str(error))
    return answer


def _ask(
    client: httpx.Client, source: MetricSource, name: str, query: str, ranges: list[tuple[int, int]], answer: Answer
) -> None:
    where = f"{source.place}, query {name!r}"
    try:
        points = 0
        for start, end in ranges:
            bounds = {"start": _seconds(start), "end": _seconds(end), "step": _seconds(_step_ms(source))}
            points += answer.series.add(_get(client, source, {"query": query} | bounds, where), where, name)
        if not points:
            answer.problems.append(
                f"{where}: the answer has no points from {_time(ranges[0][0])} to {_time(ranges[-1][1])}; expected "
                "series. Check the query, start and end, and how long Prometheus keeps its data."
            )
    except _QueryError as error:
        answer.problems.append(str(error))


def _grid(source: MetricSource) -> tuple[int, int, int]:
    """First and last moment, in ms and both multiples of the step, so that points fall on whole minutes; the step."""
    step = _step_ms(source)
    end = source.end or datetime.now(UTC)
    start = source.start or end - DEFAULT_RANGE
    first, last = -(-_ms(start) // step) * step, _ms(end) // step * step
    if first > last:
        raise InvalidInput(
            f"{source.place}: from {start} to {end} there is no whole step of {duration(source.step_s)}; expected a "
            "longer range or a smaller step_s."
        )
    return first, last, step


def _chunks(first: int, last: int, step: int) -> Iterator[tuple[int, int]]:
    """Ranges of at most MAX_POINTS points, each beginning one step after the last point of the one before."""
    for start in range(first, last + 1, step * MAX_POINTS):
        yield start, min(start + step * (MAX_POINTS - 1), last)


def _client(source: MetricSource) -> httpx.Client:
    import httpx

    headers = {"Authorization": f"Bearer {source.secret(source.token_env)}"} if source.token_env else {}
    auth = (source.user, source.secret(source.password_env)) if source.user else None
    return httpx.Client(auth=auth, headers=headers, verify=_verify(source), timeout=source.timeout_s)


def _verify(source: MetricSource) -> ssl.SSLContext | bool:
    if not source.ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=source.ca_file)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "it is not a PEM file"
        raise InvalidInput(
            f"{source.place}: ca_file {source.ca_file} cannot be used ({reason}); expected certificates in PEM form."
        ) from None


def _get(client: httpx.Client, source: MetricSource, parameters: dict[str, str], where: str) -> bytes:
    """The body of a successful answer; tries again only where the server says it is busy or drops the connection."""
    import httpx

    deadline = time.monotonic() + source.timeout_s
    url = httpx.URL(source.url)
    url = url.copy_with(path=url.path.rstrip("/") + API, fragment=None).copy_merge_params(parameters)
    for attempt in range(1, TRIES + 1):
        pause = PAUSE_S * 2 ** (attempt - 1)
        again = attempt < TRIES and time.monotonic() + pause < deadline
        try:
            response, body = _within(client, url, deadline, source.timeout_s)
        except (httpx.HTTPError, ssl.SSLError) as error:
            if not (again and _dropped(error)):
                raise _unreachable(error, source) from None
        else:
            if response.status_code == 200:
                return body
            if not (again and response.status_code == 503):
                raise _refused(response, body, source, where)
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _within(client: httpx.Client, url: httpx.URL, deadline: float, timeout_s: float) -> tuple[httpx.Response, bytes]:
    """Read an answer; one that trickles in is given up at the deadline, which httpx's own timeouts do not do."""
    import httpx

    left = max(deadline - time.monotonic(), 0.001)
    with client.stream("GET", url, timeout=left) as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"no whole answer within {timeout_s} s")
    return response, bytes(body)


def _dropped(error: Exception) -> bool:
    return any(isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in _causes(error)) or (
        "without sending a response" in str(error)
    )


def _unreachable(error: Exception, source: MetricSource) -> BrokenEvidence:
    """What kept the answer away, in words; httpx wraps all of it in a few classes, so the causes are looked at."""
    import httpx

    causes = _causes(error)
    host = httpx.URL(source.url).host
    if isinstance(error, httpx.TimeoutException):
        return BrokenEvidence(
            f"{source.place}: no whole answer within {duration(source.timeout_s)}. Ask for less (a narrower selector, "
            "a larger step_s, a shorter range), or give it longer with timeout_s."
        )
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls is not None:
        reason = getattr(tls, "verify_message", "") or tls.reason or "no TLS"
        return BrokenEvidence(
            f"{source.place}: TLS failed ({reason}); expected a certificate for {host} signed by a known authority. "
            "Give the authority's certificate as ca_file, or check the URL (https or http, name and port)."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return BrokenEvidence(f"{source.place}: the name {host!r} is not known (DNS). Check the URL and the network.")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return BrokenEvidence(
            f"{source.place}: the connection was refused; nothing listens there. Check host and port, and that "
            "Prometheus runs."
        )
    if _dropped(error):
        return BrokenEvidence(
            f"{source.place}: the connection was dropped {TRIES} times or until the timeout, without an answer. Check "
            "that the URL is Prometheus' own (http or https?), and what stands in front of it."
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return BrokenEvidence(
            f"{source.place}: the answer broke off or is not HTTP ({error}). Check the port, and the proxy in between."
        )
    return BrokenEvidence(f"{source.place}: cannot be reached ({type(error).__name__}: {error}). Check the URL.")


def _refused(response: httpx.Response, body: bytes, source: MetricSource, where: str) -> BrokenEvidence:
    status = response.status_code
    said = _said(body)
    if status in (400, 422) and said:
        return _QueryError(f"{where}: Prometheus refuses it: {said}. Mend the query.")
    if status in (401, 403):
        how = "the user and password" if source.user else "the token" if source.token_env else "no credentials"
        return BrokenEvidence(
            f"{source.place}: not allowed in (HTTP {status}) with {how}. Give user and password_env, or token_env, "
            "that may read."
        )
    if status == 404:
        return BrokenEvidence(
            f"{source.place}: no Prometheus API is there (HTTP 404 for {API}). Check the URL's path; "
            "give it without /api/v1."
        )
    if response.is_redirect:
        target = stripped(response.headers.get("location", ""))
        return BrokenEvidence(
            f"{source.place}: redirects to {target} (HTTP {status}), perhaps a login page. Give the URL it really has."
        )
    tried = f", {TRIES} times or until the timeout" if status == 503 else ""
    return BrokenEvidence(
        f"{source.place}: the server failed (HTTP {status}{tried}){f', saying: {said}' if said else ''}. Try later, or "
        "ask for less."
    )


def _said(body: bytes) -> str:
    import orjson

    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(document.get("error", ""))[:500] if isinstance(document, dict) else ""


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in causes:
        causes.append(current)
        current = current.__cause__ or current.__context__
    return causes


def _step_ms(source: MetricSource) -> int:
    return round(source.step_s * 1000)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"

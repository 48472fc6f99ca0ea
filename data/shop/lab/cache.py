"""A cache in a service's memory, least recently used out first."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from prometheus_client import Counter

LOOKUPS = Counter("cache_requests", "Lookups in the cache", ["service", "cache", "result"])


class Cache:
    """`size` entries at most; 0 keeps nothing. `trace`: a file that gets each lookup as a line `time,key,hit`.

    An entry is made when its key is asked for, not when its value has come: whoever asks meanwhile waits for the same
    value, and the order of the lookups alone decides what is a hit.
    """

    def __init__(self, service: str, name: str, size: int, trace: Path | None = None) -> None:
        self.size, self.entries = size, OrderedDict[Any, asyncio.Future[Any]]()
        self.results = {hit: LOOKUPS.labels(service, name, "hit" if hit else "miss") for hit in (True, False)}
        self.trace = trace.open("a", buffering=1) if trace else None

    async def get(self, key: Any, fetch: Callable[[Any], Awaitable[Any]]) -> tuple[Any, bool]:
        """The key's value, from `fetch` where it is not there, and whether it was there."""
        hit = key in self.entries
        entry = self.entries.pop(key) if hit else asyncio.ensure_future(fetch(key))
        self.entries[key] = entry
        if len(self.entries) > self.size:
            self.entries.popitem(last=False)
        self.results[hit].inc()
        if self.trace:
            self.trace.write(f"{time.time():.6f},{key},{hit:d}\n")
        try:
            return await entry, hit
        except Exception:
            if self.entries.get(key) is entry:
                del self.entries[key]
            raise

"""The cells that everything about requests is computed from: COUNTS a minute and latency BINS an hour.

Cells of the same key merge by addition, so what was reduced by file, day or machine gives the same table in the end.
The SQL is plain text that other engines run too. It reads `requests(time, place, status, duration_us)` and
`routes(place, id, threshold_1, ...)`, where places of the same service and route have the same id.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import union_categoricals

GAMMA = 1.02  # a bin's upper edge over its lower one: a quantile is known within 1%
COUNT_KEYS = ["service", "route", "minute"]
BIN_KEYS = ["service", "route", "hour", "error", "bin"]
ERROR = "requests.status >= 500"


def counts_sql(thresholds: int) -> str:
    """COUNTS(id, minute, n, errors, sum_us, good_1, good_2, ...) with `thresholds` columns of good requests.

    A request is good where it is no error and took at most its route's threshold; NULL is no threshold.
    """
    good = "".join(
        f",\n       count(CASE WHEN {ERROR} OR requests.duration_us > routes.threshold_{rank} THEN NULL ELSE 1 END) "
        f"AS good_{rank}"
        for rank in range(1, thresholds + 1)
    )
    return f"""
SELECT routes.id AS id, date_trunc('minute', requests.time) AS minute,
       count(*) AS n, count(CASE WHEN {ERROR} THEN 1 END) AS errors,
       CAST(sum(requests.duration_us) AS BIGINT) AS sum_us{good}
FROM requests JOIN routes ON requests.place = routes.place
GROUP BY routes.id, date_trunc('minute', requests.time)
ORDER BY id, minute"""


BINS_SQL = f"""
SELECT routes.id AS id, date_trunc('hour', requests.time) AS hour,
       CASE WHEN {ERROR} THEN TRUE ELSE FALSE END AS error,
       CAST(floor(ln(CASE WHEN requests.duration_us < 1 THEN 1 ELSE requests.duration_us END) / ln({GAMMA}))
            AS SMALLINT) AS bin,
       count(*) AS n, CAST(sum(requests.duration_us) AS BIGINT) AS sum_us
FROM requests JOIN routes ON requests.place = routes.place
WHERE requests.duration_us IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4"""


def merged(parts: Sequence[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    """Tables of cells as one, in the order of their keys: cells of the same key are added."""
    if len(parts) == 1:
        return parts[0]
    shared = {
        key: union_categoricals([part[key].astype("category") for part in parts], sort_categories=True)
        for key in ("service", "route")
    }
    whole = pd.concat(parts, ignore_index=True).assign(**shared)
    return _summed(whole, keys)


def folded(table: pd.DataFrame, keys: Sequence[str], kept: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Cells with each (service, route) counted as the route it is kept as."""
    text = table.astype({"service": "category", "route": "category"})
    services, routes = text["service"].cat, text["route"].cat
    names = sorted(set(kept.values()))
    code = {name: number for number, name in enumerate(names)}
    to = np.full((len(services.categories), len(routes.categories)), -1, dtype="int64")
    for place, service in enumerate(services.categories):
        to[place] = [code.get(kept.get((service, route), ""), -1) for route in routes.categories]
    chosen = to[services.codes.to_numpy(), routes.codes.to_numpy()]
    return _summed(text.assign(route=pd.Categorical.from_codes(chosen, dtype=pd.CategoricalDtype(names))), keys)


def _summed(whole: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    columns = [column for column in whole.columns if column not in keys]
    whole[columns] = whole[columns].astype("int64")
    summed = whole.groupby(list(keys), as_index=False, sort=True, observed=True)[columns].sum()
    return summed.reset_index(drop=True)


def upper_edges_s(bins: ArrayLike) -> NDArray[np.float64]:
    """The upper latency of each bin, in seconds."""
    return np.asarray(GAMMA ** (np.asarray(bins, dtype=np.float64) + 1) / 1e6, dtype=np.float64)


def bin_quantile(bins: pd.DataFrame, q: float) -> tuple[float, float, float]:
    """A quantile in seconds from bins (columns `bin`, `n`): its value, within 1%, and the edges of its bin."""
    summed = bins.groupby("bin")["n"].sum().sort_index()
    place = int(np.searchsorted(summed.cumsum().to_numpy(), math.ceil(q * int(summed.sum())) or 1))
    found = int(summed.index[min(place, len(summed) - 1)])
    low, high = GAMMA**found / 1e6, GAMMA ** (found + 1) / 1e6
    return math.sqrt(low * high), low, high

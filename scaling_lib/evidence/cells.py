"""The cells that everything about requests is computed from: COUNTS a minute and latency BINS an hour.

Cells of the same key merge by addition, so what was reduced by file, day or machine gives the same table in the end.
The SQL is plain text that other engines run too. It reads `requests(service, method, path, minute, hour, status,
duration_us)`, its minutes and hours counted since 1970, and `routes(service, method, path, id)`, where what is counted
together has the same id. It reads them once and groups by one whole number a cell, which is the fastest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import union_categoricals

GAMMA = 1.02  # a bin's upper edge over its lower one: a quantile is known within 1%
COUNT_KEYS = ["service", "route", "minute"]
BIN_KEYS = ["service", "route", "hour", "error", "bin"]
MINUTES = 100_000_000  # more than there are from 1970 to 2100
BIN_NUMBERS = 4096  # more than the bin of a whole day
ERROR = "requests.status >= 500"
UNTIMED = "untimed"  # the column of COUNTS of requests that were no error and carry no duration; absent where all do


def good_column(limit_us: int) -> str:
    """The column of COUNTS that holds the requests which were no error and took at most so many microseconds."""
    return f"good_{limit_us}"


def cells_sql(limits_us: Iterable[int], on: str, *, some_untimed: bool = False) -> str:
    """The table `cells` of both kinds in one: `minute_cell` or `hour_cell`, n, sum_us, and the good ones by limit.

    Errors have cells of their own, which costs less than a sum of them.
    on: what joins requests and routes. A request without a duration is in no bin: there, both cells are NULL. It is not
    good by any limit either; some_untimed: whether there are such, which are then counted as UNTIMED.
    """
    good = "".join(
        f",\n       count(CASE WHEN error = 0 AND duration_us <= {limit} THEN 1 END) AS {good_column(limit)}"
        for limit in limits_us
    )
    if some_untimed:
        good = f",\n       count(CASE WHEN error = 0 AND duration_us IS NULL THEN 1 END) AS {UNTIMED}{good}"
    return f"""
SELECT minute_cell, hour_cell, count(*) AS n, CAST(coalesce(sum(duration_us), 0) AS BIGINT) AS sum_us{good}
FROM (SELECT (id * {MINUTES} + minute) * 2 + error AS minute_cell,
             ((id * {MINUTES} + hour) * 2 + error) * {BIN_NUMBERS} + bin AS hour_cell, error, duration_us
      FROM (SELECT CAST(routes.id AS BIGINT) AS id, requests.minute AS minute, requests.hour AS hour,
                   CASE WHEN {ERROR} THEN 1 ELSE 0 END AS error, requests.duration_us AS duration_us,
                   CAST(floor(ln(CASE WHEN requests.duration_us < 1 THEN 1 ELSE requests.duration_us END) / ln({GAMMA}))
                        AS BIGINT) AS bin
            FROM requests JOIN routes ON {on}) AS placed) AS numbered
GROUP BY GROUPING SETS ((minute_cell), (hour_cell))"""


def counts_of(cells: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """COUNTS of the rows of minutes, in the order of their keys; names: the service and route of each id."""
    cell, numbers = _sorted(cells, "minute_cell")
    n = numbers.pop("n")
    numbers = {"n": n, "errors": n * (cell % 2), **numbers}
    first = np.flatnonzero(np.diff(cell // 2, prepend=-1))
    id_, minute = np.divmod(cell[first] // 2, MINUTES)
    summed = {name: np.add.reduceat(values, first) if len(first) else values for name, values in numbers.items()}
    return pd.DataFrame({**_places(id_, names), "minute": _utc(minute * 60), **summed})


def bins_of(cells: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """BINS of the rows of hours, in the order of their keys; names: the service and route of each id."""
    cell, numbers = _sorted(cells, "hour_cell")
    bin_ = (cell % BIN_NUMBERS).astype("int16")
    cell //= BIN_NUMBERS
    error = (cell % 2).astype(bool)
    cell //= 2
    id_, hour = np.divmod(cell, MINUTES)
    return pd.DataFrame({**_places(id_, names), "hour": _utc(hour * 3600), "error": error, "bin": bin_, **numbers})


def _sorted(cells: pd.DataFrame, key: str) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    order = np.argsort(cells[key].to_numpy())
    columns = {str(column): cells[column].to_numpy()[order] for column in cells.columns}
    return columns.pop(key), columns


def _places(id_: NDArray[np.int64], names: pd.DataFrame) -> dict[str, pd.Series]:
    """A code a row instead of a text: there may be millions."""
    values = {column: pd.Categorical(names[column]) for column in ("service", "route")}
    return {
        name: pd.Series(pd.Categorical.from_codes(value.codes[id_], dtype=value.dtype))
        for name, value in values.items()
    }


def _utc(seconds: NDArray[np.int64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(seconds.astype("datetime64[s]")).as_unit("us").tz_localize("UTC")


def merged(parts: Sequence[pd.DataFrame], keys: Sequence[str]) -> pd.DataFrame:
    """Tables of cells as one, in the order of their keys: cells of the same key are added.

    What one of them does not count, a column that it does not have or a NULL, is not known of their sum either; but
    where there is no column UNTIMED, there are none.
    """
    parts = [part for part in parts if len(part)] or parts[:1]  # an empty one has no categories to share
    if len(parts) == 1:
        return parts[0]
    shared = {
        key: union_categoricals([part[key].astype("category") for part in parts], sort_categories=True)
        for key in ("service", "route")
    }
    # Concatenated as they are, texts of different categories would be written out a row.
    whole = pd.concat([part.drop(columns=[*shared]) for part in parts], ignore_index=True).assign(**shared)
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
    if UNTIMED in columns:
        whole[UNTIMED] = whole[UNTIMED].fillna(0)
    part_known = [column for column in columns if whole[column].hasnans]
    whole[columns] = whole[columns].astype(dict.fromkeys(columns, "int64") | dict.fromkeys(part_known, "Int64"))
    order = _order_of_single(whole, keys)
    if order is not None:  # nothing to add, as where files follow each other in time: half the time
        whole = whole if bool((np.diff(order) == 1).all()) else whole.take(order)
        used = {key: whole[key].cat.remove_unused_categories() for key in ("service", "route")}
        return whole.assign(**used)[[*keys, *columns]].reset_index(drop=True)
    cells = whole.groupby(list(keys), sort=True, observed=True)
    summed = cells[columns].sum()
    for column in part_known:
        summed[column] = summed[column].where(cells[column].count() == cells.size())
    return summed.reset_index()


def _order_of_single(whole: pd.DataFrame, keys: Sequence[str]) -> NDArray[np.int64] | None:
    """The rows in the order of their keys where each key is there once, else None; also where it takes no number."""
    number, most = np.zeros(len(whole), dtype=np.int64), 1
    for key in keys:
        column = whole[key]
        if isinstance(column.dtype, pd.CategoricalDtype):
            values = column.cat.codes.to_numpy(dtype=np.int64)
        elif isinstance(column.dtype, pd.DatetimeTZDtype):
            values = pd.DatetimeIndex(column).as_unit("s").asi8 // 60
        else:
            values = column.to_numpy(dtype=np.int64)
        if len(values) == 0 or values.min() < 0:  # without a row, a name or a time
            return None
        least, span = int(values.min()), int(values.max() - values.min()) + 1
        number, most = number * span + (values - least), most * span
    if most >= 2**63:
        return None
    order = np.argsort(number, kind="stable")
    return order if bool((np.diff(number[order]) > 0).all()) else None


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

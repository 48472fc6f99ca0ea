"""The latest typical peak of a series, with an interval that knows that values in a row are alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import Estimate, ratio_interval
from scaling_lib.stats.arguments import check_series, is_real, said
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import percent, plural

LATEST = "7D"  # every day of the week once


def typical_peak(
    series: pd.Series, *, quantile: float = 0.95, latest: str = LATEST, level: float = 0.95, unit: str = ""
) -> Estimate:
    """A high quantile of the last days of a series: what it reaches at a usual peak, without its rarest spikes.

    series: numbers at a regular step, NaN where not known, indexed by time; quantile: above 0, below 1; latest: how far
        back from the last value ("7D"; all there is, where that is less).
    The interval's ends are the quantiles at the ends of the interval of the share of values above, which allows for
    values that come in runs (`stats.ratio_interval`). It holds whatever the distribution, and is wide rather than
    narrow where each day has one peak. Where few values lie above, its upper end is the highest value seen.

    Raises NotEnoughData where fewer than 1 / (1 - quantile) values are known.
    Source: Woodruff, Confidence intervals for medians and other position measures, JASA 47 (1952).
    """
    check_series("typical_peak", series)
    check_level("typical_peak", level)
    span = _span(latest)
    if not (is_real(quantile) and 0 < quantile < 1):
        raise InvalidInput(f"typical_peak: found a quantile of {said(quantile)}; expected a fraction between 0 and 1.")
    known = series.dropna()
    if len(known):
        known = known[known.index > known.index[-1] - span]
    values = known.to_numpy(dtype=np.float64)
    needed = round(1 / (1 - quantile))
    if len(values) < needed:
        raise NotEnoughData(
            f"A peak as the {percent(quantile)} quantile: found {plural(len(values), 'value')}; expected at least "
            f"{needed}, of which one lies above. Supply {needed - len(values)} more."
        )
    value = float(np.quantile(values, quantile))
    above = (values > value).astype(np.float64)
    share = ratio_interval(above, np.ones(len(values)), level).estimate
    low, high = np.quantile(values, [1 - share.high, 1 - share.low])
    return Estimate(value, min(float(low), value), max(float(high), value), level, unit)


def _span(latest: str) -> pd.Timedelta:
    try:
        span = pd.Timedelta(latest) if isinstance(latest, str) else pd.Timedelta(0)
    except ValueError:
        span = pd.Timedelta(0)
    if not span > pd.Timedelta(0):
        raise InvalidInput(f"typical_peak: found latest {said(latest)}; expected a span above 0, such as '7D'.")
    return span

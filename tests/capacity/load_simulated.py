"""Load tests that are simulated event by event, with a known knee and a known load at which the SLO is just met."""

import heapq
import math

import numpy as np
import pandas as pd

from scaling_lib.capacity import knee, plateau, slo_capacity, slo_capacity_of_counts, slo_capacity_of_shares
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.evidence.load_tests.steady import ratio_of_sums
from scaling_lib.model.calibration import from_load_test

DEMAND_S = 0.01  # of one server, exponential: at most 100 requests/s
THINK_S = (0.4, 1.2)  # uniform, 0.8 s in the mean
TRUE_LIMIT = 1 / DEMAND_S
TRUE_KNEE = (DEMAND_S + 0.8) / DEMAND_S  # 81 users
RATE = 100.0  # of the server of the open test
THRESHOLD_S = 0.1


def true_slo_load(share):
    """Responses of M/M/1 are exponential with rate mu - lambda: the load whose share within the threshold is `share`."""
    return RATE + math.log(1 - share) / THRESHOLD_S


def closed_level(random, users, seconds, *, demand_s=DEMAND_S, warm_s=5.0):
    """One level: users who think, wait in line for one server, and are served. Answers and their time, by second."""
    think = [(float(at), user) for user, at in enumerate(random.uniform(0, THINK_S[1], users))]
    heapq.heapify(think)
    free, count, spent = 0.0, np.zeros(int(seconds)), np.zeros(int(seconds))
    end = warm_s + seconds
    services = iter(random.exponential(demand_s, int(2 * end / demand_s) + users))
    thinks = iter(random.uniform(*THINK_S, int(2 * end / demand_s) + users))
    while True:
        at, user = heapq.heappop(think)  # the next to ask is the next to be served: one line, first come first served
        if at >= end:
            return count, spent
        free = max(free, at) + next(services)
        if warm_s <= free < end:
            count[int(free - warm_s)] += 1
            spent[int(free - warm_s)] += free - at
        heapq.heappush(think, (free + next(thinks), user))


def closed_levels(random, users, seconds=30.0):
    """The levels as `evidence.load_tests.levels` has them: throughput and mean duration, with their intervals."""
    rows = []
    for place, each in enumerate(users, 1):
        count, spent = closed_level(random, each, seconds)
        served = ratio_of_sums(count, np.ones(len(count)), 0.95, "requests/s")
        mean = ratio_of_sums(spent, count, 0.95, "s")
        rows.append([place, float(each), served.value, served.low, served.high, mean.value, mean.low, mean.high])
    names = [f"{figure}{end}" for figure in ("throughput", "mean_s") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["level", "users", *names])


def knee_coverage(random, users, seconds, repeats):
    """Of the limit and of the knee: how often they are known, their coverage then, and their median relative width.

    Where they are not known, their low ends are still to lie below the truth: how often they do.
    """
    limits, knees = [], []
    for _ in range(repeats):
        levels = closed_levels(random, users, seconds)
        found = plateau(levels)
        limits.append(found.throughput)
        knees.append(knee(found, from_load_test(levels), levels).users)
    return [_of_known(limits, TRUE_LIMIT), _of_known(knees, TRUE_KNEE)]


def _of_known(found, true):
    known = [each for each in found if math.isfinite(each.value)]
    below = [each.low <= true for each in found if not math.isfinite(each.value)]
    covered = [each.low <= true <= each.high for each in known]
    widths = [(each.high - each.low) / each.value for each in known]
    return {
        "known": len(known) / len(found),
        "coverage": float(np.mean(covered)) if known else math.nan,
        "width": float(np.median(widths)) if known else math.nan,
        "below": float(np.mean(below)) if below else math.nan,
    }


def responses(random, load, seconds, rate=RATE):
    """Of M/M/1, first come first served, in equilibrium: when each was answered, and what it took (Lindley)."""
    count = random.poisson(load * seconds)
    warm = int(5 * rate / (rate - load) ** 2 * load) + 100
    gaps = random.exponential(1 / load, count + warm)
    service = random.exponential(1 / rate, count + warm)
    steps = np.cumsum(np.concatenate([[0.0], service[:-1] - gaps[1:]]))
    took = (steps - np.minimum.accumulate(steps) + service)[warm:]
    return np.cumsum(gaps[warm:]), took


def bins_of(times, took):
    """Latency bins by second, as `LoadTests.bins_of` has them."""
    frame = pd.DataFrame({"time": times.astype(int), "bin": np.floor(np.log(took * 1e6) / math.log(GAMMA)).astype(int)})
    return frame.groupby(["time", "bin"], as_index=False).size().rename(columns={"size": "n"})


def share_coverage(random, loads, seconds, share, repeats):
    """How often `slo_capacity_of_shares` holds the true load, and the mean of its values over the truth."""
    true = true_slo_load(share)
    found = [
        slo_capacity_of_shares(
            loads, [bins_of(*responses(random, each, seconds)) for each in loads], THRESHOLD_S, share
        )
        for _ in range(repeats)
    ]
    return _summary(found, true)


def stretch_coverage(random, near, seconds, stretch_s, repeats, *, rate=RATE, threshold_s=THRESHOLD_S):
    """How often `slo_capacity_of_counts` holds the true load: as it is, and with all requests of a level as one stretch.

    near: the loads over the true one; stretch_s: between two samples of a histogram.
    """
    true = rate + math.log(0.01) / threshold_s
    loads, held = np.asarray(near) * true, []
    for _ in range(repeats):
        counts = [_stretches(*responses(random, each, seconds, rate=rate), stretch_s, threshold_s) for each in loads]
        together = [each.sum().to_frame().T for each in counts]
        found = [slo_capacity_of_counts(loads, each, 0.99) for each in (counts, together)]
        held.append([each.low <= true <= each.high for each in found])
    return np.mean(held, axis=0)


def _stretches(times, took, stretch_s, threshold_s):
    """Requests, and those beyond the threshold, of each stretch."""
    frame = pd.DataFrame({"at": times // stretch_s, "total": 1, "beyond": took > threshold_s})
    return frame.groupby("at")[["total", "beyond"]].sum().astype(float)


def latency_coverage(random, loads, samples, spread, repeats):
    """How often `slo_capacity` holds the true load, with p99s of levels that scatter lognormally around the true ones."""
    exact = math.log(100) / (RATE - np.asarray(loads))
    many = np.repeat(loads, samples)
    found = [
        slo_capacity(many, np.repeat(exact, samples) * np.exp(spread * random.standard_normal(len(many))), THRESHOLD_S)
        for _ in range(repeats)
    ]
    return _summary(found, true_slo_load(0.99))


def _summary(found, true):
    known = [each.value for each in found if math.isfinite(each.value)]
    return float(np.mean([each.low <= true <= each.high for each in found])), float(np.mean(known)) / true

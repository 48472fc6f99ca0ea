import numpy as np
import pytest

from scaling_lib.stats.trend import MEMORIES, WALKS, _filter, _solve, draw_courses, fit_trend


def covariance(count, walk, memory):
    """Of a random walk that starts at 0 and an AR(1) process of variance 1."""
    at = np.arange(count)
    return walk**2 * np.minimum(at[:, None], at[None, :]) + memory ** np.abs(at[:, None] - at[None, :])


@pytest.mark.parametrize("walk", [0.06, 1.0])
@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_the_filter_is_generalised_least_squares(random, walk, memory):
    count = 30
    present = random.random(count) > 0.2
    table = np.stack([random.standard_normal(count), np.ones(count), np.arange(count) - 29.0], axis=1)
    errors, logdet, states, _ = _filter(
        np.where(present[:, None], table, np.nan), present, *np.array([[walk], [memory]])
    )
    whole = covariance(count, walk, memory)
    seen = whole[np.ix_(present, present)]
    y, x = table[present, 0], table[present, 1:]
    inverse = np.linalg.inv(seen)
    expected = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    left = y - x @ expected
    assert logdet[0] == pytest.approx(np.linalg.slogdet(seen)[1])
    coefficients, roots, squares, _ = _solve(np.einsum("gtc,gtd->gcd", errors, errors), 0, [1, 2])
    assert coefficients[0] == pytest.approx(expected, rel=1e-6)
    assert squares[0] == pytest.approx(left @ inverse @ left, rel=1e-6)
    assert roots[0] @ roots[0].T == pytest.approx(np.linalg.inv(x.T @ inverse @ x), rel=1e-6)
    state = states[0, :, 0] - states[0][:, 1:] @ expected
    noise = memory ** np.abs(np.arange(count) - (count - 1))[present] @ inverse @ left
    assert state.sum() == pytest.approx(whole[-1][present] @ inverse @ left, abs=1e-9)
    assert state[1] == pytest.approx(noise, abs=1e-9)


def test_a_long_clean_line_is_drawn_on():
    days = np.arange(120.0)
    trend = fit_trend(50 + 0.5 * days, (), weekly=True)
    drawn = draw_courses(trend, 60, 500, np.random.default_rng(1))
    assert not trend.weekly and trend.exponential < 0.01
    assert drawn.levels == pytest.approx(np.broadcast_to(50 + 0.5 * np.arange(120.0, 180), (500, 60)), rel=1e-2)
    assert drawn.growth == pytest.approx(np.full(500, 0.5), rel=1e-2)


def test_weights_are_a_distribution(random):
    trend = fit_trend(100 + random.standard_normal(40), (), weekly=True)
    assert trend.weights.shape == (3, len(WALKS) * len(MEMORIES)) and trend.weights.sum() == pytest.approx(1)


def test_white_noise_walks_less_than_a_walk(random):
    def mean_walk(levels):
        trend = fit_trend(levels, (), weekly=False)
        return float(trend.weights.sum(axis=0) @ trend.walks)

    noise = random.standard_normal(90)
    assert mean_walk(100 + noise) < 0.3 < 1 < mean_walk(100 + np.cumsum(noise))


def test_weekdays_are_told_from_noise(random):
    week = np.where(np.arange(56) % 7 >= 5, 80.0, 100.0)
    trend = fit_trend(week + random.standard_normal(56), (), weekly=True)
    drawn = draw_courses(trend, 14, 1000, random)
    assert trend.weekly
    # day 56 is the first of a week, so days 5, 6, 12 and 13 ahead (from 0) are the low ones
    expected = np.where(np.arange(14) % 7 >= 5, 80.0, 100.0)
    assert np.median(drawn.levels, axis=0) == pytest.approx(expected, abs=1.5)
    assert not fit_trend(100 + random.standard_normal(56), (), weekly=True).weekly


def test_levels_match_statsmodels_where_its_model_is_ours(random):
    """A level that walks, with noise and a drift: the filter's forecast against the state space model's."""
    structural = pytest.importorskip("statsmodels.tsa.statespace.structural")
    levels = 100 + 0.3 * np.arange(150) + np.cumsum(0.8 * random.standard_normal(150)) + random.standard_normal(150)
    theirs = (
        structural.UnobservedComponents(levels, "local linear deterministic trend").fit(disp=False).get_forecast(28)
    )
    drawn = draw_courses(fit_trend(levels, (), weekly=False), 28, 4000, random).levels
    assert np.median(drawn, axis=0) == pytest.approx(np.asarray(theirs.predicted_mean), abs=0.35 * theirs.se_mean[-1])
    # theirs takes its variances as known, ours integrates what is uncertain about them
    ratio = drawn.std(axis=0) / theirs.se_mean
    assert (ratio > 0.85).all() and (ratio < 1.6).all()

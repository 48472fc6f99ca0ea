"""The scalability law's fit: published figures, bounds, refusals, caveats, what-ifs."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usl_series import law

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model import usl

SPEC = ([1, 18, 36, 72, 108, 144, 216], [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])
RAYS = ([1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64], [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310])
FIRST_RAYS = (RAYS[0][:6], RAYS[1][:6])
EXACT = ([1, 2, 4, 6, 8, 10], [1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557])


@pytest.mark.parametrize(
    ("data", "values", "errors", "sigma"),
    [
        (SPEC, (0.0277284, 1.04366e-4, 89.9952), (0.0091217, 1.9875e-5, 14.213), 82.8458),
        (RAYS, (0.0577708, 0, 21.8488), None, 9.3357),
        (FIRST_RAYS, (0.0244440, 0.00162681, 20.8560), (0.0083907, 2.614e-4, 0.78851), 1.8341),
    ],
)
def test_published_fits(data, values, errors, sigma):
    found = usl.fit(*data)
    assert (found.alpha, found.beta, found.gamma) == pytest.approx(values, rel=1e-5)
    assert found.sigma == pytest.approx(sigma, rel=1e-4)
    if errors:
        assert tuple(found.stderr) == pytest.approx(errors, rel=1e-4)
    assert found.residuals == pytest.approx(np.array(data[1]) - law(np.array(data[0]), *values), abs=sigma / 1000)


def test_published_interval_and_peak():
    found = usl.fit(*SPEC, load_unit="users", throughput_unit="jobs/s")
    alpha = found.confint(0.95).alpha
    assert (alpha.low, alpha.high) == pytest.approx((0.00240, 0.05305), abs=5e-6)
    peak = found.peak(0.95)
    assert peak.value == pytest.approx(96.519, abs=1e-3)
    assert peak.throughput.value == found.limit == pytest.approx(1883.90, abs=0.01)
    assert peak.state == "within the measured range"
    assert peak.low < peak.value < peak.high < 216
    assert str(peak).startswith("96.5 users (")
    assert str(peak.throughput).startswith("1,880 jobs/s (")
    assert found.caveats == ("At a load of 1 the law is 39% above what was measured.",)  # 89.9952 over 64.9


def test_a_law_without_a_peak_claims_none():
    found = usl.fit(*RAYS)
    peak = found.peak()
    assert found.beta == 0 and math.isnan(found.stderr.beta)
    assert found.limit == pytest.approx(378.199, abs=1e-3)
    assert found.predict(96).value == pytest.approx(323.276, abs=1e-3)
    assert found.predict(128).value == pytest.approx(335.455, abs=1e-3)
    assert (peak.value, peak.high, peak.state) == (math.inf, math.inf, "not identified")
    assert 0 < peak.low < math.inf
    assert str(peak).startswith("not identified; not below ")
    assert peak.throughput.low < 378.2 <= peak.throughput.high
    assert "bound" in " ".join(found.caveats)


def profile_end(load, served, place, start, away):
    """Where the best fit with one parameter held there is worse by F(1, n - 3); found by scipy over the other two."""
    from scipy import optimize, stats

    def loss(value):
        def residuals(others):
            return law(load, *np.insert(others, place, value)) - served

        keep = [k for k in range(3) if k != place]
        bounds = np.array([[0, 1], [0, 1], [0, np.inf]])[keep].T
        scales = np.array([0.01, 1e-5, 10])[keep]
        return min(
            optimize.least_squares(
                residuals, np.array([0.05, beta, 20.0])[keep], bounds=bounds, x_scale=scales, xtol=1e-13, ftol=1e-13
            ).cost
            for beta in (1e-6, 1e-4)
        )

    limit = loss(start) * (1 + stats.f.ppf(0.95, 1, len(load) - 3) / (len(load) - 3))
    return optimize.brentq(lambda value: loss(value) - limit, start, away, xtol=1e-10)


def test_a_parameter_at_its_bound_has_an_interval_on_one_side_and_all_are_profiles():
    load, served = map(np.array, RAYS)
    ends = usl.fit(load, served, errors="constant").confint()
    assert ends.beta.low == ends.beta.value == 0
    assert ends.beta.high == pytest.approx(profile_end(load, served, 1, 0.0, 1e-3), rel=2e-3)
    assert ends.alpha.low == pytest.approx(profile_end(load, served, 0, 0.0577708, 0.01), rel=2e-3)
    assert ends.alpha.high == pytest.approx(profile_end(load, served, 0, 0.0577708, 0.2), rel=2e-3)
    assert ends.gamma.high == pytest.approx(profile_end(load, served, 2, 21.84884, 40), rel=2e-3)


def test_the_peak_of_data_that_only_rise_is_beyond_them():
    found = usl.fit(*FIRST_RAYS)
    peak = found.peak()
    assert peak.state == "beyond the measured range" and peak.value > 20
    assert str(peak).startswith("beyond the measured range: 24.5 (")
    assert any("largest load, 20" in caveat for caveat in found.caveats)
    # a law whose peak lies just inside, seen by samples that still rise, is not claimed to be inside
    shaky = usl.fit([1, 5, 10, 15, 20, 25], [10, 40, 60, 69, 70, 70.5])
    assert shaky.peak().state in ("beyond the measured range", "not identified")


def test_exact_cases():
    found = usl.fit(*EXACT)
    assert (found.alpha, found.beta, found.gamma) == pytest.approx((0.02, 0.02, 1), abs=2e-5)
    assert found.peak().value == pytest.approx(7.0, abs=0.005)
    load = np.array([1, 20, 100, 200, 400, 800.0])
    found = usl.fit(load, law(load, 0.001, 1e-5, 5))
    assert found.peak().value == pytest.approx(316.0696, abs=1e-4)
    assert found.sigma < 1e-6
    assert any("exactly" in caveat for caveat in found.caveats)


def test_throughput_that_only_falls_is_said_to():
    found = usl.fit([1, 2, 4, 6, 8, 10], [10, 9, 7, 6, 5, 4.2])
    assert found.peak().state in ("below the measured range", "not identified")
    assert found.peak().value < 1
    assert any("smallest load" in caveat for caveat in found.caveats)


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_throughput_in_proportion_or_faster_has_no_limit(factor):
    load = np.array([1, 2, 4, 6, 8, 10.0])
    found = usl.fit(load, 10 * load**factor)
    assert (found.alpha, found.beta, found.limit) == (0, 0, math.inf)
    assert found.peak().state in ("none", "not identified")
    assert any("alpha is at its bound" in caveat for caveat in found.caveats)


@pytest.mark.parametrize(
    ("load", "throughput", "kind", "words"),
    [
        ([1, 2, 3], [1, 2, 3], NotEnoughData, "3 different"),
        ([1, 1, 2, 2, 2, 2], [1, 1, 2, 2, 2, 2], NotEnoughData, "2 different load"),
        ([5] * 9, range(1, 10), NotEnoughData, "1 different"),
        ([], [], NotEnoughData, "0 different"),
        ([1, 2, 3, 4], [1, 2, 3], InvalidInput, "4 loads and 3 throughputs"),
        ([1, 2, math.nan, 4], [1, 2, 3, 4], InvalidInput, "load nan at place 2"),
        ([1, 2, 3, 4], [1, 2, 0, 4], InvalidInput, "throughput 0.0 at place 2"),
        ([1, -2, 3, 4], [1, 2, 3, 4], InvalidInput, "load -2.0 at place 1"),
        ([1, 2, 3, math.inf], [1, 2, 3, 4], InvalidInput, "load inf"),
        ([[1, 2], [3, 4]], [1, 2], InvalidInput, "2 dimensions"),
        (["a", "b"], [1, 2], InvalidInput, "not all numbers"),
    ],
)
def test_refusals_say_what_is_needed(load, throughput, kind, words):
    with pytest.raises(kind, match=words):
        usl.fit(load, throughput)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"errors": "large"}, InvalidInput, "'constant' or 'proportional'"),
        ({"errors": [1, 2]}, InvalidInput, "2 errors for 7"),
        ({"errors": [0] * 7}, InvalidInput, "errors 0.0"),
        ({"correlated": True}, NotEnoughData, "at least 16"),
        ({"block": 5}, InvalidInput, "blocks of 5"),
        ({"block": 1, "correlated": False}, InvalidInput, "correlated samples only"),
        ({"draws": 3}, InvalidInput, "draws 3"),
    ],
)
def test_options_that_cannot_be(options, kind, words):
    with pytest.raises(kind, match=words):
        usl.fit(*SPEC, **options)


def test_questions_that_cannot_be():
    found = usl.fit(*SPEC)
    for level in (0, 1, 95):
        for ask in (found.peak, found.confint, lambda level: found.predict(10, level)):
            with pytest.raises(InvalidInput, match="level"):
                ask(level)
    for load in (0, -1, math.nan, math.inf):
        with pytest.raises(InvalidInput, match="above 0"):
            found.predict(load)
    with pytest.raises(InvalidInput, match="curve"):
        found.predict([1, 2])
    for factors in ({"contention": -1}, {"rate": 0}, {"coherence": math.nan}, {"contention": 100}):
        with pytest.raises(InvalidInput, match="factors|exceed 1"):
            found.what_if(**factors)


def test_what_if():
    found = usl.fit(*SPEC, load_unit="users")
    assert found.what_if().peak() == found.peak()
    half = found.what_if(contention=0.5, coherence=0.25, rate=2)
    alpha, beta, gamma = 0.0277284 / 2, 1.04366e-4 / 4, 89.9952 * 2
    assert (half.alpha, half.beta, half.gamma) == pytest.approx((alpha, beta, gamma), rel=1e-5)
    peak = half.peak()
    assert peak.value == pytest.approx(math.sqrt((1 - alpha) / beta), rel=1e-5)
    assert peak.throughput.value == pytest.approx(law(peak.value, alpha, beta, gamma), rel=1e-5)
    assert peak.low < peak.value < peak.high and peak.unit == "users"
    assert half.predict(150).value == pytest.approx(law(150, alpha, beta, gamma), rel=1e-5)
    assert half.predict(150).low > found.predict(150).high  # twice the rate, less of everything that slows
    without = found.what_if(coherence=0)
    assert without.peak().state == "none"
    assert without.limit == pytest.approx(89.9952 / 0.0277284, rel=1e-4)
    again = half.what_if(contention=2, coherence=4, rate=0.5)
    assert again.peak().high == pytest.approx(found.peak().high)


def test_the_curve_is_its_predictions():
    found = usl.fit(*SPEC)
    curve = found.curve([1, 96.5, 500])
    for row in curve.itertuples():
        one = found.predict(row.load)
        assert (one.value, one.low, one.high) == (row.throughput, row.low, row.high)
        assert one.low < one.value < one.high
    assert curve["throughput"].tolist() == pytest.approx(law(curve["load"], found.alpha, found.beta, found.gamma))


def test_errors_given_count_by_their_ratios():
    rough = [8, 20, 30, 40, 60, 80, 100]
    one, other = usl.fit(*SPEC, errors=rough), usl.fit(*SPEC, errors=[10 * error for error in rough])
    assert one.alpha == pytest.approx(other.alpha) and one.stderr.alpha == pytest.approx(other.stderr.alpha)
    assert one.sigma == pytest.approx(10 * other.sigma)
    assert one.alpha != pytest.approx(usl.fit(*SPEC).alpha, rel=0.01)
    from scipy import optimize

    values, covariance = optimize.curve_fit(law, *map(np.array, SPEC), p0=(0.03, 1e-4, 90), sigma=rough)
    assert (one.alpha, one.beta, one.gamma) == pytest.approx(tuple(values), rel=1e-4)
    assert tuple(one.stderr) == pytest.approx(tuple(np.sqrt(np.diag(covariance))), rel=1e-3)


def test_noise_in_proportion_is_noticed():
    random = np.random.default_rng(11)
    load = np.geomspace(1, 70, 24)
    served = law(load, 0.03, 0.0005, 20) * (1 + 0.05 * random.standard_normal(24))
    assert any('errors="proportional"' in caveat for caveat in usl.fit(load, served).caveats)
    told = usl.fit(load, served, errors="proportional")
    assert told.caveats == ()
    assert 0.03 < told.sigma < 0.08
    assert told.stderr.alpha < usl.fit(load, served).stderr.alpha


def test_unknown_noise_allows_for_both_kinds():
    unknown, constant, relative = (usl.fit(*SPEC, errors=errors) for errors in (None, "constant", "proportional"))
    assert unknown.confint() == constant.confint()
    ends = [fit.peak() for fit in (constant, relative)]
    assert unknown.peak().value == constant.peak().value
    assert unknown.peak().low == min(end.low for end in ends)
    assert unknown.peak().high == max(end.high for end in ends)
    random = np.random.default_rng(13)
    load = np.geomspace(1, 70, 30)
    served = law(load, 0.03, 0.0005, 20) + 0.5 * random.standard_normal(30)
    assert usl.fit(load, served).peak() == usl.fit(load, served, errors="constant").peak()  # the other is ruled out


def test_the_same_seed_gives_the_same_and_fits_travel():
    found = usl.fit(*SPEC)
    assert np.array_equal(found.draws, usl.fit(*SPEC).draws)
    assert "draw=" not in repr(found)
    assert not np.array_equal(found.draws, usl.fit(*SPEC, seed=1).draws)
    sent = pickle.loads(pickle.dumps(usl.fit(*SPEC).what_if(contention=0.5)))
    assert sent.peak() == found.what_if(contention=0.5).peak()


@given(st.floats(0.01, 1e4), st.floats(0.5, 2), st.sampled_from([SPEC, RAYS, FIRST_RAYS]))
@settings(max_examples=20)
def test_units_of_throughput_change_nothing_else(scale, tilt, data):
    served = np.array(data[1]) * np.linspace(1, tilt, len(data[1]))
    one, other = usl.fit(data[0], served), usl.fit(data[0], served * scale)
    assert (other.alpha, other.beta, other.gamma) == pytest.approx((one.alpha, one.beta, one.gamma * scale), rel=1e-4)
    assert other.peak().low == pytest.approx(one.peak().low, rel=1e-3)


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.floats(1e-3, 1e6)), min_size=4, max_size=30))
@settings(max_examples=60)
def test_any_samples_give_intervals_around_the_values(samples):
    load, served = zip(*samples, strict=True)
    if len(set(load)) < 4:
        return
    found = usl.fit(load, served, draws=100)
    assert 0 <= found.alpha <= 1 and 0 <= found.beta <= 1 and found.gamma > 0
    for estimate in (*found.confint(), found.peak(), found.peak().throughput, found.predict(max(load))):
        assert estimate.low <= estimate.value <= estimate.high


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma"])
@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "0.1", None])
def test_a_law_has_parameters_that_can_be(name, value):
    known = {"alpha": 0.1, "beta": 0.01, "gamma": 20.0}
    with pytest.raises(InvalidInput, match=f"found {name}"):
        usl.Law(**{**known, name: value}, smallest=1, largest=9, best=9, draw=lambda: np.array([[0.1, 0.01, 20.0]]))


@pytest.mark.parametrize(
    "call",
    [
        lambda law: law.predict("3"),
        lambda law: law.curve(["3"]),
        lambda law: law.what_if(contention="0.5"),
        lambda law: law.what_if(contention=-0.5),
        lambda law: law.what_if(rate=math.nan),
        lambda law: usl.fit(law.load, law.throughput, draws="2000"),
        lambda law: usl.fit(law.load, law.throughput, seed=-1),
        lambda law: usl.fit(law.load, law.throughput, block="2"),
    ],
)
def test_texts_and_impossible_factors_are_refused(call):
    with pytest.raises(InvalidInput):
        call(usl.fit(*SPEC))

"""Numbers as people say them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib import words
from scaling_lib.stats import Estimate


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.412, "s", "412 ms"),
        (276_480, "s", "3.2 days"),
        (51.84, "s", "51.8 s"),
        (2419.2, "s", "40.3 min"),
        (0, "s", "0 s"),
        (math.inf, "s", "never"),
        (0.9712, "fraction", "97.1%"),
        (0.999, "fraction", "99.9%"),
        (0.99999, "fraction", "99.999%"),
        (0.99873, "fraction", "99.87%"),
        (0.131, "fraction", "13.1%"),
        (1.31, "fraction", "131%"),
        (0.0, "fraction", "0%"),
        (1.0, "fraction", "100%"),
        (1234567, "requests", "1,230,000 requests"),
        (54321, "requests", "54,321 requests"),
        (2.7, "x", "2.7x"),
        (math.inf, "x", "unlimited"),
        (999.6, "requests/s", "1,000 requests/s"),
        (math.nan, "", "not finite"),
        (0.75, "fraction", "75%"),
        (0.7500001, "fraction", "75%"),
        (21 * 86400, "s", "21 days"),
        (21 * 86400 + 1, "s", "21 days"),
        (1267.8, "", "1,270"),
        (100.4, "", "100"),
        (0.0500, "", "0.05"),
        (0.9999999, "fraction", "99.99999%"),
    ],
)
def test_quantity(value, unit, said):
    assert words.quantity(value, unit) == said


def test_estimate_says_its_interval():
    assert str(Estimate(0.412, 0.398, 0.431, unit="s")) == "412 ms (398 ms to 431 ms)"
    assert str(Estimate(3, 3, 3, unit="requests")) == "3 requests"
    assert str(Estimate(2, 1, 3, unit="x", assumed=True)) == "2x (1x to 3x), assumed"
    assert str(Estimate(math.nan, math.nan, math.nan)) == "not measured"


def test_estimate_refuses_a_turned_interval():
    with pytest.raises(ValueError, match="above high"):
        Estimate(1, 2, 1)


def test_listing_and_plural():
    assert words.listing([]) == ""
    assert words.listing(["a"]) == "a"
    assert words.listing(["a", "b", "c"]) == "a, b and c"
    assert words.listing(list("abcdefgh"), most=2) == "a, b and 6 more"
    assert (words.plural(1, "row"), words.plural(1200, "row"), words.plural(2, "query", "queries")) == (
        "1 row",
        "1,200 rows",
        "2 queries",
    )


@given(st.floats(min_value=1e-9, max_value=1e15))
def test_number_keeps_three_significant_digits(value):
    said = float(words.number(value).replace(",", ""))
    assert said == pytest.approx(value, rel=0.00501)


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_duration_is_within_a_half_percent(seconds):
    amount, unit = words.duration(seconds).split()
    factor = {"days": 86400, "h": 3600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}[unit]
    assert float(amount.replace(",", "")) * factor == pytest.approx(seconds, rel=0.00501)


def test_messages_that_say_the_same_of_several_files_are_told_once():
    one = "logs/a.1, line 1: found 'x'; expected y. Convert it. "
    two = "logs/a.2, line 1,204: found the columns a and b; expected y. Convert it. "
    other = "m.json: it breaks off."
    said = "2 files, the first logs/a.1, line 1: found 'x'; expected y. Convert it. m.json: it breaks off."
    assert words.told_once(one + two + other) == said
    assert words.same_words(one.strip()) == words.same_words(two.strip()) != words.same_words(other)


@pytest.mark.parametrize(
    "text", ["", "AssertionError", "load.csv, line 3: found x; expected a number.", "One: two. Three: four."]
)
def test_other_text_is_told_as_it_stands(text):
    assert words.told_once(text) == text


@given(st.text(alphabet="ab./: ,'1;", max_size=60))
def test_no_text_breaks_it(text):
    words.told_once(text)

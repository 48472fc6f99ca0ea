"""Whom a service is seen by."""

from __future__ import annotations

import json

import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.dashboards import Dashboard
from scaling_lib.evidence.expressions import parse_expression
from scaling_lib.observability import silos

SERIES = [("up", json.dumps({"job": name})) for name in ("a", "b")] + [("queue", json.dumps({"pod": "x"}))]


def dashboard(owner: str, *expressions: str, **values: tuple[str, ...]) -> Dashboard:
    selectors = tuple(each for text in expressions for each in parse_expression(text).selectors)
    return Dashboard(title=f"of {owner}", owner=owner, panels=1, selectors=selectors, values=values)


def states(*dashboards: Dashboard, owners=None, services=("a", "b", "c")):
    found = silos(services, owners or {}, dashboards, series=SERIES)
    return found.services.set_index("service")["state"].to_dict(), found.notes


OWNERS = {"a": ["team-a"], "b": ["team-b"]}


@pytest.mark.parametrize(
    "expression",
    [
        'rate(x{service="a"}[5m])',
        'x{service=~"a|z"}',
        'x{job="a"}',
        'x{service!~"b|c"}',
        'up{job=~"a"}',
        'x{service="$one"}',
        'x{service=~"${one:pipe}"}',
        'x{service="[[one]]"}',
    ],
)
def test_a_dashboard_of_another_team(expression):
    found, _ = states(dashboard("team-x", expression, one=("a",)), owners=OWNERS)
    assert found == {"a": "seen by others", "b": "nobody", "c": "nobody"}  # its owner has no dashboard of it either


def test_a_variable_that_can_be_anything_is_no_name_and_a_metric_shows_those_of_its_series():
    """By the series that are known; of `y` there is none, so that it can be any service."""
    assert set(states(dashboard("team-x", 'y{service=~"$any"}'), owners=OWNERS, services=("a", "b"))[0].values()) == {
        "seen by others"
    }
    assert states(dashboard("team-x", 'y{service=~".*"}'), owners=OWNERS)[0]["a"] == "nobody"  # no variable chooses it
    assert states(dashboard("team-x", 'up{job=~"$any"}'), owners=OWNERS)[0]["a"] == "seen by others"
    found, _ = states(dashboard("team-x", "up"), owners=OWNERS)
    assert found == {"a": "seen by others", "b": "seen by others", "c": "nobody"}


def test_ones_own_dashboard_and_nobodys():
    found, notes = states(dashboard("team-a", 'x{service="a"}'), dashboard("", 'x{service="b"}'), owners=OWNERS)
    assert found == {"a": "one team alone", "b": "one team alone", "c": "nobody"}
    assert notes == ("Whose these dashboards are is not said: of .",)


def test_dashboards_of_nothing_known_are_said():
    _, notes = states(dashboard("x", "queue"), owners=OWNERS)
    assert notes == ("These dashboards query no service that is known: of x.",)


def test_two_owners_are_two_teams():
    shown = dashboard("one", 'x{service="a"}')
    assert states(shown, owners={"a": ["one", "two"]})[0]["a"] == "seen by others"
    assert states(owners={"a": ["one", "two"]})[0]["a"] == "nobody"  # no dashboard shows it


def test_where_not_all_could_be_read_none_is_not_known():
    shown = [dashboard("team-x", 'x{service="a"}'), dashboard("team-b", 'x{service="b"}')]
    found = silos(("a", "b", "c"), OWNERS, shown, whole=False).services
    assert found["state"].tolist() == ["seen by others", "not known", "not known"]


def test_no_service_is_said():
    with pytest.raises(InvalidInput, match="found no service"):
        silos([], {}, [])

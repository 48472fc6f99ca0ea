"""Whether requests carry a status is known by route: one log without one says nothing of the others."""

from scaling_lib.evidence.requests import RequestSource, Threshold, read_requests

WITH = "time,route,status,duration_ms\n" + "".join(f"2026-01-01T00:{m:02}:00Z,/a,200,5\n" for m in range(9))
WITHOUT = "time,route\n" + "".join(f"2026-01-01T00:{m:02}:00Z,/b\n" for m in range(9))


def sources(folder):
    (folder / "with.csv").write_text(WITH)
    (folder / "without.csv").write_text(WITHOUT)
    return [RequestSource(path=str(folder / name)) for name in ("with.csv", "without.csv")]


def test_each_route_knows_what_its_own_requests_carry(tmp_path):
    requests = read_requests(
        sources(tmp_path), [Threshold(route="/a", seconds=0.1), Threshold(route="/b", seconds=0.1)]
    )
    assert not requests.status_known and not requests.duration_known
    known, unknown = requests.select("/a"), requests.select("/b")
    assert known.status_known and known.duration_known
    assert not unknown.status_known and not unknown.duration_known
    assert unknown.counts["n"].sum() == 9


def test_a_file_without_a_status_makes_a_shared_route_unknown(tmp_path):
    first, second = sources(tmp_path)
    (tmp_path / "without.csv").write_text(WITHOUT.replace("/b", "/a"))
    assert not read_requests([first, second]).select("/a").status_known
    assert read_requests([first]).select("/a").status_known

"""CODEOWNERS by GitHub's rules; and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.ownership import OwnershipSource, read_ownership

SHOP = Path(__file__).parents[2] / "data" / "shop"


def owners(tmp_path, text):
    (tmp_path / "CODEOWNERS").write_text(text, encoding="utf-8")
    return read_ownership([OwnershipSource(path=str(tmp_path / "CODEOWNERS"))])


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [  # the examples of GitHub's documentation, and of .gitignore's
        ("*", ["a.py", "a/b/c.py"], []),
        ("*.js", ["a.js", "x/y.js"], ["a.jsx", "a.js.map"]),
        ("/build/logs/", ["build/logs/a", "build/logs/x/y"], ["x/build/logs/a", "build/logs"]),
        ("docs/*", ["docs/getting-started.md"], ["docs/build-app/troubleshooting.md", "x/docs/a.md"]),
        ("apps/", ["apps/a", "x/apps/a", "x/apps/y/z"], ["apps", "myapps/a"]),
        ("/docs/", ["docs/a", "docs/x/y"], ["x/docs/a"]),
        ("/scripts/", ["scripts/a"], ["x/scripts/a"]),
        ("**/logs", ["logs/a", "build/logs/a", "deeply/nested/logs"], ["mylogs/a"]),
        ("/apps/github", ["apps/github", "apps/github/a"], ["apps/githubber", "x/apps/github"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/x/b/c"], ["x/a/b", "a/xb"]),
        ("abc/**", ["abc/x", "abc/x/y"], ["abc", "x/abc/y"]),
        ("/lib/*.py", ["lib/a.py"], ["lib/x/a.py"]),
        ("file?.txt", ["file1.txt", "x/fileA.txt"], ["file.txt", "file12.txt"]),
        (r"with\ blank/", ["with blank/a"], ["with/a", "blank/a"]),
        ("plus+(1).md", ["plus+(1).md"], ["pluss1.md"]),
        ("x", ["x", "x/y", "a/x", "a/x/b"], ["xy"]),
    ],
)
def test_patterns(tmp_path, pattern, inside, outside):
    found = owners(tmp_path, f"{pattern} @example/team\n")
    assert [path for path in inside if found.owners(path) != ("team",)] == []
    assert [path for path in outside if found.owners(path)] == []


def test_the_last_rule_decides_and_one_without_owners_clears(tmp_path):
    found = owners(
        tmp_path,
        "# all\n* @org/all\n\n/apps/ @org/apps bo@example.com # of the apps\n/apps/free/\n/apps/free/own/ @ada\n",
    )
    assert found.owners("x.py") == ("all",)
    assert found.owners("apps/x.py") == ("apps", "bo@example.com")
    assert found.owners("apps/free/x.py") == () and found.rule("apps/free/x.py").line == 5
    assert found.owners("apps/free/own/x.py") == ("ada",)
    assert found.quality[0].rows == 4


def test_lines_that_github_leaves_out_are_counted(tmp_path):
    found = owners(tmp_path, "!a @x\n[ab].py @x\nc.py someone\nd.py @x\n")
    (rejected,) = found.quality[0].rejected
    assert rejected.rows == 3 and "line 1: !a @x" in rejected.examples[0]
    assert [found.owners(path) for path in ("a", "a.py", "c.py", "d.py")] == [(), (), (), ("x",)]


def test_the_shop():
    found = read_ownership([OwnershipSource(path=str(SHOP / "simulated" / "people" / "CODEOWNERS"))])
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text())["simulated"]["codeowners"]
    assert all(found.owners(path) == () for path in truth["without_owner"])
    assert found.owners(truth["overridden"]["path"]) == (truth["overridden"]["owner"],)
    assert found.owners("services/gateway/routes.py") == ("team-edge",)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"* @caf\xe9\n", "cannot be read as text"), (b"", "found no row"), (b"# no\n", "found no row")],
)
def test_what_is_none(tmp_path, content, said):
    (tmp_path / "CODEOWNERS").write_bytes(content)
    with pytest.raises(BrokenEvidence, match=said):
        read_ownership([OwnershipSource(path=str(tmp_path / "CODEOWNERS"))])

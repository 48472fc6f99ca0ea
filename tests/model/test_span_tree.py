"""Trees of spans by hand: parents, roots, orphans, circles, and what is not waited for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.model.span_tree import span_tree, texts, topmost


def spans(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["trace_id", "span_id", "parent_id"])


FOREST = spans(
    ("t", "c", "b"),  # 0: its parent comes later
    ("t", "a", ""),  # 1: the root
    ("t", "b", "a"),  # 2
    ("u", "b", "a"),  # 3: an orphan, as the a is of another trace
    ("u", "z", None),  # 4: a root
    ("u", "s", "s"),  # 5: names itself
    ("v", "x", "y"),  # 6, 7: a circle
    ("v", "y", "x"),
    ("v", "w", "y"),  # 8: below it
)


def test_each_span_finds_its_parent_in_its_own_trace():
    tree = span_tree(FOREST, "test")
    assert tree.parent.tolist() == [2, -1, 1, -1, -1, -1, 7, 6, 7]
    assert np.flatnonzero(tree.root).tolist() == [1, 3, 4, 5]
    assert np.flatnonzero(tree.orphan).tolist() == [3]
    assert tree.above.tolist() == [2, 1, 1, 3, 4, 5, 7, 6, 7]
    assert tree.trace.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("digits", [16, 5])
def test_ids_of_any_form_find_each_other_among_many(digits: int):
    """A chain of each trace, in shuffled rows: the parent is the span before it, worked out by its name."""
    rows = [
        (f"t{trace}", f"{span + 1:0{digits}x}", f"{span:0{digits}x}" if span else "")
        for trace in range(50)
        for span in range(30)
    ]
    frame = spans(*rows).sample(frac=1, random_state=3).reset_index(drop=True)
    place = {(trace, span): row for row, (trace, span, _) in enumerate(frame.itertuples(index=False, name=None))}
    expected = [place[trace, parent] if parent else -1 for trace, _, parent in frame.itertuples(index=False, name=None)]
    tree = span_tree(frame.astype({"trace_id": "category"}), "test")
    assert tree.parent.tolist() == expected and not tree.orphan.any()
    top, _ = topmost(tree.above, tree.follows)
    assert [frame["parent_id"][row] for row in top] == [""] * len(frame)
    assert (frame["trace_id"].to_numpy()[top] == frame["trace_id"]).all()


def test_children_of_two_spans_with_one_id_are_the_first_ones():
    assert span_tree(spans(("t", "a", ""), ("t", "a", ""), ("t", "b", "a")), "test").parent.tolist() == [-1, -1, 0]


def test_what_follows_is_not_waited_for_nor_what_is_below_it():
    chain = spans(("t", "a", ""), ("t", "b", "a"), ("t", "c", "b"), ("t", "d", "gone"))
    tree = span_tree(chain.assign(follows=[True, True, False, True]), "test")
    assert tree.follows.tolist() == [False, True, False, False]  # a root follows nobody, nor does an orphan
    assert tree.blocks.tolist() == [-1, -1, 1, -1]
    top, behind = topmost(tree.above, tree.follows)
    assert (top.tolist(), behind.tolist()) == ([0, 0, 0, 3], [False, True, True, False])


def test_a_circle_ends_and_is_below_no_root():
    tree = span_tree(FOREST, "test")
    top, _ = topmost(tree.above, tree.follows)
    assert not tree.root[top[6:]].any() and top[:6].tolist() == [1, 1, 1, 3, 4, 5]


def test_labels_are_texts_and_a_missing_one_is_none():
    frame = pd.DataFrame({"peer": pd.Categorical(["db", None, "db", ""])})
    assert texts(frame, "peer").tolist() == ["db", "", "db", ""]
    assert texts(frame, "kind").tolist() == [""] * 4


def test_the_asker_is_named_where_a_column_or_an_id_is_missing():
    with pytest.raises(InvalidInput, match="^rank: found no column service and start_ns; expected"):
        span_tree(FOREST, "rank", ("service", "start_ns"))
    with pytest.raises(InvalidInput, match="^rank: found 1 span without span_id; expected"):
        span_tree(spans(("t", "a", ""), ("t", None, "a")), "rank")
    timed = FOREST.assign(start_ns=[0.0] * 7 + [np.nan] * 2)
    with pytest.raises(InvalidInput, match="^rank: found 2 spans without start_ns; expected"):
        span_tree(timed, "rank", ("start_ns",))
    assert len(span_tree(timed, "rank").parent) == 9  # who does not need it does not ask for it


def test_no_span_has_an_empty_tree():
    tree = span_tree(FOREST.iloc[:0], "test")
    assert len(tree.parent) == len(tree.trace) == 0

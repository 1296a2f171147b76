from __future__ import annotations

import pytest

from storagedriver.benchmarks.summary import Summary, paired_ratios, percentile, summarise


def test_a_summary_is_the_median_with_the_range() -> None:
    assert summarise([5.0, 1.0, 3.0]) == Summary(median=3.0, least=1.0, most=5.0)


def test_missing_figures_are_left_out_of_a_summary() -> None:
    assert summarise([None, 1.0, 3.0]) == Summary(median=2.0, least=1.0, most=3.0)
    assert summarise([None, None]) is None


def test_ratios_are_those_of_the_same_round() -> None:
    # The second round was disturbed, for both alike. The medians' ratio would be 5 / 2.
    ratios = paired_ratios([4.0, 40.0, 5.0], [2.0, 20.0, 1.0])
    assert ratios == (2.0, 2.0, 5.0)
    assert summarise(ratios) == Summary(median=2.0, least=2.0, most=5.0)


def test_a_round_without_a_figure_or_with_a_baseline_of_nothing_has_no_ratio() -> None:
    assert paired_ratios([None, 1.0, 1.0, 3.0], [1.0, None, 0.0, 2.0]) == (None, None, None, 1.5)


def test_rounds_that_do_not_match_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="longer"):
        paired_ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_the_least_value_that_covers_so_many(percent: float, expected: int) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


def test_every_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7], 50) == percentile([7], 99) == 7

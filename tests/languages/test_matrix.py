"""The matrix is written, read and shown as it is; and the page shows the one that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.languages.code_lines import count_code_lines
from tests.languages.languages import LANGUAGES, sizes_of
from tests.languages.matrix import BEGIN, END, Matrix, Run, page_with

PAGE = f"before\n{BEGIN}old\n{END}after\n"


@pytest.fixture
def matrix() -> Matrix:
    return Matrix(
        runs={"go-a": {"suite": Run("2026-11-21", "abc", passed=5, failed=0, skipped=2)}},
        features={"go-a": ["walk"]},
        channels={"go-a": 64},
        lines={"Go library": 7},
    )


def test_it_is_read_as_it_was_written(matrix: Matrix, tmp_path: Path) -> None:
    path = tmp_path / "matrix.json"
    assert Matrix.read(path) == Matrix()
    matrix.write(path)
    assert Matrix.read(path) == matrix


def test_the_page_has_what_is_known_in_place_of_what_was(matrix: Matrix) -> None:
    page = page_with(matrix, PAGE)
    assert page.startswith(f"before\n{BEGIN}")
    assert page.endswith(f"{END}after\n")
    assert "old" not in page
    assert "| go-a | 5 passed, 2 skipped; 2026-11-21 abc | - | - | - |" in page
    assert "| go-a | 64 | yes | - |" in page
    assert "| Go library | 7 |" in page
    assert page_with(matrix, page) == page


def test_a_failure_is_not_overlooked() -> None:
    assert str(Run("2026-11-21", "", passed=5, failed=1, skipped=0)).startswith("**1 failed**, ")


def test_a_page_without_its_marks_is_refused(matrix: Matrix) -> None:
    with pytest.raises(ValueError, match="no place for the tables"):
        page_with(matrix, "before\nafter\n")


def test_the_page_shows_the_matrix_that_is_there(checkout: Path) -> None:
    examples = checkout / "examples"
    page = (examples / "README.md").read_text(encoding="utf-8")
    assert page_with(Matrix.read(examples / "matrix.json"), page) == page


def test_each_library_and_driver_has_its_size(checkout: Path) -> None:
    for language in LANGUAGES:
        sizes = sizes_of(language, checkout / "examples")
        assert list(sizes) == [f"{language.name}, the library", *language.drivers]
        assert all(sizes.values())


def test_comments_blank_lines_and_documentation_are_no_code(tmp_path: Path) -> None:
    python, rust = tmp_path / "a.py", tmp_path / "a.rs"
    python.write_text('"""What it is."""\n\nx = """a\nb"""  # so\n# not this\n')
    rust.write_text("//! What it is.\n\n/* not\nthis */\nfn main() {\n    // nor this\n}\n")
    assert count_code_lines(python) == 2
    assert count_code_lines(rust) == 2

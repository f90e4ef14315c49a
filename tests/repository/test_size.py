"""Functions stay small enough to be read."""

from repository.places import OPENAPI, OVERLAY, functions, python_files, relative

MOST_LINES_OF_A_FUNCTION = 50


def test_no_function_is_long() -> None:
    """No function of the package has more than 50 lines, its docstring included."""
    lengths = {
        f"{relative(file)}:{one.lineno} {one.name}": (one.end_lineno or one.lineno) - one.lineno + 1
        for file in [*python_files(OVERLAY), *python_files(OPENAPI)]
        for one in functions(file)
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}

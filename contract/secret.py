"""A parameter value that must never be shown: not in argv, logs, `repr` or tracebacks."""

from __future__ import annotations


class Secret:
    """Holds a text that prints as stars; `reveal()` gives the text.

    Put it among a driver's parameters, also inside nested objects. `launch` then sends all
    parameters through the child's standard input instead of its argument list.

    Equality compares the texts, so two parameter mappings can be compared. Immutable, and safe to
    share between threads. Not picklable: a secret does not travel by accident.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a Secret holds a str, not {type(text).__name__}")
        self.__text = text

    def reveal(self) -> str:
        """Return the text itself. Do not keep it longer than needed."""
        return self.__text

    def __repr__(self) -> str:
        return 'Secret("***")'

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return format(repr(self), format_spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.__text == self.__text

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        # Parameters are copied, and nothing leaves the process by that.
        return self

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled; reveal() it where it is needed")

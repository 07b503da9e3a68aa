"""Properties that are computed once."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):
    """A property of frozen objects that is computed when it is first looked at.

    functools.cached_property does the same, but makes every object carry a dictionary of its own:
    400 bytes more for each of a million samples. For the same reason such a class goes through
    `shared`.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, thing: None, owner: type) -> Self: ...
    @overload
    def __get__(self, thing: object, owner: type) -> T: ...

    def __get__(self, thing: object | None, owner: type) -> Self | T:
        if thing is None:
            return self
        value = self._compute(thing)
        # From now on the object's own attribute hides this one.
        object.__setattr__(thing, self._name, value)
        return value


def shared(make: Callable[[], object]) -> None:
    """Have all objects of a class share one table of attributes, those computed later included.

    Python lays it out by the first objects that it sees; what is not in it then costs each later
    object a dictionary.
    """
    first = make()
    for name, found in vars(type(first)).items():
        if isinstance(found, once):
            getattr(first, name)

"""One definition, two faces: a flow method is a plain call on WeryAI and a coroutine on AsyncWeryAI."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NoReturn, ParamSpec, TypeVar, overload

from .._flow.effects import Flow
from .._flow.retry import RetryPolicy

if TYPE_CHECKING:
    from .._transport.awaiting import Awaiting
    from .._transport.runner import Blocking

P = ParamSpec("P")
T = TypeVar("T")
Mode = TypeVar("Mode", "Blocking", "Awaiting")


class Resource(Generic[Mode]):
    """A group of operations of one client, performed by that client's runner."""

    def __init__(self, runner: Mode, retry: RetryPolicy | None = None) -> None:
        """Remember who performs the operations and how patiently."""
        self._runner: Mode = runner
        self._retry = retry or RetryPolicy()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} belongs to a client, which is not pickled or copied; make one per process"
        )


class operation(Generic[P, T]):
    """Make a method that returns a flow one that performs it: a plain one on WeryAI, a coroutine one on AsyncWeryAI."""

    def __init__(self, function: Callable[Concatenate[Any, P], Flow[T]]) -> None:
        """Remember the method that makes the flow; each face is made when it is first asked for."""
        self.__doc__ = function.__doc__
        self._function = function

    @functools.cached_property
    def _perform(self) -> FunctionType:
        function = self._function

        def perform(self: Resource[Any], *args: Any, **kwargs: Any) -> Any:
            return self._runner.run(function(self, *args, **kwargs))

        return _in_place_of(function, perform)

    @functools.cached_property
    def _aperform(self) -> FunctionType:
        function = self._function

        async def aperform(self: Resource[Any], *args: Any, **kwargs: Any) -> Any:
            return await self._runner.run(function(self, *args, **kwargs))

        return _in_place_of(function, aperform)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Callable[Concatenate[Any, P], Any]: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: type[Any]) -> Any:
        """Bind to a resource, as functions do."""
        if instance is None:
            return self._perform
        return MethodType(self._aperform if instance._runner.awaits else self._perform, instance)


def _in_place_of(function: Callable[..., Any], performer: Any) -> FunctionType:
    """Give a performer the looks of the method: name, help, signature, and what a call returns instead of a flow.

    It lives in the method's module, where its annotations are found. Nothing leads to the method itself: frameworks
    that unwrap what they call would take it for a generator.
    """
    looks = FunctionType(performer.__code__, function.__globals__, function.__name__, None, performer.__closure__)
    functools.update_wrapper(looks, function)
    del looks.__wrapped__  # type: ignore[attr-defined]
    signature = inspect.signature(function)
    result = str(signature.return_annotation).removeprefix("Flow[").removesuffix("]")
    looks.__annotations__ = {**function.__annotations__, "return": result}
    looks.__signature__ = signature.replace(return_annotation=result)  # type: ignore[attr-defined]
    return looks

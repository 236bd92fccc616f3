"""What was read of the latest states of an index, for later queries; shared by the threads of a process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

Read = TypeVar("Read")

KEPT_STATES = 2  # the current one, and the one that a reader may still be using while a writer publishes
KEPT_ANSWERS = 32  # of each kind of question: the answer to a filter may name every note


class _Answer:
    """The answer to one question. The first thread that asks reads it; the others wait for that thread only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_read = False
        self._value: object = None

    def get(self, read: Callable[[], object]) -> object:
        with self._lock:
            if not self._is_read:
                self._value = read()
                self._is_read = True
            return self._value


class Cache:
    """Answers by the state of the index they belong to, the kind of question and its parameters.

    Only the latest `KEPT_STATES` states are kept, and of each kind of question the answers used last: by default
    `KEPT_ANSWERS`.
    """

    def __init__(self) -> None:
        self._states: OrderedDict[str, dict[str, OrderedDict[Hashable, _Answer]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, state: str, name: str, parameters: Hashable, read: Callable[[], Read], most: int = KEPT_ANSWERS
    ) -> Read:
        """What `read` returns, read once. `read` may ask the cache for something else, but not for the same."""
        with self._lock:
            answer = self._answer(state, name, parameters, most)
        return cast(Read, answer.get(read))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._states.clear()

    def _answer(self, state: str, name: str, parameters: Hashable, most: int) -> _Answer:
        kinds = self._states.setdefault(state, {})
        self._states.move_to_end(state)
        if len(self._states) > KEPT_STATES:
            self._states.popitem(last=False)
        answers = kinds.setdefault(name, OrderedDict())
        answer = answers.setdefault(parameters, _Answer())
        answers.move_to_end(parameters)
        if len(answers) > most:
            answers.popitem(last=False)
        return answer

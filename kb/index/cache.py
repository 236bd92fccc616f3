"""What was read of one state of an index, for the next query; shared by the threads of a process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

Read = TypeVar("Read")

KEPT_STATES = 2  # the current one, and the one that a reader may still be using while a writer publishes
KEPT_ANSWERS = 32  # of each kind of question: a filter's answer may name every note


class Cache:
    """Answers by the state of the index that they are true of, and by what was asked.

    A question is a name and its parameters. Those without parameters, such as all passages, are as many as the code
    asks; of the others each kind keeps latest `KEPT_ANSWERS`.
    """

    def __init__(self) -> None:
        self._states: OrderedDict[str, dict[str, OrderedDict[Hashable, object]]] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, state: str, name: str, parameters: Hashable, read: Callable[[], Read]) -> Read:
        """What `read` returns, read once. Threads that ask for the same wait for the first of them."""
        with self._lock:
            answers = self._kind(state, name)
            if parameters not in answers:
                answers[parameters] = read()
                if len(answers) > KEPT_ANSWERS:
                    answers.popitem(last=False)
            answers.move_to_end(parameters)
            return cast(Read, answers[parameters])

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._states.clear()

    def _kind(self, state: str, name: str) -> OrderedDict[Hashable, object]:
        if state not in self._states:
            self._states[state] = {}
            if len(self._states) > KEPT_STATES:
                self._states.popitem(last=False)
        self._states.move_to_end(state)
        return self._states[state].setdefault(name, OrderedDict())

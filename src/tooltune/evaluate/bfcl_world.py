"""BFCL's simulated world: the objects of the installed wheel, their methods called as they are, and its own checkers.

The wheel runs calls as Python text. Here a call's name and arguments go straight to a method, so nothing that a
model writes is ever run as code; the texts of results and errors are the wheel's.

Not covered: the time that a method takes, but for powers and precisions without end, which are answered with an error.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import json
from collections.abc import Sequence
from typing import Any

from tooltune.errors import MissingExtraError
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.types import ToolCall

PACKAGE = "bfcl-eval==2026.3.23"
_CHECKER = "eval_checker.multi_turn_eval.multi_turn_checker"
_CLASSES = "constants.executable_backend_config"
_UNBOUNDED = {"exponent": 10_000, "precision": 10_000}
"""Arguments of the wheel's calculator on whose size its time depends, and the largest that is computed."""


class BfclWorld:
    """The objects of one conversation."""

    def __init__(self, conversation: BfclConversation) -> None:
        self.conversation = conversation
        self.objects = {name: _begun(name, conversation) for name in conversation.classes}
        members = (pair for thing in self.objects.values() for pair in inspect.getmembers(thing, inspect.ismethod))
        self._methods = {name: method for name, method in members if not name.startswith("_")}

    def run(self, call: ToolCall) -> str:
        """Make a call; whatever is wrong with it is told in the result, as the wheel words it."""
        if call.name not in self._methods:
            return f"Error during execution: name {call.name!r} is not defined"
        if _endless(call):
            return "Error during execution: Numerical result out of range"
        try:
            # A copy: what a method keeps and changes must not change what the model has said.
            return _said(self._methods[call.name](**copy.deepcopy(dict(call.arguments))))
        except Exception as problem:  # the simulated code may break anywhere on what a model gives it
            return f"Error during execution: {problem}"


def check(conversation: BfclConversation, made: Sequence[Sequence[ToolCall]]) -> tuple[str, str] | None:
    """Judge the calls of each turn by the wheel's checkers of states and of results.

    Source: `multi_turn_checker` of bfcl-eval, whose order of steps is kept. After each turn that needs calls the
    objects must be as the reference's are, and each result of the reference's calls must have come by then.

    Args:
        conversation: what was held.
        made: the model's calls, one sequence for each turn.

    Returns:
        The failure, a key of `by_state.FAILURES`, and the wheel's words; None when all is right.

    Raises:
        MissingExtraError: the wheel is not installed.
    """
    ours, theirs = BfclWorld(conversation), BfclWorld(conversation)
    results: list[str] = []
    for turn, (calls, required) in enumerate(zip(made, conversation.required, strict=True), 1):
        results += [ours.run(call) for call in calls]
        expected = [theirs.run(call) for call in required]
        if required and not calls:
            return "missing_call", f"Turn {turn}: no call was made."
        if required and (found := _compared(ours, theirs, results, expected, turn)):
            return found
    return None


def _compared(
    ours: BfclWorld, theirs: BfclWorld, results: list[str], expected: list[str], turn: int
) -> tuple[str, str] | None:
    checker = wheel(_CHECKER)
    try:
        state = checker.state_checker(ours.objects, theirs.objects)
    except RecursionError:  # a folder moved into itself can be compared with nothing
        state = {"valid": False, "error_message": "The state has no end."}
    if not state["valid"]:
        return "wrong_state", f"Turn {turn}: {state['error_message']}"
    responses = checker.response_checker(results, expected, turn - 1)
    if not responses["valid"]:
        return "missing_result", f"Turn {turn}, never came: {' and '.join(responses['details']['missing_items'])}"
    return None


def require_world(classes: Sequence[str]) -> None:
    """Import what holds the classes.

    Raises:
        MissingExtraError: the wheel, or a library that one of its classes needs, is not installed.
    """
    for name in classes:
        _class(name)


def wheel(module: str) -> Any:
    """A module of the wheel; most of its dependencies are not needed for these.

    Raises:
        MissingExtraError: the wheel, or a library that the module needs, is not installed.
    """
    try:
        return importlib.import_module(f"bfcl_eval.{module}")
    except ImportError as error:
        absent = (error.name or "bfcl_eval").partition(".")[0]
        fix = f"Install it with: pip install --no-deps {PACKAGE}"
        if absent != "bfcl_eval":
            fix = f"Install it with: pip install {absent}"
        raise MissingExtraError("BFCL's categories of several turns", f"{absent} is not installed", fix=fix) from error


def _class(name: str) -> Any:
    place = wheel(_CLASSES).CLASS_FILE_PATH_MAPPING[name].removeprefix("bfcl_eval.")
    return getattr(wheel(place), name)


def _begun(name: str, conversation: BfclConversation) -> Any:
    """An object of a class in its state at the beginning."""
    made = _class(name)()
    if name not in wheel(_CLASSES).STATELESS_CLASSES:
        config = copy.deepcopy(dict(conversation.config.get(name, {})))
        made._load_scenario(config, long_context=conversation.long_context)
    return made


def _endless(call: ToolCall) -> bool:
    """Whether the wheel's calculator would hardly come to an end."""
    sizes = ((call.arguments.get(name), limit) for name, limit in _UNBOUNDED.items())
    return any(isinstance(size, int | float) and abs(size) > limit for size, limit in sizes)


def _said(result: Any) -> str:
    """A result as text, as the wheel writes it."""
    if not isinstance(result, dict):
        return str(result)
    try:
        return json.dumps(result)
    except (TypeError, ValueError):  # it holds an object
        return str(result)

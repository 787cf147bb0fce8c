"""What speaks against a reply that calls, found without knowing the right one.

The checks are those that generated data must pass (`tooltune.verify`): each argument is said in the conversation, and
each date, time and number that the user says is used. Not covered: a reply in words, and a value that was said for
another argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tooltune.chat.parse import Reply
from tooltune.evaluate.items import Item
from tooltune.types import Example, Message, Tool, ToolCall
from tooltune.verify.coverage import unused
from tooltune.verify.grounding import stated, ungrounded_arguments
from tooltune.verify.schema import argument_problem


def doubts(item: Item, reply: Reply) -> list[str]:
    """Each doubt in words; none of a reply without calls.

    Args:
        item: what the model saw; what is expected of it plays no part.
        reply: what it answered.
    """
    tools = {tool.name: tool for tool in item.tools}
    found = (_of_form(tools, reply), _of_arguments(item, tools, reply), _of_use(item, reply))
    return [doubt for part in found for doubt in part] if reply.calls else []


def _of_form(tools: Mapping[str, Tool], reply: Reply) -> Iterator[str]:
    if reply.error:
        yield reply.error
    for place, call in enumerate(reply.calls):
        if call in reply.calls[:place]:
            yield f"{call.name} is called twice alike"
        if call.name not in tools:
            yield f"{call.name} is not in view"
        elif problem := _schema_problem(call, tools[call.name]):
            yield f"{call.name}: {problem}"


def _schema_problem(call: ToolCall, tool: Tool) -> str | None:
    try:
        return argument_problem(tool, call.arguments)
    except ValueError:  # a foreign tool's schema may be none; nothing is known then
        return None


def _of_arguments(item: Item, tools: Mapping[str, Tool], reply: Reply) -> Iterator[str]:
    said = stated(item.messages)
    for call in reply.calls:
        if call.name in tools:
            yield from (f"{path} was not said" for path in ungrounded_arguments(call, tools[call.name], said))
            yield from (f"{call.name}.{name} has spaces around it" for name in _padded(call))


def _padded(call: ToolCall) -> Iterator[str]:
    """Arguments with a space before or after what was said, as small models begin what follows a space in the text."""
    return (name for name, value in call.arguments.items() if isinstance(value, str) and value != value.strip())


def _of_use(item: Item, reply: Reply) -> Iterator[str]:
    yield from (f"{value} is not used" for value in left_over(item, reply))


def left_over(item: Item, reply: Reply) -> list[str]:
    """Dates, times and numbers of a request that no call uses; after a result they may be for a later call."""
    asked = next((m for m in reversed(item.messages) if m.role == "user"), None)
    if asked is None or item.messages[-1] is not asked:
        return []
    return list(unused(Example((asked, Message("assistant", "", reply.calls)))))

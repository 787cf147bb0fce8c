"""A model holds whole conversations: the user speaks, the model's calls are run, until each one is over.

All conversations advance side by side, a reply each in every round, so that a source can batch them. A prompt
depends on nothing but the conversation and the replies before it: with a source that keeps outputs (`outputs.kept`), a
run that was killed goes on where it was.

Not covered: the user says what stands in the dataset, whatever the model answered before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from tooltune.chat.parse import Reply, parse_reply
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.bfcl_world import BfclWorld
from tooltune.evaluate.conversations import Conversation
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output, Replies, collect
from tooltune.evaluate.scorers import score, sound
from tooltune.evaluate.simulation import Script, Simulation, error
from tooltune.types import Message, ToolCall

AnyConversation = Conversation | BfclConversation


class Play:
    """One conversation as it is held."""

    def __init__(self, conversation: AnyConversation) -> None:
        self.conversation = conversation
        self.world = _world(conversation)
        """What the calls are run in."""
        self.messages: list[Message] = list(conversation.turns[0].said)
        self.failure: str | None = None
        """Why it was broken off, a key of `by_state.FAILURES`."""
        self.detail = ""
        self.outputs: list[Output] = []
        """Every reply as it came."""
        self.misread = 0
        """Replies with a call that could not be read."""
        self._turn = self._in_turn = self._replies = 0

    @property
    def over(self) -> bool:
        """Whether nothing more is asked."""
        return self.failure is not None or self._turn == len(self.conversation.turns)

    def item(self) -> Item:
        """What the model is asked next."""
        known, turn = self.conversation, self.conversation.turns[self._turn]
        return Item(f"{known.id}/{self._replies + 1}", known.scenario, tuple(self.messages), turn.tools, "chat")

    def take(self, output: Output, parse: Callable[[str], Reply]) -> None:
        """Go on with what the model answered."""
        self.outputs.append(output)
        reply = sound(parse(output.text))
        verdict = score(self.item(), reply, truncated=output.truncated, failed=output.failed)
        self._replies += 1
        self._in_turn += 1
        if verdict.well_formed and reply.calls:
            self._call(reply)
        elif verdict.well_formed:
            self._answer(reply.content)
        elif verdict.failure == "malformed":
            self._misread(output.text, reply)
        else:
            self.failure, self.detail = verdict.failure, output.detail or ""
        if not self.over and self._in_turn >= self.conversation.turns[self._turn].limit:
            self.failure = "too_many_steps"

    def calls(self) -> list[list[ToolCall]]:
        """The calls that were made in each turn so far."""
        parts = groupby(self.messages, key=lambda message: message.role in ("system", "user"))
        return [[call for message in part for call in message.tool_calls] for said, part in parts if not said]

    def _answer(self, content: str) -> None:
        """Words: the user speaks again, if there is more to say."""
        self.messages.append(Message("assistant", content))
        self._turn, self._in_turn = self._turn + 1, 0
        if not self.over:
            self.messages += self.conversation.turns[self._turn].said

    def _call(self, reply: Reply) -> None:
        self.messages.append(Message("assistant", reply.content, reply.calls))
        self.messages += [Message("tool", self.world.run(call), name=call.name) for call in reply.calls]

    def _misread(self, text: str, reply: Reply) -> None:
        """Said by the user: a result must belong to a call, and many chat templates refuse one that does not."""
        self.misread += 1
        if not self.conversation.turns[self._turn].second_try:
            self._answer(text.strip())
            return
        problem = error(f"The call could not be read: {reply.error or 'it is not in the format for calls'}")
        self.messages += [Message("assistant", text.strip()), Message("user", problem)]


def _world(conversation: AnyConversation) -> Simulation | BfclWorld:
    if isinstance(conversation, BfclConversation):
        return BfclWorld(conversation)
    return Simulation(Script(conversation))


def hold(
    replies: Replies,
    plays: Sequence[Play],
    *,
    parse: Callable[[str], Reply] = parse_reply,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Hold each conversation to its end.

    Args:
        replies: who answers.
        plays: conversations at their beginning; afterwards they are over.
        parse: reads a raw reply.
        progress: called with (conversations that are over, all) after each round.
    """
    while pending := [play for play in plays if not play.over]:
        for play, output in zip(pending, collect(replies, [play.item() for play in pending]), strict=True):
            play.take(output, parse)
        if progress:
            progress(sum(play.over for play in plays), len(plays))

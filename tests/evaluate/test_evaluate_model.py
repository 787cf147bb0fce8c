import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tooltune.chat.parse import parse_reply
from tooltune.chat.render import render_message, render_reply
from tooltune.evaluate.items import items_of
from tooltune.evaluate.local import local_replies
from tooltune.evaluate.run import evaluate_model
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

TOOL = Tool("get_weather", "Weather", [ToolParameter("city", "City", required=True)])


class ByteEncoder:
    """A byte-level tokenizer with the tools' names as the system turn."""

    pad_id, end_ids = 256, frozenset({257})

    def encode_prompt(self, messages, tools):
        names = ",".join(tool.name for tool in tools)
        turns = "".join(f"<{m.role}>{render_message(m)}" for m in messages)
        return list(f"{names}{turns}<assistant>".encode())

    def decode(self, ids):
        return bytes(i for i in ids if i < 256).decode(errors="replace")

    def opens_turn(self, ids):
        return False

    def parse(self, text):
        return parse_reply(text)


def example(question, answer, scenario, **more):
    return Example((Message("user", question), answer), (TOOL,), {"scenario": scenario, **more})


EXAMPLES = [
    example("Oslo?", Message("assistant", "", (ToolCall("get_weather", {"city": "Oslo"}),)), "single_call"),
    example("Rome?", Message("assistant", "", (ToolCall("get_weather", {"city": "Rome"}),)), "single_call"),
    example("Hello", Message("assistant", "Hello!"), "no_tool"),
    example("Now?", Message("assistant", "Which city?"), "missing_argument", missing=["city"]),
]


def build(context=256):
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=258,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=context,
        pad_token_id=256,
        bos_token_id=256,
        eos_token_id=257,
    )
    return LlamaForCausalLM(config)


def memorise(model, encoder, examples):
    """Train until the model has the answers by heart, which takes about two seconds."""
    rows = []
    for ex in examples:
        prompt = encoder.encode_prompt(ex.messages[:1], ex.tools)
        reply = ex.messages[1]
        answer = [*render_reply(reply.content, reply.tool_calls).encode(), 257]
        rows.append((torch.tensor([prompt + answer]), torch.tensor([[-100] * len(prompt) + answer])))
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for _ in range(200):
        losses = [model(input_ids=ids, labels=labels).loss for ids, labels in rows]
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        optimizer.step()
        if max(loss.item() for loss in losses) < 0.02:
            return
    pytest.fail("the tiny model did not learn")


def test_a_model_that_knows_the_answers_is_right_everywhere():
    encoder, model = ByteEncoder(), build()
    memorise(model, encoder, EXAMPLES)
    evaluation = evaluate_model(local_replies(model, encoder, max_new_tokens=100), items_of(EXAMPLES), label="tuned")
    summary = evaluation.summary()
    assert [result.score.failure for result in evaluation.results] == [None] * 4
    assert (summary.overall["call_exact"].n, summary.overall["asked"].n) == (2, 1)
    assert evaluation.results[0].text == render_reply("", EXAMPLES[0].messages[1].tool_calls)
    assert evaluation.label == "tuned"


def test_an_untrained_model_is_measured_and_not_an_error():
    seen = []
    replies = local_replies(build(), ByteEncoder(), max_new_tokens=8)
    evaluation = evaluate_model(
        replies, items_of(EXAMPLES), label="base", progress=lambda done, total: seen.append((done, total))
    )
    assert evaluation.summary().overall["right"].n == 4
    assert evaluation.summary().overall["call_exact"].successes == 0
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [result.tokens for result in evaluation.results] == [8] * 4
    assert all(0 < result.seconds < 60 for result in evaluation.results)


def test_a_prompt_that_does_not_fit_stays_in_the_denominator():
    long = example("x" * 300, EXAMPLES[0].messages[1], "single_call")
    evaluation = evaluate_model(
        local_replies(build(), ByteEncoder(), max_new_tokens=4), items_of([long, EXAMPLES[0]]), label="base"
    )
    assert evaluation.results[0].score.failure == "too_long"
    assert evaluation.results[1].score.failure != "too_long"
    assert evaluation.summary().overall["call_exact"].n == 2

"""What many tests need: real tokenizers, tiny models, a small conversation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tooltune import Message, Tool, ToolCall, ToolParameter

# A busy machine pauses a test for longer than any deadline.
settings.register_profile("tooltune", deadline=None)
settings.load_profile("tooltune")
WEATHER = Tool(
    "get_weather",
    "Get the weather of a city.",
    [
        ToolParameter("city", "City name", "string", required=True),
        ToolParameter("unit", "Temperature unit", "string", enum=["celsius", "fahrenheit"], default="celsius"),
    ],
)
ALARM = Tool("set_alarm", "Set an alarm.", [ToolParameter("time", "Time as HH:MM", "string", required=True)])
CONVERSATION = (
    Message("system", "Be brief."),
    Message("user", "What's the weather in Oslo?"),
    Message("assistant", "I'll look.", (ToolCall("get_weather", {"city": "Oslo"}),)),
    Message("tool", '{"temperature": 3}', name="get_weather"),
    Message("assistant", "It is 3 °C in Oslo."),
    Message("user", "Thanks!"),
    Message("assistant", "You're welcome."),
)


@pytest.fixture(scope="session")
def tools() -> list[Tool]:
    return [WEATHER, ALARM]


@pytest.fixture(scope="session")
def conversation() -> tuple[Message, ...]:
    return CONVERSATION


@pytest.fixture(scope="session")
def byte_tokenizer() -> Any:
    """A small byte-level BPE tokenizer, trained here, with control tokens as in ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [json.dumps(tool.to_dict(), indent=2) for tool in (WEATHER, ALARM)]
    texts += [message.content for message in CONVERSATION]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        bos_token="<|im_start|>",
        unk_token="<|endoftext|>",
        pad_token="<|im_end|>",
    )


@pytest.fixture(scope="session")
def mistral_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tokenizer of Mistral-7B-v0.1, from the real SentencePiece file that mistral-common ships."""
    import mistral_common
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("mistral")
    shutil.copy(Path(mistral_common.__file__).parent / "data" / "tokenizer.model.v1", folder / "tokenizer.model")
    settings = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "add_bos_token": True,
        "add_eos_token": False,
        "legacy": True,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return AutoTokenizer.from_pretrained(folder)


ARCHITECTURES = ("Llama", "Mistral", "Qwen2", "Qwen3", "Gemma", "Phi3")


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., Any]:
    """Makes a tiny random model: `tiny_model("Mistral", vocab_size=300)`."""

    def make(architecture: str, vocab_size: int = 300, **settings: Any) -> Any:
        import torch
        import transformers

        config_class = getattr(transformers, f"{architecture}Config")
        values: dict[str, Any] = {
            "vocab_size": vocab_size,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 4096,
        }
        if architecture in ("Gemma", "Qwen3"):
            values["head_dim"] = 8
        if architecture == "Phi3":
            values["pad_token_id"] = 0  # its own lies beyond so small a vocabulary
        if architecture == "Mistral":
            values["sliding_window"] = None
        torch.manual_seed(0)
        config = config_class(**(values | settings))
        return transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()

    return make


@pytest.fixture(scope="session")
def tiny_model_folder(
    tiny_model: Callable[..., Any], byte_tokenizer: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A saved tiny Llama with its tokenizer: what a user's own model folder looks like."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    tiny_model("Llama", vocab_size=len(byte_tokenizer)).save_pretrained(folder)
    byte_tokenizer.save_pretrained(folder)
    return folder

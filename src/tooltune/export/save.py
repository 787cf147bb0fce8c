"""Saves and loads a tuned model: the adapter, the tokenizer with its chat template, the manifest."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from peft import PeftModel
from safetensors import SafetensorError

from tooltune.chat.encode import TextEncoder
from tooltune.chat.native import NativeEncoder
from tooltune.config import ModelConfig
from tooltune.errors import ModelError
from tooltune.files import output_error, write_json
from tooltune.train.lora import save_lora
from tooltune.train.model import load_model, load_tokenizer, make_encoder

MANIFEST = "manifest.json"
MERGED = "merged"
_PACKAGES = ("tooltune", "torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors", "trl")


def save_adapter(
    model: Any, encoder: TextEncoder | NativeEncoder, folder: Path, weights: Mapping[str, Any] | None = None
) -> None:
    """Save the adapter and the tokenizer, with the chat template the model was trained on.

    `weights` are the adapter's, where the model has only a part of them.
    """
    _save_into(folder, model, encoder, weights)


def save_merged(config: ModelConfig, encoder: TextEncoder | NativeEncoder, folder: Path) -> Path:
    """Merge the saved adapter into the full-precision base and save whole weights.

    The base is loaded anew, in the number format it was saved in: merging into a quantised base, or into one
    rounded for training, would drift.
    """
    base = load_model(config.model_copy(update={"quantization": "none"}), dtype="auto")
    merged = PeftModel.from_pretrained(base, str(folder)).merge_and_unload()
    merged.generation_config.eos_token_id = sorted(encoder.end_ids)
    merged.generation_config.pad_token_id = encoder.pad_id
    target = folder / MERGED
    _save_into(target, merged, encoder)
    return target


def _save_tokenizer(encoder: TextEncoder | NativeEncoder, path: str) -> None:
    tokenizer = encoder.tokenizer
    tokenizer.chat_template = encoder.template()
    tokenizer.pad_token_id = encoder.pad_id
    tokenizer.save_pretrained(path)


def _save_into(
    folder: Path, model: Any, encoder: TextEncoder | NativeEncoder, weights: Mapping[str, Any] | None = None
) -> None:
    """Save into a temporary folder, then move each file into place."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=folder) as temporary:
        try:
            if isinstance(model, PeftModel):
                save_lora(model, temporary, folder, weights)
            else:
                model.save_pretrained(temporary)
            _save_tokenizer(encoder, temporary)
        except (OSError, SafetensorError) as error:
            cause = error if isinstance(error, OSError) else OSError(28, str(error))
            raise output_error(folder, cause, "the model") from error
        for path in Path(temporary).iterdir():
            if path.name != "README.md":  # peft's template of a model card, with nothing filled in
                shutil.move(path, folder / path.name)


def load_tuned(folder: Path) -> tuple[Any, TextEncoder | NativeEncoder, dict[str, Any]]:
    """The tuned model of a run, its encoder, and the run's manifest.

    Raises:
        ModelError: the folder holds no finished run.
    """
    manifest = read_manifest(folder)
    config = ModelConfig.parse({key: manifest["config"][key] for key in ModelConfig.model_fields}, str(folder))
    encoder = make_encoder(load_tokenizer(str(folder)), config)
    model = load_model(config)
    return PeftModel.from_pretrained(model, str(folder)).eval(), encoder, manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            str(folder), f"no readable {MANIFEST} ({error})", "the --output_dir of a finished run",
            "Make one with: tooltune run",
        ) from error  # fmt: skip
    if not isinstance(manifest, dict) or "config" not in manifest or not (folder / "adapter_config.json").exists():
        raise ModelError(str(folder), "no adapter", "the --output_dir of a finished run", "Make one with: tooltune run")
    return manifest


def write_manifest(folder: Path, values: Mapping[str, Any]) -> None:
    """Write the manifest, with the versions of everything that matters for repeating the run."""
    write_json(folder / MANIFEST, {"versions": versions(), **values})


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide the result."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

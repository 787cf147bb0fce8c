"""The documented format as a Jinja chat template, for the tokenizer that is saved with a model."""

from __future__ import annotations

import json
from importlib.resources import files

from tooltune.chat.render import TOOLS_FOOTER, TOOLS_HEADER


def chat_template(add_bos: bool) -> str:
    """The template's text.

    Args:
        add_bos: the model's prompts start with its beginning-of-sequence token.
    """
    text = files("tooltune.chat").joinpath("template.jinja").read_text(encoding="utf-8")
    constants = {"TOOLS_HEADER": TOOLS_HEADER, "TOOLS_FOOTER": TOOLS_FOOTER, "add_bos": add_bos}
    lines = [f"{{%- set {name} = {json.dumps(value)} -%}}" for name, value in constants.items()]
    return "".join(lines) + text

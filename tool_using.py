"""Fine-tune a language model to call your tools: data, training, measurement in one script.

    python tool_using.py
    python tool_using.py --generate_only --num_examples 2000
    python tool_using.py --model_name smollm2-135m --learning_rate 1e-3

Edit EXAMPLE_TOOLS below to teach the model your own tools, or give them with --tools my_tools.json.
"""

import sys

from tooltune import EXAMPLE_TOOLS as BUILT_IN_TOOLS
from tooltune import Tool, ToolParameter
from tooltune.cli import run_script
from tooltune.config import ScriptConfig

EXAMPLE_TOOLS = [
    *BUILT_IN_TOOLS,  # 14 tools over different domains; delete this line to use only your own
    # Tool(
    #     name="get_room_temperature",
    #     description="Get the temperature of a room in the office.",
    #     parameters=[
    #         ToolParameter("room", "Name of the room", "string", required=True),
    #         ToolParameter("unit", "Temperature unit", "string", enum=["celsius", "fahrenheit"]),
    #     ],
    # ),
]

__all__ = ["EXAMPLE_TOOLS", "Tool", "ToolParameter"]

if __name__ == "__main__":
    sys.exit(run_script(ScriptConfig, EXAMPLE_TOOLS, __doc__ or ""))

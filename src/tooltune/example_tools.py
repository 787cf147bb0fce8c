"""Fourteen example tools and a small simulated world in which they can be called.

Every implementation is a pure function of its arguments: small tables, real arithmetic, and stable
hashing for everything else, so that the same call gives the same result on every machine. About one
call in twelve fails (`ToolExecutionError`), as calls do, so that examples can show what to do then.

Not covered: state. An event that was created is not found by a later call. Other tools are run in `generate.world`.
"""

from __future__ import annotations

import ast
import hashlib
import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

from tooltune.types import Tool, ToolCall, ToolParameter

P = ToolParameter

UNITS = ("km", "mi", "m", "ft", "kg", "lb", "g", "oz", "l", "gal", "celsius", "fahrenheit")

EXAMPLE_TOOLS: list[Tool] = [
    Tool("get_weather", "Get the weather in a city, now or on a date.", [
        P("city", "City name", "string", required=True),
        P("date", "Date as YYYY-MM-DD; today if left out", "string", format="date"),
        P("units", "Temperature unit", "string", enum=["celsius", "fahrenheit"], default="celsius"),
    ]),
    Tool("convert_currency", "Convert an amount of money into another currency.", [
        P("amount", "Amount of money", "number", required=True, minimum=0),
        P("from_currency", "ISO code to convert from, such as USD", "string", required=True),
        P("to_currency", "ISO code to convert to, such as EUR", "string", required=True),
    ]),
    Tool("calculate", "Work out an arithmetic expression.", [
        P("expression", "Calculation with + - * / ** and brackets", "string", required=True),
    ]),
    Tool("convert_units", "Convert a length, weight, volume or temperature into another unit.", [
        P("value", "Number to convert", "number", required=True),
        P("from_unit", "Unit of the value", "string", required=True, enum=UNITS),
        P("to_unit", "Unit wanted", "string", required=True, enum=UNITS),
    ]),
    Tool("create_event", "Put an event into the calendar.", [
        P("title", "Title of the event", "string", required=True),
        P("date", "Date as YYYY-MM-DD", "string", required=True, format="date"),
        P("time", "Start time as HH:MM", "string", required=True),
        P("attendees", "Names of the people to invite", "array", items={"type": "string"}),
        P("location", "Where it takes place", "string"),
    ]),
    Tool("set_reminder", "Remind the user of something at a given date and time.", [
        P("task", "What to be reminded of", "string", required=True),
        P("date", "Date as YYYY-MM-DD", "string", required=True, format="date"),
        P("time", "Time as HH:MM", "string", default="09:00"),
    ]),
    Tool("find_contact", "Look up a person's e-mail address and phone number.", [
        P("name", "Full name of the person", "string", required=True),
    ]),
    Tool("send_email", "Send an e-mail.", [
        P("to", "E-mail address of the recipient", "string", required=True),
        P("subject", "Subject line", "string", required=True),
        P("body", "Text of the message", "string", required=True),
        P("urgent", "Mark the message as urgent", "boolean", default=False),
    ]),
    Tool("search_restaurants", "Find a restaurant in a city.", [
        P("city", "City to search in", "string", required=True),
        P("cuisine", "Kind of food, such as Italian", "string"),
        P("price", "Price level", "string", enum=["cheap", "mid-range", "expensive"]),
        P("outdoor_seating", "Only places with outdoor seating", "boolean", default=False),
    ]),
    Tool("search_flights", "Find the best flight between two cities on a date.", [
        P("origin", "City of departure", "string", required=True),
        P("destination", "City of arrival", "string", required=True),
        P("date", "Date of departure as YYYY-MM-DD", "string", required=True, format="date"),
        P("cabin", "Travel class", "string", enum=["economy", "business", "first"], default="economy"),
    ]),
    Tool("book_flight", "Book a seat on a flight whose id is known.", [
        P("flight_id", "Id of the flight, such as KX482", "string", required=True),
        P("passenger", "Full name of the passenger", "string", required=True),
        P("seat", "Preferred seat", "string", enum=["window", "middle", "aisle"]),
    ]),
    Tool("track_package", "Tell where a parcel is.", [
        P("tracking_number", "Tracking number of the parcel", "string", required=True),
    ]),
    Tool("get_stock_price", "Get the current price of a share in US dollars.", [
        P("symbol", "Ticker symbol, such as AAPL", "string", required=True),
    ]),
    Tool("control_light", "Switch a smart light on or off, or dim it.", [
        P("room", "Room the light is in", "string", required=True),
        P("state", "Whether the light shall be on or off", "string", required=True, enum=["on", "off"]),
        P("brightness", "Brightness in percent", "integer", minimum=1, maximum=100, default=100),
    ]),
]  # fmt: skip


class ToolExecutionError(Exception):
    """A simulated failure of a tool: it becomes the call's result, not an error of the program."""


def _roll(*parts: Any) -> int:
    """A number that depends on the parts only, the same in every process."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest(), "big")


def _pick(choices: Sequence[Any], *parts: Any) -> Any:
    return choices[_roll(*parts) % len(choices)]


def _sometimes_fail(message: str, *parts: Any) -> None:
    if _roll("failure", *parts) % 12 == 0:
        raise ToolExecutionError(message)


def _get_weather(city: str, date: str = "today", units: str = "celsius") -> dict[str, Any]:
    _sometimes_fail(f"No forecast for {city}", city.lower(), date)
    celsius = _roll("weather", city.lower(), date) % 38 - 6
    temperature = celsius if units == "celsius" else round(celsius * 9 / 5 + 32)
    condition = _pick(("sunny", "cloudy", "rainy", "windy", "foggy"), "sky", city.lower(), date)
    return {"temperature": temperature, "condition": condition if celsius > 0 else "snowy"}


# Units of each currency for one US dollar.
_RATES = {
    "USD": 1.0, "EUR": 0.92, "GBP": 0.78, "JPY": 150.0, "CHF": 0.88, "CAD": 1.36, "AUD": 1.52, "NZD": 1.64,
    "SEK": 10.4, "NOK": 10.6, "DKK": 6.87, "PLN": 3.95, "CZK": 23.1, "HUF": 358.0, "INR": 83.2, "CNY": 7.2,
    "KRW": 1340.0, "SGD": 1.34, "HKD": 7.82, "THB": 35.6, "MXN": 17.1, "BRL": 4.97, "ZAR": 18.7, "ILS": 3.66,
}  # fmt: skip


def _convert_currency(amount: float, from_currency: str, to_currency: str) -> dict[str, Any]:
    for code in (from_currency, to_currency):
        if code not in _RATES:
            raise ToolExecutionError(f"No exchange rate for {code}")
    return {"amount": round(amount / _RATES[from_currency] * _RATES[to_currency], 2), "currency": to_currency}


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip


def _value(node: ast.expr) -> float:
    """The value of an arithmetic syntax tree; anything but numbers and operators is refused."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return float(_OPERATORS[type(node.op)](_value(node.operand)))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow) and (abs(right) > 16 or abs(left) > 1e6 or left < 0):
            raise ToolExecutionError("The power is too large")
        return float(_OPERATORS[type(node.op)](left, right))
    raise ToolExecutionError("Not an arithmetic expression")


def _calculate(expression: str) -> dict[str, Any]:
    try:
        value = _value(ast.parse(expression.strip(), mode="eval").body)
    except ZeroDivisionError:
        raise ToolExecutionError("Division by zero") from None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise ToolExecutionError("Not an arithmetic expression") from None
    return {"result": int(value) if value.is_integer() else round(value, 4)}


# What a unit measures, and how much of the dimension's base unit it is.
_FACTORS = {
    "km": ("length", 1000.0), "mi": ("length", 1609.344), "m": ("length", 1.0), "ft": ("length", 0.3048),
    "kg": ("weight", 1000.0), "lb": ("weight", 453.59237), "g": ("weight", 1.0), "oz": ("weight", 28.349523),
    "l": ("volume", 1.0), "gal": ("volume", 3.785412),
    "celsius": ("temperature", 1.0), "fahrenheit": ("temperature", 1.0),
}  # fmt: skip


def _convert_units(value: float, from_unit: str, to_unit: str) -> dict[str, Any]:
    source, target = _FACTORS[from_unit], _FACTORS[to_unit]
    if source[0] != target[0]:
        raise ToolExecutionError(f"A {source[0]} cannot be converted into a {target[0]}")
    if source[0] == "temperature":
        converted = _convert_temperature(value, from_unit, to_unit)
    else:
        converted = value * source[1] / target[1]
    return {"value": round(converted, 2), "unit": to_unit}


def _convert_temperature(value: float, from_unit: str, to_unit: str) -> float:
    if from_unit == to_unit:
        return value
    return value * 9 / 5 + 32 if to_unit == "fahrenheit" else (value - 32) * 5 / 9


def _create_event(title: str, date: str, time: str, **details: Any) -> dict[str, Any]:
    _sometimes_fail("There is already another event at that time", date, time)
    return {"status": "created", "event_id": f"ev-{_roll('event', title, date, time) % 9000 + 1000}"}


def _set_reminder(task: str, date: str, time: str = "09:00") -> dict[str, Any]:
    _sometimes_fail("The reminder service cannot be reached", task, date)
    return {"status": "set", "reminder_id": f"rm-{_roll('reminder', task, date, time) % 9000 + 1000}"}


_MAIL_HOSTS = ("mailbox.org", "example.com", "northpost.net", "inbox.io", "posthaven.com")


def _find_contact(name: str) -> dict[str, Any]:
    _sometimes_fail(f"No contact named {name}", name.lower())
    local = ".".join(name.lower().replace("'", "").split())
    number = _roll("phone", name.lower()) % 9_000_000 + 1_000_000
    return {
        "email": f"{local}@{_pick(_MAIL_HOSTS, name.lower())}",
        "phone": f"+1-555-{str(number)[:3]}-{str(number)[3:]}",
    }


def _send_email(to: str, subject: str, body: str, urgent: bool = False) -> dict[str, Any]:
    _sometimes_fail(f"The address {to} does not accept mail", to.lower())
    return {"status": "sent", "message_id": f"msg-{_roll('mail', to, subject, body) % 90000 + 10000}"}


_PLACES = ("Olive", "Lantern", "Harbour", "Willow", "Saffron", "Cedar", "Ember", "Juniper", "Copper", "Maple")
_HOUSES = ("Kitchen", "Table", "House", "Garden", "Corner", "Room", "Grill", "Terrace", "Yard", "Spoon")


def _search_restaurants(city: str, cuisine: str = "", price: str = "", **wishes: Any) -> dict[str, Any]:
    _sometimes_fail(f"No matching restaurant in {city}", city.lower(), cuisine.lower(), price)
    key = (city.lower(), cuisine.lower(), price, tuple(wishes))
    name = f"{_pick(_PLACES, 'place', *key)} {_pick(_HOUSES, 'house', *key)}"
    return {"name": name, "rating": (_roll("rating", *key) % 16 + 34) / 10}


_CABIN_FACTOR = {"economy": 1, "business": 3, "first": 5}


def _search_flights(origin: str, destination: str, date: str, cabin: str = "economy") -> dict[str, Any]:
    if origin.lower() == destination.lower():
        raise ToolExecutionError("Origin and destination are the same")
    key = (origin.lower(), destination.lower(), date)
    _sometimes_fail(f"No flights from {origin} to {destination} on that day", *key)
    seed = _roll("flight", *key)
    carrier = _pick(("KX", "NA", "BL", "SK", "TR", "OV"), "carrier", *key)
    return {
        "flight_id": f"{carrier}{seed % 900 + 100}",
        "departs": f"{seed // 900 % 17 + 6:02d}:{seed // 15300 % 12 * 5:02d}",
        "price": (seed // 7 % 320 + 60) * _CABIN_FACTOR[cabin],
    }


def _book_flight(flight_id: str, passenger: str, seat: str = "") -> dict[str, Any]:
    _sometimes_fail(f"Flight {flight_id} is sold out", flight_id.upper())
    row = _roll("row", flight_id, passenger) % 30 + 1
    letter = {"window": "A", "middle": "B", "aisle": "C"}.get(seat) or _pick("ABCDEF", flight_id, passenger)
    code = f"{_roll('booking', flight_id, passenger) % 16**5:05X}"
    return {"booking": code, "seat": f"{row}{letter}"}


def _track_package(tracking_number: str) -> dict[str, Any]:
    number = tracking_number.upper()
    _sometimes_fail(f"No parcel with the number {tracking_number}", number)
    status = _pick(("in transit", "out for delivery", "delivered", "at customs", "at the depot"), number)
    depots = ("Hamburg", "Leeds", "Denver", "Lyon", "Osaka", "Porto")
    return {"status": status, "location": _pick(depots, "at", number)}


def _get_stock_price(symbol: str) -> dict[str, Any]:
    _sometimes_fail(f"Unknown symbol {symbol}", symbol.upper())
    cents = _roll("price", symbol.upper()) % 48000 + 1200
    return {
        "price": cents / 100,
        "currency": "USD",
        "change_percent": (_roll("change", symbol.upper()) % 81 - 40) / 10,
    }


def _control_light(room: str, state: str, brightness: int = 100) -> dict[str, Any]:
    _sometimes_fail(f"The light in the {room} is not reachable", room.lower(), brightness, state)
    return {"room": room, "state": state} | ({"brightness": brightness} if state == "on" else {})


IMPLEMENTATIONS: dict[str, Callable[..., Any]] = {
    "get_weather": _get_weather,
    "convert_currency": _convert_currency,
    "calculate": _calculate,
    "convert_units": _convert_units,
    "create_event": _create_event,
    "set_reminder": _set_reminder,
    "find_contact": _find_contact,
    "send_email": _send_email,
    "search_restaurants": _search_restaurants,
    "search_flights": _search_flights,
    "book_flight": _book_flight,
    "track_package": _track_package,
    "get_stock_price": _get_stock_price,
    "control_light": _control_light,
}

_SIGNATURES = {
    tool.name: [(p.name, p.type, p.required, list(p.enum or ())) for p in tool.parameters] for tool in EXAMPLE_TOOLS
}


def is_example_tool(tool: Tool) -> bool:
    """Whether the tool is one of `EXAMPLE_TOOLS`; its descriptions may have been changed."""
    signature = [(p.name, p.type, p.required, list(p.enum or ())) for p in tool.parameters]
    return _SIGNATURES.get(tool.name) == signature


def execute(call: ToolCall, tools: Sequence[Tool]) -> str:
    """Run a call of an example tool.

    Args:
        call: the call; its arguments should fit the tool's schema.
        tools: the tools in view.

    Returns:
        The JSON text of the result, or of `{"error": "..."}`.
    """
    tool = next((t for t in tools if t.name == call.name), None)
    try:
        result = _run(call, tool)
    except ToolExecutionError as error:
        result = {"error": str(error)}
    return json.dumps(result, ensure_ascii=False)


def _run(call: ToolCall, tool: Tool | None) -> Any:
    if tool is None or not is_example_tool(tool):
        raise ToolExecutionError(f"There is no tool named {call.name}")
    try:
        return IMPLEMENTATIONS[call.name](**call.arguments)
    except (TypeError, KeyError, AttributeError):
        raise ToolExecutionError("The arguments do not fit the tool") from None

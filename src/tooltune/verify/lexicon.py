"""Word lists that say in everyday words what an argument says in a code."""

from __future__ import annotations

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

CURRENCIES: dict[str, tuple[str, ...]] = {
    "USD": ("US dollars",), "EUR": ("euros",), "GBP": ("British pounds", "pounds sterling"),
    "JPY": ("Japanese yen", "yen"), "CHF": ("Swiss francs",), "CAD": ("Canadian dollars",),
    "AUD": ("Australian dollars",), "NZD": ("New Zealand dollars",), "SEK": ("Swedish kronor",),
    "NOK": ("Norwegian kroner",), "DKK": ("Danish kroner",), "PLN": ("Polish zloty", "zloty"),
    "CZK": ("Czech koruna",), "HUF": ("Hungarian forints", "forints"), "INR": ("Indian rupees",),
    "CNY": ("Chinese yuan", "yuan"), "KRW": ("South Korean won",), "SGD": ("Singapore dollars",),
    "HKD": ("Hong Kong dollars",), "THB": ("Thai baht", "baht"), "MXN": ("Mexican pesos",),
    "BRL": ("Brazilian reais",), "ZAR": ("South African rand",), "ILS": ("Israeli shekels", "shekels"),
    "ISK": ("Icelandic kronur",), "RON": ("Romanian lei",),
}  # fmt: skip

UNITS: dict[str, tuple[str, ...]] = {
    "km": ("kilometres", "kilometers"), "mi": ("miles",), "m": ("metres", "meters"), "ft": ("feet",),
    "cm": ("centimetres", "centimeters"), "in": ("inches",), "inch": ("inches",), "mm": ("millimetres", "millimeters"),
    "kg": ("kilograms", "kilos"), "lb": ("pounds",),
    "g": ("grams",), "oz": ("ounces",), "l": ("litres", "liters"), "gal": ("gallons",),
    "ml": ("millilitres", "milliliters"), "celsius": ("degrees Celsius",),
    "fahrenheit": ("degrees Fahrenheit",),
}  # fmt: skip

LANGUAGES: dict[str, tuple[str, ...]] = {
    "en": ("English",), "de": ("German",), "fr": ("French",), "es": ("Spanish",), "it": ("Italian",),
    "pt": ("Portuguese",), "ja": ("Japanese",), "nl": ("Dutch",), "sv": ("Swedish",), "pl": ("Polish",),
}  # fmt: skip

COUNTRIES: dict[str, str] = {
    "NO": "Norway", "SE": "Sweden", "DK": "Denmark", "FR": "France", "DE": "Germany", "ES": "Spain", "IT": "Italy",
    "PT": "Portugal", "PL": "Poland", "JP": "Japan", "CA": "Canada", "BR": "Brazil", "IN": "India", "KE": "Kenya",
}  # fmt: skip

OPERATORS: dict[str, str] = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}

NUMBER_WORDS: dict[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip

"""report.html: one file that shows all of report.json, without a network and without a server."""

from tooltune.report.html.page import html_page, write_page

__all__ = ["html_page", "write_page"]

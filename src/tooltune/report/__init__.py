"""From evaluations to what people read: report.json, report.md, a table, a loss curve."""

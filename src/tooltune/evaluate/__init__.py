"""What a model gets right: scored decisions, exact statistics, fast greedy decoding.

`items` turns held-out examples into decisions, `scorers` judges one reply, `statistics` says how
sure a number is, `results` keeps and counts, and `inference` and `run` (which need torch) ask the
model.
"""

"""Measured side by side with peers, in one run, as ratios. `make bench` prints one table; nothing is judged.

Every module here has `rows(effort)`, which gives `Row`s; `effort` scales how much work a round does, 1 by
default, so that a test can see every row come out in a moment.
"""

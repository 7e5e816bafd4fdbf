"""What a pattern costs, by formula.

row         the columns, the same for a model and a measurement; as JSON, as a table
closed      on average, by closed form, for random arrivals
given       given the events that happened, to the last message
choice      which pattern for which system
fleet       from one measured client to ten million

`pulling` and `long_polling` here are the closed forms; `given.short_polling`, `given.long_polling`, `given.push` and
`given.request_response` are fed with the times of the events.
"""

from patterns.cost.model import given
from patterns.cost.model.closed import (
    chunked_bytes,
    long_polling,
    overhead_bytes,
    overhead_share,
    pulling,
    request_response_time_s,
    restarted_bytes,
    resumed_bytes,
    round_trips,
)
from patterns.cost.model.row import Cost, counted, percentile, to_json, to_table

__all__ = [
    "Cost",
    "chunked_bytes",
    "counted",
    "given",
    "long_polling",
    "overhead_bytes",
    "overhead_share",
    "percentile",
    "pulling",
    "request_response_time_s",
    "restarted_bytes",
    "resumed_bytes",
    "round_trips",
    "to_json",
    "to_table",
]

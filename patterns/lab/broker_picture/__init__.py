"""The broker drawn: connections, request queue, handlers, purgatory by key, wheel, response queue.

The problem: who has read about a request's path through Kafka's broker has a list of names, and no picture of what
stands where when it is busy.
The assumption: at any moment every request is in exactly one room (in the purgatory it may stand under several keys).
The bargain: the picture is made of plain values that are read off a running broker; it shows rooms and their
order truly, and the first few of many.

view      what a broker looks like at one moment
drawing   that as SVG
looking   a running broker read off as a view; every step of it kept
film      one view after another, at the learner's own pace
"""

from patterns.lab.broker_picture.drawing import broker_picture
from patterns.lab.broker_picture.film import Film, Frame
from patterns.lab.broker_picture.looking import filmed, look, tell
from patterns.lab.broker_picture.view import Connection, Operation, Ring, View

__all__ = ["Connection", "Film", "Frame", "Operation", "Ring", "View", "broker_picture", "filmed", "look", "tell"]

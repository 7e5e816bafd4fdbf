"""The grader's side of an answer: drives it from outside, and believes nothing it says.

The problem: an answer has to be called, given time, and answered when it asks; and it may loop for ever, lie,
or write nonsense into the socket. The assumption: whatever it does, it can only send frames. The bargain: every
frame is checked for its shape before it is looked at, waiting is bounded by the answer's own CPU time and by its
standing still, and a check reads like a test: call, grant time, compare.

server     starts the fork server and asks it for processes
line       frames to and from one process, and the watch over it
patience   has it hung? by its CPU time and its threads' states, not by the clock on the wall
answer     Answer: the module a learner wrote, as its checks see it
objects    Thing, Running, Call: what lives on the other side
orders, growth   threads in every order; work against how much there is
plugged    an answer's object in a running loop of ours, for a broker and its clients
accidents  what can happen to an answer beside being wrong
"""

from patterns.grading.probe.accidents import Accident, Raised
from patterns.grading.probe.answer import Answer
from patterns.grading.probe.objects import HANG, After, Attribute, Call, Callback, Error, Running, Thing
from patterns.grading.probe.orders import Run
from patterns.grading.probe.server import ForkServer

__all__ = [
    "HANG",
    "Accident",
    "After",
    "Answer",
    "Attribute",
    "Call",
    "Callback",
    "Error",
    "ForkServer",
    "Raised",
    "Run",
    "Running",
    "Thing",
]

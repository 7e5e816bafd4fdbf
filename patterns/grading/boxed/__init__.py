"""The answer's side of the grader: all that shares a process with what a learner wrote.

The problem: whoever computes a verdict in the process of the answer asks the judged to be the judge. The answer
can replace `==`, the clock, the test itself; and its endless loop is everybody's.
The assumption: what an answer does shows in the values it gives and in the moments it asks for something.
The bargain: nothing in here knows what is expected. A process is forked for each check, put into a box, given
the answer's text, and then driven over a socket by plain JSON: call this, let time move to then. Whatever comes
back is taken for a claim by a stranger, never for a verdict.

server    forks a process for each check, from one that has imported nothing but this folder
box       what such a process may do: landlock (files, sockets, signals), seccomp (processes), limits
driver    carries out what the grader says, one message at a time
clock     an event loop whose time moves when the grader says so
turns     threads that go on one line at a time, in the order the grader says
plain     values as JSON and back
"""

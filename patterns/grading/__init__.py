"""Exercises, graded from outside, and the ideas behind wrong answers.

catalogue   the misconceptions by name, each with the cell that shows the right idea
boxed       the answer's side: a process for each check, in a box, driven over a socket; it knows of no expectation
probe       the grader's side: calls, grants time, serves what is asked, and believes nothing
checks      what each exercise is checked for, and the words that checks are written in
verdict     points, what was done, expected and got, and the idea;  report: the same as text
apart       grading in a process of its own, for a notebook;  batch: saved notebooks, for a terminal
progress    what a learner has reached, kept in a file
"""

"""The verdict on one answer: what each check found, in a form that can be shown, printed and compared.

Each check runs in a process of its own, so an accident costs the check in which it happened. Who hangs in one check
is given less time in the next ones, and after three of them no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from patterns.grading.boxed.box import describe
from patterns.grading.catalogue import Misconception, misconception
from patterns.grading.checks import Check, Exercise, exercise
from patterns.grading.probe import Accident, Answer, ForkServer, Raised
from patterns.grading.probe.accidents import HANGING, IDEAS, Failed, NoGrader
from patterns.grading.probe.line import Line
from patterns.grading.probe.steps import legible

Word = Literal["passed", "partial", "failed", "missing", "broken"]

LONGEST = 1 << 20  # characters of an answer
PATIENCE = (1.0, 0.5, 0.5)  # of a second, in the checks after none, one, two in which the answer has hung


@dataclass(frozen=True, slots=True)
class Found:
    """What one check found. `steps` is what was done; `accident` is its name if it was one."""

    name: str
    says: str
    points: int
    passed: bool
    message: str = ""
    expected: str = ""
    got: str = ""
    idea: Misconception | None = None
    accident: str = ""
    steps: tuple[str, ...] = ()
    drawn: tuple[tuple[float, str, str], ...] = ()  # the same as (when, way, label): see probe.steps.Way
    prints: str = ""

    def as_json(self) -> dict[str, Any]:
        """As the terminal prints it."""
        name = self.idea.name if self.idea is not None else None
        return {"name": self.name, "passed": self.passed, "misconception": name, "message": self.told}

    @property
    def told(self) -> str:
        """The message with what was expected and what came, in one paragraph; nothing if it passed."""
        if self.passed:
            return ""
        parts = [self.message]
        if self.expected or self.got:
            parts.append(f"Expected {self.expected or 'something else'}, got {self.got or 'nothing'}.")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one answer to one exercise."""

    exercise: str
    seed: int
    box: str
    checks: tuple[Found, ...]
    trouble: str = ""  # why there is no answer to check

    @property
    def points(self) -> int:
        """Of the checks that passed."""
        return sum(check.points for check in self.checks if check.passed)

    @property
    def max_points(self) -> int:
        """Of all checks."""
        return sum(check.points for check in self.checks)

    @property
    def word(self) -> Word:
        """The verdict in a word; `broken` is an answer that could not even be imported."""
        if self.checks and self.points == self.max_points:
            return "passed"
        if not self.checks or all(check.accident == "import-failed" for check in self.checks):
            return "broken"
        return "partial" if self.points else "failed"


def grade(name: str, source: str, *, seed: int = 1, server: ForkServer | None = None) -> Verdict:
    """Grade an answer's text; the same seed gives the same verdict.

    Args:
        name: the exercise.
        source: the whole module, without the `%%answer` line.
        seed: what the checks draw by lot comes from it.
        server: a running fork server, for many answers; without one this starts one.

    Raises:
        UnknownExercise: there is no such exercise.
    """
    found = exercise(name)
    if server is None:
        with ForkServer() as server:
            return _grade(found, source, seed, server)
    return _grade(found, source, seed, server)


def _grade(found: Exercise, source: str, seed: int, server: ForkServer) -> Verdict:
    if len(source) > LONGEST:
        too_long = Accident(
            "import-failed", what=f"it has {len(source):,} characters, and at most {LONGEST:,} are read"
        )
        return Verdict(
            found.name, seed, describe(server.box), tuple(_accident(check, too_long, None) for check in found.checks)
        )
    results: list[Found] = []
    hung = 0
    for check in found.checks:
        if hung >= len(PATIENCE):
            results.append(_accident(check, Accident("not-run", what=str(hung)), None))
            continue
        result = run(found, check, source, seed, server, PATIENCE[hung])
        hung += result.accident in HANGING
        results.append(result)
        if result.accident == "import-failed":  # as it would be in all others
            results += [_accident_like(other, result) for other in found.checks[len(results) :]]
            break
    return Verdict(found.name, seed, describe(server.box), tuple(results))


def run(of: Exercise, check: Check, source: str, seed: int, server: ForkServer, patience: float = 1.0) -> Found:
    """Run one check in a process of its own; what it found can be shown as it is, whatever the answer said."""
    found = _run(of, check, source, seed, server, patience)
    return replace(
        found,
        message=legible(found.message),
        expected=legible(found.expected),
        got=legible(found.got),
        steps=tuple(map(legible, found.steps)),
        drawn=tuple((at, way, legible(label)) for at, way, label in found.drawn),
        prints=legible(found.prints, keep="\n\t"),
    )


def _run(of: Exercise, check: Check, source: str, seed: int, server: ForkServer, patience: float) -> Found:
    line = Line(server, patience)
    answer: Answer | None = None
    try:
        answer = Answer(line, of.name, source, seed=f"{seed}/{of.name}/{check.name}", threads=check.threads)
        check.drive(answer)
        if check.leftovers:
            answer.nothing_left()
        return Found(check.name, check.says, check.points, True, steps=tuple(answer.steps.last()))
    except Failed as failure:
        return _failed(check, failure, answer, line)
    except Raised as error:
        where = f" ({error.where})" if error.where else ""
        raised = Failed(f"Your code raised an exception{where}.", expected="none", got=str(error))
        return _failed(check, raised, answer, line)
    except Accident as accident:
        return _accident(check, accident, answer, line)
    except NoGrader:
        raise
    except Exception as error:  # a check took for granted that it got what it had asked for
        odd = Failed("What your code gave cannot be used here", expected="what the task says", got=_text(error))
        return _failed(check, odd, answer, line)
    finally:
        line.close()


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _failed(check: Check, failure: Failed, answer: Answer | None, line: Line) -> Found:
    if answer is not None and answer.forgotten:
        return _accident(check, Accident("forgotten-await", what=answer.forgotten[0]), answer, line)
    idea = failure.idea or check.idea
    return Found(
        *(check.name, check.says, check.points, False, failure.why, failure.expected, failure.got),
        idea=misconception(idea) if idea is not None else None,
        steps=tuple(answer.steps.last()) if answer is not None else (),
        drawn=tuple(answer.steps.drawn()) if answer is not None else (),
        prints=line.said(),
    )


def _accident(check: Check, accident: Accident, answer: Answer | None, line: Line | None = None) -> Found:
    idea = IDEAS.get(accident.name)
    return Found(
        *(check.name, check.says, check.points, False, str(accident)),
        idea=misconception(idea) if idea is not None else None,
        accident=accident.name,
        steps=tuple(answer.steps.last()) if answer is not None else (),
        drawn=tuple(answer.steps.drawn()) if answer is not None else (),
        prints=line.said() if line is not None else "",
    )


def _accident_like(check: Check, before: Found) -> Found:
    return Found(check.name, check.says, check.points, False, before.message, accident=before.accident)

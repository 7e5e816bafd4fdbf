"""Random histories, beside a list of what is live."""

from patterns.grading.checks import Answer
from patterns.grading.checks.timing_wheel.beside import Wheel, exercise

STEPS = 120


@exercise.check("histories", points=2, idea="a-coarse-wheel-fires-coarsely")
def histories(answer: Answer) -> None:
    """Over long random histories it says what a list of all timers says."""
    random = answer.random
    for wheel_size in (2, 20, random.choice((3, 5, 8))):
        wheel = Wheel(
            answer,
            tick_ms=random.choice((1, 1, 3, 10)),
            wheel_size=wheel_size,
            start_ms=random.choice((0, random.randrange(10**6))),
        )
        for _ in range(STEPS):
            match random.choices(("add", "cancel", "again", "advance"), (8, 2, 1, 5))[0]:
                case "add":
                    reach = random.choice((5, 50, 1_000, 20_000))
                    wheel.add(wheel.now_ms + random.randint(-reach // 5, reach))
                case "cancel" if wheel.live:
                    wheel.cancel(random.choice(list(wheel.live)))
                case "again" if wheel.over:
                    wheel.cancel_again(random.choice(wheel.over))
                case "advance" if wheel.live and random.random() < 0.5:
                    at_ms = random.choice(list(wheel.live.values()))[0]
                    wheel.advance(at_ms - random.choice((0, 1, wheel.tick_ms)))
                case "advance":
                    wheel.advance(wheel.now_ms + random.randint(-20, random.choice((20, 300, 10_000))))

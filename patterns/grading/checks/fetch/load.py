"""Many fetches and many appends, beside the plainest purgatory there is: a list."""

from patterns.grading.checks import Answer, expect
from patterns.grading.checks.fetch.asking import waits
from patterns.grading.checks.fetch.place import PARTITIONS, Fetch, Place, exercise

STEPS = 80


@exercise.check("load", points=2, idea="one-event-ends-one-wait")
def load(answer: Answer) -> None:
    """Over a long random history each fetch is answered in its moment, with what there is then."""
    random, place = answer.random, Place(answer)
    waiting: list[Fetch] = []

    def ended(fetch: Fetch, when: float, why: str) -> None:
        at = fetch.running.at
        got = "it waits" if at is None else f"at {at} s"
        expect.true(at == when, f"{fetch}, begun at {fetch.begun} s. {why}", expected=f"an answer at {when} s", got=got)
        expect(fetch.answered(), place.log.all(fetch.partitions), f"{fetch}. {why}")

    for _ in range(STEPS):
        if random.random() < 0.5:
            names = random.sample(PARTITIONS, random.randint(1, 3))
            offset = random.choice([len(place.log.pieces[name]) for name in names])
            fetch = place.fetch(
                *names, min_bytes=random.randint(1, 60), max_wait_ms=125 * random.randint(1, 24), offset=offset
            )
            waiting.append(fetch)
            why = "There was enough already."
        else:
            partition = random.choice(PARTITIONS)
            place.append(partition, random.randint(1, 20))
            why = f"An append to {partition} made it enough."
        for fetch in list(waiting):
            if sum(map(len, place.log.all(fetch.partitions).values())) >= fetch.min_bytes:
                ended(fetch, answer.now, why)
                waiting.remove(fetch)
        until = answer.now + random.randint(1, 3) / 16 if random.random() < 0.7 else answer.now
        for fetch in sorted(waiting, key=lambda each: each.deadline):
            if fetch.deadline <= until:
                answer.until(fetch.deadline)
                ended(fetch, fetch.deadline, "Its time was over.")
                waiting.remove(fetch)
        answer.until(until)
    for fetch in waiting:
        waits(fetch, "There is not enough, and its time is not over.")

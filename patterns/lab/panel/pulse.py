"""How long the loop was blocked: a heartbeat that notices when it is late."""

import asyncio
import time

BEAT_S = 0.02


class Pulse:
    """Asks to be woken every 20 ms and notes by how much the loop was late, in real seconds."""

    def __init__(self) -> None:
        self.blocked_s = 0.0

    async def beat(self) -> None:
        """Runs until cancelled; `blocked_s` is the worst lateness since it began."""
        self.blocked_s = 0.0
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(BEAT_S)
            self.blocked_s = max(self.blocked_s, time.perf_counter() - asked - BEAT_S)

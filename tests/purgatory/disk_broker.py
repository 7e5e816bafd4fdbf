"""A broker in a process of its own: `disk_broker.py FOLDER PORT HANDLERS` prints the port, and serves.

HANDLERS are "tasks" or "threads". It serves until it is killed.
"""

from __future__ import annotations

import asyncio
import sys

from patterns.purgatory import serve
from patterns.wait.log import Log


async def main(folder: str, port: int, handlers: str) -> None:
    async with await serve(Log(), port=port, folder=folder, threads=handlers == "threads") as broker:
        print(broker.address.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))

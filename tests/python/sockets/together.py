"""An event loop that waits for a socket and for a worker."""

import asyncio
import sys
import time

from cloison import futures


def work(number):
    """Take a moment, in which the loop waits; that it does so cannot be seen from here, and the order is the same without."""
    time.sleep(0.1)
    return number


async def main_coroutine():
    """Have each come while the other is waited for, too."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    loop = asyncio.get_running_loop()
    with futures.Executor(1) as pool:
        reading = asyncio.create_task(reader.read(100))
        print("worker", await loop.run_in_executor(pool, work, 42))
        working = loop.run_in_executor(pool, work, 43)
        writer.write(b"late")
        print("socket", await reading)
        await working
    writer.close()
    await writer.wait_closed()
    print("both")


def main():
    """Run it."""
    asyncio.run(main_coroutine())

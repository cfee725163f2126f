"""An event loop that waits for an executor's results: beside tasks, without any timer, and when a worker is killed."""

import asyncio

from cloison import self
from cloison.futures import BrokenWorker, Executor


def square(x):
    return x * x


def fails():
    raise ValueError("inside")


def ends():
    self(control=True).kill()


async def beside_tasks(executor):
    loop = asyncio.get_running_loop()
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    print(await asyncio.gather(*(loop.run_in_executor(executor, square, x) for x in range(20))))
    while ticks < 3:
        await asyncio.sleep(0.001)
    ticking.cancel()


async def failures(executor):
    for function in (fails, ends):
        try:
            await asyncio.wrap_future(executor.submit(function))
        except (ValueError, BrokenWorker) as error:
            print(type(error).__name__, str(error).split(":")[-1].strip())


async def main():
    with Executor(2) as executor:
        print(await asyncio.wrap_future(executor.submit(square, 5)))
        await beside_tasks(executor)
        await failures(executor)
        print(await asyncio.wait_for(asyncio.wrap_future(executor.submit(square, 6)), 20))
    try:
        await asyncio.get_running_loop().create_future()
    except RuntimeError as error:
        print(error)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except RuntimeError as error:
        print(str(error).split(":")[0])

"""The Savina micro benchmarks as tasks of one event loop. Prints the nanoseconds that the work has taken."""

import asyncio
import sys
import time
from asyncio import Queue


async def ping_pong(count):
    there, back = Queue(), Queue()

    async def echo():
        while True:
            await back.put(await there.get())

    task = asyncio.create_task(echo())
    start = time.perf_counter_ns()
    for number in range(count):
        await there.put(number)
        await back.get()
    elapsed = time.perf_counter_ns() - start
    task.cancel()
    return elapsed


async def counter(queue, done):
    total = 0
    while (message := await queue.get()) is not None:
        total += message
    await done.put(total)


async def counting(count):
    return await throughput(count, 1)


async def fork_join_throughput(count):
    return await throughput(count, 10)


async def throughput(count, tasks):
    queues, done = [Queue(1000) for _ in range(tasks)], Queue()
    running = [asyncio.create_task(counter(queue, done)) for queue in queues]
    start = time.perf_counter_ns()
    for _ in range(count):
        for queue in queues:
            await queue.put(1)
    for queue in queues:
        await queue.put(None)
    for _ in queues:
        assert await done.get() == count
    elapsed = time.perf_counter_ns() - start
    await asyncio.gather(*running)
    return elapsed


async def fork_join_create(count):
    done = Queue()

    async def child(number):
        await done.put(number)

    start = time.perf_counter_ns()
    tasks = [asyncio.create_task(child(number)) for number in range(count)]
    for _ in range(count):
        await done.get()
    elapsed = time.perf_counter_ns() - start
    await asyncio.gather(*tasks)
    return elapsed


async def thread_ring(count):
    queues, done = [Queue() for _ in range(20)], Queue()

    async def link(mine, following):
        while True:
            left = await mine.get()
            await (done.put(0) if left == 0 else following.put(left - 1))

    tasks = [asyncio.create_task(link(*pair)) for pair in zip(queues, queues[1:] + queues[:1])]
    start = time.perf_counter_ns()
    await queues[0].put(count)
    await done.get()
    elapsed = time.perf_counter_ns() - start
    for task in tasks:
        task.cancel()
    return elapsed


async def chameneos(count):
    mall, done = Queue(), Queue()

    async def creature():
        mine = Queue()
        while True:
            await mall.put(mine)
            await mine.get()

    async def meetings():
        for _ in range(count):
            one, other = await mall.get(), await mall.get()
            await one.put(1)
            await other.put(1)
        await done.put(1)

    start = time.perf_counter_ns()
    tasks = [asyncio.create_task(creature()) for _ in range(10)] + [asyncio.create_task(meetings())]
    await done.get()
    elapsed = time.perf_counter_ns() - start
    for task in tasks:
        task.cancel()
    return elapsed


async def big(count):
    queues, done = [Queue() for _ in range(10)], Queue()

    async def neighbour(me):
        others = [queue for queue in queues if queue is not me]
        answered = 0
        await others[0].put((me, "ping"))
        while True:
            sender, what = await me.get()
            if what == "ping":
                await sender.put((me, "pong"))
            elif (answered := answered + 1) == count:
                await done.put(1)
            else:
                await others[answered % len(others)].put((me, "ping"))

    start = time.perf_counter_ns()
    tasks = [asyncio.create_task(neighbour(queue)) for queue in queues]
    for _ in queues:
        await done.get()
    elapsed = time.perf_counter_ns() - start
    for task in tasks:
        task.cancel()
    return elapsed


print(asyncio.run(globals()[sys.argv[1]](int(sys.argv[2]))))

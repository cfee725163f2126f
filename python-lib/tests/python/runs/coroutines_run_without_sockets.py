import asyncio
async def child(q, n):
    await asyncio.sleep(0.01 * n)
    await q.put(n)
async def main():
    q = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        for n in (2, 1): group.create_task(child(q, n))
    try:
        async with asyncio.timeout(0.01): await asyncio.sleep(5)
    except TimeoutError: print('late')
    return q.get_nowait(), q.get_nowait()
print(asyncio.run(main()))
try:
    import socket; socket.socket()
except OSError: print('no socket')

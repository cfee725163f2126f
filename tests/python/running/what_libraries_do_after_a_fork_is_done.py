import asyncio
import signal


def main():
    print(signal.set_wakeup_fd(-1), asyncio.run(asyncio.sleep(0, 'fine')))

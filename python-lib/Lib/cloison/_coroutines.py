"""`asyncio` without sockets: tasks, queues, timeouts and sleeping work, waiting for descriptors is refused.

Its event loop is one whose only way of waiting is to sleep until the next timer.
"""

import sys

from cloison import _native, _needs

_DESCRIPTORS = (
    "add_reader add_writer remove_reader remove_writer sock_accept sock_connect sock_recv sock_recv_into sock_recvfrom "
    "sock_recvfrom_into sock_sendall sock_sendfile sock_sendto create_server create_unix_connection create_unix_server"
).split()
_PROGRAMS = "connect_read_pipe connect_write_pipe subprocess_exec subprocess_shell".split()


class _Timer:
    """What stands where other event loops have a selector."""

    @staticmethod
    def select(timeout):
        """Wait for the next timer, or for what an executor's workers have to say."""
        claims = sys.modules.get("cloison._claims")
        if claims is not None and claims.are_awaited():
            claims.pump(timeout)
            return ()
        if timeout is None:
            raise RuntimeError("this would wait for ever: no task can run, no timer is set, and there is no other event")
        if timeout > 0:
            import time

            time.sleep(timeout)
        return ()


def _event_loop(base_events):
    class EventLoop(base_events.BaseEventLoop):
        """An event loop of tasks and timers."""

        def __init__(self):
            super().__init__()
            self._selector = _Timer()

        def _process_events(self, event_list):
            pass

        def _write_to_self(self):
            pass

        def run_in_executor(self, executor, func, *args):
            """Have an executor call a function. A result that is there at once is told in the loop's next round, as elsewhere."""
            future = super().run_in_executor(executor, func, *args)
            if not future.done():
                return future
            later = self.create_future()
            base_events.futures._chain_future(future, later)
            return later

    for need, names in (_needs.NETWORK, _DESCRIPTORS), (_needs.PROCESSES, _PROGRAMS):
        for name in names:
            setattr(EventLoop, name, _native.refusing_method("asyncio", "EventLoop", name, need))
    return EventLoop


def in_asyncio(asyncio):
    """Have `asyncio` use our event loop."""
    loop = _event_loop(asyncio.base_events)
    asyncio.unix_events._DefaultEventLoopPolicy._loop_factory = loop
    asyncio.EventLoop = asyncio.SelectorEventLoop = asyncio.unix_events.EventLoop = loop

"""What programs do with Redis by redis-py: lines that are the same in a microprocess and on CPython."""

import asyncio
import pathlib
import sys
import time

import redis
import redis.asyncio

HERE = pathlib.Path(__file__).parent


def attempt(what, function):
    """Print what an attempt says: a value, or the kind of its error."""
    try:
        print(what, function())
    except redis.RedisError as error:
        print(what, type(error).__name__)


def values(db):
    db.flushall()
    print(db.set("name", "Zürich 東京 🐍"), db.get("name"), db.get("nothing"), db.set("name", "x", nx=True))
    db.set("bytes", bytes(range(256)))
    print(db.get("bytes") == bytes(range(256)), db.incrby("n", 41), db.incr("n"), db.incrbyfloat("f", 1.5))
    print(db.hset("h", mapping={"a": 1, "ü": "zwei"}), sorted(db.hgetall("h").items()), db.rpush("l", *range(5)), db.lrange("l", 1, -2))
    print(db.zadd("z", {"one": 1, "two": 2.5}), db.zrange("z", 0, -1, withscores=True), db.sadd("s", 1, 2), sorted(db.smembers("s")))
    print(db.expire("n", 100), 0 < db.ttl("n") <= 100, db.exists("n", "nothing"), db.type("z"), db.delete("n", "nothing"))
    print("stream", len(db.xadd("events", {"k": "v"})) > 0, [fields for _, fields in db.xrange("events")])
    db.set("large", b"b" * 5000000)
    print("large", len(db.get("large")))
    attempt("wrong kind", lambda: db.lpush("name", 1))
    attempt("no command", lambda: db.execute_command("NOTHING"))
    attempt("after errors", db.ping)


def pipelines(db):
    with db.pipeline(transaction=False) as pipe:
        for n in range(20000):
            pipe.set(f"key:{n}", n)
        print("pipeline", sum(pipe.execute()))
    print("scan", sum(int(key.split(b":")[1]) for key in db.scan_iter("key:*", count=1000)), db.mget("key:1", "key:19999", "none"))
    with db.pipeline() as pipe:
        pipe.watch("key:1")
        value = int(pipe.get("key:1"))
        pipe.multi()
        pipe.set("key:1", value + 10)
        pipe.get("key:1")
        print("transaction", pipe.execute())
        pipe.watch("key:1")
        db.set("key:1", "changed")
        pipe.multi()
        pipe.set("key:1", "lost")
        attempt("watched", pipe.execute)
    with db.pipeline() as pipe:
        print("errors inside", [type(one).__name__ for one in pipe.set("a", 1).lpush("a", 1).get("a").execute(raise_on_error=False)])


def scripts(db):
    add = db.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    print("Lua", add(keys=["sum"], args=[5]), add(keys=["sum"], args=[6]), db.eval("return {1, 'zwei', {3, false}}", 0))
    attempt("Lua error", lambda: db.eval("return redis.error_reply('MY word')", 0))
    with db.lock("lock", timeout=5):
        print("lock", db.lock("lock").acquire(blocking=False))
    print("unlocked", db.lock("lock", timeout=5).acquire(blocking=False))


def messages(db):
    with db.pubsub() as listener:
        listener.subscribe("news")
        listener.psubscribe("x.*")
        print([listener.get_message(timeout=5)["type"] for _ in range(2)])
        print("told", db.publish("news", "hällo"), db.publish("x.y", b"\x00"))
        print([(one["type"], one["channel"], one["data"]) for one in (listener.get_message(timeout=5) for _ in range(2))])
        print("nothing more", listener.get_message(timeout=0.1))
    print("popped", db.blpop("l", timeout=1), db.blpop("empty", timeout=0.2))


def troubles(connect):
    slow = connect(socket_timeout=0.5, retry=None)
    began = time.monotonic()
    attempt("timeout", lambda: slow.execute_command("DEBUG", "SLEEP", 2))
    print("in time", 0.3 < time.monotonic() - began < 10)
    time.sleep(2)
    db = connect()
    cut = connect(single_connection_client=True, retry=None)
    cut.ping()
    db.client_kill_filter(_id=cut.client_id())
    attempt("cut", cut.ping)
    attempt("again", cut.ping)
    attempt("wrong password", connect(password="wrong").ping)
    attempt("no password", connect(password=None).ping)


async def asynchronous(port, password):
    db = redis.asyncio.Redis(host="127.0.0.1", port=port, password=password, decode_responses=True)
    await db.flushall()
    await asyncio.gather(*(db.set(f"k{n}", n) for n in range(50)))
    print("gathered", sum(map(int, await asyncio.gather(*(db.get(f"k{n}") for n in range(50))))))
    async with db.pipeline(transaction=True) as pipe:
        print("pipeline", await pipe.set("a", 1).incr("a").get("a").execute())
    print("scan", len([key async for key in db.scan_iter("k*")]))

    async def listen(ready):
        async with db.pubsub() as listener:
            await listener.subscribe("news")
            ready.set()
            heard = []
            async for message in listener.listen():
                heard.append((message["type"], message["data"]))
                if message["data"] == "end":
                    return heard

    ready = asyncio.Event()
    listening = asyncio.create_task(listen(ready))
    await ready.wait()
    for word in ("eins", "zwei", "end"):
        await db.publish("news", word)
    print("heard", await asyncio.wait_for(listening, 10))
    waiting = asyncio.create_task(db.blpop("queue", timeout=5))
    await asyncio.sleep(0.05)
    await db.rpush("queue", "done")
    print("woken", await waiting)
    try:
        await asyncio.wait_for(db.blpop("queue", timeout=5), 0.2)
    except asyncio.TimeoutError:
        print("cancelled")
    print("still", await db.get("a"))
    await db.aclose()
    secure = redis.asyncio.Redis(host="127.0.0.1", port=int(sys.argv[2]), password=password, ssl=True, ssl_ca_certs=str(HERE / "ca.pem"))
    print("asynchronous TLS", await secure.ping())
    await secure.aclose()


def main():
    _, port, tls_port, password = sys.argv

    def connect(**more):
        return redis.Redis(**{"host": "127.0.0.1", "port": int(port), "password": password, **more})

    with connect() as db:
        values(db)
        pipelines(db)
        scripts(db)
        messages(db)
        with connect(protocol=2, decode_responses=True) as old:
            print("protocol 2", old.hgetall("h")["ü"], old.get("name"))
    troubles(connect)
    for name in ("ca.pem", "other.pem"):
        attempt(f"TLS by {name}", connect(port=int(tls_port), ssl=True, ssl_ca_certs=str(HERE / name)).ping)
    asyncio.run(asynchronous(int(port), password))


if __name__ == "__main__":
    main()

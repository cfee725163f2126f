"""All that time and chance have a part in."""

import datetime
import os
import random
import secrets
import sys
import tempfile
import time
import uuid
from datetime import datetime as moment
from time import time as taken_by_its_name

import cloison

AT_IMPORT = (random.random(), uuid.uuid4().hex, taken_by_its_name())


class Stamp:
    clock = time.time


class Mine(datetime.datetime):
    pass


def chance():
    generator = random.Random()
    return [
        random.random(), generator.random(), os.urandom(4).hex(), secrets.token_hex(4), uuid.uuid4().hex,
        random.SystemRandom().randrange(10**6), next(tempfile._get_candidate_names()), list({"a", "b", "c", "d", "e"}),
    ]


def clocks():
    return [
        int(time.time()), time.time_ns() // 10**9, int(taken_by_its_name()), int(Stamp().clock()),
        time.gmtime()[:6], time.localtime()[:6], time.ctime(), time.asctime(), time.strftime("%Y-%m-%d %H:%M:%S"),
        int(time.clock_gettime(time.CLOCK_REALTIME)), str(moment.now()), str(datetime.datetime.now(datetime.timezone.utc)),
        str(moment.utcnow()), str(datetime.date.today()), str(moment.today()), type(Mine.now()).__name__, str(Mine.now()),
        type(datetime.date.today()).__name__,
    ]


def child(to, what):
    to.send((AT_IMPORT, globals()[what]()))


def of_child(what):
    cloison.spawn(child, cloison.self(), what.__name__)
    return cloison.receive(timeout=300)


if __name__ == "__main__":
    if sys.argv[1] == "chance":
        print(AT_IMPORT[:2], chance(), of_child(chance)[0][:2], of_child(chance)[1], of_child(chance)[1])
    elif sys.argv[1] == "clocks":
        print(AT_IMPORT[2:], clocks())
        print(of_child(clocks)[0][2:], of_child(clocks)[1])
    else:
        before, real = time.time(), time.monotonic()
        time.sleep(0.2)
        print((time.time() - before) / (time.monotonic() - real))

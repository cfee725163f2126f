"""Tries every expression of `sys.argv` and prints what becomes of it."""

import struct
import sys

import cloison

net = cloison.capability("net")


def endpoint(host, port):
    return struct.pack("=HHII4s12x", 2, port, 0, 0, bytes(map(int, host.split("."))))


def connect(host, port):
    net.connect(net.socket(2), endpoint(host, port))


def bind(host, port):
    net.bind(net.socket(2), endpoint(host, port))


for expression in sys.argv[1:]:
    try:
        print("ok", repr(eval(expression)))
    except Exception as error:
        print(type(error).__name__, error.errno if isinstance(error, OSError) else "", error, sep=" | ")

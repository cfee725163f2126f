"""What ordinary programs do with sockets. The lines that it prints are the same on CPython.

    ordinary.py ECHO TLS SILENT RESET HTTP HTTPS AUTHORITY
"""

import asyncio
import errno
import http.client
import os
import select
import selectors
import socket
import ssl
import struct
import sys
import urllib.error
import urllib.request

HERE = "127.0.0.1"


def say(*what):
    """Print a line."""
    print(*what, flush=True)


def error_of(function, *args, **keywords):
    """Return the class and the number of what a call raises."""
    try:
        return "no error", function(*args, **keywords)
    except Exception as error:
        return type(error).__name__, getattr(error, "errno", None), str(error)


def connections(echo, silent, reset):
    """Connect, send, receive, end."""
    with socket.create_connection((HERE, echo)) as s:
        say(s.family, s.type, s.proto, s.getpeername() == (HERE, echo), s.getsockname()[0], s.gettimeout(), s.getblocking())
        s.sendall(b"hello")
        say(s.recv(3), s.recv(100))
        say(s.send(b"abc"), s.recv(1, socket.MSG_PEEK), s.recv(3, socket.MSG_WAITALL))
        s.sendall(memoryview(b"abcdef")[1:4])
        buffer = bytearray(8)
        say(s.recv_into(buffer, 8), bytes(buffer))
        s.sendmsg([b"one ", b"two"])
        say(s.recvmsg(100))
        s.sendall(b"from")
        say(s.recvfrom(10))
        s.sendall(b"into")
        say(s.recvmsg_into([bytearray(2), bytearray(6)]))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        say(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
        say(s.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        say(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        with s.makefile("rw", encoding="utf-8", newline="\n") as f:
            f.write("first\nsecond\n")
            f.flush()
            say(f.readline(), f.readline())
        big = bytes(range(97, 123)) * 100_000
        sent = 0
        received = bytearray()
        s.setblocking(False)
        while len(received) < len(big):
            readable, writable, _ = select.select([s], [s] if sent < len(big) else [], [], 10)
            if writable:
                sent += s.send(big[sent:])
            if readable:
                received += s.recv(1 << 20)
        say(len(received), bytes(received) == big.upper())
        s.setblocking(True)
        s.shutdown(socket.SHUT_WR)
        say(s.recv(10), s.recv(10))
        say(error_of(s.send, b"x")[:2])
    say(s.fileno(), error_of(s.recv, 1), repr(s).startswith("<socket.socket [closed] fd=-1, family="))
    with socket.create_connection((HERE, reset)) as s:
        s.sendall(b"x")
        say(error_of(s.recv, 1))
    with socket.socket() as s:
        s.settimeout(5)
        say(s.connect((HERE, echo)), error_of(s.connect, (HERE, echo))[:2], s.connect_ex((HERE, echo)) == errno.EISCONN)
    with socket.socket() as s:
        s.bind((HERE, 0))
        say(error_of(socket.create_connection, s.getsockname()))
        with socket.socket() as other:
            say(other.connect_ex(s.getsockname()) == errno.ECONNREFUSED)
    with socket.socket() as s:
        s.setblocking(False)
        result = s.connect_ex((HERE, echo))
        say(result in (0, errno.EINPROGRESS), select.select([], [s], [], 10)[1] == [s], s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        s.send(b"later")
        say(select.select([s], [], [], 10)[0] == [s], s.recv(9))
    with socket.create_connection((HERE, silent), timeout=0.05) as s:
        say(s.gettimeout(), error_of(s.recv, 1), isinstance(TimeoutError(), socket.timeout))
        s.setblocking(False)
        say(error_of(s.recv, 1), s.getblocking(), s.gettimeout())
        say(error_of(s.settimeout, -1), error_of(s.settimeout, "x")[0], error_of(s.recv, -1)[0])
        number = s.detach()
        say(s.fileno(), error_of(s.send, b"x")[0])
        again = socket.socket(fileno=number)
        say(again.family, again.type, again.fileno() == number)
        again.close()
    say(error_of(socket.socket, 99)[:2], error_of(socket.create_connection, ("", "x"))[0], error_of(socket.socket, fileno=-1)[0])
    s = socket.create_connection((HERE, echo))
    number = s.fileno()
    os.write(number, b"by number")
    say(os.read(number, 100), os.get_blocking(number), os.isatty(number), error_of(os.lseek, number, 0, 0)[1])
    duplicate = s.dup()
    s.close()
    duplicate.sendall(b"duplicate")
    say(duplicate.recv(100))
    duplicate.close()


def services():
    """Look up what services and protocols are called."""
    say(socket.getaddrinfo(HERE, "http", 0, socket.SOCK_STREAM))
    say(socket.getservbyname("https"), socket.getservbyname("http", "tcp"), socket.getservbyport(443), socket.getprotobyname("tcp"))


def names():
    """Look up what needs nobody to be asked."""
    one = socket.getaddrinfo(HERE, 80, type=socket.SOCK_STREAM)
    say(one)
    say(socket.getaddrinfo("::1", 443, 0, 0, socket.IPPROTO_TCP))
    say(socket.getaddrinfo(None, 8080, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_PASSIVE))
    say(error_of(socket.getaddrinfo, None, None), error_of(socket.getaddrinfo, "x.invalid", 1, 0, 0, 0, socket.AI_NUMERICHOST))
    say(error_of(socket.getaddrinfo, HERE, "no such service", 0, socket.SOCK_STREAM))
    say(socket.getnameinfo((HERE, 443), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV), socket.gethostbyname(HERE))
    say(socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM))
    say(socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "2001:db8::1")), socket.has_ipv6)


def waiting(echo, silent):
    """Wait for several at once."""
    a, b = socket.socketpair()
    say(a.family, a.getsockname(), b.getpeername(), select.select([a, b], [], [], 0), a in select.select([], [a], [], 0)[1])
    b.send(b"x")
    say(select.select([a, b], [], [], 1)[0] == [a], a.recv(1))
    poll = select.poll()
    poll.register(a, select.POLLIN)
    say(poll.poll(0), poll.poll(20))
    b.sendall(b"yz")
    say(poll.poll() == [(a.fileno(), select.POLLIN)], error_of(poll.modify, b, 1)[:2])
    poll.unregister(a)
    say(error_of(poll.unregister, a)[0])
    with select.epoll() as epoll:
        epoll.register(a, select.EPOLLIN | select.EPOLLET)
        say(epoll.poll(1) == [(a.fileno(), select.EPOLLIN)], epoll.poll(0), error_of(epoll.register, a)[:2])
        epoll.modify(a, select.EPOLLIN | select.EPOLLOUT)
        say(epoll.poll(1) == [(a.fileno(), select.EPOLLIN | select.EPOLLOUT)], a.recv(9))
        epoll.modify(a, select.EPOLLIN | select.EPOLLONESHOT)
        b.send(b"1")
        say(len(epoll.poll(1)), epoll.poll(0))
        epoll.unregister(a)
    say(error_of(epoll.poll, 0)[0])
    b.close()
    say(a.recv(5), a.recv(5))
    with selectors.DefaultSelector() as selector, socket.create_connection((HERE, echo)) as one, socket.create_connection((HERE, silent)) as two:
        selector.register(one, selectors.EVENT_READ, "one")
        selector.register(two, selectors.EVENT_READ | selectors.EVENT_WRITE, "two")
        say([(key.data, events) for key, events in selector.select(1)])
        selector.modify(two, selectors.EVENT_READ, "two")
        say(selector.select(0.02))
        one.sendall(b"x")
        say([(key.data, events) for key, events in selector.select(10)])
        selector.unregister(two)
    a.close()


def listening():
    """Serve and connect in one process, without waiting in either."""
    with socket.create_server((HERE, 0)) as server, selectors.DefaultSelector() as selector:
        server.setblocking(False)
        selector.register(server, selectors.EVENT_READ)
        say(error_of(server.accept), server.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
        clients = [socket.create_connection(server.getsockname()) for _ in range(3)]
        served = 0
        while served < 3:
            for key, _ in selector.select(10):
                if key.fileobj is server:
                    connection, peer = server.accept()
                    say(peer[0], connection.getpeername() == peer, connection.gettimeout())
                    selector.register(connection, selectors.EVENT_READ)
                    clients[served].sendall(b"client %d" % served)
                    served += 1
        seen = []
        while len(seen) < 3:
            for key, _ in selector.select(10):
                if key.fileobj is not server and (data := key.fileobj.recv(100)):
                    seen.append(data)
                    key.fileobj.sendall(data[::-1])
        say(sorted(seen), sorted(client.recv(100) for client in clients))
        for key in list(selector.get_map().values()):
            selector.unregister(key.fileobj)
            if key.fileobj is not server:
                key.fileobj.close()
        say({client.recv(1) for client in clients})
        for client in clients:
            client.close()


def by_tls(tls, echo, authority):
    """The same by TLS."""
    context = ssl.create_default_context(cafile=authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((HERE, tls)) as plain, context.wrap_socket(plain, server_hostname="localhost") as s:
        say(s.version(), s.cipher()[1], s.selected_alpn_protocol(), s.server_side, s.server_hostname)
        certificate = s.getpeercert()
        say(certificate["subject"], certificate["issuer"], certificate["subjectAltName"], certificate["version"])
        say(sorted(certificate), ssl.DER_cert_to_PEM_cert(s.getpeercert(True))[:27])
        s.sendall(b"hello")
        say(s.recv(3), s.pending(), s.recv(10))
        with s.makefile("rwb") as f:
            f.write(b"x" * 300_000 + b"\n")
            f.flush()
            say(len(f.readline()))
        s.settimeout(0.05)
        say(error_of(s.recv, 1))
        s.setblocking(False)
        say(error_of(s.recv, 1)[:2])
    name = "wrong.example"
    with socket.create_connection((HERE, tls)) as plain:
        said = error_of(context.wrap_socket, plain, server_hostname=name)
        say(said[:2], name in said[2])
    with socket.create_connection((HERE, tls)) as plain:
        try:
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
        except ssl.SSLCertVerificationError as error:
            say(error.reason, error.verify_code, error.verify_message, isinstance(error, ValueError))
    with socket.create_connection((HERE, echo)) as plain:
        say(error_of(context.wrap_socket, plain, server_hostname="localhost")[:2])
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    with socket.create_connection((HERE, tls)) as plain, unverified.wrap_socket(plain) as s:
        s.sendall(b"who")
        say(s.getpeercert(), s.recv(10), s.get_channel_binding.__name__)
    old = ssl.create_default_context(cafile=authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((HERE, tls)) as plain, old.wrap_socket(plain, server_hostname=HERE) as s:
        say(s.version(), s.cipher()[1])


def memory(authority, certificate):
    """Make TLS between two pieces of memory."""
    client, server = ssl.create_default_context(cafile=authority), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    c = client.wrap_bio(down, up, server_hostname="localhost")
    s = server.wrap_bio(up, down, server_side=True)
    say(error_of(c.do_handshake)[:2], up.pending > 0, c.version())
    for _ in range(3):
        for side in (s, c):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
    say(c.version(), s.version(), c.getpeercert()["subject"][-1], s.getpeercert())
    say(c.write(b"up"), s.read(10), error_of(s.read, 10)[:2], s.write(b"down"), c.read(2), c.read(9))
    say(error_of(c.unwrap)[:2], s.read(10))
    say(error_of(s.unwrap), error_of(c.unwrap))


def by_http(port, secure, authority):
    """Ask web servers."""
    for connection in (
        http.client.HTTPConnection(HERE, port),
        http.client.HTTPSConnection("localhost", secure, context=ssl.create_default_context(cafile=authority)),
    ):
        connection.request("GET", "/one?x=1")
        answer = connection.getresponse()
        say(answer.status, answer.read(), answer.getheader("Content-Type"))
        connection.request("POST", "/two", body=b"body")
        say(connection.getresponse().read())
        connection.close()
    with urllib.request.urlopen(f"http://{HERE}:{port}/moved") as answer:
        say(answer.status, answer.read(), answer.geturl().endswith("/there"))
    with urllib.request.urlopen(f"http://{HERE}:{port}/large") as answer:
        say(len(answer.read()))
    try:
        urllib.request.urlopen(f"http://{HERE}:{port}/missing")
    except urllib.error.HTTPError as error:
        say(error.code, error.read())
        error.close()
    context = ssl.create_default_context(cafile=authority)
    with urllib.request.urlopen(f"https://localhost:{secure}/", data=b"form", context=context) as answer:
        say(answer.read())
    try:
        urllib.request.urlopen(f"https://localhost:{secure}/")
    except urllib.error.URLError as error:
        say(type(error.reason).__name__, error.reason.verify_code)


async def coroutines(echo, tls, silent, authority, certificate):
    """Streams, protocols, servers, TLS and timeouts of an event loop."""
    context = ssl.create_default_context(cafile=authority)
    for port, options in ((echo, {}), (tls, {"ssl": context, "server_hostname": "localhost"})):
        reader, writer = await asyncio.open_connection(HERE, port, **options)
        writer.write(b"line\n")
        await writer.drain()
        say(await reader.readline(), writer.get_extra_info("peername") == (HERE, port))
        big = b"q" * 3_000_000
        writer.write(big)
        say(len(await reader.readexactly(len(big))))
        writer.close()
        await writer.wait_closed()

    async def serve(reader, writer):
        while data := await reader.read(65536):
            writer.write(data[::-1])
            await writer.drain()
        writer.close()

    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(certificate)
    for options in ({}, {"ssl": secure}):
        async with await asyncio.start_server(serve, HERE, 0, **options) as server:
            port = server.sockets[0].getsockname()[1]
            mine = {"ssl": context, "server_hostname": "localhost"} if options else {}

            async def ask(number):
                reader, writer = await asyncio.open_connection(HERE, port, **mine)
                writer.write(b"client %d" % number)
                answer = await reader.read(100)
                writer.close()
                await writer.wait_closed()
                return answer

            say(sorted(await asyncio.gather(*map(ask, range(5)))))
    reader, writer = await asyncio.open_connection(HERE, silent)
    try:
        async with asyncio.timeout(0.05):
            await reader.read(1)
    except TimeoutError as error:
        say(type(error).__name__)
    writer.close()
    loop = asyncio.get_running_loop()
    with socket.socket() as s:
        s.setblocking(False)
        await loop.sock_connect(s, (HERE, echo))
        await loop.sock_sendall(s, b"by the loop")
        say(await loop.sock_recv(s, 100))
        future = loop.create_future()
        loop.add_reader(s, lambda: future.done() or future.set_result(s.recv(100)))
        s.send(b"reader")
        say(await future, loop.remove_reader(s), loop.remove_reader(s))
    reader, writer = await asyncio.open_connection(HERE, tls, ssl=context, server_hostname="localhost")
    say(writer.get_extra_info("ssl_object").version(), len(writer.get_extra_info("peercert")["subject"]))
    writer.close()
    try:
        await asyncio.open_connection(HERE, tls, ssl=True, server_hostname="localhost")
    except ssl.SSLCertVerificationError as error:
        say(error.verify_code)
    a, b = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=a)
    b.sendall(b"a pair")
    b.close()
    say(await reader.read())
    writer.close()


def main():
    """Do all of it."""
    echo, tls, silent, reset, port, secure = map(int, sys.argv[1:7])
    authority, certificate, *more = sys.argv[7:]
    connections(echo, silent, reset)
    names()
    if "services" in more:
        services()
    waiting(echo, silent)
    listening()
    by_tls(tls, echo, authority)
    memory(authority, certificate)
    by_http(port, secure, authority)
    asyncio.run(coroutines(echo, tls, silent, authority, certificate))



if __name__ == "__main__":
    main()

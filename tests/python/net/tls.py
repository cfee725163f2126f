"""Both ends of TLS in one program, with certificates that the test has made; errors with their words."""

import sys

import cloison

net = cloison.capability("net")
chain, key, root = (text.encode() for text in sys.argv[1:])


def pair(name, roots):
    server = net.tls_context(1, b"", chain, key, b"\x02h2", verify=0)
    client = net.tls_context(0, roots, b"", b"", b"\x02h2", machine_roots=0)
    return net.tls(client, name), net.tls(server, b"")


def shake(client, server):
    for _ in range(4):
        net.tls_feed(server, net.tls_drain(client))
        net.tls_feed(client, net.tls_drain(server))


client, server = pair(b"localhost", root)
shake(client, server)
net.tls_write(client, b"hello")
net.tls_feed(server, net.tls_drain(client))
print(net.tls_read(server, 100), net.tls_alpn(client), hex(net.tls_version(client)), net.tls_cipher(client))
client, server = pair(b"other.example", root)
try:
    shake(client, server)
except OSError as error:
    print(error.errno, error.strerror, net.tls_verify_error(client))
try:
    net.tls_context(0, b"nonsense", b"", b"", b"")
except OSError as error:
    print(error.errno, error.strerror)

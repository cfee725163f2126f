"""Connections by TLS, which the service makes: over a socket of its own, or from memory to memory.

What a connection over an `http` capability says stays plain up to the service, which makes TLS with the real server: it is told so.
"""

import errno as _errno
import weakref

from cloison import _needs, _net, _x509

SSL, WANT_READ, WANT_WRITE, SYSCALL, ZERO_RETURN, EOF = 1, 2, 3, 5, 6, 8
#: What `tls_status` is a sum of.
_HANDSHAKE, _RECEIVES, _SENDS, _FAREWELL, _READABLE = 1, 2, 4, 8, 16
_VERSIONS = {0x303: "TLSv1.2", 0x304: "TLSv1.3"}
#: What there is to choose from: OpenSSL's number and name, the protocol, bits, and what encrypts.
CIPHERS = (
    (0x03001302, "TLS_AES_256_GCM_SHA384", "TLSv1.3", 256, "aes-256-gcm"),
    (0x03001303, "TLS_CHACHA20_POLY1305_SHA256", "TLSv1.3", 256, "chacha20-poly1305"),
    (0x03001301, "TLS_AES_128_GCM_SHA256", "TLSv1.3", 128, "aes-128-gcm"),
    (0x0300C02C, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2", 256, "aes-256-gcm"),
    (0x0300C02B, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2", 128, "aes-128-gcm"),
    (0x0300CCA9, "ECDHE-ECDSA-CHACHA20-POLY1305", "TLSv1.2", 256, "chacha20-poly1305"),
    (0x0300C030, "ECDHE-RSA-AES256-GCM-SHA384", "TLSv1.2", 256, "aes-256-gcm"),
    (0x0300C02F, "ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2", 128, "aes-128-gcm"),
    (0x0300CCA8, "ECDHE-RSA-CHACHA20-POLY1305", "TLSv1.2", 256, "chacha20-poly1305"),
)
#: Why a certificate was not taken, in OpenSSL's words.
_REASONS = {
    9: "certificate is not yet valid",
    10: "certificate has expired",
    18: "self-signed certificate",
    19: "self-signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    23: "certificate revoked",
    26: "unsuitable certificate purpose",
    62: "Hostname mismatch, certificate is not valid for '{name}'.",
    64: "IP address mismatch, certificate is not valid for '{name}'.",
    79: "invalid CA certificate",
}
#: How `_ssl` shows a certificate of a chain; it says so itself.
certificate = bytes


class SSLError(OSError):
    """Something that went wrong with TLS."""

    __module__ = "ssl"
    library = reason = None

    def __str__(self):
        """Return the text alone, if there is one."""
        return self.strerror if isinstance(self.strerror, str) else str(self.args)


def _error(name, doc, *bases):
    return type(SSLError)(name, (SSLError, *bases), {"__module__": "ssl", "__doc__": doc})


SSLZeroReturnError = _error("SSLZeroReturnError", "The connection was closed in order.")
SSLWantReadError = _error("SSLWantReadError", "More has to be read first.")
SSLWantWriteError = _error("SSLWantWriteError", "More has to be written first.")
SSLSyscallError = _error("SSLSyscallError", "The operating system reported an error.")
SSLEOFError = _error("SSLEOFError", "The connection ended unexpectedly.")
SSLCertVerificationError = _error("SSLCertVerificationError", "A certificate could not be verified.", ValueError)


# ---- Errors ---------------------------------------------------------------------------------------------------------


def failure(reason, text, library="SSL", kind=SSLError):
    """Return an error as OpenSSL would have it."""
    error = kind(SSL, f"[{library}: {reason}] {text} (_ssl.c:1)")
    error.library, error.reason = library, reason
    return error


def _wants(kind, number, word):
    return kind(number, f"The operation did not complete ({word})")


def _want_read():
    return _wants(SSLWantReadError, WANT_READ, "read")


def _want_write():
    return _wants(SSLWantWriteError, WANT_WRITE, "write")


def _ended():
    error = SSLEOFError(EOF, "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1)")
    error.library, error.reason = "SSL", "UNEXPECTED_EOF_WHILE_READING"
    return error


def _unverified(code, name, text):
    reason = _REASONS.get(code, text).format(name=name)
    error = failure("CERTIFICATE_VERIFY_FAILED", f"certificate verify failed: {reason}", kind=SSLCertVerificationError)
    error.verify_code, error.verify_message = code, reason
    return error


#: A word of the service's text → OpenSSL's reason.
_WORDS = (
    ("HandshakeFailure", "SSLV3_ALERT_HANDSHAKE_FAILURE", "sslv3 alert handshake failure"),
    ("ProtocolVersion", "TLSV1_ALERT_PROTOCOL_VERSION", "tlsv1 alert protocol version"),
    ("UnknownCA", "TLSV1_ALERT_UNKNOWN_CA", "tlsv1 alert unknown ca"),
    ("BadCertificate", "SSLV3_ALERT_BAD_CERTIFICATE", "sslv3 alert bad certificate"),
    ("CertificateExpired", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "sslv3 alert certificate expired"),
    ("CertificateUnknown", "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "sslv3 alert certificate unknown"),
    ("CertificateRequired", "TLSV13_ALERT_CERTIFICATE_REQUIRED", "tlsv13 alert certificate required"),
    ("UnrecognisedName", "TLSV1_UNRECOGNIZED_NAME", "tlsv1 unrecognized name"),
    ("NoApplicationProtocol", "TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "tlsv1 alert no application protocol"),
    ("InternalError", "TLSV1_ALERT_INTERNAL_ERROR", "tlsv1 alert internal error"),
    ("AccessDenied", "TLSV1_ALERT_ACCESS_DENIED", "tlsv1 alert access denied"),
    ("did not present", "PEER_DID_NOT_RETURN_A_CERTIFICATE", "peer did not return a certificate"),
    ("InvalidContentType", "WRONG_VERSION_NUMBER", "wrong version number"),
    ("corrupt message", "WRONG_VERSION_NUMBER", "wrong version number"),
    ("incompatible", "UNSUPPORTED_PROTOCOL", "unsupported protocol"),
)


def _protocol_error(text):
    text = text or "TLS failed"
    for word, reason, words in _WORDS:
        if word in text:
            return failure(reason, words)
    error = SSLError(SSL, f"[SSL] {text} (_ssl.c:1)")
    error.library = "SSL"
    return error


# ---- Settings -------------------------------------------------------------------------------------------------------


def _service(what):
    """Return a service that makes TLS."""
    for place in _net.places():
        if place.zone == "net":
            return place.net
    _needs.deny(what, _needs.NETWORK)


def check_key(chain, key):
    """Have a certificate and its key looked at, if there is a service for it."""
    if not any(place.zone == "net" for place in _net.places()):
        return
    text = "".join(map(_x509.to_pem, chain)).encode()
    net = _service("ssl.SSLContext.load_cert_chain()")
    try:
        net.free_tls_context(net.tls_context(1, b"", text, key, b"", verify=0, check_name=0, machine_roots=0))
    except OSError as error:
        if "match" in (error.strerror or ""):
            raise failure("KEY_VALUES_MISMATCH", "key values mismatch", library="X509") from None
        raise _protocol_error(error.strerror) from None


def _settings(context, net, server):
    """Return the service's handle for the settings of a context."""
    options = context._options
    oldest, newest = context._minimum_version, context._maximum_version
    oldest = 0x303 if oldest in (-2, 0x300, 0x301, 0x302) else 0x304 if oldest == -1 else oldest
    newest = 0x304 if newest == -1 else newest
    oldest = max(oldest, 0x304) if options & 0x08000000 else oldest
    newest = min(newest, 0x303) if options & 0x20000000 or context._protocol == 5 else newest
    if oldest > newest or newest < 0x303:
        raise failure("NO_PROTOCOLS_AVAILABLE", "no protocols available")
    # Certificates are compared by how many there are: they are only added.
    key = (
        id(net), server, context._verify_mode, context._check_hostname, context._machine, oldest, newest,
        len(context._trusted()), context._alpn, context._chain and tuple(context._chain), context._key,
    )
    known = context._handles.get(key)
    if known is None:
        roots = "".join(map(_x509.to_pem, context._trusted())).encode()
        chain = "".join(map(_x509.to_pem, context._chain or ())).encode()
        known = context._handles[key] = net.tls_context(
            int(server), roots, chain, context._key or b"", context._alpn, verify=int(context._verify_mode),
            check_name=int(context._check_hostname and not server), machine_roots=int(context._machine), oldest=oldest, newest=newest,
        )
    return known


# ---- Connections ----------------------------------------------------------------------------------------------------


def on_socket(context, sock, server_side, name, owner):
    """Return a connection over a socket, which may not be connected yet."""
    return _OverSocket(context, server_side, name, owner, sock)


def on_memory(context, incoming, outgoing, server_side, name, owner):
    """Return a connection whose bytes go from memory to memory."""
    if not server_side and name:
        place = _net.place_of_host(name, None)
        if place is not None and place.zone == "http":
            return _Unwrapped(context, server_side, name, owner, incoming, outgoing)
    return _InMemory(context, server_side, name, owner, incoming, outgoing, _service("ssl.SSLContext.wrap_bio()"))


class Connection:
    """A connection by TLS."""

    __module__ = "_ssl"
    __slots__ = ("context", "server_side", "server_hostname", "_owner", "_done", "_net", "_tls", "__weakref__")
    session = None
    session_reused = False

    def __init__(self, context, server_side, name, owner):
        self.context = context
        self.server_side = server_side
        self.server_hostname = name
        self._owner = None if owner is None else weakref.ref(owner)
        self._done = False
        self._net = self._tls = None

    owner = property(lambda self: None if self._owner is None else self._owner(), doc="Who shows it to the program.")

    def _start(self, net):
        if self._tls is None:
            self._net = net
            name = (self.server_hostname or "").encode()
            try:
                try:
                    self._tls = net.tls(_settings(self.context, net, self.server_side), name)
                except ConnectionAbortedError:
                    # The zone has ended since, and its settings with it.
                    self.context._handles.clear()
                    self._tls = net.tls(_settings(self.context, net, self.server_side), name)
            except OSError as error:
                if isinstance(error, SSLError) or error.errno != _errno.EINVAL:
                    raise
                if self.server_side and not self.context._chain:
                    raise failure("NO_SHARED_CIPHER", "no shared cipher") from error
                raise _protocol_error(error.strerror) from error

    def _failed(self, error):
        """Return what to raise for an error of the service's."""
        number = error.errno
        if number == _errno.EKEYREJECTED:
            return _unverified(self._net.tls_verify_error(self._tls), self.server_hostname, error.strerror)
        if number == _errno.ECONNABORTED:
            return _ended()
        if number in (_errno.EPROTO, _errno.EINVAL):
            return _protocol_error(error.strerror)
        return error

    def _wanting(self):
        """Return what to raise when nothing can be done at once."""
        status = self._net.tls_status(self._tls)
        return _want_write() if status & _SENDS else _want_read()

    # ---- What is known of it

    def _shown(self):
        """Return the certificates that the peer has shown."""
        if not self._done:
            raise ValueError("handshake not done yet")
        data, found, at = self._net.tls_peer_certificates(self._tls), [], 0
        while at < len(data):
            end = at + 4 + int.from_bytes(data[at : at + 4], "little")
            found.append(data[at + 4 : end])
            at = end
        return found

    def getpeercert(self, binary_form=False):
        """Return the peer's certificate: as bytes, or what stands in it if it was verified."""
        shown = self._shown()
        if not shown:
            return None
        if binary_form:
            return shown[0]
        return _x509.Certificate(shown[0]).described() if self.context._verify_mode else {}

    def get_unverified_chain(self):
        """Return what the peer has shown."""
        return [certificate(der) for der in self._shown()]

    def get_verified_chain(self):
        """Return what the peer has shown, and whoever has signed the last of them if that is known here."""
        shown = self._shown()
        if shown:
            last = _x509.Certificate(shown[-1])
            if last.issuer_der != last.subject_der:
                shown += [der for der in self.context._roots if _x509.Certificate(der).subject_der == last.issuer_der][:1]
        return [certificate(der) for der in shown]

    def selected_alpn_protocol(self):
        """Return which protocol both have agreed on."""
        return (self._net.tls_alpn(self._tls).decode() or None) if self._done else None

    def cipher(self):
        """Return how it is encrypted: a name, the protocol, and how many bits are secret."""
        name = self._net.tls_cipher(self._tls).decode() if self._done else ""
        if not name:
            return None
        known = _openssl_name(name)
        bits = 128 if "128_GCM" in name else 256
        return known, self.version(), bits

    def shared_ciphers(self):
        """Return what both could have taken: a client is not told, and a server is told the one that was taken."""
        taken = self.cipher() if self.server_side else None
        return None if taken is None else [taken]

    def version(self):
        """Return the protocol."""
        return _VERSIONS.get(self._net.tls_version(self._tls)) if self._done else None

    def compression(self):
        """Return None: nothing is compressed."""
        return None

    def get_channel_binding(self, cb_type="tls-unique"):
        """Return None: only TLS before 1.3 has such, and it is not told."""
        if cb_type != "tls-unique":
            raise ValueError(f"{cb_type!r} channel binding type not implemented")
        return None

    def verify_client_post_handshake(self):
        """Refuse: a certificate is asked for in the handshake."""
        raise NotImplementedError("Post-handshake auth is not supported")


def _openssl_name(name):
    if "_WITH_" not in name:
        return name.removeprefix("TLS13_") if name.startswith("TLS_") else "TLS_" + name.removeprefix("TLS13_")
    return (
        name.removeprefix("TLS_").replace("_WITH_", "-").replace("AES_256", "AES256").replace("AES_128", "AES128")
        .replace("POLY1305_SHA256", "POLY1305").replace("_", "-")
    )


def _into(buffer, data):
    if buffer is None:
        return data
    view = memoryview(buffer).cast("B")
    view[: len(data)] = data
    return len(data)


def _count(length, buffer):
    if buffer is None:
        if length < 0:
            raise ValueError("size should not be negative")
        return length
    size = memoryview(buffer).nbytes
    return size if length <= 0 or length > size else length


class _OverSocket(Connection):
    """A connection over a socket: the service reads and writes it."""

    __slots__ = ("_sock", "_ahead")

    def __init__(self, context, server_side, name, owner, sock):
        super().__init__(context, server_side, name, owner)
        self._sock = weakref.ref(sock)
        #: What was read to know how much there is.
        self._ahead = b""

    def _socket(self):
        sock = self._sock()
        if sock is None or sock._open is None:
            raise _error_of_closed()
        return sock._open, sock._seconds

    @property
    def _plain(self):
        return self._net is None and self._done

    def do_handshake(self):
        """Do the handshake."""
        found, seconds = self._socket()
        if found.host is not None:
            found.make_secure(self.server_hostname)
            self._done = True
            return
        net, handle = found.open()
        self._start(net)
        try:
            net.tls_handshake(self._tls, handle, _net.nanoseconds(seconds))
        except OSError as error:
            if error.errno in _net.LATE:
                if seconds:
                    raise TimeoutError("_ssl.c:1: The handshake operation timed out") from None
                raise self._wanting() from None
            raise self._failed(error) from None
        self._done = True

    def read(self, length=1024, buffer=None):
        """Return at most so many bytes, or put them into a buffer and return how many; none after the peer's farewell."""
        count = _count(length, buffer)
        if count == 0:
            return b"" if buffer is None else 0
        if self._ahead:
            data, self._ahead = self._ahead[:count], self._ahead[count:]
            return _into(buffer, data)
        found, seconds = self._socket()
        wait = _net.nanoseconds(seconds)
        if self._plain or found.host is not None:
            try:
                return _into(buffer, found.net.recv(found.handle, min(count, _net.CHUNK), 0, wait))
            except OSError as error:
                raise _late("read", seconds, error, _want_read) from None
        net, handle = found.open()
        self._start(net)
        while True:
            try:
                data = net.tls_recv(self._tls, handle, min(count, _net.CHUNK), wait)
            except OSError as error:
                if error.errno == _errno.EINTR:
                    continue
                if error.errno in _net.LATE:
                    raise _late("read", seconds, error, self._wanting) from None
                raise self._failed(error) from None
            self._done = True
            return _into(buffer, data)

    def write(self, data):
        """Send bytes, and return how many."""
        view = memoryview(data)
        view = view.cast("B") if view.contiguous else memoryview(view.tobytes())
        if not view.nbytes:
            return 0
        found, seconds = self._socket()
        wait = _net.nanoseconds(seconds)
        piece = view[: _net.CHUNK]
        if self._plain or found.host is not None:
            try:
                return found.net.send(found.handle, piece, 0, wait)
            except OSError as error:
                raise _late("write", seconds, error, _want_write) from None
        net, handle = found.open()
        self._start(net)
        try:
            count = net.tls_send(self._tls, handle, piece, wait)
        except OSError as error:
            if error.errno in _net.LATE:
                raise _late("write", seconds, error, self._wanting) from None
            raise self._failed(error) from None
        self._done = True
        return count

    def pending(self):
        """Return how many bytes have come and are not read."""
        if self._tls is not None and not self._ahead and self._net.tls_status(self._tls) & _READABLE:
            self._ahead = self._net.tls_read(self._tls, 1 << 16)
        return len(self._ahead)

    def shutdown(self):
        """Say farewell, wait for the peer's, and return the socket, which goes on without TLS."""
        found, seconds = self._socket()
        if found.host is None:
            net, handle = found.open()
            self._start(net)
            try:
                net.tls_shutdown(self._tls, handle, 1, _net.nanoseconds(seconds))
            except OSError as error:
                if error.errno in _net.LATE:
                    raise _late("read", seconds, error, self._wanting) from None
                raise self._failed(error) from None
        return self._sock()

    def _shown(self):
        return [] if self._plain else super()._shown()

    def selected_alpn_protocol(self):
        """Return which protocol both have agreed on."""
        return None if self._plain else super().selected_alpn_protocol()

    def cipher(self):
        """Return how it is encrypted, if the service has said so."""
        return None if self._plain else super().cipher()

    def version(self):
        """Return the protocol, if the service has said so."""
        return None if self._plain else super().version()


def _error_of_closed():
    return OSError(_errno.EBADF, "Underlying socket has been closed.")


def _late(word, seconds, error, wanting):
    """Return what to raise when a call has waited as long as it may."""
    if error.errno not in _net.LATE:
        return error
    return TimeoutError(f"The {word} operation timed out") if seconds else wanting()


class _InMemory(Connection):
    """A connection from memory to memory: what comes is fed, what goes is drained."""

    __slots__ = ("_incoming", "_outgoing", "_at_end")

    def __init__(self, context, server_side, name, owner, incoming, outgoing, net):
        super().__init__(context, server_side, name, owner)
        self._incoming, self._outgoing = incoming, outgoing
        self._at_end = False
        self._start(net)

    def _feed(self):
        """Take what has come, and return whether there was anything."""
        incoming = self._incoming
        if not incoming._data:
            if incoming.eof and not self._at_end:
                self._at_end = True
                self._do(self._net.tls_feed, b"", 1)
                return True
            return False
        taken = self._do(self._net.tls_feed, bytes(incoming._data[: _net.CHUNK]), 0)
        del incoming._data[:taken]
        return taken > 0

    def _drain(self):
        while data := self._net.tls_drain(self._tls):
            self._outgoing.write(data)

    def _do(self, function, *args):
        """Call a function of the connection; an error is told the peer first."""
        try:
            return function(self._tls, *args)
        except OSError as error:
            if error.errno == _errno.EAGAIN:
                raise
            failed = self._failed(error)
            try:
                self._drain()
            except OSError:
                pass
            raise failed from None

    def do_handshake(self):
        """Go on with the handshake."""
        while True:
            fed = self._feed()
            self._drain()
            if not self._net.tls_status(self._tls) & _HANDSHAKE:
                self._done = True
                return
            if not fed:
                raise _ended() if self._at_end else _want_read()

    def read(self, length=1024, buffer=None):
        """Return at most so many bytes, or put them into a buffer and return how many; none after the peer's farewell."""
        count = _count(length, buffer)
        if count == 0:
            return b"" if buffer is None else 0
        if not self._done:
            self.do_handshake()
        while True:
            fed = self._feed()
            try:
                data = self._do(self._net.tls_read, min(count, _net.CHUNK))
            except BlockingIOError:
                self._drain()
                if not fed:
                    raise (_ended() if self._at_end else _want_read()) from None
                continue
            self._drain()
            return _into(buffer, data)

    def write(self, data):
        """Send bytes, and return how many."""
        view = memoryview(data)
        view = view.cast("B") if view.contiguous else memoryview(view.tobytes())
        if not view.nbytes:
            return 0
        if not self._done:
            self.do_handshake()
        self._drain()
        try:
            count = self._do(self._net.tls_write, view[: _net.CHUNK])
        except BlockingIOError:
            raise _want_write() from None
        self._drain()
        return count

    def pending(self):
        """Return how many bytes have come and are not read: of memory that is not known, so one or none."""
        return 1 if self._net.tls_status(self._tls) & _READABLE else 0

    def shutdown(self):
        """Say farewell, and return when the peer has said it, too."""
        self._do(self._net.tls_close_notify)
        self._drain()
        while self._feed():
            self._drain()
        if not self._net.tls_status(self._tls) & _FAREWELL:
            if self._at_end:
                error = SSLSyscallError(SYSCALL, "Some I/O error occurred")
                raise error
            raise _want_read()


class _Unwrapped(Connection):
    """What a program takes for TLS in memory to a host of an `http` capability: the bytes stay plain.

    The first of them tells the socket that they are sent over that the service is to make TLS (`_net.SECURE`).
    """

    __slots__ = ("_incoming", "_outgoing")

    def __init__(self, context, server_side, name, owner, incoming, outgoing):
        super().__init__(context, server_side, name, owner)
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self):
        """Have it told."""
        if not self._done:
            self._done = True
            self._outgoing.write(_net.SECURE)

    def read(self, length=1024, buffer=None):
        """Return at most so many bytes, or put them into a buffer and return how many."""
        self.do_handshake()
        count = _count(length, buffer)
        data = self._incoming.read(count)
        if not data and count and not self._incoming.eof:
            raise _want_read()
        return _into(buffer, data)

    def write(self, data):
        """Send bytes, and return how many."""
        self.do_handshake()
        return self._outgoing.write(data)

    def pending(self):
        """Return how many bytes have come and are not read."""
        return self._incoming.pending

    def shutdown(self):
        """Do nothing: the end of the connection is the farewell."""

    def _shown(self):
        return []

    def selected_alpn_protocol(self):
        """Return None: nothing was agreed on."""
        return None

    def cipher(self):
        """Return None: the service knows."""
        return None

    def version(self):
        """Return None: the service knows."""
        return None

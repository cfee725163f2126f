"""What CPython's `ssl` is defined on: constants, exceptions, settings that can be made, and connections that are refused."""

import _cloison
from cloison import _native, _needs

globals().update(
    ALERT_DESCRIPTION_ACCESS_DENIED=49, ALERT_DESCRIPTION_BAD_CERTIFICATE=42,
    ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE=114, ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE=113,
    ALERT_DESCRIPTION_BAD_RECORD_MAC=20, ALERT_DESCRIPTION_CERTIFICATE_EXPIRED=45,
    ALERT_DESCRIPTION_CERTIFICATE_REVOKED=44, ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN=46,
    ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE=111, ALERT_DESCRIPTION_CLOSE_NOTIFY=0,
    ALERT_DESCRIPTION_DECODE_ERROR=50, ALERT_DESCRIPTION_DECOMPRESSION_FAILURE=30,
    ALERT_DESCRIPTION_DECRYPT_ERROR=51, ALERT_DESCRIPTION_HANDSHAKE_FAILURE=40,
    ALERT_DESCRIPTION_ILLEGAL_PARAMETER=47, ALERT_DESCRIPTION_INSUFFICIENT_SECURITY=71,
    ALERT_DESCRIPTION_INTERNAL_ERROR=80, ALERT_DESCRIPTION_NO_RENEGOTIATION=100,
    ALERT_DESCRIPTION_PROTOCOL_VERSION=70, ALERT_DESCRIPTION_RECORD_OVERFLOW=22,
    ALERT_DESCRIPTION_UNEXPECTED_MESSAGE=10, ALERT_DESCRIPTION_UNKNOWN_CA=48,
    ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY=115, ALERT_DESCRIPTION_UNRECOGNIZED_NAME=112,
    ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE=43, ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION=110,
    ALERT_DESCRIPTION_USER_CANCELLED=90, CERT_NONE=0, CERT_OPTIONAL=1, CERT_REQUIRED=2, ENCODING_DER=2,
    ENCODING_PEM=1, HOSTFLAG_ALWAYS_CHECK_SUBJECT=1, HOSTFLAG_MULTI_LABEL_WILDCARDS=8,
    HOSTFLAG_NEVER_CHECK_SUBJECT=32, HOSTFLAG_NO_PARTIAL_WILDCARDS=4, HOSTFLAG_NO_WILDCARDS=2,
    HOSTFLAG_SINGLE_LABEL_SUBDOMAINS=16, OPENSSL_VERSION_NUMBER=805306368, OP_ALL=2147483728,
    OP_CIPHER_SERVER_PREFERENCE=4194304, OP_ENABLE_KTLS=8, OP_ENABLE_MIDDLEBOX_COMPAT=1048576,
    OP_IGNORE_UNEXPECTED_EOF=128, OP_LEGACY_SERVER_CONNECT=4, OP_NO_COMPRESSION=131072,
    OP_NO_RENEGOTIATION=1073741824, OP_NO_SSLv2=0, OP_NO_SSLv3=33554432, OP_NO_TICKET=16384, OP_NO_TLSv1=67108864,
    OP_NO_TLSv1_1=268435456, OP_NO_TLSv1_2=134217728, OP_NO_TLSv1_3=536870912, OP_SINGLE_DH_USE=0,
    OP_SINGLE_ECDH_USE=0, PROTOCOL_SSLv23=2, PROTOCOL_TLS=2, PROTOCOL_TLS_CLIENT=16, PROTOCOL_TLS_SERVER=17,
    PROTOCOL_TLSv1=3, PROTOCOL_TLSv1_1=4, PROTOCOL_TLSv1_2=5, PROTO_MAXIMUM_SUPPORTED=-1,
    PROTO_MINIMUM_SUPPORTED=-2, PROTO_SSLv3=768, PROTO_TLSv1=769, PROTO_TLSv1_1=770, PROTO_TLSv1_2=771,
    PROTO_TLSv1_3=772, SSL_ERROR_EOF=8, SSL_ERROR_INVALID_ERROR_CODE=10, SSL_ERROR_SSL=1, SSL_ERROR_SYSCALL=5,
    SSL_ERROR_WANT_CONNECT=7, SSL_ERROR_WANT_READ=2, SSL_ERROR_WANT_WRITE=3, SSL_ERROR_WANT_X509_LOOKUP=4,
    SSL_ERROR_ZERO_RETURN=6, VERIFY_ALLOW_PROXY_CERTS=64, VERIFY_CRL_CHECK_CHAIN=12, VERIFY_CRL_CHECK_LEAF=4,
    VERIFY_DEFAULT=0, VERIFY_X509_PARTIAL_CHAIN=524288, VERIFY_X509_STRICT=32, VERIFY_X509_TRUSTED_FIRST=32768,
)

HAS_SNI = HAS_ECDH = HAS_ALPN = HAS_PSK = HAS_PHA = HAS_TLS_UNIQUE = True
HAS_TLSv1 = HAS_TLSv1_1 = HAS_TLSv1_2 = HAS_TLSv1_3 = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_PSK_TLS13 = False
#: Libraries want it to begin so and to be 1.1.1 or newer.
OPENSSL_VERSION = "OpenSSL 3.0.0 (Cloison: the constants, and no TLS)"
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (3, 0, 0, 0, 0)
_DEFAULT_CIPHERS = "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"


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

SSLSession = _native.refused("_ssl", "SSLSession", _needs.NETWORK)
Certificate = _native.refused("_ssl", "Certificate", _needs.NETWORK)
_SSLSocket = _native.refused("_ssl", "_SSLSocket", _needs.NETWORK)


class MemoryBIO:
    """Bytes on their way between a program and TLS."""

    __module__ = "_ssl"

    def __init__(self):
        self._data = bytearray()
        self._ended = False

    def read(self, size=-1, /):
        """Return at most so many bytes, and take them away."""
        size = len(self._data) if size < 0 else size
        data = bytes(self._data[:size])
        del self._data[:size]
        return data

    def write(self, data, /):
        """Put bytes behind the others, and return how many."""
        if self._ended:
            raise SSLError("cannot write() after write_eof()")
        with memoryview(data) as view:
            self._data += view.cast("B") if view.contiguous else view.tobytes()
            return view.nbytes

    def write_eof(self):
        """Say that nothing more comes."""
        self._ended = True

    @property
    def pending(self):
        """How many bytes there are."""
        return len(self._data)

    @property
    def eof(self):
        """Whether nothing is left and nothing more comes."""
        return self._ended and not self._data


class _SSLContext:
    """Settings. A connection that would use them is refused."""

    __module__ = "_ssl"

    def __new__(cls, protocol):
        known = (2, 3, 4, 5, 16, 17)
        if protocol not in known:
            raise ValueError("invalid or unsupported protocol version")
        self = object.__new__(cls)
        is_client = protocol == 16
        vars(self).update(
            _protocol=protocol, _check_hostname=is_client, _verify_mode=2 if is_client else 0, _verify_flags=0x8000, _options=0x82520050,
            _minimum_version=771, _maximum_version=-1, _host_flags=4, _num_tickets=2, post_handshake_auth=False,
            sni_callback=None, _msg_callback=None, _ciphers=_DEFAULT_CIPHERS, _keylog=None, security_level=2,
        )
        return self

    @property
    def protocol(self):
        """Which protocol it is for."""
        return self._protocol

    @property
    def check_hostname(self):
        """Whether the name in a certificate is checked."""
        return self._check_hostname

    @check_hostname.setter
    def check_hostname(self, check):
        self._check_hostname = bool(check)
        if check and self._verify_mode == 0:
            self._verify_mode = 2

    @property
    def verify_mode(self):
        """Whether a certificate is checked."""
        return self._verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        if mode not in (0, 1, 2):
            raise ValueError("invalid value for verify_mode")
        if mode == 0 and self._check_hostname:
            raise ValueError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.")
        self._verify_mode = int(mode)

    verify_flags = property(lambda self: self._verify_flags, lambda self, flags: vars(self).update(_verify_flags=int(flags)))
    options = property(lambda self: self._options, lambda self, options: vars(self).update(_options=int(options)))
    minimum_version = property(
        lambda self: self._minimum_version, lambda self, version: vars(self).update(_minimum_version=int(version))
    )
    maximum_version = property(
        lambda self: self._maximum_version, lambda self, version: vars(self).update(_maximum_version=int(version))
    )
    num_tickets = property(lambda self: self._num_tickets, lambda self, count: vars(self).update(_num_tickets=int(count)))

    def set_ciphers(self, cipherlist, /):
        """Keep them."""
        self._ciphers = cipherlist

    def set_ecdh_curve(self, name, /):
        """Keep it."""
        self._curve = name

    def _set_alpn_protocols(self, protocols, /):
        self._alpn = bytes(protocols)

    def set_default_verify_paths(self):
        """Do nothing: there are no certificates."""

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        """Do nothing: there is no connection that certificates could be for. Programs set them before they open one."""
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")

    def get_ciphers(self):
        """Return nothing."""
        return []

    def get_ca_certs(self, binary_form=False):
        """Return nothing."""
        return []

    def cert_store_stats(self):
        """Return that there are none."""
        return {"x509": 0, "crl": 0, "x509_ca": 0}

    def session_stats(self):
        """Return that there are none."""
        names = "number connect connect_good connect_renegotiate accept accept_good accept_renegotiate hits misses timeouts cache_full"
        return dict.fromkeys(names.split(), 0)

    @property
    def keylog_filename(self):
        """None: nothing is written."""
        return None

    @keylog_filename.setter
    def keylog_filename(self, name):
        if name is not None:
            _needs.deny("ssl.SSLContext.keylog_filename", _needs.FILES, name)


for _name in (
    "_wrap_socket _wrap_bio load_cert_chain load_dh_params set_psk_client_callback set_psk_server_callback"
).split():
    setattr(_SSLContext, _name, _native.refusing_method("_ssl", "SSLContext", _name, _needs.NETWORK))
del _name


#: What CPython's `ssl` asks for while it is defined: number, short name, name, identifier.
_OBJECTS = (
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
)


def txt2obj(txt, name=False):
    """Return what is known of an object of ASN.1 by its identifier, or by its name."""
    for known in _OBJECTS:
        if txt == known[3] or name and txt in known[1:3]:
            return known
    raise ValueError(f"unknown object '{txt:.100}'")


def nid2obj(nid, /):
    """Return what is known of an object of ASN.1 by its number."""
    for known in _OBJECTS:
        if nid == known[0]:
            return known
    raise ValueError(f"unknown NID {nid}")


def RAND_bytes(n, /):
    """Return random bytes from the kernel."""
    return _cloison.urandom(n)


def RAND_status():
    """Return True."""
    return True


def RAND_add(string, entropy, /):
    """Do nothing: the kernel has enough."""


def get_default_verify_paths():
    """Return where certificates would be."""
    return "SSL_CERT_FILE", "/usr/lib/ssl/cert.pem", "SSL_CERT_DIR", "/usr/lib/ssl/certs"


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.NETWORK, "_test_decode_cert"))

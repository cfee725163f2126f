"""What CPython's `socket` is defined on: the constants of Linux, the exceptions, what is mere computing, and the class of sockets.

Sockets are those of the capabilities that give a network: `cloison._net`. Names are looked up by `cloison._names`.
"""

from cloison import _descriptors, _names, _native, _needs, _net
from cloison._names import gaierror, herror

globals().update(
    AF_ALG=38, AF_APPLETALK=5, AF_ASH=18, AF_ATMPVC=8, AF_ATMSVC=20, AF_AX25=3, AF_BRIDGE=7, AF_CAN=29,
    AF_DECnet=12, AF_ECONET=19, AF_INET=2, AF_INET6=10, AF_IPX=4, AF_IRDA=23, AF_KEY=15, AF_LLC=26, AF_NETBEUI=13,
    AF_NETLINK=16, AF_NETROM=6, AF_PACKET=17, AF_PPPOX=24, AF_QIPCRTR=42, AF_RDS=21, AF_ROSE=11, AF_ROUTE=16,
    AF_SECURITY=14, AF_SNA=22, AF_TIPC=30, AF_UNIX=1, AF_UNSPEC=0, AF_VSOCK=40, AF_WANPIPE=25, AF_X25=9,
    AI_ADDRCONFIG=32, AI_ALL=16, AI_CANONNAME=2, AI_NUMERICHOST=4, AI_NUMERICSERV=1024, AI_PASSIVE=1, AI_V4MAPPED=8,
    ALG_OP_DECRYPT=0, ALG_OP_ENCRYPT=1, ALG_OP_SIGN=2, ALG_OP_VERIFY=3, ALG_SET_AEAD_ASSOCLEN=4,
    ALG_SET_AEAD_AUTHSIZE=5, ALG_SET_IV=2, ALG_SET_KEY=1, ALG_SET_OP=3, ALG_SET_PUBKEY=6, CAN_BCM=2,
    CAN_BCM_CAN_FD_FRAME=2048, CAN_BCM_RX_ANNOUNCE_RESUME=256, CAN_BCM_RX_CHANGED=12, CAN_BCM_RX_CHECK_DLC=64,
    CAN_BCM_RX_DELETE=6, CAN_BCM_RX_FILTER_ID=32, CAN_BCM_RX_NO_AUTOTIMER=128, CAN_BCM_RX_READ=7,
    CAN_BCM_RX_RTR_FRAME=1024, CAN_BCM_RX_SETUP=5, CAN_BCM_RX_STATUS=10, CAN_BCM_RX_TIMEOUT=11, CAN_BCM_SETTIMER=1,
    CAN_BCM_STARTTIMER=2, CAN_BCM_TX_ANNOUNCE=8, CAN_BCM_TX_COUNTEVT=4, CAN_BCM_TX_CP_CAN_ID=16,
    CAN_BCM_TX_DELETE=2, CAN_BCM_TX_EXPIRED=9, CAN_BCM_TX_READ=3, CAN_BCM_TX_RESET_MULTI_IDX=512, CAN_BCM_TX_SEND=4,
    CAN_BCM_TX_SETUP=1, CAN_BCM_TX_STATUS=8, CAN_EFF_FLAG=2147483648, CAN_EFF_MASK=536870911,
    CAN_ERR_FLAG=536870912, CAN_ERR_MASK=536870911, CAN_ISOTP=6, CAN_J1939=7, CAN_RAW=1, CAN_RAW_FD_FRAMES=5,
    CAN_RAW_FILTER=1, CAN_RAW_JOIN_FILTERS=6, CAN_RAW_LOOPBACK=3, CAN_RAW_RECV_OWN_MSGS=4, CAN_RTR_FLAG=1073741824,
    CAN_SFF_MASK=2047, EAI_ADDRFAMILY=-9, EAI_AGAIN=-3, EAI_BADFLAGS=-1, EAI_FAIL=-4, EAI_FAMILY=-6, EAI_MEMORY=-10,
    EAI_NODATA=-5, EAI_NONAME=-2, EAI_OVERFLOW=-12, EAI_SERVICE=-8, EAI_SOCKTYPE=-7, EAI_SYSTEM=-11,
    ETHERTYPE_ARP=2054, ETHERTYPE_IP=2048, ETHERTYPE_IPV6=34525, ETHERTYPE_VLAN=33024, ETH_P_ALL=3,
    INADDR_ALLHOSTS_GROUP=3758096385, INADDR_ANY=0, INADDR_BROADCAST=4294967295, INADDR_LOOPBACK=2130706433,
    INADDR_MAX_LOCAL_GROUP=3758096639, INADDR_NONE=4294967295, INADDR_UNSPEC_GROUP=3758096384,
    IOCTL_VM_SOCKETS_GET_LOCAL_CID=1977, IPPORT_RESERVED=1024, IPPORT_USERRESERVED=5000, IPPROTO_AH=51,
    IPPROTO_DSTOPTS=60, IPPROTO_EGP=8, IPPROTO_ESP=50, IPPROTO_FRAGMENT=44, IPPROTO_GRE=47, IPPROTO_HOPOPTS=0,
    IPPROTO_ICMP=1, IPPROTO_ICMPV6=58, IPPROTO_IDP=22, IPPROTO_IGMP=2, IPPROTO_IP=0, IPPROTO_IPIP=4,
    IPPROTO_IPV6=41, IPPROTO_MPTCP=262, IPPROTO_NONE=59, IPPROTO_PIM=103, IPPROTO_PUP=12, IPPROTO_RAW=255,
    IPPROTO_ROUTING=43, IPPROTO_RSVP=46, IPPROTO_SCTP=132, IPPROTO_TCP=6, IPPROTO_TP=29, IPPROTO_UDP=17,
    IPPROTO_UDPLITE=136, IPV6_CHECKSUM=7, IPV6_DONTFRAG=62, IPV6_DSTOPTS=59, IPV6_HOPLIMIT=52, IPV6_HOPOPTS=54,
    IPV6_JOIN_GROUP=20, IPV6_LEAVE_GROUP=21, IPV6_MULTICAST_HOPS=18, IPV6_MULTICAST_IF=17, IPV6_MULTICAST_LOOP=19,
    IPV6_NEXTHOP=9, IPV6_PATHMTU=61, IPV6_PKTINFO=50, IPV6_RECVDSTOPTS=58, IPV6_RECVHOPLIMIT=51,
    IPV6_RECVHOPOPTS=53, IPV6_RECVPATHMTU=60, IPV6_RECVPKTINFO=49, IPV6_RECVRTHDR=56, IPV6_RECVTCLASS=66,
    IPV6_RTHDR=57, IPV6_RTHDRDSTOPTS=55, IPV6_RTHDR_TYPE_0=0, IPV6_TCLASS=67, IPV6_UNICAST_HOPS=16, IPV6_V6ONLY=26,
    IP_ADD_MEMBERSHIP=35, IP_ADD_SOURCE_MEMBERSHIP=39, IP_BIND_ADDRESS_NO_PORT=24, IP_BLOCK_SOURCE=38,
    IP_DEFAULT_MULTICAST_LOOP=1, IP_DEFAULT_MULTICAST_TTL=1, IP_DROP_MEMBERSHIP=36, IP_DROP_SOURCE_MEMBERSHIP=40,
    IP_HDRINCL=3, IP_MAX_MEMBERSHIPS=20, IP_MULTICAST_IF=32, IP_MULTICAST_LOOP=34, IP_MULTICAST_TTL=33,
    IP_OPTIONS=4, IP_PKTINFO=8, IP_RECVOPTS=6, IP_RECVRETOPTS=7, IP_RECVTOS=13, IP_RETOPTS=7, IP_TOS=1,
    IP_TRANSPARENT=19, IP_TTL=2, IP_UNBLOCK_SOURCE=37, J1939_EE_INFO_NONE=0, J1939_EE_INFO_TX_ABORT=1,
    J1939_FILTER_MAX=512, J1939_IDLE_ADDR=254, J1939_MAX_UNICAST_ADDR=253, J1939_NLA_BYTES_ACKED=1, J1939_NLA_PAD=0,
    J1939_NO_ADDR=255, J1939_NO_NAME=0, J1939_NO_PGN=262144, J1939_PGN_ADDRESS_CLAIMED=60928,
    J1939_PGN_ADDRESS_COMMANDED=65240, J1939_PGN_MAX=262143, J1939_PGN_PDU1_MAX=261888, J1939_PGN_REQUEST=59904,
    MSG_CMSG_CLOEXEC=1073741824, MSG_CONFIRM=2048, MSG_CTRUNC=8, MSG_DONTROUTE=4, MSG_DONTWAIT=64, MSG_EOR=128,
    MSG_ERRQUEUE=8192, MSG_FASTOPEN=536870912, MSG_MORE=32768, MSG_NOSIGNAL=16384, MSG_OOB=1, MSG_PEEK=2,
    MSG_TRUNC=32, MSG_WAITALL=256, NETLINK_CRYPTO=21, NETLINK_DNRTMSG=14, NETLINK_FIREWALL=3, NETLINK_IP6_FW=13,
    NETLINK_NFLOG=5, NETLINK_ROUTE=0, NETLINK_USERSOCK=2, NETLINK_XFRM=6, NI_DGRAM=16, NI_IDN=32, NI_MAXHOST=1025,
    NI_MAXSERV=32, NI_NAMEREQD=8, NI_NOFQDN=4, NI_NUMERICHOST=1, NI_NUMERICSERV=2, PACKET_BROADCAST=1,
    PACKET_FASTROUTE=6, PACKET_HOST=0, PACKET_LOOPBACK=5, PACKET_MULTICAST=2, PACKET_OTHERHOST=3, PACKET_OUTGOING=4,
    PF_CAN=29, PF_PACKET=17, PF_RDS=21, SCM_CREDENTIALS=2, SCM_J1939_DEST_ADDR=1, SCM_J1939_DEST_NAME=2,
    SCM_J1939_ERRQUEUE=4, SCM_J1939_PRIO=3, SCM_RIGHTS=1, SHUT_RD=0, SHUT_RDWR=2, SHUT_WR=1, SOCK_CLOEXEC=524288,
    SOCK_DGRAM=2, SOCK_NONBLOCK=2048, SOCK_RAW=3, SOCK_RDM=4, SOCK_SEQPACKET=5, SOCK_STREAM=1, SOL_ALG=279,
    SOL_CAN_BASE=100, SOL_CAN_RAW=101, SOL_IP=0, SOL_RDS=276, SOL_SOCKET=1, SOL_TCP=6, SOL_TIPC=271, SOL_UDP=17,
    SOMAXCONN=4096, SO_ACCEPTCONN=30, SO_BINDTODEVICE=25, SO_BINDTOIFINDEX=62, SO_BROADCAST=6, SO_DEBUG=1,
    SO_DOMAIN=39, SO_DONTROUTE=5, SO_ERROR=4, SO_INCOMING_CPU=49, SO_J1939_ERRQUEUE=4, SO_J1939_FILTER=1,
    SO_J1939_PROMISC=2, SO_J1939_SEND_PRIO=3, SO_KEEPALIVE=9, SO_LINGER=13, SO_MARK=36, SO_OOBINLINE=10,
    SO_PASSCRED=16, SO_PASSSEC=34, SO_PEERCRED=17, SO_PEERSEC=31, SO_PRIORITY=12, SO_PROTOCOL=38, SO_RCVBUF=8,
    SO_RCVLOWAT=18, SO_RCVTIMEO=20, SO_REUSEADDR=2, SO_REUSEPORT=15, SO_SNDBUF=7, SO_SNDLOWAT=19, SO_SNDTIMEO=21,
    SO_TYPE=3, SO_VM_SOCKETS_BUFFER_MAX_SIZE=2, SO_VM_SOCKETS_BUFFER_MIN_SIZE=1, SO_VM_SOCKETS_BUFFER_SIZE=0,
    TCP_CC_INFO=26, TCP_CONGESTION=13, TCP_CORK=3, TCP_DEFER_ACCEPT=9, TCP_FASTOPEN=23, TCP_FASTOPEN_CONNECT=30,
    TCP_FASTOPEN_KEY=33, TCP_FASTOPEN_NO_COOKIE=34, TCP_INFO=11, TCP_INQ=36, TCP_KEEPCNT=6, TCP_KEEPIDLE=4,
    TCP_KEEPINTVL=5, TCP_LINGER2=8, TCP_MAXSEG=2, TCP_MD5SIG=14, TCP_MD5SIG_EXT=32, TCP_NODELAY=1,
    TCP_NOTSENT_LOWAT=25, TCP_QUEUE_SEQ=21, TCP_QUICKACK=12, TCP_REPAIR=19, TCP_REPAIR_OPTIONS=22,
    TCP_REPAIR_QUEUE=20, TCP_REPAIR_WINDOW=29, TCP_SAVED_SYN=28, TCP_SAVE_SYN=27, TCP_SYNCNT=7, TCP_THIN_DUPACK=17,
    TCP_THIN_LINEAR_TIMEOUTS=16, TCP_TIMESTAMP=24, TCP_TX_DELAY=37, TCP_ULP=31, TCP_USER_TIMEOUT=18,
    TCP_WINDOW_CLAMP=10, TCP_ZEROCOPY_RECEIVE=35, TIPC_ADDR_ID=3, TIPC_ADDR_NAME=2, TIPC_ADDR_NAMESEQ=1,
    TIPC_CFG_SRV=0, TIPC_CLUSTER_SCOPE=2, TIPC_CONN_TIMEOUT=130, TIPC_CRITICAL_IMPORTANCE=3,
    TIPC_DEST_DROPPABLE=129, TIPC_HIGH_IMPORTANCE=2, TIPC_IMPORTANCE=127, TIPC_LOW_IMPORTANCE=0,
    TIPC_MEDIUM_IMPORTANCE=1, TIPC_NODE_SCOPE=3, TIPC_PUBLISHED=1, TIPC_SRC_DROPPABLE=128, TIPC_SUBSCR_TIMEOUT=3,
    TIPC_SUB_CANCEL=4, TIPC_SUB_PORTS=1, TIPC_SUB_SERVICE=2, TIPC_TOP_SRV=1, TIPC_WAIT_FOREVER=-1, TIPC_WITHDRAWN=2,
    TIPC_ZONE_SCOPE=1, UDPLITE_RECV_CSCOV=11, UDPLITE_SEND_CSCOV=10, VMADDR_CID_ANY=4294967295, VMADDR_CID_HOST=2,
    VMADDR_PORT_ANY=4294967295, VM_SOCKETS_INVALID_VERSION=4294967295,
)

has_ipv6 = True
error = OSError
timeout = TimeoutError
CAPI = object()
_default_timeout = None


class socket:
    """socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object

    A connection, or what waits for them.
    """

    __slots__ = ("_fd", "_kinds", "_open", "_seconds")
    __module__ = "_socket"

    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self._fd, self._kinds, self._open, self._seconds = -1, (-1, -1, -1), None, None
        return self

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        _net.check("socket.socket()")
        if fileno is not None:
            if isinstance(fileno, float):
                raise TypeError("integer argument expected, got float")
            if fileno < 0:
                raise ValueError("negative file descriptor")
            found = self._open = _net.at(fileno)
            self._fd = fileno
            given = (family, type, proto)
            self._kinds = tuple(own if one == -1 else one for one, own in zip(given, (found.family, found.kind, found.proto)))
        else:
            family, kind, proto = [default if one == -1 else _index(one) for one, default in ((family, 2), (type, 1), (proto, 0))]
            plain = _kind(family, kind, proto)
            self._kinds = family, plain, proto
            self._open = _net.Socket(family, plain, proto)
            self._fd = _net.enter(self._open)
            if kind & SOCK_NONBLOCK:
                self._set(0.0)
                return
        self._set(_default_timeout)

    def _set(self, seconds):
        self._seconds = seconds
        self._open.blocking = seconds is None

    def _opened(self):
        return self._found().open()

    def __del__(self):
        if self._fd >= 0:
            import warnings

            warnings.warn(f"unclosed {self!r}", ResourceWarning, 2, self)
            try:
                self._let_go()
            except OSError:
                # Another object has closed the same number.
                pass

    def __repr__(self):
        return f"<socket object, fd={self._fd}, family={self.family}, type={self.type}, proto={self.proto}>"

    family = property(lambda self: self._kinds[0], doc="The socket's family.")
    type = property(lambda self: self._kinds[1], doc="The socket's type.")
    proto = property(lambda self: self._kinds[2], doc="The socket's protocol.")
    timeout = property(lambda self: self._seconds, doc="How long calls may wait, in seconds.")

    # ---- Opening and closing

    def _let_go(self):
        number, self._fd, self._open = self._fd, -1, None
        if number >= 0:
            _descriptors.close(number)

    def close(self):
        """close()

        Close the socket. A second time is no error.
        """
        try:
            self._let_go()
        except ConnectionResetError:
            # As in CPython: the socket is closed all the same.
            pass

    def detach(self):
        """detach() -> its number, which stays open."""
        number, self._fd, self._open = self._fd, -1, None
        return number

    def fileno(self):
        """fileno() -> the socket's number, or -1 when it is closed."""
        return self._fd

    def bind(self, address, /):
        """bind(address)

        Give the socket an address of this machine.
        """
        found = self._found()
        packed, port, scope = _address(found.family, address, "bind", True)
        text = inet_ntop(found.family, packed)
        if found.handle is None:
            nets = [place for place in _net.places() if place.zone == "net"]
            if not nets:
                raise _net.denial("socket.bind()", text, port, "listen")
            wanted = [place for place in nets if any(pattern.matches(text, port) for pattern in place.listen)]
            found.belong((wanted or nets)[0])
        try:
            found.net.bind(found.handle, _net.pack(found.family, packed, port, scope))
        except PermissionError as error:
            raise _net.refusal("socket.bind()", error, (text, port), "listen") from None

    def listen(self, backlog=128, /):
        """listen([backlog])

        Have the socket take connections.
        """
        net, handle = self._opened()
        net.listen(handle, min(max(int(backlog), 0), SOMAXCONN))

    def _accept(self):
        """_accept() -> (number, address)

        Wait for a connection.
        """
        net, handle = self._opened()
        try:
            taken, peer = net.accept(handle, _net.nanoseconds(self._seconds))
        except InterruptedError:
            return socket._accept(self)
        except OSError as error:
            raise _net.late(self._seconds, error)
        found = self._open
        new = _net.Socket(found.family, found.kind, found.proto, found.place, taken)
        return _net.enter(new), _told(found.family, peer)

    def _found(self):
        found = self._open
        if found is None or not found.numbers:
            raise OSError(9, "Bad file descriptor")
        return found

    def connect(self, address, /):
        """connect(address)

        Connect to an address: for the internet a pair (host, port).
        """
        found = self._found()
        packed, port, scope = _address(found.family, address, "connect")
        text = inet_ntop(found.family, packed)
        place = found.place if found.handle is not None else _net.place_of(packed, text, port)
        if place is None:
            raise _net.denial("socket.connect()", text, port)
        if place.zone == "http":
            found.enter_http(place, _net.names.get(packed, text), text, port)
            return
        found.belong(place)
        try:
            found.net.connect(found.handle, _net.pack(found.family, packed, port, scope), _net.nanoseconds(self._seconds))
        except OSError as error:
            if error.errno == 13:
                raise _net.refusal("socket.connect()", error, (text, port)) from None
            raise _net.late(self._seconds, error)

    def connect_ex(self, address, /):
        """connect_ex(address) -> the number of the error, or 0."""
        try:
            socket.connect(self, address)
        except TimeoutError as error:
            return error.errno or 11
        except gaierror:
            raise
        except OSError as error:
            if error.errno is None:
                raise
            return error.errno
        return 0

    def shutdown(self, how, /):
        """shutdown(how)

        End reading (SHUT_RD), writing (SHUT_WR), or both (SHUT_RDWR).
        """
        net, handle = self._opened()
        if how not in (0, 1, 2):
            raise OSError(22, "Invalid argument")
        net.shutdown(handle, int(how))

    # ---- Names and options

    def getsockname(self):
        """getsockname() -> the socket's own address."""
        found = self._found()
        if found.handle is None and found.peer is None:
            return {1: "", 2: ("0.0.0.0", 0)}.get(found.family, ("::", 0, 0, 0))
        net, handle = found.open()
        return _told(found.family, net.getsockname(handle))

    def getpeername(self):
        """getpeername() -> the address of the other end."""
        found = self._found()
        if found.peer is not None:
            return found.peer
        if found.handle is None:
            raise OSError(107, "Transport endpoint is not connected")
        return _told(found.family, found.net.getpeername(found.handle))

    def setsockopt(self, level, optname, value, optlen=None, /):
        """setsockopt(level, option, value: int or bytes)

        Set an option.
        """
        found, option = self._found(), (int(level), int(optname))
        if value is None:
            raise OSError(95, "Operation not supported")
        if not isinstance(value, int):
            value = _numbers(bytes(memoryview(value)))
            value = (value[1] if value[0] else -1) if option == (1, SO_LINGER) and len(value) == 2 else value[0]
        elif not -(1 << 31) <= value < 1 << 31:
            raise OverflowError("Python int too large to convert to C int")
        found.set_option(*option, int(value))

    def getsockopt(self, level, optname, buflen=0, /):
        """getsockopt(level, option[, buffersize]) -> int or bytes

        Return an option: a number, or with a size bytes.
        """
        found, option = self._found(), (int(level), int(optname))
        if not 0 <= buflen <= 1024:
            raise OSError("getsockopt buflen out of range")
        value = found.option(*option)
        if option == (1, SO_LINGER):
            pair = [int(value >= 0), max(value, 0)]
            return pair[0] if buflen == 0 else b"".join(number.to_bytes(4, "little") for number in pair)[:buflen]
        return value if buflen == 0 else value.to_bytes(4, "little", signed=True)[:buflen]

    def settimeout(self, timeout, /):
        """settimeout(timeout)

        Have calls wait so many seconds at most; None is for ever, 0 not at all.
        """
        self._set(_seconds(timeout)) if self._open is not None else self._found()

    def gettimeout(self):
        """gettimeout() -> what `settimeout` was given."""
        return self._seconds

    def setblocking(self, flag, /):
        """setblocking(flag)

        Have calls wait, or not at all.
        """
        self._found()
        self._set(None if flag else 0.0)

    def getblocking(self):
        """getblocking() -> whether calls wait."""
        self._found()
        return self._seconds != 0

    # ---- Receiving

    def recv(self, bufsize, flags=0, /):
        """recv(buffersize[, flags]) -> data

        Receive at most so many bytes; none at the end.
        """
        net, handle = self._opened()
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        if bufsize == 0:
            return b""
        try:
            return net.recv(handle, min(bufsize, _net.CHUNK), int(flags), _net.nanoseconds(self._seconds))
        except InterruptedError:
            return socket.recv(self, bufsize, flags)
        except OSError as error:
            raise _net.late(self._seconds, error)

    def recv_into(self, buffer, nbytes=0, flags=0):
        """recv_into(buffer[, nbytes[, flags]]) -> how many bytes were received into it."""
        with memoryview(buffer) as whole, whole.cast("B") as view:
            if view.readonly:
                raise TypeError("recv_into() argument 1 must be read-write bytes-like object")
            data = socket.recv(self, _room(view, nbytes, "recv_into"), flags)
            view[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize, flags=0, /):
        """recvfrom(buffersize[, flags]) -> (data, None): who has sent it is clear of a connection."""
        if bufsize < 0:
            raise ValueError("negative buffersize in recvfrom")
        return socket.recv(self, bufsize, flags), None

    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        """recvfrom_into(buffer[, nbytes[, flags]]) -> (how many bytes, address)"""
        with memoryview(buffer) as whole, whole.cast("B") as view:
            if view.readonly:
                raise TypeError("recvfrom_into() argument 1 must be read-write bytes-like object")
            data, peer = socket.recvfrom(self, _room(view, nbytes, "recvfrom_into"), flags)
            view[: len(data)] = data
        return len(data), peer

    def recvmsg(self, bufsize, ancbufsize=0, flags=0, /):
        """recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)

        There is never ancillary data.
        """
        if bufsize < 0:
            raise ValueError("negative buffer size in recvmsg()")
        if ancbufsize < 0:
            raise ValueError("invalid ancillary data buffer length")
        data, peer = socket.recvfrom(self, bufsize, flags)
        return data, [], 0, peer

    def recvmsg_into(self, buffers, ancbufsize=0, flags=0, /):
        """recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)"""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        if any(view.readonly for view in views):
            raise TypeError("recvmsg_into() argument 1 must be an iterable of single-segment read-write bytes-like objects")
        data, _, more, peer = socket.recvmsg(self, sum(map(len, views)), ancbufsize, flags)
        start = 0
        for view in views:
            piece = data[start : start + len(view)]
            view[: len(piece)] = piece
            start += len(piece)
        return len(data), [], more, peer

    # ---- Sending

    def send(self, data, flags=0, /):
        """send(data[, flags]) -> how many bytes were sent."""
        net, handle = self._opened()
        found = self._open
        if found.host is not None and not found.secure and _net.is_secure(found, data):
            return len(_net.SECURE)
        try:
            return net.send(handle, _piece(data), int(flags), _net.nanoseconds(self._seconds))
        except InterruptedError:
            return socket.send(self, data, flags)
        except OSError as error:
            raise _net.late(self._seconds, error)

    def sendall(self, data, flags=0, /):
        """sendall(data[, flags])

        Send all of it. After an error nobody can say how much was sent.
        """
        net, handle = self._opened()
        deadline = _net.Deadline(self._seconds)
        with memoryview(data) as whole, whole.cast("B") as view:
            size, sent = len(view), 0
            if self._open.host is not None and not self._open.secure and _net.is_secure(self._open, view):
                sent = len(_net.SECURE)
            while sent < size:
                try:
                    sent += net.sendall(handle, view[sent : sent + _net.CHUNK], int(flags), deadline.left())
                except OSError as error:
                    raise _net.late(self._seconds, error)

    def sendto(self, data, *args):
        """sendto(data[, flags], address) -> how many bytes were sent."""
        if len(args) not in (1, 2):
            raise TypeError(f"sendto() takes 2 or 3 arguments ({len(args) + 1} given)")
        found = self._found()
        flags, address = args if len(args) == 2 else (0, *args)
        memoryview(data).release()
        if not isinstance(flags, int):
            raise TypeError(f"'{type(flags).__name__}' object cannot be interpreted as an integer")
        # A connection takes no address: it is not looked at, as in Linux.
        found.open()
        return socket.send(self, data, flags)

    def sendmsg(self, buffers, ancdata=(), flags=0, address=None, /):
        """sendmsg(buffers[, ancdata[, flags[, address]]]) -> how many bytes were sent

        Ancillary data is not sent, but refused.
        """
        for _ in ancdata:
            _needs.deny("socket.socket.sendmsg()", "no ancillary data is sent, and no line of cloison.toml grants it")
        data = b"".join(memoryview(buffer) for buffer in buffers)
        return socket.send(self, data, flags)

    def sendmsg_afalg(self, *args, **kwargs):
        """Refuse."""
        _needs.deny("socket.socket.sendmsg_afalg()", "the kernel's algorithms are not reached, and no line of cloison.toml grants it")


SocketType = socket


def _index(number):
    if not hasattr(number, "__index__"):
        raise TypeError(f"'{type(number).__name__}' object cannot be interpreted as an integer")
    return number.__index__()


def _kind(family, kind, proto):
    """Return the kind of a socket without its flags, if there are such sockets."""
    plain = kind & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)
    if family not in (1, 2, 10):
        raise OSError(97, "Address family not supported by protocol")
    if plain == 3:
        raise PermissionError(1, "Operation not permitted")
    if plain == 2:
        _needs.deny("socket.socket()", "there are connections (SOCK_STREAM) and no datagrams, and no line of cloison.toml grants it")
    if plain != 1:
        raise OSError(94, "Socket type not supported")
    if proto not in (0, 6) and family != 1:
        raise OSError(93, "Protocol not supported")
    return plain


def _piece(data):
    """Return as much as one call carries."""
    view = memoryview(data)
    if view.nbytes <= _net.CHUNK:
        return data if view.contiguous else view.tobytes()
    return view.cast("B")[: _net.CHUNK]


def _room(view, count, name):
    if count < 0:
        raise ValueError(f"negative buffersize in {name}")
    if count > len(view):
        raise ValueError("nbytes is greater than the length of the buffer")
    return count or len(view)


def _seconds(timeout):
    """Return a timeout as CPython takes it."""
    if timeout is None:
        return None
    if isinstance(timeout, (str, bytes)) or not hasattr(timeout, "__float__") and not hasattr(timeout, "__index__"):
        raise TypeError(f"'{type(timeout).__name__}' object cannot be interpreted as an integer")
    timeout = float(timeout)
    if timeout != timeout:
        raise ValueError("Invalid value NaN (not a number)")
    if timeout < 0:
        raise ValueError("Timeout value out of range")
    if timeout > 9e9:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return timeout


def _address(family, address, name, passive=False):
    """Return bytes, port and scope of an address, whose host may be a name."""
    if family == 1:
        _needs.deny(f"socket.{name}()", "sockets have no names in a file system, and no line of cloison.toml grants it")
    if not isinstance(address, tuple):
        raise TypeError(f"{name}(): AF_INET{'6' if family == 10 else ''} address must be tuple, not {type(address).__name__}")
    most = 2 if family == 2 else 4
    if not 2 <= len(address) <= most:
        wanted = "a pair (host, port)" if family == 2 else "a tuple (host, port[, flowinfo[, scopeid]])"
        raise TypeError(f"{name}(): AF_INET{'6' if family == 10 else ''} address must be {wanted}")
    host, port = address[:2]
    if not hasattr(port, "__index__"):
        raise TypeError(f"'{type(port).__name__}' object cannot be interpreted as an integer")
    port = int(port)
    if not 0 <= port <= 0xFFFF:
        raise OverflowError(f"{name}(): port must be 0-65535.")
    if len(address) > 2 and not 0 <= address[2] <= 0xFFFFF:
        raise OverflowError(f"{name}(): flowinfo must be 0-1048575.")
    packed, scope = _names.address(host, port, family, passive)
    return packed, port, address[3] if len(address) > 3 else scope


def _told(family, address):
    """Return an address of the service as Python has it."""
    if family == 1:
        return ""
    _, packed, port, scope = _net.unpack(address)
    text = _names.text(packed)
    return (text, port) if family == 2 else (text, port, 0, scope)


def _numbers(value):
    """Return the numbers that a struct of C's holds."""
    if len(value) not in (4, 8):
        raise OSError(22, "Invalid argument")
    return [int.from_bytes(value[at : at + 4], "little", signed=True) for at in range(0, len(value), 4)]


def gethostname():
    """Return the name that `os.uname` gives, too."""
    return "cloison"


def getdefaulttimeout():
    """Return what `setdefaulttimeout` was given."""
    return _default_timeout


def setdefaulttimeout(timeout, /):
    """Have new sockets wait so many seconds at most."""
    global _default_timeout
    _default_timeout = _seconds(timeout)


def _swapped(number, size):
    if number < 0:
        raise ValueError("Cannot convert negative int")
    try:
        return int.from_bytes(number.to_bytes(size, "little"), "big")
    except OverflowError:
        raise OverflowError(f"int larger than {size * 8} bits") from None


def htons(x):
    """Return 16 bits in the order of bytes of the network."""
    return _swapped(x, 2)


def ntohs(x):
    """Return 16 bits in this machine's order of bytes."""
    return _swapped(x, 2)


def htonl(x):
    """Return 32 bits in the order of bytes of the network."""
    return _swapped(x, 4)


def ntohl(x):
    """Return 32 bits in this machine's order of bytes."""
    return _swapped(x, 4)


def inet_aton(ip_addr):
    """Return four bytes of the text of an address, of which parts may be left out, as C does."""
    packed = _names.four_bytes(ip_addr)
    if packed is None:
        raise OSError("illegal IP address string passed to inet_aton")
    return packed


def inet_ntoa(packed_ip):
    """Return the text of an address of four bytes."""
    packed = bytes(packed_ip)
    if len(packed) != 4:
        raise OSError("packed IP wrong length")
    return _names.text(packed)


def inet_pton(address_family, ip_string):
    """Return the bytes of an address."""
    if address_family not in (2, 10):
        raise OSError(97, "Address family not supported by protocol")
    packed = _names.exact(ip_string)
    if packed is None or len(packed) != (4 if address_family == 2 else 16):
        raise OSError("illegal IP address string passed to inet_pton")
    return packed


def inet_ntop(address_family, packed_ip):
    """Return the text of an address."""
    packed = bytes(packed_ip)
    if address_family not in (2, 10):
        raise ValueError(f"unknown address family {address_family}")
    if len(packed) != (4 if address_family == 2 else 16):
        raise ValueError("invalid length of packed IP address string")
    return _names.text(packed)


def close(fd, /):
    """Close a socket by its number."""
    _net.at(fd)
    _descriptors.close(fd)


def dup(fd, /):
    """Return another number that leads to the same socket."""
    return _net.enter(_net.at(fd))


def socketpair(family=1, type=1, proto=0, /):
    """Return two sockets that are connected with each other."""
    _net.check("socket.socketpair()")
    if family != 1:
        raise OSError(95, "Operation not supported")
    kind = _kind(family, int(type), proto)
    place = _net.places()[0]
    pair = [_net.Socket(1, kind, proto, place, handle) for handle in place.net.socketpair()]
    return tuple(socket(1, kind, proto, _net.enter(one)) for one in pair)


getaddrinfo, getnameinfo = _names.getaddrinfo, _names.getnameinfo
gethostbyaddr, gethostbyname, gethostbyname_ex = _names.gethostbyaddr, _names.gethostbyname, _names.gethostbyname_ex
getprotobyname, getservbyname, getservbyport = _names.getprotobyname, _names.getservbyname, _names.getservbyport


def CMSG_LEN(length):
    """Return how long a control message with so many bytes is."""
    if not 0 <= length <= 0x7FFFFFFF - 16:
        raise OverflowError("CMSG_LEN() argument out of range")
    return 16 + length


def CMSG_SPACE(length):
    """Return how much room it takes."""
    if not 0 <= length <= 0x7FFFFFFF - 23:
        raise OverflowError("CMSG_SPACE() argument out of range")
    return 16 + (length + 7 & ~7)


_native.as_builtins(globals(), __name__)
globals().update(_native.functions(__name__, _needs.INTERFACES, "if_indextoname if_nameindex if_nametoindex sethostname"))

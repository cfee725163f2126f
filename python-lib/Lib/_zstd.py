"""What CPython's `compression.zstd` is defined on. Packing and unpacking are a Rust crate's, which is no libzstd.

There is one way to pack, about as good as libzstd's level 1: levels and other parameters are looked at, and change nothing but what the
frame's header says. With a dictionary a frame is packed as without, and says that it needs it; others make use of one that is trained here.
"""

import _cloison
from cloison import _native

#: Whose numbers these are.
zstd_version = "1.5.7"
zstd_version_number = 10507

globals().update(
    ZSTD_CLEVEL_DEFAULT=3, ZSTD_DStreamOutSize=131072, ZSTD_c_compressionLevel=100, ZSTD_c_windowLog=101,
    ZSTD_c_hashLog=102, ZSTD_c_chainLog=103, ZSTD_c_searchLog=104, ZSTD_c_minMatch=105, ZSTD_c_targetLength=106,
    ZSTD_c_strategy=107, ZSTD_c_enableLongDistanceMatching=160, ZSTD_c_ldmHashLog=161, ZSTD_c_ldmMinMatch=162,
    ZSTD_c_ldmBucketSizeLog=163, ZSTD_c_ldmHashRateLog=164, ZSTD_c_contentSizeFlag=200, ZSTD_c_checksumFlag=201,
    ZSTD_c_dictIDFlag=202, ZSTD_c_nbWorkers=400, ZSTD_c_jobSize=401, ZSTD_c_overlapLog=402, ZSTD_d_windowLogMax=100,
    ZSTD_fast=1, ZSTD_dfast=2, ZSTD_greedy=3, ZSTD_lazy=4, ZSTD_lazy2=5, ZSTD_btlazy2=6, ZSTD_btopt=7,
    ZSTD_btultra=8, ZSTD_btultra2=9,
)
_LEVEL, _SIZE, _SUM, _DICTIONARY = 100, 200, 201, 202
#: Parameter → name, smallest and largest value; of packing, and of unpacking.
_PACKING = {
    100: ("compression_level", -131072, 22), 101: ("window_log", 10, 31), 102: ("hash_log", 6, 30), 103: ("chain_log", 6, 30),
    104: ("search_log", 1, 30), 105: ("min_match", 3, 7), 106: ("target_length", 0, 131072), 107: ("strategy", 1, 9),
    160: ("enable_long_distance_matching", 0, 2), 161: ("ldm_hash_log", 6, 30), 162: ("ldm_min_match", 4, 4096),
    163: ("ldm_bucket_size_log", 1, 8), 164: ("ldm_hash_rate_log", 0, 25), 200: ("content_size_flag", 0, 1),
    201: ("checksum_flag", 0, 1), 202: ("dict_id_flag", 0, 1), 400: ("nb_workers", 0, 0), 401: ("job_size", 0, 0),
    402: ("overlap_log", 0, 0),
}
_UNPACKING = {100: ("window_log_max", 10, 31)}
_MAGIC, _DICTIONARY_MAGIC = b"\x28\xb5\x2f\xfd", b"\x37\xa4\x30\xec"
#: An empty block that is the last one.
_LAST = b"\x01\0\0"
#: The window of a frame whose size is not known, 1 MiB, which is what is packed at once.
_WINDOW, _CHUNK = b"\x50", 1 << 20


class ZstdError(Exception):
    """Data that cannot be packed or unpacked."""

    __module__ = "compression.zstd"


_types = ()


def set_parameter_types(c_parameter_type, d_parameter_type):
    """Note the classes of parameters, so that those of the other kind can be told."""
    global _types
    if not isinstance(c_parameter_type, type) or not isinstance(d_parameter_type, type):
        raise ValueError("The two arguments should be CompressionParameter and DecompressionParameter types.")
    _types = c_parameter_type, d_parameter_type


def get_param_bounds(parameter, is_compress):
    """Return the smallest and the largest value of a parameter."""
    found = (_PACKING if is_compress else _UNPACKING).get(parameter)
    if found is None:
        raise ZstdError("Unable to get parameter bounds: Unsupported parameter")
    return found[1:]


def _checked(options, known, other, kind):
    """Return options as numbers that may be."""
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise TypeError(f"{'options' if kind else ''} argument should be dict object.")
    checked = {}
    for key, value in options.items():
        if _types and type(key) is other:
            raise TypeError(f"The key in the options dict should not be a {other.__name__} attribute")
        if not isinstance(key, int) or not isinstance(value, int):
            raise TypeError("Key and value of options dict should be int")
        for number in (key, value):
            if not -1 << 31 <= number < 1 << 31:
                raise ValueError("dictionary value should be an int less than 2**31")
        found = known.get(key)
        if found is None:
            raise ValueError(f"invalid {kind} parameter 'unknown parameter (key {int(key)})'")
        name, least, most = found
        if not least <= value <= most and not (value == 0 and 101 <= key <= 164):
            raise ValueError(f"{kind} parameter '{name}' received an illegal value {int(value)}; the valid range is [{least}, {most}]")
        checked[int(key)] = int(value)
    return checked


class ZstdDict:
    """A dictionary: ``ZstdDict(dict_content, /, *, is_raw=False)``."""

    __slots__ = ("_content", "_id", "_tables")
    __module__ = "compression.zstd"

    def __new__(cls, dict_content, /, *, is_raw=False):
        content = bytes(memoryview(dict_content))
        if len(content) < 8:
            raise ValueError("Zstandard dictionary content too short (must have at least eight bytes)")
        has_number = content[:4] == _DICTIONARY_MAGIC
        if not is_raw and not has_number:
            raise ValueError("invalid Zstandard dictionary")
        number = int.from_bytes(content[4:8], "little") if has_number else 0
        self = object.__new__(cls)
        self._content, self._id = content, number
        #: What frames are unpacked with: a raw one has no tables.
        self._tables = None if is_raw or not number else content
        return self

    def __reduce__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def __len__(self):
        return len(self._content)

    def __repr__(self):
        return f"<ZstdDict dict_id={self._id} dict_size={len(self._content)}>"

    dict_content = property(lambda self: self._content, doc="The content of the dictionary, as bytes.")
    dict_id = property(lambda self: self._id, doc="Its number, 0 of one that is raw.")
    as_digested_dict = property(lambda self: (self, 0), doc="Load it as it was digested.")
    as_undigested_dict = property(lambda self: (self, 1), doc="Load it as it is.")
    as_prefix = property(lambda self: (self, 2), doc="Load it as a prefix.")


def _dictionary(given, kind):
    """Return the dictionary that is given for `kind`, if it can be used."""
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], ZstdDict) and isinstance(given[1], int):
        if not -1 << 31 <= given[1] < 1 << 31:
            raise OverflowError("Python int too large to convert to C int")
        if given[1] in (0, 1, 2):
            given = given[0]
    if not isinstance(given, (ZstdDict, type(None))):
        raise TypeError("zstd_dict argument should be a ZstdDict object.")
    if given is not None and given._tables is not None:
        try:
            _cloison.zstd_frame(given._tables, 1 << 10)
        except ValueError:
            raise ZstdError(
                f"Failed to create a ZSTD_{kind} instance from Zstandard dictionary content. Maybe the content is corrupted, or it is no "
                "dictionary: is_raw=True makes one of any content."
            ) from None
    return given


class ZstdCompressor:
    """Packs data piece by piece: ``ZstdCompressor(level=None, options=None, zstd_dict=None)``."""

    __slots__ = ("_dictionary", "_flags", "_held", "_last_mode", "_said", "_size", "_sum")
    __module__ = "compression.zstd"
    CONTINUE, FLUSH_BLOCK, FLUSH_FRAME = range(3)

    def __new__(cls, level=None, options=None, zstd_dict=None):
        if level is not None and options is not None:
            raise TypeError("Only one of level or options should be used.")
        if level is not None:
            if not isinstance(level, int):
                raise TypeError("invalid type for level, expected int")
            _, least, most = _PACKING[_LEVEL]
            if not least <= level <= most:
                raise ValueError(f"illegal compression level; the valid range is [{least}, {most}]")
        self = object.__new__(cls)
        self._flags = {_SIZE: 1, _SUM: 0, _DICTIONARY: 1} | _checked(options, _PACKING, _types and _types[1], "compression")
        self._dictionary = _dictionary(zstd_dict, "CDict")
        self._last_mode = cls.FLUSH_FRAME
        self._begin()
        return self

    def __reduce__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def _begin(self):
        self._held = bytearray()
        #: How long the frame is to be; how much of it has come, or None before its header was written.
        self._size = self._said = None
        self._sum = _cloison.zstd_checksum() if self._flags[_SUM] else None

    @property
    def last_mode(self):
        """The mode of the last call."""
        return self._last_mode

    def compress(self, /, data, mode=CONTINUE):
        """Pack data, and return what there is of it: all with FLUSH_BLOCK, and to the frame's end with FLUSH_FRAME."""
        if mode not in (self.CONTINUE, self.FLUSH_BLOCK, self.FLUSH_FRAME):
            raise ValueError(
                "mode argument wrong value, it should be one of ZstdCompressor.CONTINUE, ZstdCompressor.FLUSH_BLOCK, "
                "ZstdCompressor.FLUSH_FRAME."
            )
        view = memoryview(data)
        self._held += view if view.contiguous and view.itemsize == 1 else view.tobytes()
        return self._pack(mode)

    def flush(self, /, mode=FLUSH_FRAME):
        """End a block, or the frame, and return the rest of it."""
        if mode not in (self.FLUSH_BLOCK, self.FLUSH_FRAME):
            raise ValueError(
                "mode argument wrong value, it should be ZstdCompressor.FLUSH_FRAME or ZstdCompressor.FLUSH_BLOCK."
            )
        return self._pack(mode)

    def set_pledged_input_size(self, size, /):
        """Say how long the next frame is; None for not known."""
        if self._last_mode != self.FLUSH_FRAME:
            raise ValueError("set_pledged_input_size() method must be called when last_mode == FLUSH_FRAME")
        if size is not None:
            if not isinstance(size, int):
                raise TypeError("size argument should be a positive int less than 2**64 - 1, or None")
            if not 0 <= size < (1 << 64) - 1:
                raise ValueError("size argument should be a positive int less than 18446744073709551615, or None")
        self._size = size

    def _pack(self, mode):
        pieces, held = [], self._held
        self._last_mode = mode
        if self._said is None and (mode or len(held) >= _CHUNK):
            if mode == self.FLUSH_FRAME and self._size is None:
                self._size = len(held)
            pieces.append(self._header())
            self._said = 0
        while len(held) >= _CHUNK or held and mode:
            chunk = bytes(held[:_CHUNK])
            del held[:_CHUNK]
            self._said += len(chunk)
            if self._sum is not None:
                self._sum.update(chunk)
            pieces.append(_cloison.zstd_blocks(chunk))
        if self._size is not None and self._said is not None and (
            self._said > self._size or mode == self.FLUSH_FRAME and self._said != self._size
        ):
            self._begin()
            self._last_mode = self.FLUSH_FRAME
            raise ZstdError("Unable to compress Zstandard data: Src size is incorrect")
        if mode == self.FLUSH_FRAME:
            pieces.append(_LAST)
            if self._sum is not None:
                pieces.append(self._sum.low().to_bytes(4, "little"))
            self._begin()
        return b"".join(pieces)

    def _header(self):
        size = self._size if self._flags[_SIZE] else None
        number = self._dictionary._id if self._dictionary is not None and self._flags[_DICTIONARY] else 0
        width = 0 if size is None or size < 256 else 1 if size < 65792 else 2 if size < 1 << 32 else 3
        # A short frame is its own window.
        is_single = size is not None and size <= _CHUNK
        if size is not None and not is_single:
            width = max(width, 2)
        which = 0 if not number else 1 if number < 256 else 2 if number < 65536 else 3
        descriptor = width << 6 | is_single << 5 | bool(self._flags[_SUM]) << 2 | which
        header = _MAGIC + bytes([descriptor]) + (b"" if is_single else _WINDOW) + number.to_bytes((0, 1, 2, 4)[which], "little")
        if size is not None:
            header += (size - 256 if width == 1 else size).to_bytes((1, 2, 4, 8)[width], "little")
        return header


class ZstdDecompressor:
    """Unpacks one frame piece by piece: ``ZstdDecompressor(zstd_dict=None, options=None)``."""

    __slots__ = ("_dictionary", "_eof", "_frame", "_input", "_is_hungry", "_output", "_skip", "_window")
    __module__ = "compression.zstd"

    def __new__(cls, zstd_dict=None, options=None):
        self = object.__new__(cls)
        self._dictionary = _dictionary(zstd_dict, "DDict")
        self._window = 1 << (_checked(options, _UNPACKING, _types and _types[0], "decompression").get(100) or 27)
        self._input = self._output = b""
        #: What unpacks it, and how much is to be skipped of a frame that is to be skipped.
        self._frame = self._skip = None
        self._eof, self._is_hungry = False, True
        return self

    def __reduce__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    eof = property(lambda self: self._eof, doc="Whether the end of the frame was reached.")
    needs_input = property(lambda self: self._is_hungry, doc="Whether more data is needed before more comes out.")

    @property
    def unused_data(self):
        """What stands behind the frame."""
        return self._input if self._eof else b""

    def decompress(self, /, data, max_length=-1):
        """Unpack data, and return at most `max_length` bytes; the rest comes with the next call."""
        if self._eof:
            raise EOFError("Already at the end of a Zstandard frame.")
        view = memoryview(data)
        if view.nbytes:
            self._input += view.tobytes()
        try:
            self._unpack(max_length)
        except BaseException as error:
            self._input = self._output = b""
            self._frame = None
            if not isinstance(error, ValueError):
                raise
            raise ZstdError(f"Unable to decompress Zstandard data: {error}") from None
        if 0 <= max_length < len(self._output):
            told, self._output = self._output[:max_length], self._output[max_length:]
        else:
            told, self._output = self._output, b""
        if self._output:
            self._eof = False
            self._is_hungry = False
        else:
            self._eof = self._frame is not None and self._frame is _OVER
            self._is_hungry = not self._eof and (max_length < 0 or len(told) < max_length)
        return told

    def _unpack(self, most):
        if self._frame is None and not self._begin():
            return
        if self._skip is not None:
            skipped = min(self._skip, len(self._input))
            self._skip -= skipped
            self._input = self._input[skipped:]
            if not self._skip:
                self._frame = _OVER
            return
        pieces, held = [self._output], len(self._output)
        rest, at = memoryview(self._input), 0
        # A little at a time, so that this can be interrupted.
        while self._frame is not _OVER and (most < 0 or held < most):
            limit = _CHUNK if most < 0 else min(_CHUNK, most - held)
            taken, out, is_over = self._frame.feed(rest[at:], limit, held)
            at += taken
            held += len(out)
            pieces.append(out)
            if is_over:
                self._frame = _OVER
            if not taken and not out:
                break
        self._input = self._input[at:]
        self._output = b"".join(pieces)

    def _begin(self):
        """Look at what it begins with, if that is there."""
        head = self._input[:8]
        if head[:4] != _MAGIC[: len(head)] and not (0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18"[: len(head) - 1]):
            raise ValueError("Unknown frame descriptor")
        if len(head) < 5:
            return False
        if head[:4] != _MAGIC:
            if len(head) < 8:
                return False
            self._skip = int.from_bytes(head[4:], "little")
            self._input = self._input[8:]
            self._frame = _SKIPPED
            return True
        known = self._dictionary
        self._frame = _cloison.zstd_frame(None if known is None else known._tables, self._window)
        return True


#: What stands for a frame that has ended, and for one that is skipped.
_OVER, _SKIPPED = object(), object()


def _frame_header(data):
    """Return the length of a frame's header, its size and its dictionary's number, each 0 or None if it does not say."""
    data = bytes(memoryview(data)[:18])
    if data[:4] != _MAGIC or len(data) < 5:
        return None
    descriptor = data[4]
    is_single = descriptor >> 5 & 1
    at = 5 + (not is_single)
    number_bytes = (0, 1, 2, 4)[descriptor & 3]
    size_bytes = (is_single, 2, 4, 8)[descriptor >> 6]
    if len(data) < at + number_bytes + size_bytes:
        return None
    number = int.from_bytes(data[at : at + number_bytes], "little")
    at += number_bytes
    size = int.from_bytes(data[at : at + size_bytes], "little") + (256 if size_bytes == 2 else 0) if size_bytes else None
    return at + size_bytes, size, number, descriptor >> 2 & 1


def _is_skippable(data):
    data = bytes(memoryview(data)[:8])
    return len(data) == 8 and 0x50 <= data[0] <= 0x5F and data[1:4] == b"\x2a\x4d\x18"


def get_frame_info(frame_buffer):
    """Return how long a frame is when it is unpacked, None if it does not say, and the number of its dictionary."""
    if _is_skippable(frame_buffer):
        return 0, 0
    found = _frame_header(frame_buffer)
    if found is None:
        raise ZstdError(
            "Error when getting information from the header of a Zstandard frame. Ensure the frame_buffer argument starts from the "
            "beginning of a frame, and its length is not less than the frame header (6~18 bytes)."
        )
    return found[1], found[2]


def get_frame_size(frame_buffer):
    """Return how long the frame is that data begins with."""
    data = bytes(memoryview(frame_buffer))
    if _is_skippable(data):
        at = 8 + int.from_bytes(data[4:8], "little")
        if at <= len(data):
            return at
    found = _frame_header(data)
    if found is not None:
        at, is_last = found[0], False
        while not is_last and at + 3 <= len(data):
            block = int.from_bytes(data[at : at + 3], "little")
            is_last = block & 1
            at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
        at += 4 * found[3]
        if is_last and at <= len(data):
            return at
    raise ZstdError(
        "Error when finding the compressed size of a Zstandard frame. Ensure the frame_buffer argument starts from the beginning of a "
        "frame, and its length is not less than this complete frame."
    )


#: The tables of a dictionary, as libzstd makes them for text: they tell what is frequent, not what there is. Behind them stand offsets.
_TABLES = bytes.fromhex(
    "381098d199d6c0c0c0c0c0c0c0c0c0c0c0c02051d9e1f868a8ac33d4cd1a160b2fdb6191d0b2dc0e5825b40095218921b10d0cd56546d18338a30010384c40a991e7c5"
    "09000004a0cb9631089c653c020000000000000000000000000000000000000000002424aac23143114b73062103220000000000000000"
    "010000000400000008000000"
)
#: How long a piece of a sample is that is taken or not, and what is counted in it.
_SEGMENT, _GRAM = 64, 8


def _samples(data, sizes, dict_size):
    """Check what a dictionary is to be made of, and return the samples."""
    if not isinstance(data, bytes) or not isinstance(sizes, tuple):
        raise TypeError("samples are bytes, and their sizes a tuple")
    if not isinstance(dict_size, int):
        raise TypeError("dict_size argument should be an int object.")
    if dict_size <= 0:
        raise ValueError("dict_size argument should be positive number.")
    samples, at = [], 0
    for size in sizes:
        if not isinstance(size, int):
            raise TypeError(f"'{type(size).__name__}' object cannot be interpreted as an integer")
        if not 0 <= size <= len(data) - at:
            raise ValueError("The samples size tuple doesn't match the concatenation's size.")
        samples.append(data[at : at + size])
        at += size
    if at != len(data):
        raise ValueError("The samples size tuple doesn't match the concatenation's size.")
    return samples


def _finished(content, dict_size):
    """Return a dictionary of that size at most, with what is at the end of a content."""
    room = dict_size - 8 - len(_TABLES)
    if room < 8 or len(content) < 8:
        raise ZstdError("Unable to make a Zstandard dictionary: there is too little data, or too little room for it")
    content = content[-room:]
    total = _cloison.zstd_checksum()
    total.update(content)
    # The first 32768 numbers, and the last 2 ** 31, are not for everybody.
    number = (1 << 15) + total.low() % ((1 << 31) - (1 << 15))
    return _DICTIONARY_MAGIC + number.to_bytes(4, "little") + _TABLES + content


def train_dict(samples_bytes, samples_sizes, dict_size, /):
    """Return the content of a dictionary: the pieces of the samples that have most in common with others, the best at the end."""
    from collections import Counter

    samples = _samples(samples_bytes, samples_sizes, dict_size)
    grams = Counter(gram for sample in samples for gram in {sample[at : at + _GRAM] for at in range(len(sample) - _GRAM + 1)})
    pieces = {sample[at : at + _SEGMENT] for sample in samples for at in range(0, len(sample), _SEGMENT)}
    ranked = sorted((sum(grams[piece[at : at + _GRAM]] for at in range(len(piece) - _GRAM + 1)), piece) for piece in pieces)
    return _finished(b"".join(piece for _, piece in ranked), dict_size)


def finalize_dict(custom_dict_bytes, samples_bytes, samples_sizes, dict_size, compression_level, /):
    """Return the content of a dictionary with a content of somebody's own."""
    if not isinstance(custom_dict_bytes, bytes) or not isinstance(compression_level, int):
        raise TypeError("the content is bytes, and the level an int")
    _samples(samples_bytes, samples_sizes, dict_size)
    return _finished(custom_dict_bytes, dict_size)


_native.as_builtins(globals(), __name__)

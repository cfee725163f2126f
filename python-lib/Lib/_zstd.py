"""What CPython's `compression.zstd` is defined on. libzstd is a C library: a program reaches it as a capability of a zone.

The refusals are `ZstdError` too, so that `tarfile` and `zipfile` take an archive for one that they cannot read.
"""

from cloison import _native, _needs

zstd_version = "1.5.0"
zstd_version_number = 10500

globals().update(
    ZSTD_CLEVEL_DEFAULT=3, ZSTD_DStreamOutSize=131072, ZSTD_c_compressionLevel=100, ZSTD_c_windowLog=101,
    ZSTD_c_hashLog=102, ZSTD_c_chainLog=103, ZSTD_c_searchLog=104, ZSTD_c_minMatch=105, ZSTD_c_targetLength=106,
    ZSTD_c_strategy=107, ZSTD_c_enableLongDistanceMatching=160, ZSTD_c_ldmHashLog=161, ZSTD_c_ldmMinMatch=162,
    ZSTD_c_ldmBucketSizeLog=163, ZSTD_c_ldmHashRateLog=164, ZSTD_c_contentSizeFlag=200, ZSTD_c_checksumFlag=201,
    ZSTD_c_dictIDFlag=202, ZSTD_c_nbWorkers=400, ZSTD_c_jobSize=401, ZSTD_c_overlapLog=402, ZSTD_d_windowLogMax=100,
    ZSTD_fast=1, ZSTD_dfast=2, ZSTD_greedy=3, ZSTD_lazy=4, ZSTD_lazy2=5, ZSTD_btlazy2=6, ZSTD_btopt=7,
    ZSTD_btultra=8, ZSTD_btultra2=9,
)


class ZstdError(Exception):
    """Data that cannot be packed or unpacked."""

    __module__ = "compression.zstd"


def _class(name):
    def __new__(cls, *args, **kwargs):
        raise _native.refusal(ZstdError)(f"compression.zstd.{name}(): {_needs.FOREIGN}")

    return type(name, (), {"__new__": __new__, "__module__": "compression.zstd"})


ZstdCompressor, ZstdDecompressor, ZstdDict = map(_class, ("ZstdCompressor", "ZstdDecompressor", "ZstdDict"))
ZstdCompressor.CONTINUE, ZstdCompressor.FLUSH_BLOCK, ZstdCompressor.FLUSH_FRAME = range(3)


def set_parameter_types(c_parameter_type, d_parameter_type):
    """Do nothing."""


_native.as_builtins(globals(), __name__)
globals().update(_native.failing_functions("compression.zstd", _needs.FOREIGN, ZstdError, """
    finalize_dict get_frame_info get_frame_size get_param_bounds train_dict
"""))

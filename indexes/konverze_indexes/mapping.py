"""Files mapped into memory without a file descriptor: thousands of tenants would use up those of a process."""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_FAILED = ctypes.c_void_p(-1).value
_Block = ctypes.c_ubyte * (1 << 62)  # of any length: to make a type for each takes longer than to map the file


def mapped(descriptor: int, size: int) -> memoryview:
    """The first bytes of an open file, read-only; they stay when the descriptor is closed and the file deleted.

    `mmap.mmap` would keep a descriptor of its own for as long as the view lives; it can be told not to from Python 3.13
    on only.

    Args:
        descriptor: Of a regular file, open for reading.
        size: Bytes to map, at least 1 and at most the file's.

    Raises:
        OSError: The system refuses.
    """
    address = _libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address == _FAILED:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    block = _Block.from_address(address)
    weakref.finalize(block, _libc.munmap, address, size).atexit = False
    return memoryview(block)[:size].toreadonly().cast("B")


def is_mapped(view: memoryview) -> bool:
    """Whether a view is of a mapped file, or a part of it: it takes no memory that the system could not have back."""
    return isinstance(view.obj, _Block)

"""What the kernel refuses a process that parses hostile files, whatever code comes to run in it (Linux).

Two barriers, both without privileges and for good: Landlock (files, signals, TCP, and looking into other processes) and
a seccomp filter (sockets of any kind, programs, child processes). They are called by number through the C library,
because the standard library has no names for them. Elsewhere than on Linux there is neither.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE_AND_FOLDER = 1 << 2 | 1 << 3
_FILE_RIGHTS = (13, 14, 15, 15, 16)  # rights to files that versions 1, 2, … of Landlock can refuse
_TCP_FROM_VERSION, _TCP_RIGHTS = 4, 0b11
_SCOPES_FROM_VERSION, _SCOPES = 6, 0b11  # abstract sockets and signals, to whom is not confined as well

_SET_SECCOMP, _FILTER, _SET_NO_NEW_PRIVILEGES = 22, 2, 38
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_OTHER_NUMBERING = 0x40000000  # x32's calls
_CLONE_THREAD = 0x10000

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_REFUSED_CALLS = {
    "socket": (41, 198, errno.EACCES),
    "kill": (62, 129, errno.EPERM),
    "fork": (57, None, errno.EPERM),
    "vfork": (58, None, errno.EPERM),
    "clone3": (435, 435, errno.ENOSYS),  # the C library then uses clone, whose flags a filter can see
    "execve": (59, 221, errno.EPERM),
    "execveat": (322, 281, errno.EPERM),
    "ptrace": (101, 117, errno.EPERM),
    "process_vm_readv": (310, 270, errno.EPERM),
    "process_vm_writev": (311, 271, errno.EPERM),
    "pidfd_getfd": (438, 438, errno.EPERM),
    "io_uring_setup": (425, 425, errno.ENOSYS),  # opens and connects without the calls above
}
_CLONE = (56, 220)

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """Version of Landlock that the kernel offers; 0 where it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))


def refuse_files(readable: Iterable[str]) -> None:
    """Refuses this process, and all that it starts, every file and folder but those to read.

    It also refuses TCP, signals to processes that are not so confined, and their memory, as far as the kernel's
    Landlock goes. What is open stays open. Does nothing where there is no Landlock.

    Args:
        readable: Folders whose files may still be read; such as are not there are left out.

    Raises:
        OSError: The kernel has Landlock and does not do it.
    """
    version = landlock_version()
    if not version:
        return
    rights = (1 << _FILE_RIGHTS[min(version, len(_FILE_RIGHTS)) - 1]) - 1
    tcp = _TCP_RIGHTS if version >= _TCP_FROM_VERSION else 0
    scopes = _SCOPES if version >= _SCOPES_FROM_VERSION else 0
    attributes = struct.pack("=QQQ", rights, tcp, scopes)
    ruleset = _done(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    for folder in filter(os.path.isdir, readable):
        opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", _READ_FILE_AND_FOLDER, opened)
        _done(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
        os.close(opened)
    _set_no_new_privileges()
    _done(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def refuse_calls() -> None:
    """Refuses this process sockets, programs, child processes, signals to others, and their memory.

    Threads it may start. Does nothing on other processors than those of `_ARCHITECTURES`.

    Raises:
        OSError: The kernel does not do it.
    """
    if sys.platform != "linux" or not _PROGRAM:
        return
    _set_no_new_privileges()
    program = ctypes.create_string_buffer(_PROGRAM, len(_PROGRAM))
    head = struct.pack("@HP", len(_PROGRAM) // 8, ctypes.addressof(program))
    _done(_libc.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), head))


def _program(machine: str) -> bytes:
    """The filter, as classic BPF: (code, jump if so, jump if not, value), 8 bytes each; see seccomp(2)."""
    if machine not in _ARCHITECTURES:
        return b""
    architecture, column = _ARCHITECTURES[machine]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, 0, 1, _OTHER_NUMBERING),
        (_RETURN, 0, 0, _KILL),
    ]
    for *numbers, code in _REFUSED_CALLS.values():
        if (number := numbers[column]) is not None:
            lines += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | code)]
    lines += [
        (_IF_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _REFUSE | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _set_no_new_privileges() -> None:
    one, zero = ctypes.c_ulong(1), ctypes.c_ulong(0)
    _done(_libc.prctl(_SET_NO_NEW_PRIVILEGES, one, zero, zero, zero))


def _done(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


_PROGRAM = _program(platform.machine())

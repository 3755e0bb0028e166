"""Small disks to fill, and disks whose power can be cut. Both need root; the tests are skipped elsewhere."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2

CAN_CUT_POWER = os.geteuid() == 0 and Path("/dev/loop-control").exists() and shutil.which("mkfs.ext4") is not None
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
needs_loop_ext4 = pytest.mark.skipif(
    not CAN_CUT_POWER,
    reason="cutting the power needs root, loop devices and mkfs.ext4",
)


@contextmanager
def small_tmpfs(mount_point: Path, size_kib: int) -> Iterator[None]:
    mount_point.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size_kib}k,mode=0700", "tmpfs", str(mount_point))
    try:
        yield
    finally:
        run("umount", str(mount_point))


def enlarge_tmpfs(mount_point: Path, size_kib: int) -> None:
    run("mount", "-o", f"remount,size={size_kib}k", str(mount_point))


def make_ext4(image: Path, size_mib: int) -> None:
    with image.open("wb") as file:
        file.truncate(size_mib << 20)
    run("mkfs.ext4", "-q", "-F", str(image))


@contextmanager
def mounted_ext4(image: Path, mount_point: Path) -> Iterator[None]:
    mount_point.mkdir(exist_ok=True)
    run("mount", "-o", "loop", str(image), str(mount_point))
    try:
        yield
    finally:
        run("umount", str(mount_point))


def cut_power(mount_point: Path) -> None:
    """From now on nothing more reaches the disk, and what was not flushed never did."""
    descriptor = os.open(mount_point, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
    finally:
        os.close(descriptor)


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")

"""Bytes of a bundle: strict JSON and plain arrays, the same content giving the same bytes.

No pickle: arrays of objects are refused both ways, and array files are read by their header and a
copy of their bytes, never by a general loader.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from hscrisk.errors import UntrustedBundle

# Zip members carry a time; a fixed one keeps the bytes a function of the content alone.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SUFFIX = ".npy"


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON, refusing NaN and infinities, keys in their own order.

    The order is kept because it means something: columns of a matrix follow the contract's.

    Raises
    ------
    ValueError, TypeError
        If the value holds something that JSON cannot.
    """
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def plain(value: Any) -> Any:
    """Return NumPy scalars, arrays and tuples as plain JSON values; NaN becomes null.

    For tables that people read, where "not estimable" is an absence. Settings of a model do not
    pass here: a NaN there is a fault.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def parse_json(content: bytes, name: str) -> Any:
    """Return the value of a JSON file of a bundle.

    Raises
    ------
    UntrustedBundle
        On anything but strict UTF-8 JSON: NaN, infinities, numbers too large, repeated keys,
        nesting too deep.
    """
    try:
        return json.loads(
            content.decode("utf-8"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_no_repeats,
        )
    except (ValueError, RecursionError) as error:
        msg = f"{name} is not strict JSON"
        raise UntrustedBundle(msg) from error


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as an uncompressed `.npz` with fixed times, sorted by name.

    Raises
    ------
    ValueError
        If an array holds Python objects, which only pickle could keep.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            # One memory order, so that a bundle saved, loaded and saved again keeps its id.
            array = np.asarray(arrays[name], order="C")
            npy.write_array(member, array, version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(name + _SUFFIX, date_time=_EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, member.getvalue())
    return target.getvalue()


def parse_npz(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an `.npz` file of a bundle.

    Raises
    ------
    UntrustedBundle
        If it is not such a file, is compressed (nothing we write is; a small file must not
        unfold into a large one), or an array's header promises other than its bytes hold.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(
                member.compress_type != zipfile.ZIP_STORED
                or member.file_size != member.compress_size
                or not member.filename.endswith(_SUFFIX)
                for member in members
            ) or len({member.filename for member in members}) != len(members):
                _not_plain()
            return {
                member.filename.removesuffix(_SUFFIX): _parse_npy(archive.read(member))
                for member in members
            }
    except (
        ValueError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        zipfile.BadZipFile,
    ) as error:
        msg = f"{name} does not hold plain arrays"
        raise UntrustedBundle(msg) from error


def _parse_npy(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    if npy.read_magic(stream) != (1, 0):
        _not_plain()
    shape, fortran, dtype = npy.read_array_header_1_0(stream)
    body = content[stream.tell() :]
    if fortran or dtype.hasobject or len(body) != dtype.itemsize * math.prod(shape):
        _not_plain()
    return np.frombuffer(body, dtype).reshape(shape).copy() if body else np.zeros(shape, dtype)


def _not_plain() -> NoReturn:
    message = "not plain arrays"
    raise ValueError(message)


def _no_constant(constant: str) -> NoReturn:
    message = f"{constant} is no JSON"
    raise ValueError(message)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _no_constant(text)
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return value

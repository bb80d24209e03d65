"""Configuration files: where they are, and how they are read (safely, and without surprises)."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml

from hscrisk.errors import InputOutputFailed, InvalidConfiguration, nearest

_PACKAGE = Path(__file__).resolve().parents[1]
_Model = TypeVar("_Model", bound=pydantic.BaseModel)


def config_folder() -> Path:
    """Return the folder of the shipped configuration: the wheel's, or that of the checkout."""
    installed = _PACKAGE / "_configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"


def find_config(kind: str, name_or_path: str | Path) -> Path:
    """Return the file that `name_or_path` means: a shipped name, or a path.

    Parameters
    ----------
    kind : str
        Subfolder of the shipped configuration, as 'endpoints'.
    name_or_path : str or Path
        A bare word is looked up by name; what ends in .yaml or .yml or holds a slash is a path.

    Raises
    ------
    InvalidConfiguration
        When no such name is shipped.
    InputOutputFailed
        When there is no such file.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        if not Path(text).is_file():
            raise InputOutputFailed("there is no such configuration file", value=text)
        return Path(text)
    path = config_folder() / kind / f"{text}.yaml"
    if text not in config_names(kind):
        raise InvalidConfiguration(
            f"no such name among the shipped {kind}",
            value=text,
            mend=nearest(text, config_names(kind)) + " A file of your own ends in .yaml.",
        )
    return path


def config_names(kind: str) -> tuple[str, ...]:
    """Return the names of the shipped configuration files of a kind."""
    return tuple(sorted(path.stem for path in (config_folder() / kind).glob("*.yaml")))


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    `yes`, `no`, `on`, `off` and dates stay words, only decimal numbers are numbers (YAML 1.1 would
    read `no` as false, `010` as 8 and `1:30` as 90), and a key given twice is refused.

    Raises
    ------
    InputOutputFailed
        When the file cannot be read.
    InvalidConfiguration
        When it is no such YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        rule = f"the configuration file {path.name} cannot be read as UTF-8 text"
        raise InputOutputFailed(rule) from error
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        place = " ".join(str(error).split())
        raise InvalidConfiguration(f"{path.name} is not valid YAML: {place}") from error
    finally:
        loader.dispose()


def validated(model: type[_Model], content: Any, where: str) -> _Model:
    """Return `content` as `model`; the first thing wrong is an error that names it.

    Raises
    ------
    InvalidConfiguration
        With the path of the key, the value found and, for an unknown key, the nearest known one.
    """
    if not isinstance(content, dict):
        raise InvalidConfiguration(f"{where} must hold keys and values")
    try:
        return model.model_validate(content)
    except pydantic.ValidationError as error:
        raise _as_ours(error, model, where) from error


def _as_ours(
    error: pydantic.ValidationError, model: type[pydantic.BaseModel], where: str
) -> InvalidConfiguration:
    # A misspelt key is also a missing one; the misspelling is what to mend.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    path = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, first["loc"][:-1])
        mend = nearest(str(first["loc"][-1]), known) if known else None
        return InvalidConfiguration(f"{where}: unknown key", field=path, mend=mend)
    said = first["msg"].removeprefix("Value error, ")
    value = first["input"] if isinstance(first["input"], str | int | float) else None
    return InvalidConfiguration(f"{where}: {said}", field=path or None, value=value)


def _keys_at(model: Any, path: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model allows at `path`, following nested models."""
    schema = model.model_json_schema()
    node: Any = schema
    for part in path:
        node = _resolve(schema, node)
        if part in node.get("properties", {}):
            node = node["properties"][part]
        else:
            node = node.get("additionalProperties") or node.get("items") or {}
    return list(_resolve(schema, node).get("properties", {}))


def _resolve(schema: Any, node: Any) -> Any:
    for option in node.get("anyOf", []):
        if option.get("type") != "null":
            node = option
            break
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else node


class _Loader(yaml.SafeLoader):
    """Safe loading with the plain scalars of YAML 1.2, and no key twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a word or a number", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("bool", r"(?:true|false|True|False)$", "tfTF"),
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
    ("merge", r"(?:<<)$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))

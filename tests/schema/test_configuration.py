"""Configuration files: plain YAML without surprises, and errors that name the nearest word."""

from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.schema.configuration import (
    config_folder,
    config_names,
    find_config,
    read_yaml,
    validated,
)


class Inner(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    colour: str = "red"


class Outer(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    size: int = 1
    inner: Inner = Inner()
    many: dict[str, Inner] = pydantic.Field(default_factory=dict)
    listed: tuple[Inner, ...] = ()
    maybe: Inner | None = None


def read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "2020-01-31", "1:30", "010", "1_000"])
def test_words_that_yaml_1_1_would_change_stay_words(tmp_path: Path, word: str) -> None:
    assert read(tmp_path, f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("", None),
    ],
)
def test_plain_scalars(tmp_path: Path, text: str, value: object) -> None:
    found = read(tmp_path, f"a: {text}")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "a: [1",
        "a: 1\na: 2",
        "? [1, 2]\n: 3",
        "a: !!python/object/apply:os.system [x]",
        "a: !!set {x}",
    ],
)
def test_what_is_no_such_yaml_is_refused(tmp_path: Path, text: str) -> None:
    if "!!set" in text:
        assert read(tmp_path, text) == {"a": {"x"}}  # harmless, and refused by every schema
        return
    with pytest.raises(InvalidConfiguration):
        read(tmp_path, text)


def test_a_key_given_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="'a' is given twice"):
        read(tmp_path, "a: 1\nb: 2\na: 3")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(InputOutputFailed, match=r"a\.yaml"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("content", "field", "mend"),
    [
        ({"sizee": 1}, "sizee", "'size'"),
        ({"inner": {"color": "x"}}, "inner.color", "'colour'"),
        ({"many": {"a": {"colur": "x"}}}, "many.a.colur", "'colour'"),
        ({"listed": [{"colur": "x"}]}, "listed.0.colur", "'colour'"),
        ({"maybe": {"colur": "x"}}, "maybe.colur", "'colour'"),
    ],
)
def test_an_unknown_key_names_the_nearest(
    content: dict[str, object], field: str, mend: str
) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        validated(Outer, content, "file a.yaml")
    assert caught.value.field == field
    assert mend in str(caught.value)


def test_a_wrong_value_is_named() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        validated(Outer, {"size": "large"}, "file a.yaml")
    assert (caught.value.field, caught.value.value) == ("size", "large")
    assert caught.value.exit_code == 2


def test_a_list_is_no_configuration() -> None:
    with pytest.raises(InvalidConfiguration, match="keys and values"):
        validated(Outer, ["size"], "file a.yaml")


def test_names_and_files(tmp_path: Path) -> None:
    assert "relapse" in config_names("endpoints")
    assert find_config("endpoints", "relapse") == config_folder() / "endpoints" / "relapse.yaml"
    mine = tmp_path / "mine.yaml"
    mine.write_text("a: 1")
    assert find_config("endpoints", mine) == mine
    assert find_config("endpoints", str(mine)) == mine
    with pytest.raises(InvalidConfiguration, match="relapse"):
        find_config("endpoints", "relaps")
    with pytest.raises(InputOutputFailed):
        find_config("endpoints", "absent.yaml")

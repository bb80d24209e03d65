"""The page: whole, safe, legible, and honest in its order."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from hscrisk.explain import (
    CohortFacts,
    Explanation,
    Item,
    render_figure,
    render_overview,
    render_page,
)
from hscrisk.explain.explanation import DISCLAIMER, INTENDED_USE
from hscrisk.explain.markup import VOID, escape, tag
from hscrisk.explain.palette import DARK, LIGHT, figure_css, page_css, standalone_css
from hscrisk.explain.words import factors, headline

Make = Callable[..., Explanation]

ATTACKS = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "<!--<script>alert(1)</script>-->",
    "]]><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "<style>*{background:url(//evil)}</style>",
    "<link rel=stylesheet href=//evil>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "<base href=//evil>",
    "<form action=//evil><button>go</button></form>",
    "<math><mtext><img src=x onerror=alert(1)>",
    "\u202etxt.exe\u202c",
    "null\x00byte\x1b[31m",
    "lone \ud800 surrogate",
    "%3Cscript%3E\r\nSet-Cookie: a=b",
    "<ScRiPt/x>alert(1)</sCrIpT >",
)
ALLOWED = re.compile(
    "html|head|meta|title|style|body|p|strong|main|header|h1|h2|dl|dt|dd|div|ul|li|section|span|b|"
    "a|figure|figcaption|svg|circle|rect|line|text|table|thead|tbody|tr|th|td|footer"
)


class Outline(html.parser.HTMLParser):
    """Tags, attributes and text of a page; refuses what is not balanced."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), "an attribute stands twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append((self.open[-1], data))

    def words(self) -> str:
        """Return the text, the pieces of different elements apart."""
        return " ".join(" ".join(text for _, text in self.text).split())


def with_everywhere(text: str, e: Explanation) -> Explanation:
    """Return an explanation that holds `text` wherever a text can come from outside."""
    item = e.items[0]
    strange = replace(item, field=text, label=text, value=text, fields=(text,))
    return replace(
        e,
        label=text,
        cohort=CohortFacts(text, 10, None, text),
        supported=False,
        reasons=(text,),
        notes=(text, text),
        verdict=text,
        model_version=text,
        schema_version=text,
        disclaimer=text,
        items=(strange, *e.items[1:]),
    )


def rendered(e: Explanation) -> dict[str, str]:
    return {
        "page": render_page(e, index="index.html"),
        "overview": render_overview([e], {e.endpoint: "x.html"}, {"relapse": e.verdict}),
        "figure": render_figure(e),
    }


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_markup(attack: str, make: Make) -> None:
    e = make()
    plain = {name: Outline(text) for name, text in rendered(with_everywhere("x", e)).items()}
    hostile = rendered(with_everywhere(attack, e))
    for name, text in hostile.items():
        text.encode("utf-8")  # no lone surrogate is left
        found = Outline(text)
        # The same elements with the same attributes: only words differ.
        assert [(t, set(a)) for t, a in found.tags] == [(t, set(a)) for t, a in plain[name].tags]
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", text)
    ET.fromstring(hostile["figure"])


def test_every_text_from_outside_is_in_the_corpus(make: Make) -> None:
    changed = with_everywhere("mark", make())
    texts = {
        f.name
        for f in fields(Explanation)
        if isinstance(getattr(make(), f.name), str)
        and f.name not in ("endpoint", "kind", "direction", "prediction_time")
    }
    assert texts == {n for n in texts if getattr(changed, n) == "mark"}
    item = {f.name for f in fields(Item) if isinstance(getattr(changed.items[0], f.name), str)}
    assert item - {"state", "effect"} == {
        name for name in item if getattr(changed.items[0], name) == "mark"
    }


def test_the_page_needs_nothing_else_and_runs_nothing(make: Make) -> None:
    for name in ("page", "overview"):
        text = rendered(make())[name]
        outline = Outline(text)
        assert all(ALLOWED.fullmatch(t) for t, _ in outline.tags)
        for _, attributes in outline.tags:
            assert not [a for a in attributes if a.startswith("on") or a in ("src", "style")]
            assert attributes.get("href") in (None, "index.html", "x.html")
        assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https:" not in text
        assert "url(" not in text
        assert "@import" not in text


def test_the_policy_names_the_one_style_by_its_hash(make: Make) -> None:
    text = render_page(make())
    policy = next(a["content"] for t, a in Outline(text).tags if t == "meta" and "http-equiv" in a)
    (css,) = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_use_cohort_and_doubts_stand_above_every_risk(make: Make) -> None:
    e = make(supported=False, reasons=("patient age is above the training range",))
    words = Outline(render_page(e)).words()
    first = words.index("patients like this one")
    for earlier in (DISCLAIMER, "1,234 transplants of the cohort somewhere", INTENDED_USE):
        assert words.index(earlier) < first
    assert words.index("patient age is above the training range") < first


def test_the_page_says_what_the_words_say(make: Make) -> None:
    e = make()
    words = Outline(render_page(e)).words()
    for sentence in factors(e):
        assert sentence in words
    assert f"{round(100 * e.risk)} of 100 patients like this one" in words
    assert "90 % interval" in words
    assert f"in the whole cohort {round(100 * e.null_risk)} ." in words
    assert "The model beats the marginal curve." in words
    assert headline(e).split("expected to ")[1].split(";")[0] in words


def test_the_page_is_built_to_be_read_aloud(make: Make) -> None:
    outline = Outline(render_page(make(), index="index.html"))
    tags = [t for t, _ in outline.tags]
    assert dict(outline.tags)["html"] == {"lang": "en"}
    assert tags.count("h1") == 1
    assert tags.index("h1") < tags.index("h2")
    assert tags.count("main") == 1
    ids = [a["id"] for _, a in outline.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    for name, a in outline.tags:
        if "aria-labelledby" in a:
            assert a["aria-labelledby"] in ids
        if name == "svg":  # a picture has words, or its table has them
            assert a.get("aria-hidden") == "true" or (a.get("role") == "img" and a["aria-label"])
        if name == "th":
            assert a.get("scope") in ("row", "col")


def test_every_input_stands_in_a_table(make: Make) -> None:
    e = make({f"marker_{i}": 0.01 * (i - 9) for i in range(25)})
    words = Outline(render_page(e)).words()
    for item in e.items:
        assert f"Marker {item.field.split('_')[1]}" in words
        assert item.value in words
    assert "other variables together" in words


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_rightly() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_can_be_read(colours: dict[str, str]) -> None:
    for text in ("ink", "muted", "accent", "up", "down"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text
    for text, ground in (("ink", "caution"), ("muted", "ground"), ("paper", "ink")):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for mark, ground in (("accent", "empty"), ("ink", "empty"), ("caution-line", "paper")):
        assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)


def test_every_colour_that_is_asked_for_exists() -> None:
    assert set(LIGHT) == set(DARK)
    used = set(re.findall(r"var\(--([a-z-]+)\)", page_css()))
    assert used == set(LIGHT)
    assert "var(" not in standalone_css()
    assert figure_css() in page_css() or figure_css().splitlines()[0] in page_css()


def test_markup_escapes_once_and_only_once() -> None:
    assert tag("p", escape("&"), "&", title="'\"") == '<p title="&#x27;&quot;">&amp;&amp;</p>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert tag("td", None, class_=None) == "<td></td>"


def test_endpoints_that_cannot_be_explained_are_listed(make: Make) -> None:
    text = render_overview([make()], {"acute_gvhd": "x.html"}, {"relapse": "no event by day 3"})
    assert "relapse: no event by day 3" in Outline(text).words()
    assert "Not explained" not in render_overview([make()], {"acute_gvhd": "x.html"})


@pytest.mark.parametrize("risk", [1e-6, 0.003, 0.5, 0.997, 1 - 1e-9])
def test_extreme_risks_make_a_page_too(risk: float, make_at: Callable[..., Any]) -> None:
    for null_risk in (0.001, 0.5, 0.999):
        for text in rendered(make_at(risk, null_risk=null_risk)).values():
            Outline(text)
            assert "nan" not in text.lower().replace("nances", "")

"""A statistician opens the report in a real browser: on a desk, on a phone, on paper."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hscrisk.evaluation.report import Page, write_report

pytestmark = pytest.mark.browser

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
SIZE = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return Chromium, driven; without it the test fails in CI and is skipped elsewhere."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        message = "chromium and chromedriver are needed: apt-get install chromium chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        profile = tmp_path_factory.mktemp("profile")
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driven = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield driven
    finally:
        driven.quit()


@pytest.fixture(scope="module")
def file(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report"), page)[0]


@pytest.mark.parametrize("width", [360, 640, 1000, 1600])
def test_nothing_runs_out_of_the_window(browser: Any, file: Path, width: int) -> None:
    browser.get(file.as_uri())
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    try:
        scroll, client = browser.execute_script(SIZE)
        assert client == width
        assert scroll <= client
        # Figures keep their letters legible: they scroll in a narrow window, and do not shrink.
        smallest = (
            "return Math.min(...[...document.querySelectorAll('main svg.picture text')]"
            ".map(e => parseFloat(getComputedStyle(e).fontSize)"
            " * e.ownerSVGElement.getScreenCTM().a))"
        )
        assert browser.execute_script(smallest) >= 9.9
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_paper_is_wide_enough(browser: Any, file: Path) -> None:
    browser.get(file.as_uri())
    metrics = {"width": 680, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        # What scrolls on a screen must fit on A4: nothing scrolls on paper.
        scroll, client = browser.execute_script(SIZE)
        assert scroll <= client == 680
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_no_letters_of_a_figure_lie_on_others_or_outside(browser: Any, file: Path) -> None:
    browser.set_window_size(1080, 900)
    browser.get(file.as_uri())
    clashes = """
    const found = [];
    for (const svg of document.querySelectorAll('svg.picture')) {
      const box = svg.getBoundingClientRect();
      const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
      const places = texts.map(t => [t.textContent, t.getBoundingClientRect()]);
      for (const [words, r] of places)
        if (r.left < box.left - 1 || r.right > box.right + 1 ||
            r.top < box.top - 1 || r.bottom > box.bottom + 1) found.push('outside: ' + words);
      for (let i = 0; i < places.length; i++)
        for (let j = 0; j < i; j++) {
          const [a, p] = places[i], [b, q] = places[j];
          const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
          const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
          if (wide > 1 && high > 4) found.push(a + ' on ' + b);
        }
    }
    return found"""
    assert browser.execute_script(clashes) == []


def test_the_style_passes_the_policy_and_nothing_is_fetched_or_run(
    browser: Any, file: Path
) -> None:
    browser.get_log("browser")
    browser.get(file.as_uri())
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.execute_script("return document.scripts.length") == 0
    stroke = "return getComputedStyle(document.querySelector('.line.lead')).strokeWidth"
    assert browser.execute_script(stroke) == "3px"  # the style was let in
    assert browser.get_log("browser") == []


def test_screen_readers_find_headings_pictures_and_tables(browser: Any, file: Path) -> None:
    browser.get(file.as_uri())
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = [
        (node.get("role", {}).get("value"), node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored")
    ]
    headings = [name for role, name in seen if role == "heading"]
    assert headings[0] == "Acute GVHD grade II-IV"
    assert {"Discrimination", "Calibration", "Decision curves", "Groups of patients"} <= set(
        headings
    )
    pictures = [name for role, name in seen if role in ("image", "img", "graphics-document")]
    assert any("AUC at day 100: logistic regression" in name for name in pictures)
    assert any("Observed over expected by group" in name for name in pictures)
    roles = [role for role, _ in seen]
    assert roles.count("table") >= 8
    assert roles.count("rowheader") >= 20


def test_light_dark_and_paper_have_their_colours(browser: Any, file: Path) -> None:
    browser.get(file.as_uri())
    colour = (
        "return [getComputedStyle(document.querySelector('main')).backgroundColor,"
        " getComputedStyle(document.querySelector('.line.lead')).stroke]"
    )
    found = {}
    for media, scheme in (("screen", "light"), ("screen", "dark"), ("print", "dark")):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": features}
        )
        found[media, scheme] = browser.execute_script(colour)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    assert found["screen", "light"] == ["rgb(255, 255, 255)", "rgb(29, 78, 110)"]
    assert found["screen", "dark"] == ["rgb(26, 32, 39)", "rgb(143, 198, 230)"]
    assert found["print", "dark"][0] == "rgb(255, 255, 255)"
    assert found["print", "dark"][1] == "rgb(29, 78, 110)"

"""A clinician opens the explanation of one patient in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

RECORD = {"patient_age": 34, "hctci_score": 2, "graft_source": "bone_marrow"}
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
def folder(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the pages by the command, as a person would."""
    home = tmp_path_factory.mktemp("explained")
    record = home / "record.json"
    record.write_text(json.dumps(RECORD))
    command = [sys.executable, "-m", "hscrisk.cli", "explain", str(bundle_folder), str(record)]
    subprocess.run([*command, "--out", str(home)], check=True, capture_output=True)
    return home


def text_of(browser: Any, selector: str) -> str:
    return " ".join(str(browser.find_element("css selector", selector).text).split())


def test_from_the_overview_to_one_endpoint_and_back(browser: Any, folder: Path) -> None:
    browser.set_window_size(1000, 900)
    browser.get((folder / "index.html").as_uri())
    assert text_of(browser, "h1") == "What may follow this transplant"
    links = browser.find_elements("css selector", "table.overview a")
    assert len(links) == 3
    links[0].click()
    kept = json.loads((folder / "acute_gvhd.json").read_text("utf-8"))
    assert text_of(browser, "h1") == "Acute GVHD of any grade by day 100"
    shown = f"{round(100 * kept['risk'])} of 100 patients like this one"
    assert text_of(browser, ".big") == shown
    assert f"in the whole cohort {round(100 * kept['null_risk'])}." in text_of(browser, ".reading")
    # Cohort and intended use are above the number on the screen, not only in the file.
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    assert browser.execute_script(top, ".facts") < browser.execute_script(top, ".big")
    assert browser.execute_script(top, ".disclaimer") < browser.execute_script(top, ".facts")
    assert "not a medical device" in text_of(browser, ".disclaimer")
    browser.find_element("link text", "all endpoints of this patient").click()
    assert text_of(browser, "h1") == "What may follow this transplant"


def test_the_bars_on_the_screen_measure_the_contributions(browser: Any, folder: Path) -> None:
    browser.set_window_size(1000, 900)
    compared = 0
    for name in ("acute_gvhd", "acute_gvhd_2_4", "acute_gvhd_3_4"):
        browser.get((folder / f"{name}.html").as_uri())
        kept = json.loads((folder / f"{name}.json").read_text("utf-8"))
        bars = browser.find_elements("css selector", ".factors .fig-up, .factors .fig-down")
        widths = [bar.rect["width"] for bar in bars]
        moved = [abs(i["contribution_risk"]) for i in kept["items"] if i["effect"] != "neither"]
        assert len(widths) == len(moved) > 0
        for width, size in zip(widths[1:], moved[1:], strict=True):
            # Bars have a line of one pixel around them.
            assert width / widths[0] == pytest.approx(size / moved[0], abs=0.03)
            compared += 1
    assert compared > 0


@pytest.mark.parametrize("width", [360, 640, 1000, 1600])
@pytest.mark.parametrize("page", ["index.html", "acute_gvhd.html"])
def test_nothing_runs_out_of_the_window(browser: Any, folder: Path, page: str, width: int) -> None:
    browser.get((folder / page).as_uri())
    # A window cannot be as narrow as a phone; the screen that it pretends to have can.
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    try:
        size = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
        scroll, client = browser.execute_script(size)
        assert client == width
        assert scroll <= client
        smallest = (
            "return Math.min(...[...document.querySelectorAll('main *')]"
            ".filter(e => e.childNodes.length && [...e.childNodes].some(n => n.nodeType === 3))"
            ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
        assert browser.execute_script(smallest) >= 12
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_style_passes_the_policy_and_nothing_is_fetched_or_run(
    browser: Any, folder: Path
) -> None:
    browser.get_log("browser")
    for page in ("index.html", "acute_gvhd.html"):
        browser.get((folder / page).as_uri())
        assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
        assert browser.execute_script("return document.scripts.length") == 0
        family = "return getComputedStyle(document.querySelector('.disclaimer')).textAlign"
        assert browser.execute_script(family) == "center"  # the style was let in
    assert browser.get_log("browser") == []


def test_light_dark_and_paper_have_their_colours(browser: Any, folder: Path) -> None:
    browser.get((folder / "acute_gvhd.html").as_uri())
    colour = "return getComputedStyle(document.querySelector('main')).backgroundColor"
    found = {}
    for media, scheme in (("screen", "light"), ("screen", "dark"), ("print", "dark")):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": features}
        )
        found[media, scheme] = browser.execute_script(colour)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    assert found["screen", "light"] == "rgb(255, 255, 255)"
    assert found["screen", "dark"] == "rgb(26, 32, 39)"
    assert found["print", "dark"] == "rgb(255, 255, 255)"


def test_screen_readers_find_headings_pictures_and_tables(browser: Any, folder: Path) -> None:
    browser.get((folder / "acute_gvhd.html").as_uri())
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = [
        (node.get("role", {}).get("value"), node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored")
    ]
    roles = [role for role, _ in seen]
    assert roles.count("main") == 1
    headings = [name for role, name in seen if role == "heading"]
    assert headings[0] == "Acute GVHD of any grade by day 100"
    assert {"The estimate", "Why this figure", "Every input in numbers"} <= set(headings)
    pictures = [name for role, name in seen if role in ("image", "img", "graphics-document")]
    assert any("of 100 dots are filled" in name for name in pictures)
    assert any("interval" in name and "whole cohort" in name for name in pictures)
    assert roles.count("table") == 2
    assert roles.count("rowheader") >= 6

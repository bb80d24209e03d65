"""A clinician opens the page in a real browser, fills it in, errs, mends, and reads the answer."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.browser

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[str]:
    """Return where `hscrisk serve` answers for a real bundle."""
    path = root / "tests" / "serving" / "small_bundle.py"
    spec = importlib.util.spec_from_file_location("small_bundle_of_the_journey", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    bundle = made.write_small_bundle(tmp_path_factory.mktemp("journey") / "bundle")
    process = subprocess.Popen(
        [sys.executable, "-m", "hscrisk.cli", "serve", str(bundle), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None, said
        deadline = time.monotonic() + 60
        while httpx.get(f"{found[0]}/health/ready").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield found[0]
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close() if process.stdout else None


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """Return a fresh browser; where there is none, CI fails and a person's machine skips."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        reason = "chromium and chromedriver are not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        opened.set_page_load_timeout(60)
        yield opened
    finally:
        opened.quit()


def _size(browser: Any, width: int) -> None:
    metrics = {"width": width, "height": 850, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _fits(browser: Any) -> bool:
    """Whether nothing runs out of the window sideways."""
    script = "return document.documentElement.scrollWidth <= window.innerWidth"
    return bool(browser.execute_script(script))


def _one(browser: Any, selector: str) -> Any:
    """Return the first such element, waiting for a page that is still on its way."""
    from selenium.webdriver.support.wait import WebDriverWait

    def there(driver: Any) -> Any:
        return next(iter(driver.find_elements("css selector", selector)), None)

    return WebDriverWait(browser, 20).until(there, f"no {selector}")


def _titled(browser: Any, title: str) -> bool:
    """Whether the page has this heading, or comes to have it once it has arrived."""
    from selenium.webdriver.support.wait import WebDriverWait

    def there(driver: Any) -> bool:
        script = "return (document.querySelector('h1') || {}).textContent"
        return str(driver.execute_script(script)).strip() == title

    return bool(WebDriverWait(browser, 20).until(there, f"the page is not '{title}'"))


def _requests(browser: Any) -> set[str]:
    """Return what was asked for over the network, leaving out the browser's own pages."""
    entries = browser.get_log("performance")
    messages = [json.loads(entry["message"])["message"] for entry in entries]
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    urls = {params["request"]["url"] for params in sent}
    return {url for url in urls if not url.startswith(("chrome://", "data:"))}


@pytest.mark.parametrize("width", [1200, 390])
def test_fill_in_err_mend_and_read(browser: Any, address: str, width: int) -> None:
    _size(browser, width)
    browser.get(f"{address}/")
    assert "not a medical device" in _one(browser, ".disclaimer").text
    assert _fits(browser)

    _one(browser, "#patient_age").send_keys("forty")
    _one(browser, "input[name=patient_sex][value=female]").click()
    _one(browser, "#primary_disease option[value=AML]").click()
    _one(browser, "#donor_age").send_keys("34.5")
    _one(browser, "button").click()

    summary = _one(browser, "[role=alert]")
    assert "Patient age must be a number" in summary.text
    assert not browser.find_elements("css selector", ".overview")
    assert _fits(browser)
    summary.find_element("css selector", "a").click()
    assert _one(browser, "#patient_age").get_attribute("aria-invalid") == "true"
    assert _one(browser, "#patient_age").get_attribute("value") == "forty"
    assert _one(browser, "#donor_age").get_attribute("value") == "34.5"
    assert _one(browser, "input[name=patient_sex][value=female]").is_selected()

    _one(browser, "#patient_age").clear()
    _one(browser, "#patient_age").send_keys("31")
    _one(browser, "button").click()

    assert _titled(browser, "What may follow this transplant")
    assert _fits(browser)
    facts = _one(browser, ".facts").text
    assert "137 transplants of the cohort copelan1991" in facts
    first = _one(browser, ".overview tbody tr").text
    assert re.search(r"\d+ of 100", first)
    assert re.search(r"90.% interval \d+ to \d+", first)
    drawn = _one(browser, ".overview tbody tr .strip")
    assert drawn.size["width"] > 100
    name = browser.execute_script(
        "return getComputedStyle(document.querySelector('.fig-dot')).fill"
    )
    assert name != "rgb(0, 0, 0)", "the style did not reach the figure"
    opened = _one(browser, "details summary")
    opened.click()
    factors = _one(browser, "details[open] .factors")
    assert "Average of the cohort" in factors.text
    assert "This patient" in factors.text
    assert _fits(browser)
    _one(browser, ".eyebrow a").click()
    assert _one(browser, "#patient_age").get_attribute("value") == "31"

    # The policy lets nothing in from elsewhere, and nothing was wanted.
    assert {url.removeprefix(address) for url in _requests(browser)} == {"/", "/page.css"}
    logged = [entry["message"] for entry in browser.get_log("browser")]
    assert not [line for line in logged if "422" not in line], logged


def test_by_keyboard_alone(browser: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    _size(browser, 1200)
    browser.get(f"{address}/")

    def focused() -> Any:
        return browser.switch_to.active_element

    _one(browser, "body").send_keys(Keys.TAB)
    assert focused().text == "Skip to content"
    focused().send_keys(Keys.ENTER)
    focused().send_keys(Keys.TAB)
    assert focused().text == "Fill in an invented example."
    focused().send_keys(Keys.TAB)
    assert focused().get_attribute("id") == "patient_age"
    focused().send_keys("30", Keys.TAB)
    assert focused().get_attribute("name") == "patient_sex"
    focused().send_keys(Keys.ARROW_LEFT)
    assert _one(browser, "input[name=patient_sex][value=male]").is_selected()
    focused().send_keys(Keys.ENTER)
    assert _titled(browser, "What may follow this transplant")


def test_hostile_entries_run_nowhere(browser: Any, address: str) -> None:
    browser.get(f"{address}/")
    hostile = '"><script>document.title="run"</script><img src=x onerror=alert(1)>'
    _one(browser, "#patient_age").send_keys(hostile)
    _one(browser, "button").click()
    assert _one(browser, "[role=alert]")
    assert browser.title.startswith("Error")
    assert _one(browser, "#patient_age").get_attribute("value") == hostile
    assert not browser.find_elements("css selector", "main script, main img")

# SPDX-License-Identifier: GPL-3.0-or-later
"""look.py SCRATCH URL PAGE...: open each page in Chromium, at a phone's and a desk's width, light and
dark; a screenshot of each, a line for all that is wrong. Ends with status 1 when there is any."""
import json
import os
import sys
import urllib.parse

from webdriver import Driver

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTHS = (390, 1280)
TABS = 12


def foreign(driver, origin):
    """Requests to elsewhere than the server of the pages."""
    for entry in driver.logs("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] != "Network.requestWillBeSent":
            continue
        url = message["params"]["request"]["url"]
        if not url.startswith((origin, "data:")):
            yield "request to " + url
        elif not url.endswith((".html", ".css", ".svg")) and not url.startswith("data:"):
            yield "loads " + url


def tabbing(driver):
    """The key Tab goes through links and the like in the order in which they stand."""
    wanted = driver.script("""
        const v = (e) => e.getClientRects().length > 0;
        return [...document.querySelectorAll('a[href], summary, [tabindex="0"], button, input')]
            .filter(v).map((e) => e.outerHTML.slice(0, 200)).slice(0, arguments[0])""", TABS)
    got = []
    for _ in wanted:
        driver.tab()
        state = driver.script("""
            const e = document.activeElement, s = getComputedStyle(e);
            return [e.outerHTML.slice(0, 200), s.outlineStyle !== 'none' && s.outlineWidth !== '0px']""")
        got.append(state[0])
        if not state[1]:
            yield "no visible focus: " + state[0][:80]
    if got != wanted:
        at = next(i for i, w in enumerate(wanted) if got[i] != w)
        yield f"tab {at + 1} reaches {got[at][:80]}, not {wanted[at][:80]}"


def tree(driver):
    """What a screen reader is told."""
    nodes = driver.cdp("Accessibility.getFullAXTree")["nodes"]
    named = {"link", "heading", "image", "table", "navigation", "button", "columnheader", "graphics-document"}
    for n in nodes:
        role = n.get("role", {}).get("value")
        name = n.get("name", {}).get("value", "")
        if role in named and not n.get("ignored") and not name.strip():
            if role == "navigation" and sum(m.get("role", {}).get("value") == role for m in nodes) == 1:
                continue
            yield f"{role} without a name"


def look(driver, base, page, script, scratch):
    for width in WIDTHS:
        for dark in (False, True):
            where = f"{page} ({width} px, {'dark' if dark else 'light'})"
            driver.screen(width, dark)
            driver.open(base + urllib.parse.quote(page))
            driver.settle(width)
            problems = driver.script(script)
            shot = page.replace("/", "_") + f".{width}.{'dark' if dark else 'light'}.png"
            driver.screenshot(os.path.join(scratch, "shots", shot[-200:]))
            if width == WIDTHS[0] and not dark:
                problems += list(tree(driver)) + list(tabbing(driver))
            problems += [e["message"] for e in driver.logs("browser")]
            problems += list(foreign(driver, base))
            for p in dict.fromkeys(problems):
                yield f"{where}: {p}"


def main():
    scratch, base, pages = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(os.path.join(HERE, "look.js"), encoding="utf-8") as f:
        script = f.read()
    os.makedirs(os.path.join(scratch, "shots"), exist_ok=True)
    driver = Driver(scratch)
    bad = 0
    try:
        driver.cdp("Accessibility.enable")
        driver.open("about:blank")
        driver.logs("performance")  # of the browser's own first page
        for page in pages:
            for line in look(driver, base, page, script, scratch):
                print(line)
                bad += 1
    finally:
        driver.close()
    print(f"{len(pages)} pages looked at, {bad} complaints")
    sys.exit(bad > 0 or not pages)


main()

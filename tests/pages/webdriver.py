# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser for tests: chromedriver's REST interface with nothing but the standard library."""
import base64
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request


class Driver:
    """One chromedriver on a port of its own choice; its profile and logs lie below `scratch`."""

    def __init__(self, scratch):
        self.log = open(os.path.join(scratch, "chromedriver.log"), "w")
        env = dict(os.environ, HOME=scratch, XDG_CONFIG_HOME=scratch, XDG_CACHE_HOME=scratch)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "DISPLAY",
                     "DBUS_SESSION_BUS_ADDRESS"):
            env.pop(name, None)
        self.process = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True, env=env)
        port = None
        for line in self.process.stdout:
            self.log.write(line)
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                port = found.group(1)
                break
        if not port:
            raise RuntimeError("chromedriver did not start")
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.base = "http://127.0.0.1:" + port
        self.session = ""
        args = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--no-first-run", "--disable-background-networking", "--disable-sync",
                "--disable-component-update", "--disable-default-apps", "--no-proxy-server",
                "--disable-features=Translate,OptimizationHints,MediaRouter",
                "--user-data-dir=" + os.path.join(scratch, "profile")]
        if os.geteuid() == 0:
            args.append("--no-sandbox")
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": args},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = "/session/" + answer["sessionId"]

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + self.session + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with self.opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.load(e)["value"]["message"].split("\n")[0]) from e

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def screen(self, width, dark):
        """A window of this width: a phone's when narrow."""
        phone = width < 600
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=844 if phone else 800,
                 deviceScaleFactor=1, mobile=phone)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def settle(self, width):
        """A page that was just loaded, or whose picture was taken, is laid out for another width at first."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            laid_out, needed = self.script(
                "const e = document.documentElement; return [e.clientWidth, e.scrollWidth]")
            if laid_out == width and needed <= width:
                return
            time.sleep(0.1)

    def script(self, text, *args):
        return self.call("POST", "/execute/sync", {"script": text, "args": list(args)})

    def logs(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def screenshot(self, path):
        png = self.cdp("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as f:
            f.write(base64.b64decode(png["data"]))

    def tab(self):
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                     windowsVirtualKeyCode=9)

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
            self.log.close()

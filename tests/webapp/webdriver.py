"""A browser, driven over the WebDriver protocol (W3C) with the standard library alone."""
import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import harness

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--window-size=1000,900"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"     # W3C WebDriver section 11: how an element is written in JSON


class Driver:
    """A chromedriver process."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if b"started successfully on port" in line:
                self.address = f"http://127.0.0.1:{int(line.split()[-1].rstrip(b'.'))}"
                return
        raise AssertionError("chromedriver did not start")

    def ask(self, method, path, body=None):
        content = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.address + path, content, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=180) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise AssertionError(f"{path}: {value['error']}: {value['message'].splitlines()[0]}") from None

    def close(self):
        self.process.terminate()
        self.process.wait(90)
        self.process.stdout.close()


class Profile:
    """A browser with an empty profile of its own: a device. Its tabs share cookies and storage."""

    def __init__(self, driver, binary, screenshots):
        self.driver, self.screenshots = driver, screenshots
        self.folder = tempfile.mkdtemp(prefix="jwt-webapp-profile-")
        made = driver.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": binary, "args": FLAGS + [f"--user-data-dir={self.folder}"]}}}})
        self.path = f"/session/{made['sessionId']}"
        self.ask("POST", "/timeouts", {"script": 90000})

    def ask(self, method, path, body=None):
        return self.driver.ask(method, self.path + path, body)

    def close(self):
        self.ask("DELETE", "")
        shutil.rmtree(self.folder, ignore_errors=True)

    # ------------------------------------------------------------ pages

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def tab(self):
        """The name of the tab that is shown."""
        return self.ask("GET", "/window")

    def new_tab(self, address):
        self.switch(self.ask("POST", "/window/new", {"type": "tab"})["handle"])
        self.open(address)
        return self.tab()

    def switch(self, tab):
        self.ask("POST", "/window", {"handle": tab})

    def screenshot(self, name):
        self.screenshots.mkdir(parents=True, exist_ok=True)
        (self.screenshots / f"{name}.png").write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    # ------------------------------------------------------------ what people do

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        for attempt in range(5):
            try:
                return self.ask("POST", f"/element/{self.find(selector)}/click")
            except AssertionError as error:     # the page has drawn its tables anew meanwhile
                if "stale element" not in str(error) or attempt == 4:
                    raise

    def type(self, selector, text):
        self.ask("POST", f"/element/{self.find(selector)}/clear")
        self.ask("POST", f"/element/{self.find(selector)}/value", {"text": text})

    # ------------------------------------------------------------ what tests want to know

    def run(self, script, *arguments):
        """The value of a script in the page; it may return a promise."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def shown(self, selector):
        return self.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def wait(self, selector, text=""):
        return harness.wait_for(f"{selector} with {text!r}; the page says {self.text('body')!r}",
                                lambda: self.shown(selector) and text in self.text(selector))

    def wait_gone(self, selector):
        return harness.wait_for(f"the end of {selector}", lambda: not self.shown(selector))

    def console(self):
        """What the browser complained of since it was asked last, such as a broken policy; not the 401 and 503 of requests."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})
                if entry["source"] != "network"]

    def cookies(self, address):
        """All cookies that a request to this address would carry, also those that no script reads."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": "Network.getCookies", "params": {"urls": [address]}})["cookies"]

    def set_cookie(self, cookie, value):
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Network.setCookie", "params": {
            "name": cookie["name"], "value": value, "domain": cookie["domain"], "path": cookie["path"],
            "httpOnly": cookie["httpOnly"], "sameSite": cookie["sameSite"]}})

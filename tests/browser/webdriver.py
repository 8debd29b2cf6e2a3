"""A browser without a window, driven by the protocol WebDriver.

https://www.w3.org/TR/webdriver2/. Needs chromedriver, and Python alone.
"""

import json
import re
import shutil
import subprocess
import urllib.request


def is_installed():
    return shutil.which("chromedriver") and shutil.which("chromium")


class Browser:
    """`has_scripts`: of pages; what the test itself evaluates runs anyway."""

    def __init__(self, has_scripts=True):
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True
        )
        for line in self._driver.stdout:
            started = re.search(r"successfully on port (\d+)", line)
            if started:
                break
        else:
            raise OSError("chromedriver did not start")
        self._url = f"http://127.0.0.1:{started[1]}/session"
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu"],
            "prefs": {
                "profile.managed_default_content_settings.javascript": (
                    1 if has_scripts else 2
                )
            },
        }
        session = self._call(
            "", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        )
        self._url += "/" + session["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._call("", method="DELETE")
        self._driver.terminate()
        self._driver.communicate()

    def open(self, path, width=1280, scheme="light"):
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.tell(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self._call("/url", {"url": path.as_uri()})

    def ask(self, script, *arguments):
        """The value of the body of a function, in the page."""
        return self._call(
            "/execute/sync", {"script": script, "args": list(arguments)}
        )

    def press(self, key, times=1):
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        keys *= times
        self._call(
            "/actions",
            {"actions": [{"type": "key", "id": "keys", "actions": keys}]},
        )

    def tell(self, command, **parameters):
        """Of the protocol of Chrome's developer tools."""
        return self._call(
            "/goog/cdp/execute", {"cmd": command, "params": parameters}
        )

    def _call(self, path, body=None, method="POST"):
        request = urllib.request.Request(
            self._url + path,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)["value"]

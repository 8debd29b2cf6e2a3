"""Pages of lastcommit in a real browser: pages_test.py LASTCOMMIT PROGRAMS.

Exits with 77 where no browser is installed (scripts/setup --browser).
"""

import http.server
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import webdriver

LASTCOMMIT, PROGRAMS = sys.argv[1:]
TAB = "\ue004"

# Of each text on the page whose contrast to what is behind it is too low (WCAG
# AA, https://www.w3.org/TR/WCAG22/#contrast-minimum): what it is.
LOW_CONTRAST = r"""
const canvas = document.createElement("canvas").getContext(
    "2d", {willReadFrequently: true});
const colors = new Map();  // to be asked of the canvas is slow
const rgba = color => {
  if (!colors.has(color)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    colors.set(color, [...canvas.getImageData(0, 0, 1, 1).data]);
  }
  return colors.get(color);
};
const luminance = color => {
  const [r, g, b] = color.slice(0, 3).map(c => c / 255).map(
      c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = element => {
  for (let e = element; e; e = e.parentElement) {
    const color = rgba(getComputedStyle(e).backgroundColor);
    if (color[3] === 255) return color;
    if (color[3] !== 0) throw new Error("a translucent background");
  }
  return [255, 255, 255, 255];
};
const low = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let texts = 0;
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim();
  const element = walker.currentNode.parentElement;
  if (!text) continue;
  ++texts;
  const style = getComputedStyle(element);
  const color = element.closest("svg") ? style.fill : style.color;
  const [one, other] = [luminance(rgba(color)), luminance(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const size = parseFloat(style.fontSize);
  const is_large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (is_large ? 3 : 4.5)) low.push(`${text}: ${ratio}`);
}
return [texts, low];
"""

# What must be reached by the keyboard, and which of it has been.
REACHABLE = r"""
window.wanted = [...document.querySelectorAll("a[href],summary,[tabindex]")];
for (const e of document.querySelectorAll("*")) {
  const style = getComputedStyle(e);
  const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY) &&
      (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight);
  if (scrolls && e !== document.documentElement && !wanted.includes(e)) {
    wanted.push(e);
  }
}
window.reached = new Set();
document.addEventListener(
    "focusin", e => reached.add(wanted.indexOf(e.target)));
return wanted.length;
"""
REACHED = (
    "return [...window.reached].filter(i => i >= 0).sort((a, b) => a - b)")


class Listener:
    """Counts the requests that reach this machine."""

    def __init__(self):
        listener = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                listener.requests.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def setUpModule():
    global directory, browser
    temporary = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(temporary.cleanup)
    directory = pathlib.Path(temporary.name)
    browser = unittest.enterModuleContext(webdriver.Browser())
    campaign("held", 400, "--fault=none", "--engine=fork", "--clients=1")
    campaign("violated", 60, "--saver=planted-checkpoint-unsynced",
             "--engine=sim", "--fault=power-loss")
    campaign("killed", 30, "--saver=planted-ack-before-commit", "--fault=kill",
             "--clients=1")
    campaign("not_exercised", 8, "--engine=sim")
    interrupt("interrupted", "--engine=sim")
    run("compare", "held", "violated", "--html=compared.html")
    run("nights", ".", "--html=nights.html")
    corpus = pathlib.Path(PROGRAMS, "../../corpus").resolve()
    run("sweep", f"{corpus}/wal-switch-normal.plan", "--html=swept.html")
    run(
        *("try", "--html=tried.html", "--promise=power", "--dir=data", "--"),
        *(sys.executable, f"{PROGRAMS}/mistakes.py", "wal_normal"),
    )


def run(*arguments):
    (directory / "data").mkdir(exist_ok=True)
    # Into a pipe: what the program says to /dev/null is no promise.
    return subprocess.run(
        [LASTCOMMIT, *arguments], cwd=directory, stdout=subprocess.PIPE
    ).returncode


def campaign(name, trials, *more):
    run("campaign", name, "--seed=1", f"--trials={trials}", *more)


def interrupt(name, *more):
    program = subprocess.Popen(
        [LASTCOMMIT, "campaign", name, "--seed=1", *more],
        cwd=directory,
        stdout=subprocess.PIPE,
    )
    program.stdout.readline()
    program.send_signal(signal.SIGINT)
    program.communicate()


CAMPAIGNS = {
    "held": "HELD",
    "violated": "VIOLATED",
    "killed": "VIOLATED",
    "not_exercised": "NOT EXERCISED",
    "interrupted": "NOT EXERCISED",
}


def pages():
    for name in CAMPAIGNS:
        yield directory / name / "report.html"
    for name in ("compared", "nights", "swept", "tried"):
        yield directory / f"{name}.html"


class PagesTest(unittest.TestCase):
    def on_each_page(self, check, **how):
        for page in pages():
            with self.subTest(page=page.name, of=page.parent.name, **how):
                browser.open(page, **how)
                check(page)

    def test_the_first_line_is_the_verdict(self):
        for name, verdict in CAMPAIGNS.items():
            browser.open(directory / name / "report.html")
            first = browser.ask("return document.querySelector('h1').innerText")
            self.assertEqual(first, verdict)
            self.assertTrue(
                browser.ask("return document.title").startswith("lastcommit: ")
            )

    def test_the_disk_after_a_loss_of_power_says_what_each_unit_is(self):
        browser.open(directory / "violated/report.html")
        units = browser.ask(
            "return [...document.querySelectorAll('.bars li[tabindex]')].map("
            "e => { e.focus(); return [document.activeElement === e,"
            " getComputedStyle(e, '::after').content, e.ariaLabel]; })")
        self.assertGreater(len(units), 2)
        for is_reached, shown, said in units:
            self.assertTrue(is_reached)
            self.assertIn(said, shown)
        states = {said.rsplit(": ", 1)[1] for _, _, said in units}
        self.assertIn("durable", states)
        self.assertTrue(states & {"lost", "torn"}, states)

    def test_a_finding_says_what_was_acknowledged_and_what_differs(self):
        browser.open(directory / "killed/report.html")
        acknowledged = browser.ask(
            "return [...document.querySelectorAll('.steps .good')].map("
            "e => e.innerText)")
        self.assertIn("the schema acknowledged", acknowledged)
        self.assertIn("commit 1 acknowledged", acknowledged)
        rows = browser.ask(
            "return [...document.querySelectorAll('table')].filter("
            "e => e.rows[0].innerText.startsWith('what differs')).flatMap("
            "e => [...e.rows].slice(1).map("
            "e => [...e.cells].map(e => e.innerText)))")
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual(len(row), 3)
            self.assertNotEqual(row[1], row[2])
        text = browser.ask("return document.body.innerText")
        self.assertIn("The files after the kill in round 1", text)
        self.assertIn("must be there: commits up to 1; found: ", text)

    def test_counts_are_those_of_the_summary(self):
        for name in CAMPAIGNS:
            summary = json.loads((directory / name / "summary.json").read_text())
            browser.open(directory / name / "report.html")
            text = browser.ask("return document.body.innerText")
            self.assertIn(f"{summary['trials']} trials: ", text)
            self.assertIn(f"{summary['judged']} judged", text)
            self.assertIn(summary["digest"], text)
            self.assertEqual(
                browser.ask(
                    "return [...document.querySelectorAll('h3')].filter("
                    "e => e.innerText.startsWith('violated(')).length"
                ),
                len(summary["findings"]),
            )

    def test_nothing_is_loaded_and_no_script_runs(self):
        def check(_):
            self.assertEqual(
                browser.ask("return performance.getEntriesByType('resource')"), []
            )
            self.assertEqual(browser.ask("return document.scripts.length"), 0)

        self.on_each_page(check)

    def test_what_others_wrote_is_text(self):
        listener = Listener()
        self.addCleanup(listener.close)
        url = f"http://127.0.0.1:{listener.port}"
        hostile = (
            f'<img src="{url}/img"><script>fetch("{url}/script")</script>'
            f"<style>@import '{url}/style'</style>\u202e&amp;\x1b"
        )
        program = (
            "import os, sqlite3, sys\n"
            "c = sqlite3.connect('a<b>.db', isolation_level=None)\n"
            "c.execute('PRAGMA journal_mode=WAL')\n"
            "c.execute('PRAGMA synchronous=NORMAL')\n"
            "c.execute('CREATE TABLE \"' + sys.argv[1].replace('\"', '\"\"')"
            " + '\"(x)')\n"
            "os.write(1, sys.argv[1].encode() + b'\\n')\n"
            "os._exit(0)\n"
        )
        self.assertEqual(
            run(
                *("try", "--html=hostile.html", "--promise=power"),
                *("--dir=data", "--", sys.executable, "-c", program, hostile),
            ),
            1,
        )
        browser.open(directory / "hostile.html")
        self.assertIn(
            f'<img src="{url}/img">', browser.ask("return document.body.innerText")
        )
        self.assertEqual(
            browser.ask(
                "return document.querySelectorAll('img,script,iframe,object,"
                "body style,body link').length"
            ),
            0,
        )
        text = browser.ask("return document.body.textContent")
        for character in "\u202e\x1b":
            self.assertNotIn(character, text)
        self.assertEqual(listener.requests, [])

    def test_it_is_the_same_without_scripts(self):
        text = "return document.body.innerText"
        with webdriver.Browser(has_scripts=False) as other:

            def check(page):
                other.open(page)
                self.assertEqual(other.ask(text), browser.ask(text))

            self.on_each_page(check)

    def test_contrast(self):
        def check(_):
            texts, low = browser.ask(LOW_CONTRAST)
            self.assertGreater(texts, 20)
            self.assertEqual(low, [])

        for scheme in ("light", "dark"):
            self.on_each_page(check, scheme=scheme)

    def test_light_and_dark_differ(self):
        back = "return getComputedStyle(document.body).backgroundColor"
        page = directory / "held" / "report.html"
        browser.open(page, scheme="light")
        light = browser.ask(back)
        browser.open(page, scheme="dark")
        self.assertNotEqual(browser.ask(back), light)

    def test_the_keyboard_reaches_everything(self):
        def check(_):
            wanted = browser.ask(REACHABLE)
            browser.press(TAB, times=wanted + 5)
            self.assertEqual(browser.ask(REACHED), list(range(wanted)))

        self.on_each_page(check)

    def test_it_fits_on_a_phone(self):
        for width in (320, 1280):
            self.on_each_page(
                lambda _, width=width: self.assertLessEqual(
                    browser.ask("return document.documentElement.scrollWidth"),
                    width,
                ),
                width=width,
            )


class PlantedTest(unittest.TestCase):
    """Pages that are wrong, so that what measures a page is known to see it."""

    def open(self, html, **how):
        page = directory / "planted.html"
        page.write_text("<!doctype html><meta charset=utf-8>" + html)
        browser.open(page, **how)

    def test_too_little_contrast(self):
        self.open("<p style='color:#777;background:#888'>text</p>")
        texts, low = browser.ask(LOW_CONTRAST)
        self.assertEqual(texts, 1)
        self.assertEqual(len(low), 1)

    def test_what_the_keyboard_does_not_reach(self):
        self.open("<a href=x tabindex=-1>x</a>")
        self.assertEqual(browser.ask(REACHABLE), 1)
        browser.press(TAB)
        self.assertEqual(browser.ask(REACHED), [])

    def test_too_wide_for_a_phone(self):
        self.open("<div style='width:400px'>text</div>", width=320)
        self.assertGreater(
            browser.ask("return document.documentElement.scrollWidth"), 320
        )

    def test_what_is_loaded(self):
        listener = Listener()
        self.addCleanup(listener.close)
        self.open(f"<img src='http://127.0.0.1:{listener.port}/img'>")
        self.assertEqual(listener.requests, ["/img"])
        self.assertEqual(
            len(browser.ask("return performance.getEntriesByType('resource')")), 1
        )

    def test_what_needs_a_script(self):
        html = "<p></p><script>document.querySelector('p').append('x')</script>"
        text = "return document.querySelector('p').innerText"
        self.open(html)
        self.assertEqual(browser.ask(text), "x")
        with webdriver.Browser(has_scripts=False) as other:
            other.open(directory / "planted.html")
            self.assertEqual(other.ask(text), "")


if __name__ == "__main__":
    if not webdriver.is_installed():
        print("skipped: no chromium and chromedriver: scripts/setup --browser")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

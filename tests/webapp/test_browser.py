"""The page in Chromium: what people see, and what a browser does with the cookie. Access tokens last 2 s."""
import contextlib
import itertools
import shutil
import time

import harness
import webdriver
from harness import PASSWORD, Client, check, equal, tamper

test = harness.Tests()
SCREENSHOTS = harness.ROOT / "build" / "webapp-screenshots"
SETTINGS = ("--access-ttl", 2, "--grace", 60)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def what_is_missing():
    if not browser():
        return "no chromium"
    return None if shutil.which("chromedriver") else "no chromedriver"


class Bench(contextlib.ExitStack):
    """The application, a chromedriver, and two devices that are kept from test to test: a browser starts slowly."""

    def __enter__(self):
        super().__enter__()
        self.application = self.enter_context(contextlib.closing(harness.Application(*SETTINGS)))
        self.driver = self.enter_context(contextlib.closing(webdriver.Driver(shutil.which("chromedriver"))))
        self.first, self.second = (
            self.enter_context(contextlib.closing(webdriver.Profile(self.driver, browser(), SCREENSHOTS))) for _ in "12")
        self.names = map("person{}".format, itertools.count())
        return self

    @property
    def page(self):
        return self.application.origin + "/"

    def cookie(self, profile):
        found = profile.cookies(self.application.origin + "/auth/refresh")
        return found[0] if found else None

    def session(self, profile, *columns):
        sid = harness.claims(self.cookie(profile)["value"])["sid"]
        return self.application.sql(f"SELECT {', '.join(columns)} FROM jwt_session WHERE sid = ?", sid)[0]

    def enter(self, profile, name, how="#log-in", password=PASSWORD):
        profile.type("#login [name=name]", name)
        profile.type("#login [name=password]", password)
        profile.click(how)

    def person(self, profile):
        """A new account, logged in on this device."""
        name = next(self.names)
        rest(profile, True)
        profile.ask("POST", "/goog/cdp/execute", {"cmd": "Network.clearBrowserCookies", "params": {}})
        profile.open(self.page)
        profile.wait("#guest")
        self.enter(profile, name, "#sign-up")
        profile.wait("#home")
        return name

    def log_in(self, profile, name):
        rest(profile, True)
        profile.ask("POST", "/goog/cdp/execute", {"cmd": "Network.clearBrowserCookies", "params": {}})
        profile.open(self.page)
        profile.wait("#guest")
        self.enter(profile, name)
        profile.wait("#home")


def rest(browser, hidden):
    """A page that shows nobody's home does not look every 5 s what is new: nothing comes between then. It is hidden when
    nothing is under way: what is, would show it again, or come with a cookie a moment later."""
    harness.wait_for("the end of what the page does", lambda: browser.run("""
        const home = document.getElementById('home');
        if (home && document.body.ariaBusy === 'true') return false;
        if (home) home.hidden = arguments[0];
        return true""", hidden))


@test("browser: sign-up, a wrong password and a login; no script can read a token")
def login(bench):
    browser = bench.first
    browser.open(bench.page)
    browser.wait("#guest")
    browser.screenshot("1-guest")
    name = bench.person(browser)
    browser.wait("#who", f"{name} (user)")
    equal(browser.text("#sessions").count("this one"), 1, "the list of devices")
    check(not browser.shown("#admin"), "a user sees the administration")
    browser.screenshot("2-home")

    cookie = bench.cookie(browser)
    equal((cookie["httpOnly"], cookie["sameSite"], cookie["path"]), (True, "Strict", "/auth/refresh"), "cookie")
    equal(browser.cookies(bench.page), [], "cookies that other requests carry")
    equal(browser.run("return [document.cookie, localStorage.length, sessionStorage.length,"
                      " JSON.stringify(Object.values(window).filter((v) => typeof v === 'string' && v.includes('eyJ')))]"),
          ["", 0, 0, "[]"], "what scripts can read")

    browser.click("#log-out")
    browser.wait("#guest")
    equal(bench.cookie(browser), None, "the cookie after a logout")
    check(name not in browser.text("body"), "the page still shows whose it was")
    bench.enter(browser, name, password="a wrong password")
    browser.wait("#message", "Name or password is wrong.")
    browser.screenshot("3-wrong-password")
    bench.enter(browser, name)
    browser.wait("#home")
    equal(browser.text("#message"), "", "message")
    equal(browser.console(), [], "complaints of the browser")


@test("browser: after its access token has ended the page goes on without a word, and over a reload")
def silent_refresh(bench):
    browser = bench.first
    name = bench.person(browser)
    rest(browser, True)
    gen = bench.session(browser, "gen")[0]
    before = browser.text("#token")
    time.sleep(2.5)
    rest(browser, False)
    browser.click("#reload")
    harness.wait_for("a refresh", lambda: browser.text("#token") not in ("", before))
    check(browser.shown("#home") and not browser.text("#message"), "the page", browser.text("body"))
    browser.screenshot("4-refreshed")
    reached, outcome = bench.session(browser, "gen", "outcome")
    check(reached > gen and outcome == "rotated", "the session", gen, reached, outcome)
    browser.open(bench.page)
    browser.wait("#who", name)
    check(bench.session(browser, "gen")[0] > reached, "a new page refreshes")
    equal(browser.console(), [], "complaints of the browser")


@test("browser: two tabs refresh at once, with the page's lock and without it, and both go on")
def two_tabs(bench):
    browser = bench.first
    name = bench.person(browser)
    tabs = [browser.tab(), browser.new_tab(bench.page)]
    browser.wait("#who", name)
    # A message comes to both at the same moment: each presses its button when its access token has ended.
    for tab in tabs:
        browser.switch(tab)
        browser.run("""new BroadcastChannel('test').onmessage = () => document.getElementById('reload').click();
                       window.answers = [];
                       new BroadcastChannel('bare').onmessage = () => fetch('/auth/refresh', {method: 'POST', body: '{}',
                           headers: {'Content-Type': 'application/json'}}).then((answer) => answers.push(answer.status))""")
    gen = bench.session(browser, "gen")[0]
    time.sleep(2.5)
    browser.run("const other = new BroadcastChannel('test'); other.postMessage(1);")
    harness.wait_for("two refreshes", lambda: bench.session(browser, "gen")[0] >= gen + 2)
    for tab in tabs:
        browser.switch(tab)
        check(browser.shown("#home") and name in browser.text("#who"), "a tab was logged out", browser.text("body"))
    browser.screenshot("5-two-tabs")

    # Requests that wait for nobody: the store answers the one that comes late with the same successor.
    for tab in tabs:
        browser.switch(tab)
        rest(browser, True)
    gen = bench.session(browser, "gen")[0]
    browser.run("const other = new BroadcastChannel('bare'); other.postMessage(1);")
    answers = []
    for tab in tabs:
        browser.switch(tab)
        answers += harness.wait_for("an answer", lambda: browser.run("return answers.length && answers"))
    equal(answers, [200] * 2, "answers")
    revoked_at, reached = bench.session(browser, "revoked_at", "gen")
    check(revoked_at is None and reached > gen, "the session", revoked_at, reached)
    for tab in tabs:
        browser.switch(tab)
        rest(browser, False)
        browser.click("#reload")
        browser.wait("#sessions", "this one")
        check(browser.shown("#home"), "a tab was logged out")
    equal(browser.console(), [], "complaints of the browser")
    browser.ask("DELETE", "/window")
    browser.switch(tabs[0])


@test("browser: a stolen refresh token is noticed; the owner reads it, and the thief has nothing")
def stolen(bench):
    browser = bench.first
    bench.person(browser)
    thief = Client(bench.application, "thief")
    rest(browser, True)
    thief.cookie = bench.cookie(browser)["value"]
    equal(thief.refresh().status, 200, "the thief is first")
    equal(thief.get("/api/me").status, 200, "and is in")
    time.sleep(2.5)     # the page's access token has ended: with its next look, which nobody asks for, it refreshes
    with bench.application.policy(grace=0):
        rest(browser, False)
        browser.wait("#message", "A copy of your login was used elsewhere")
    browser.wait("#guest")
    browser.screenshot("6-stolen")
    equal(thief.refresh().status, 401, "the thief's refresh token")
    equal(thief.get("/api/me").status, 401, "the thief's access token")
    equal(bench.cookie(browser), None, "the cookie")


@test("browser: a logout everywhere is seen by a second browser without a click")
def everywhere(bench):
    name = bench.person(bench.first)
    bench.log_in(bench.second, name)
    bench.first.click("#reload")
    harness.wait_for("two devices", lambda: bench.first.run("return document.querySelectorAll('#sessions tr').length") == 2)
    bench.first.screenshot("7-two-devices")
    bench.first.click("#log-out-everywhere")
    bench.first.wait("#guest")
    bench.second.wait("#message", "You have been logged out.")
    bench.second.wait("#guest")
    check(name not in bench.second.text("body"), "the page still shows whose it was")
    bench.second.screenshot("8-second-browser-logged-out")
    for device in (bench.first, bench.second):
        device.open(bench.page)
        device.wait("#guest")


@test("browser: one device logs out another, and goes on itself")
def one_device(bench):
    name = bench.person(bench.first)
    bench.log_in(bench.second, name)
    bench.first.click("#reload")
    bench.first.wait("#sessions button")
    bench.first.click("#sessions button")
    bench.second.wait("#message", "You have been logged out.")
    harness.wait_for("one device", lambda: bench.first.run("return document.querySelectorAll('#sessions tr').length") == 1)
    check(bench.first.shown("#home"), "this device was logged out, too")


@test("browser: a refresh token that was tampered with, and an access token with another role, are refused")
def tampered(bench):
    browser = bench.first
    bench.person(browser)
    rest(browser, True)
    status = browser.run("""
        const answer = await fetch('/auth/refresh', {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'}});
        const [head, payload, signature] = (await answer.json()).access_token.split('.');
        const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
        claims.role = 'admin';
        claims.scope += ' accounts:admin';
        const forged = btoa(JSON.stringify(claims)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
        const ask = async (payload) => (await fetch('/api/me',
            {headers: {Authorization: `Bearer ${[head, payload, signature].join('.')}`}})).status;
        return [await ask(payload), await ask(forged)]""")
    equal(status, [200, 401], "as it was, and forged")
    rest(browser, True)
    cookie = bench.cookie(browser)
    browser.set_cookie(cookie, tamper(cookie["value"], gen=0))
    browser.open(bench.page)
    browser.wait("#guest")
    browser.wait("#message", "You have been logged out.")
    browser.screenshot("9-tampered")
    equal(bench.application.sql("SELECT revoked_at FROM jwt_session WHERE sid = ?", harness.claims(cookie["value"])["sid"]),
          [(None,)], "a forged token ends nobody's session")


@test("browser: an administrator sees all accounts; the name of a browser is text, whatever it holds")
def administration(bench):
    browser = bench.first
    name = bench.person(browser)
    stranger = Client(bench.application, "<img src=x onerror=document.title='broken'>")
    stranger.sign_up(next(bench.names))
    visitor = Client(bench.application, "<img src=x onerror=document.title='broken'>")
    equal(visitor.log_in(name).status, 200, "login")
    equal(bench.application.manage("role", name, "admin").returncode, 0, "manage.py role")
    browser.wait("#message", "You have been logged out.")
    bench.enter(browser, name)
    browser.wait("#who", "(admin)")
    browser.wait("#admin")
    equal(visitor.log_in(name).status, 200, "login")
    browser.click("#reload")
    browser.wait("#sessions", "<img src=x")
    browser.wait("#events", "role changed")
    browser.screenshot("10-administration")
    equal(browser.run("return [document.title, document.images.length]"), ["Devices", 0], "markup of others")
    equal(browser.console(), [], "complaints of the browser")


@test("browser: a changed password keeps this device and ends the others")
def password(bench):
    name = bench.person(bench.first)
    bench.log_in(bench.second, name)
    bench.first.type("#password [name=password]", PASSWORD)
    bench.first.type("#password [name=new_password]", "quite another password")
    bench.first.click("#password button")
    bench.first.wait("#message", "The password was changed")
    bench.first.screenshot("11-password-changed")
    bench.second.wait("#guest")
    check(bench.first.shown("#home"), "this device")

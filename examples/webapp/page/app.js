// The access token lives in this module's memory and dies with the page. The refresh token is in a cookie that no
// script can read, and that the browser sends to /auth/refresh only.

let token = null; // { text, seconds }
let refreshes = 0;
let refreshing = null;

const MESSAGES = {
    account_changed: "The account was changed meanwhile. Please try again.",
    account_suspended: "This account is suspended.",
    name_taken: "This name is taken.",
    name_wanted: "A name has 1 to 64 characters, and no space at its ends.",
    not_logged_in: "",
    password_too_short: "A password has at least 10 characters.",
    session_ended: "You have been logged out.",
    session_reused: "A copy of your login was used elsewhere, so it was ended. Log in again and change your password.",
    too_many_attempts: "Too many attempts. Please wait half a minute.",
    wrong_name_or_password: "Name or password is wrong.",
};

class Refused extends Error {
    constructor(status, error) {
        super(error in MESSAGES ? MESSAGES[error] : `The server refused (${status} ${error}).`);
        this.status = status;
        this.error = error;
    }
}

const element = (id) => document.getElementById(id);

// ---------------------------------------------------------------- requests

// keepalive: an answer with a new cookie is kept even if the page is closed meanwhile.
async function send(method, path, body, headers = {}) {
    const options = { method, headers, cache: "no-store", keepalive: true };
    if (method === "POST") {
        headers["Content-Type"] = "application/json";
        options.body = JSON.stringify(body ?? {});
    }
    const response = await fetch(path, options);
    const answer = await response.json();
    if (!response.ok) throw new Refused(response.status, answer.error);
    return answer;
}

// All that changes the cookie waits its turn, over all tabs of this browser: each sends the newest refresh token.
// A browser without locks is served as well, by the store's grace.
const inTurn = (work) => (navigator.locks ? navigator.locks.request("refresh-token", work) : work());

function keep(pair) {
    token = { text: pair.access_token, seconds: pair.expires_in };
}

const bearer = () => ({ Authorization: `Bearer ${token.text}` });

// One refresh at a time in this tab: whoever comes meanwhile gets the same one.
function refresh() {
    refreshing ??= inTurn(() => send("POST", "/auth/refresh"))
        .then((pair) => {
            keep(pair);
            refreshes += 1;
        })
        .finally(() => (refreshing = null));
    return refreshing;
}

// Asks with the access token. Whether that has ended is for the server to say; then it is refreshed, once.
async function ask(method, path, body) {
    for (let attempt = 1; ; attempt += 1) {
        if (!token) await refresh();
        const used = token;
        try {
            return await send(method, path, body, bearer());
        } catch (error) {
            if (error.status !== 401 || error.error === "wrong_name_or_password" || attempt === 2) throw error;
            if (token === used) token = null;
        }
    }
}

// ---------------------------------------------------------------- showing

function say(text) {
    element("message").textContent = text;
}

const time = (seconds) => new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

// How people call a browser: "Firefox on Linux". What is not known is shown as it was sent.
function deviceName(userAgent) {
    const first = (names) => names.find(([sign]) => userAgent.includes(sign))?.[1];
    const browser = first([["Edg", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]]);
    const system = first([["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"],
        ["Mac OS X", "macOS"], ["CrOS", "ChromeOS"], ["Linux", "Linux"]]);
    return browser && system ? `${browser} on ${system}` : userAgent || "unknown";
}

function device(userAgent) {
    const made = document.createElement("span");
    made.textContent = deviceName(userAgent);
    made.title = userAgent;
    return made;
}

function button(text, of, work) {
    const made = document.createElement("button");
    made.textContent = text;
    made.setAttribute("aria-label", `${text}: ${of}`);
    made.addEventListener("click", () => act(work));
    return made;
}

// What comes from others, such as the name of a browser, becomes text and never markup.
function showRows(id, rows) {
    const headings = [...element(id).closest("table").tHead.rows[0].cells].map((cell) => cell.textContent);
    element(id).replaceChildren(...rows.map((cells) => {
        const line = document.createElement("tr");
        cells.forEach((cell, i) => {
            const made = document.createElement("td");
            made.append(cell ?? "");
            made.dataset.heading = headings[i]; // on a narrow screen, where the head is not shown
            line.append(made);
        });
        return line;
    }));
}

function showSessions(sessions) {
    showRows("sessions", sessions.map((session) => [
        device(session.user_agent), session.ip, time(session.created_at), time(session.used_at),
        session.current ? "this one"
            : button("Log out", deviceName(session.user_agent), () => ask("POST", "/api/sessions/end", { sid: session.sid })),
    ]));
    [...element("sessions").rows].forEach((line, i) => line.classList.toggle("here", Boolean(sessions[i].current)));
}

function showAdmin(found) {
    showRows("accounts", found.accounts.map((account) => [
        account.name, account.role, String(account.sessions),
        account.sessions ? button("End sessions", account.name, () => ask("POST", "/api/admin/end", { account: account.id })) : "",
    ]));
    showRows("events", found.events.map((event) => [event.at, event.kind, event.name, event.actor, event.reason]));
}

function showGuest(message) {
    token = null;
    refreshes = 0;
    for (const id of ["home", "admin", "token"]) element(id).hidden = true;
    for (const id of ["sessions", "accounts", "events", "who", "token"]) element(id).replaceChildren();
    element("password").reset();
    element("guest").hidden = false;
    say(message);
}

async function showHome() {
    const me = await ask("GET", "/api/me");
    const { sessions } = await ask("GET", "/api/sessions");
    const administrator = me.scope.split(" ").includes("accounts:admin");
    if (administrator) showAdmin(await ask("GET", "/api/admin/accounts"));
    showSessions(sessions);
    element("who").textContent = `${me.name} (${me.role})`;
    element("account").value = me.name; // for password managers
    element("token").textContent = `Access tokens last ${token.seconds} s. Refreshed ${refreshes === 1 ? "once" : `${refreshes} times`} since this page was opened.`;
    for (const id of ["home", "token"]) element(id).hidden = false;
    element("admin").hidden = !administrator;
    element("guest").hidden = true;
}

// ---------------------------------------------------------------- what people do

function explain(error) {
    if (!(error instanceof Refused)) say("The server does not answer. Please try again.");
    else if (error.status === 401 && error.error !== "wrong_name_or_password") showGuest(error.message);
    else say(error.message);
}

// While something is under way the page says so, to assistive technology as well.
let underWay = 0;
function busy(change) {
    underWay += change;
    document.body.ariaBusy = String(underWay > 0);
}

async function attempt(work) {
    busy(1);
    try {
        await work();
    } catch (error) {
        explain(error);
    } finally {
        busy(-1);
    }
}

const act = (work) => attempt(async () => {
    say("");
    await work();
    await showHome();
});

// Where somebody looks, it is also seen what was done elsewhere.
const look = () => document.hidden || element("home").hidden || attempt(showHome);

element("login").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    act(async () => {
        keep(await inTurn(() => send("POST", event.submitter.value, Object.fromEntries(new FormData(form)))));
        form.reset();
    });
});

element("password").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    act(async () => {
        await ask("GET", "/api/me"); // a fresh access token: nothing can be refreshed within the turn
        const answer = await inTurn(() => send("POST", "/api/password", Object.fromEntries(new FormData(form)), bearer()));
        keep(answer);
        form.reset();
        say("The password was changed; all other devices are logged out.");
    });
});

const leave = (path, body) => act(async () => {
    await ask("POST", path, body);
    token = null;
});

element("reload").addEventListener("click", () => act(() => {}));
element("log-out").addEventListener("click", () => leave("/api/logout"));
element("log-out-everywhere").addEventListener("click", () => leave("/api/logout-everywhere"));
element("log-out-others").addEventListener("click", () => act(() => ask("POST", "/api/logout-everywhere", { keep_this: true })));
document.addEventListener("visibilitychange", look);
setInterval(look, 5000);

// A page that was just opened has no access token: maybe the cookie is good for one.
attempt(showHome);

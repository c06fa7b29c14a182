// The page also works without this script, which updates, sorts and filters it and sends requests.
"use strict";

const at = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Times are relative to the watchdog's clock, because this machine's clock may be wrong.
let ahead = Number(document.body.dataset.now) - Date.now();

// Formats a length of time as `dash::words::span` does, with seconds if it is short.
function span(ms, exact) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const m = Math.floor(s / 60);
  const h = Math.floor(s / 3600);
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return `${s}s`;
  if (exact && s < 900) return `${m}m ${two(s % 60)}s`;
  if (s < 3600) return `${m}m`;
  if (s < 86400) return `${h}h ${two(m % 60)}m`;
  return `${Math.floor(h / 24)}d ${h % 24}h`;
}

const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// Times of day are in the browser's time zone, and in UTC when they are pointed at.
const today = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const other = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});

function clocks(now) {
  for (const element of all("[data-clock]")) {
    const at = new Date(Number(element.dataset.clock));
    element.title ||= element.textContent;
    const near = at.toDateString() === new Date(now).toDateString();
    say(element, (near ? today : other).format(at));
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (at("zone")) say(at("zone"), `Times are those of ${zone}, and in UTC when pointed at`);
}

function tick() {
  const now = Date.now() + ahead;
  for (const element of all("[data-since]")) say(element, span(now - element.dataset.since));
  for (const element of all("[data-until]")) {
    const left = element.dataset.until - now;
    say(element, left > 0 ? span(left, true) : "due");
  }
  clocks(now);
}

// Sorting and filtering; both are kept when the page is updated.
const order = { key: "", down: false };
const falling = { rate: true, spent: true };
const words = new Set(["name", "state", "owner", "stage"]);

function arrange() {
  const table = at("clusters");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.forEach((row, index) => (row.dataset.index ??= index));
  const value = (row) => {
    const text = row.dataset[order.key] ?? "";
    if (words.has(order.key)) return text.toLowerCase();
    return text === "" ? Infinity : Number(text);
  };
  rows.sort((a, b) => {
    const [x, y] = order.key ? [value(a), value(b)] : [0, 0];
    const sign = order.down ? -1 : 1;
    return (x < y ? -sign : x > y ? sign : 0) || a.dataset.index - b.dataset.index;
  });
  if (rows.some((row, index) => body.rows[index] !== row)) body.append(...rows);
  for (const head of all("th[data-key]", table)) {
    const chosen = head.dataset.key === order.key;
    head.ariaSort = chosen ? (order.down ? "descending" : "ascending") : null;
    if (head.firstElementChild) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
  }
  const wanted = at("filter").value.trim().toLowerCase().split(/\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !wanted.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  at("count").textContent = shown === rows.length ? `${shown}` : `${shown} of ${rows.length}`;
}

function sort(key, down) {
  Object.assign(order, { key, down });
  at("sort").value = all("option", at("sort")).some((one) => one.value === key) ? key : "";
  arrange();
}

// Replaces parts of the page. Open details and the focus are kept.
const drawn = {};

function swap(id, html) {
  if (drawn[id] === html) return;
  drawn[id] = html;
  const place = at(id);
  const open = new Set(all("details[open]", place).map((one) => one.dataset.keep));
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const row = held?.closest("[data-row]")?.dataset.row;
  const kind = held && (held.dataset.act ? `[data-act="${held.dataset.act}"]` : held.localName);
  const head = held?.closest("th[data-key]")?.dataset.key;
  place.innerHTML = html;
  for (const one of all("details", place)) one.open = open.has(one.dataset.keep);
  if (id === "fleet") arrange();
  if (!held) return;
  const where = row
    ? all("[data-row]", place).find((one) => one.dataset.row === row)
    : all("th[data-key]", place).find((one) => one.dataset.key === head);
  where?.querySelector(kind)?.focus({ preventScroll: true });
}

function take(event) {
  const { now, parts } = JSON.parse(event.data);
  ahead = now - Date.now();
  for (const [id, html] of Object.entries(parts)) swap(id, html);
  tick();
}

// The event stream ends after each update and is opened again; only a longer gap is reported.
let heard = Date.now();

function listen() {
  const source = new EventSource("/events");
  source.addEventListener("picture", take);
  source.addEventListener("open", () => (heard = Date.now()));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

function doubt() {
  const silent = Date.now() - heard;
  const link = at("link");
  link.hidden = silent < 40_000;
  const text = link.hidden ? "" : `no word from the watchdog for ${span(silent)}`;
  if (link.textContent !== text) link.textContent = text;
}

// Extending and ending. The token stays in this tab.
const remembered = { token: "clusterup-token", who: "clusterup-who" };

function show(act, row) {
  const dialog = at(act);
  const form = dialog.querySelector("form");
  form.reset();
  form.action = `/clusters/${row.dataset.row}/${act}`;
  for (const one of all("[data-name]", form)) one.textContent = row.dataset.name;
  for (const one of all("[data-id]", form)) one.textContent = row.dataset.row.split("/")[1];
  for (const one of all("[data-of]", form)) {
    one.textContent = row.dataset[one.dataset.of] ?? "at no known time";
  }
  for (const [field, key] of Object.entries(remembered)) {
    form.elements[field].value = sessionStorage.getItem(key) ?? "";
  }
  form.querySelector(".said").textContent = "";
  dialog.showModal();
}

// What the watchdog answered stays on the page for a while.
let shown = 0;

function report(says) {
  const done = at("done");
  done.hidden = false;
  done.textContent = says;
  clearTimeout(shown);
  shown = setTimeout(() => (done.hidden = true), 15_000);
}

async function ask(form) {
  const said = form.querySelector(".said");
  const go = form.querySelector(".go");
  const fields = new URLSearchParams(new FormData(form));
  const token = fields.get("token");
  fields.delete("token");
  go.disabled = true;
  said.className = "said";
  said.textContent = "sending …";
  try {
    const reply = await fetch(form.action, {
      method: "POST",
      body: fields,
      headers: { Accept: "application/json", Authorization: `Bearer ${token}` },
    });
    const { ok, says } = await reply.json();
    said.textContent = says;
    said.className = ok ? "said good" : "said bad";
    if (ok) {
      sessionStorage.setItem(remembered.token, token);
      sessionStorage.setItem(remembered.who, fields.get("who"));
      form.closest("dialog").close();
      report(says);
    }
  } catch {
    said.textContent = "The watchdog cannot be reached.";
    said.className = "said bad";
  }
  go.disabled = false;
}

// The page of one cluster has times alone.
function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const key = button.closest("th[data-key]")?.dataset.key;
    if (key) sort(key, order.key === key ? !order.down : Boolean(falling[key]));
    if (button.dataset.act) show(button.dataset.act, button.closest("[data-row]"));
    if ("close" in button.dataset) button.closest("dialog").close();
  });
  document.addEventListener("submit", (event) => {
    if (!("ask" in event.target.dataset)) return;
    event.preventDefault();
    ask(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, textarea, dialog")) return;
    event.preventDefault();
    at("filter").focus();
  });
  at("filter").addEventListener("input", arrange);
  at("sort").addEventListener("change", (event) => {
    const key = event.target.value;
    sort(key, Boolean(falling[key]));
  });
  all(".tools")[0].hidden = false;
  arrange();
  listen();
  setInterval(doubt, 1000);
}

if (at("fleet")) start();
tick();
setInterval(tick, 1000);

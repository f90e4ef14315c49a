// What the page knows of the emulator, kept up to date by its events; and how it is written: times, names, small marks.

// Elements, made without ever reading markup: whatever was sent to the emulator is text here and stays text.

const status = document.getElementById("status");
let silence = 0;

// Make an element: h("a", {class: "x", href: "#y", onclick: f}, "text", element, [more], null).
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A cell of a table, labelled where the table is a list on a narrow page.
export const cell = (label, kind, ...content) => h("td", { "data-label": label, class: kind }, content);

export const byId = (id) => document.getElementById(id);

// Change a text only where it differs, so that nothing is announced or laid out for no reason.
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

// Say something to the person, by eye and by screen reader, for some seconds.
export function say(text, isTrouble = false) {
  clearTimeout(silence);
  status.classList.toggle("trouble", isTrouble);
  status.textContent = text;
  silence = setTimeout(() => { status.textContent = ""; }, isTrouble ? 8000 : 3500);
}

// Put a text into the clipboard, and say whether that could be done.
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${what}`);
  } catch {
    say("The browser does not let this page copy; select the text instead", true);
  }
}

// Ask a dialog; the answer is true if its button "yes" closed it.
export function ask(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Ask the control API; what it refuses becomes one sentence on the page.
async function call(path, options) {
  let reply;
  try {
    reply = await fetch(`/_emulator/${path}`, options);
  } catch {
    say("The emulator does not answer", true);
    return null;
  }
  const told = await reply.json().catch(() => null);
  if (reply.ok) return told;
  say(told?.error ?? told?.message ?? `The emulator answered ${reply.status}`, true);
  return null;
}

export const get = (path) => call(path);

export const post = (path, body = {}) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// How many rows more a list shows each time.
const STEP = 200;

// A list that may be long: so many rows are drawn, and a row only when its thing is another object than before.
export class Listing {
  // `draw(item, old)` returns the row; `old` is the one it replaces, if any.
  constructor(list, key, draw) {
    Object.assign(this, { list, key, draw, rows: new Map(), limit: STEP, items: [] });
    this.more = h("button", { type: "button", class: "more", hidden: true, onclick: () => this.showMore() });
    this.none = h("p", { class: "none", hidden: true }, "Nothing matches.");
    (list.closest("table") ?? list).after(this.none, this.more);
    list.addEventListener("keydown", (event) => this.walk(event));
  }

  show(items) {
    this.items = items;
    const wanted = new Map(items.slice(0, this.limit).map((item) => [this.key(item), item]));
    for (const [key, row] of this.rows) {
      if (!wanted.has(key)) { row.node.remove(); this.rows.delete(key); }
    }
    let next = this.list.firstElementChild;
    for (const [key, item] of wanted) {
      const old = this.rows.get(key)?.node;
      const node = this.row(key, item);
      if (old && old === next) next = node;
      if (node === next) next = next.nextElementSibling;
      else this.list.insertBefore(node, next);
    }
    this.none.hidden = items.length > 0;
    this.more.hidden = items.length <= this.limit;
    this.more.textContent = `Show more (${items.length - this.limit} left)`;
  }

  row(key, item) {
    const known = this.rows.get(key);
    if (known?.item === item) return known.node;
    const node = this.draw(item, known?.node);
    this.rows.set(key, { item, node });
    if (known && known.node !== node) {
      const hadFocus = known.node.contains(document.activeElement);
      known.node.replaceWith(node);
      if (hadFocus) node.querySelector("a, summary")?.focus();
    }
    return node;
  }

  showMore() {
    const first = this.list.children.length;
    this.limit += STEP;
    this.show(this.items);
    this.list.children[first]?.querySelector("a")?.focus();
  }

  // The arrow keys go from row to row.
  walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const row = step && event.target.matches("a, summary") && event.target.closest("li");
    const target = row?.[step]?.querySelector("a, summary");
    if (target) { target.focus(); event.preventDefault(); }
  }
}

export const world = {
  tasks: new Map(), exchanges: new Map(), faults: new Map(), ledger: new Map(),
  clock: { kind: "manual", now: 0, speed: 0 }, heardAt: 0,
  balance: 0, totals: { tasks: 0, exchanges: 0 },
  beginning: { key: null, balance: 0, unlimited: false, most: {} },
};
const KEYS = { tasks: "id", exchanges: "id", faults: "id", ledger: "job" };
// After how many milliseconds without a line a person is told.
const PATIENCE = 2500;
const listeners = [];
let source = null;
let cursor = "";
let comeBack = 0;

// Call this after each piece of news.
export function onNews(listener) { listeners.push(listener); }

// The emulator's clock now, as far as it can be told from here.
export function now() {
  return world.clock.now + (world.clock.speed * (performance.now() - world.heardAt)) / 1000;
}

export const doubles = () => [...world.ledger.values()].filter((row) => row.is_double);

function learn(news) {
  if (news.fresh) {
    for (const kind of Object.keys(KEYS)) world[kind].clear();
    world.beginning = news.fresh;
  }
  Object.assign(world, { clock: news.clock, balance: news.balance, totals: news.totals, heardAt: performance.now() });
  for (const [kind, key] of Object.entries(KEYS)) {
    for (const thing of news[kind]) world[kind].set(thing[key], thing);
    const spare = world[kind].size - (world.beginning.most[kind] ?? Infinity);
    for (const old of [...world[kind].keys()].slice(0, Math.max(0, spare))) world[kind].delete(old);
  }
  // A row is drawn anew when its thing is another object: a job that turns out double concerns its tasks.
  for (const row of news.ledger.filter((one) => one.is_double)) {
    for (const id of row.task_ids.filter((one) => world.tasks.has(one))) world.tasks.set(id, { ...world.tasks.get(id) });
  }
  for (const listener of listeners) listener(news);
}

function setLine(line) {
  const shown = document.getElementById("line");
  if (shown.dataset.line === line) return;
  if (line === "lost") say("The connection to the emulator is lost; trying again", true);
  if (line === "live" && shown.dataset.line === "lost") say("Connected again");
  shown.dataset.line = line;
  shown.textContent = line;
}

function connect() {
  clearTimeout(comeBack);
  comeBack = 0;
  source?.close();
  source = new EventSource(`/_emulator/events?since=${encodeURIComponent(cursor)}`);
  source.addEventListener("open", () => {
    clearTimeout(comeBack);
    comeBack = 0;
    setLine("live");
  });
  source.addEventListener("message", (event) => {
    cursor = event.lastEventId;
    learn(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    // A stream that has had its time ends in an error as well, and is back before anybody needs to know.
    comeBack ||= setTimeout(() => { setLine("lost"); connect(); }, PATIENCE);
  });
}

// Watch while the page can be seen: a browser has only six connections for all pages of one address.
export function watch() {
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return connect();
    clearTimeout(comeBack);
    source?.close();
    return setLine("paused");
  });
  connect();
}

// What is left to spend; more than anybody spends is no number to read.
export function creditsLeft() {
  return world.beginning.unlimited ? "unlimited" : world.balance;
}

const EPOCH = 1e9;
const OPERATIONS = {
  submitImageToVideo: "Submit", submitMultiImageToVideo: "Submit (several images)", submitTextToVideo: "Submit (text)",
  submitFirstLastImageToVideo: "Submit (first and last)", submitAlmightyReferenceToVideo: "Submit (references)",
  getTaskStatus: "Poll the task", getBatchStatus: "Poll the batch", uploadFile: "Upload",
  getBalance: "Balance", listVideoModels: "Models", result: "Download", file: "Image", webhook: "Webhook",
};

// A moment of the emulator's clock: the time of day, or seconds where it began at 0.
export function moment(at) {
  if (at === null || at === undefined) return "never";
  return at > EPOCH ? new Date(at * 1000).toLocaleTimeString(undefined, { hour12: false }) : `${at.toFixed(1)} s`;
}

// Seconds in as few characters as make sense.
export function span(seconds) {
  if (seconds < 0.0005) return "<1 ms";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Number((seconds / 3600).toFixed(1))} h`;
}

export const operation = (exchange) => OPERATIONS[exchange.operation] ?? exchange.operation ?? "Unknown";

export const chip = (text, kind = "", title = null) => h("span", { class: `chip ${kind}`, title, dir: "auto" }, text);

// Links to tasks: the first so many, and how many more there are.
export const taskLinks = (ids, most) => [...ids.slice(0, most).map((id) => h("a", { class: "mono", href: `#tasks/${id}` }, id)),
  ids.length > most ? h("span", { class: "quiet" }, `and ${ids.length - most} more`) : ""];

export const isPoll = ({ operation }) => operation === "getTaskStatus" || operation === "getBatchStatus";

export const stateMark = (state) => h("span", { class: "state", "data-state": state }, state);

export function clockKind() {
  const { kind, speed } = world.clock;
  return kind === "manual" ? "Clock, advanced by hand" : kind === "real" ? "Clock, real time" : `Clock, ${speed}× as fast`;
}

// Whether an image was uploaded here; of another host none is fetched: the page asks nobody but the emulator.
export const isUploaded = (address) => URL.canParse(address) && new URL(address).pathname.startsWith("/files/");

// How far a task is: nothing for one that has ended or never will.
export function progress(task) {
  if (task.state !== "waiting" && task.state !== "processing") return null;
  if (task.ends_at === null) return chip("for ever", "quiet");
  const bar = h("progress", { max: 1, "data-from": task.submitted_at, "data-to": task.ends_at, "aria-label": "Progress" });
  bar.value = share(bar);
  return bar;
}

const share = (bar) => {
  const length = bar.dataset.to - bar.dataset.from;
  return length > 0 ? Math.min(1, Math.max(0, (now() - bar.dataset.from) / length)) : 1;
};

// Move every bar that can be seen.
export function moveBars() {
  for (const bar of document.querySelectorAll("progress[data-to]")) bar.value = share(bar);
}

// The status of an exchange with a word for what it means.
export function statusMark(exchange) {
  if (exchange.status === null) {
    return exchange.trouble || exchange.seconds !== null ? h("span", { class: "code bad" }, "none") : h("span", { class: "code" }, "…");
  }
  const kind = exchange.complaints.length ? "bad" : exchange.status >= 400 ? "bad" : exchange.status >= 300 ? "" : "good";
  return h("span", { class: `code ${kind}` }, String(exchange.status));
}

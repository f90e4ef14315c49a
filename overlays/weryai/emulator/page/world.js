// What the page knows of the emulator, kept up to date by its events; and how it is written: times, names, small marks.

import { h, say } from "./dom.js";

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

// What the page knows of the emulator, kept up to date by its events.

import { say } from "./dom.js";

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

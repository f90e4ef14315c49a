// The page: which view is shown, what is on top of all of them, and the keys that work everywhere.

import { ExchangeDetail, setUpRequests, showRequests } from "./exchanges.js";
import { setUpTasks, showTasks, TaskDetail } from "./tasks.js";
import {
  ask, byId, cell, chip, clockKind, copy, creditsLeft, doubles, get, h, Listing, moment, moveBars, now, onNews, post, say, setText, stateMark, taskLinks,
  watch, world,
} from "./world.js";

// The ledger: what each job has cost, and how often it was submitted.
const jobs = new Listing(byId("jobs"), (row) => row.job, (row) => {
  return h("tr", { class: row.state === "failed" ? "failed" : row.is_double ? "double" : null },
    cell("Job", "", h("span", { class: "title", dir: "auto" }, row.prompt || "(no prompt)"), h("span", { class: "sub" }, row.model, " · ", h("span", { class: "mono" }, row.job))),
    cell("State", "", stateMark(row.state), row.is_double ? chip(`submitted twice: ${row.extra_credits} extra credits`, "warn") : null),
    cell("POSTs", "number", String(row.posts)),
    cell("Submissions", "number", String(row.orders)),
    cell("Credits", "number", String(row.credits)),
    cell("Refunded", "number", String(row.refunded)),
    cell("Tasks", "", taskLinks(row.task_ids, 8),
      row.refusals.slice(0, 8).map((refusal) => h("span", { class: "reason", dir: "auto" }, refusal))));
});

const sum = (label, value, kind = "") => h("div", { class: `sum ${kind}` }, h("span", { class: "label" }, label), h("strong", {}, String(value)));

function showLedger() {
  const rows = [...world.ledger.values()];
  const total = (count) => rows.reduce((so_far, row) => so_far + count(row), 0);
  const failed = rows.filter((row) => row.states.includes("failed")).length;
  const extra = total((row) => row.extra_credits);
  const spent = total((row) => row.credits);
  byId("sums").replaceChildren(
    sum("Credits left", creditsLeft()), sum("Spent", spent), sum("Refunded", total((row) => row.refunded)),
    sum("Jobs", rows.length), sum("POSTs", total((row) => row.posts)),
    sum("Refused", total((row) => row.refusals.length)), sum("Failed", failed, failed ? "bad" : ""),
    sum("Submitted twice", doubles().length, doubles().length ? "warn" : ""), sum("Extra credits", extra, extra ? "warn" : ""));
  jobs.show(rows.reverse().sort((one, other) => other.is_double - one.is_double));
  setText(jobs.none, "Nothing was submitted yet.");
}

// Whatever is shown: work that was paid for twice is said on top.
function showDoubles() {
  const found = doubles();
  const alarm = byId("doubles");
  const extra = found.reduce((so_far, row) => so_far + row.extra_credits, 0);
  const text = `${found.length === 1 ? "One job was" : `${found.length} jobs were`} submitted more than once: ${extra} extra credits for the same work.`;
  alarm.hidden = !found.length;
  if (found.length && alarm.dataset.text !== text) {
    alarm.dataset.text = text;
    alarm.replaceChildren(text, " ", h("a", { href: "#ledger" }, "Show the ledger"));
  }
}

// Scenarios: inject one, see which were injected and triggered, take one back.
const choice = byId("scenario");
const stage = byId("stage");
const known = new Map();
let requestStages = [];

const orders = new Listing(byId("orders"), (fault) => fault.id, (fault) => {
  const word = fault.cancelled ? "cancelled" : fault.is_open ? (fault.met ? "triggered" : "waiting") : "triggered";
  return h("tr", { "data-fault": fault.name },
    cell("Scenario", "", h("span", { class: "title mono" }, fault.name), chip(word, word === "triggered" ? "good" : word === "waiting" ? "warn" : "quiet")),
    cell("At", "", fault.stage), cell("From", "", fault.source),
    cell("Injected", "number", fault.ordered !== null ? String(fault.ordered) : fault.each > 1 ? `1 in ${fault.each}` : "∞"), cell("Triggered", "number", String(fault.met)),
    cell("Tasks", "", taskLinks(fault.task_ids, 3)),
    cell("", "", fault.is_open ? h("button", { type: "button", "aria-label": `Cancel ${fault.name}`, onclick: () => cancel(fault) }, "Cancel") : null));
});

async function cancel(fault) {
  if (await post(`faults/${fault.id}/cancel`)) say(`Cancelled: ${fault.name}`);
  choice.focus();
}

// Take a scenario from the catalogue into the form.
function choose(name) {
  choice.value = name;
  showChoice();
  byId("order").scrollIntoView({ block: "nearest" });
  byId("times").focus();
}

function showChoice() {
  const scenario = known.get(choice.value);
  if (!scenario) return;
  setText(byId("sentence"), `${scenario.sentence}${scenario.lasts ? " Lasts." : ""}`);
  const stages = scenario.stage === "any" ? ["any", ...requestStages] : [scenario.stage];
  stage.replaceChildren(...stages.map((name) => h("option", { value: name }, name === "any" ? "any request" : name)));
  stage.disabled = stages.length < 2;
}

async function order(event) {
  event.preventDefault();
  const times = Number(byId("times").value);
  const fault = await post("faults", { name: choice.value, times, at: stage.value });
  if (fault) say(`Injected: ${fault.name}, ${times === 1 ? "once" : `${times} times`}`);
}

// A scenario's name, stage and effect, by which it is found.
const words = new Map();

function filterCatalogue() {
  const asked = byId("scenario-text").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const [item, text] of words) item.hidden = !asked.every((word) => text.includes(word));
  for (const group of byId("catalogue").children) group.hidden = !group.querySelector("li:not([hidden])");
  byId("no-scenario").hidden = [...words.keys()].some((item) => !item.hidden);
}

function fillCatalogue(groups) {
  byId("catalogue").replaceChildren(...groups.map(([name, found]) => {
    const stage = name === "any" ? "any request" : name;
    return h("section", {}, h("h3", {}, `${stage} · ${found.length}`), h("ul", { class: "catalogue" }, found.map((one) => {
      const item = h("li", {}, h("button", { type: "button", class: "pointer", onclick: () => choose(one.name) }, one.name), h("span", {}, one.sentence));
      words.set(item, `${one.name} ${stage} ${one.sentence}`.toLowerCase());
      return item;
    })));
  }));
  byId("scenario-text").addEventListener("input", filterCatalogue);
}

function showScenarios() {
  orders.show([...world.faults.values()].sort((one, other) => other.id - one.id));
  setText(orders.none, "No scenario was injected: everything goes well.");
}

async function setUpScenarios() {
  byId("order").addEventListener("submit", order);
  choice.addEventListener("change", showChoice);
  const told = await get("scenarios");
  if (told === null) return;
  for (const scenario of told.scenarios) known.set(scenario.name, scenario);
  requestStages = told.stages.filter((name) => !["any", "task", "webhook"].includes(name));
  const groups = told.stages.map((name) => [name, told.scenarios.filter((one) => one.stage === name)]).filter(([, found]) => found.length);
  choice.replaceChildren(...groups.map(([name, found]) => h("optgroup", { label: name === "any" ? "any request" : name },
    found.map((one) => h("option", { value: one.name }, one.name)))));
  fillCatalogue(groups);
  const reasons = told.scenarios.flatMap((one) => /^The task fails: (.*)\.$/.exec(one.sentence)?.[1] ?? []);
  byId("reasons").replaceChildren(...reasons.map((reason) => h("option", { value: reason })));
  showChoice();
}

const VIEWS = { tasks: showTasks, requests: showRequests, ledger: showLedger, scenarios: showScenarios };
const DETAILS = {
  tasks: { of: (id) => world.tasks.get(id), make: TaskDetail },
  requests: { of: (id) => world.exchanges.get(Number(id)), make: ExchangeDetail },
};
const detail = byId("detail");
let shown = { view: "tasks", id: "", detail: null };

function place() {
  const [view, id = ""] = location.hash.slice(1).split("/");
  return Object.hasOwn(VIEWS, view) ? { view, id } : { view: "tasks", id: "" };
}

// Show what the URL says.
function go() {
  const { view, id } = place();
  const isOther = view !== shown.view || id !== shown.id;
  for (const name of Object.keys(VIEWS)) byId(`view-${name}`).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  VIEWS[view]();
  if (isOther) shown = { view, id, detail: null };
  showDetail(isOther);
  mark();
}

function showDetail(takesFocus) {
  const { view, id } = shown;
  const thing = id ? DETAILS[view]?.of(id) : null;
  document.body.classList.toggle("has-detail", Boolean(thing));
  detail.hidden = !thing;
  if (!thing || shown.detail) return;
  detail.replaceChildren(h("a", { class: "back", href: `#${view}` }, h("span", { "aria-hidden": "true" }, "✕ "), "Close"));
  shown.detail = new DETAILS[view].make(detail, thing);
  detail.scrollTop = 0;
  if (takesFocus) detail.focus({ preventScroll: false });
}

// Mark the row whose detail is shown.
function mark() {
  for (const row of document.querySelectorAll(".row")) {
    if (row.getAttribute("href") === `#${shown.view}/${shown.id}`) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function showTop() {
  setText(byId("balance"), creditsLeft());
  setText(byId("first-balance"), world.beginning.balance);
  byId("of-balance").hidden = world.beginning.unlimited;
  setText(byId("clock-kind"), clockKind());
  setText(byId("count-tasks"), world.totals.tasks);
  setText(byId("count-requests"), world.totals.exchanges);
  setText(byId("count-ledger"), world.ledger.size);
  setText(byId("count-scenarios"), [...world.faults.values()].filter((one) => one.is_open).length);
  const { key } = world.beginning;
  setText(byId("exports"), `export WERYAI_BASE_URL=${location.origin}\nexport WERYAI_MODELS_BASE_URL=${location.origin}`
    + (key ? `\nexport WERYAI_API_KEY=${key}` : "\n# WERYAI_API_KEY is the key that the emulator was given"));
  showDoubles();
  tick();
}

function tick() {
  if (!world.heardAt) return; // Nothing is known of the clock yet.
  setText(byId("now"), moment(now()));
  moveBars();
}

async function advance(seconds) {
  if (await post("clock/advance", { seconds })) say(`The clock was advanced by ${seconds} s`);
}

function setUp() {
  byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("content").focus(); });
  for (const button of document.querySelectorAll("#clock [data-seconds]")) {
    button.addEventListener("click", () => advance(Number(button.dataset.seconds)));
  }
  byId("clock").addEventListener("submit", (event) => { event.preventDefault(); advance(byId("seconds").valueAsNumber || 0); });
  byId("ask-reset").addEventListener("click", async () => {
    if ((await ask(byId("reset"))) && (await post("reset"))) { location.hash = "#tasks"; say("Everything was forgotten"); }
  });
  byId("fail-cancel").addEventListener("click", () => byId("fail").close("cancel"));
  byId("copy-exports").addEventListener("click", () => copy(byId("exports").textContent, "the lines"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || detail.hidden || document.querySelector("dialog[open]")) return;
    const row = document.querySelector(`.row[href="${CSS.escape(`#${shown.view}/${shown.id}`)}"]`);
    location.hash = `#${shown.view}`;
    requestAnimationFrame(() => row?.focus());
  });
  window.addEventListener("hashchange", go);
  setUpTasks();
  setUpRequests();
  setUpScenarios();
  setInterval(tick, 500);
}

onNews((news) => {
  showTop();
  if (news.fresh) shown.detail = null;
  VIEWS[shown.view]();
  const thing = shown.id ? DETAILS[shown.view]?.of(shown.id) : null;
  if (shown.detail && thing) shown.detail.update(news, thing);
  showDetail(false);
  mark();
});
setUp();
go();
watch();

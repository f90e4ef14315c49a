// The page: which view is shown, what is on top of all of them, and the keys that work everywhere.

import { ask, byId, copy, h, post, say, setText } from "./dom.js";
import { ExchangeDetail, setUpRequests, showRequests } from "./exchanges.js";
import { showDoubles, showLedger } from "./ledger.js";
import { setUpScenarios, showScenarios } from "./scenarios.js";
import { setUpTasks, showTasks, TaskDetail } from "./tasks.js";
import { clockKind, creditsLeft, moment, moveBars, now, onNews, watch, world } from "./world.js";

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

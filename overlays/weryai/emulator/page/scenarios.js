// Scenarios: inject one, see which were injected and triggered, take one back.

import { byId, cell, get, h, Listing, post, say, setText } from "./dom.js";
import { chip, taskLinks, world } from "./world.js";

const choice = byId("scenario");
const stage = byId("stage");
const known = new Map();
let requestStages = [];

const listing = new Listing(byId("orders"), (fault) => fault.id, (fault) => {
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

export function showScenarios() {
  listing.show([...world.faults.values()].sort((one, other) => other.id - one.id));
  setText(listing.none, "No scenario was injected: everything goes well.");
}

export async function setUpScenarios() {
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

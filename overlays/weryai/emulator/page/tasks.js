// The list of tasks, newest first.

import { byId, h } from "./dom.js";
import { Listing } from "./listing.js";
import { chip, moment, progress, stateMark } from "./telling.js";
import { world } from "./world.js";

const text = byId("task-text");
const state = byId("task-state");
const listing = new Listing(byId("task-list"), (task) => task.id, row);

export const isDouble = (task) => world.ledger.get(task.job)?.is_double ?? false;

const WEBHOOKS = { pending: "", delivered: "good", failed: "bad", refused: "bad", withheld: "warn" };
export const webhookChip = (task) => (task.webhook ? chip(`webhook ${task.webhook}`, WEBHOOKS[task.webhook] ?? "", task.webhook_url) : null);

function row(task) {
  return h("li", { class: isDouble(task) ? "double" : null },
    h("a", { href: `#tasks/${task.id}`, class: "row" },
      stateMark(task.state),
      h("span", { class: "what" },
        h("span", { class: "title", dir: "auto" }, task.prompt || "(no prompt)"),
        h("span", { class: "sub" }, [task.model, `${task.seconds} s`, task.ratio].filter(Boolean).join(" · "),
          task.reason ? h("span", { class: "reason", dir: "auto" }, ` · ${task.reason}`) : null)),
      h("span", { class: "chips" },
        isDouble(task) ? chip("submitted twice", "bad") : null,
        task.scenario ? chip(task.scenario, "scenario") : null,
        webhookChip(task), progress(task)),
      h("span", { class: "when number" }, h("span", {}, moment(task.submitted_at)),
        h("span", { class: "quiet" }, `${task.credits} credits`))));
}

function matches(task) {
  if (state.value === "double" ? !isDouble(task) : state.value && task.state !== state.value) return false;
  const wanted = text.value.trim().toLowerCase();
  return !wanted || [task.prompt, task.model, task.id, task.job, task.reason, task.scenario, task.webhook_url, String(task.batch_id)]
    .some((one) => one?.toLowerCase().includes(wanted));
}

export function showTasks() {
  const tasks = [...world.tasks.values()].reverse();
  byId("welcome").hidden = tasks.length > 0;
  listing.show(tasks.filter(matches));
  listing.none.hidden ||= tasks.length === 0;
}

export function setUpTasks() {
  text.addEventListener("input", showTasks);
  state.addEventListener("change", showTasks);
}

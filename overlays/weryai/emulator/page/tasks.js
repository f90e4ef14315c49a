// The list of tasks, newest first.

import { byId, h } from "./dom.js";
import { Listing } from "./listing.js";
import { chip, isUploaded, moment, progress, stateMark } from "./telling.js";
import { world } from "./world.js";

const text = byId("task-text");
const state = byId("task-state");
const listing = new Listing(byId("task-list"), (task) => task.id, row);

export const isDouble = (task) => world.ledger.get(task.job)?.is_double ?? false;

const WEBHOOKS = { pending: "", delivered: "good", failed: "bad", refused: "bad", withheld: "warn" };
export const webhookChip = (task) => (task.webhook ? chip(`webhook ${task.webhook}`, WEBHOOKS[task.webhook] ?? "", task.webhook_url) : null);

// The image of a task, small. It is kept when the row is drawn anew, as with every state.
function thumb(task, old) {
  const kept = old?.querySelector(".thumb");
  if (kept) return kept;
  const word = () => h("span", { class: "thumb", "aria-hidden": "true" }, task.picture ? "URL" : "text");
  if (!task.picture || !isUploaded(task.picture)) return word();
  const image = h("img", { class: "thumb", alt: "", loading: "lazy", decoding: "async", width: 56, height: 38,
    src: `/_emulator/tasks/${encodeURIComponent(task.id)}/picture` });
  image.addEventListener("error", () => image.replaceWith(word()));
  return image;
}

function row(task, old) {
  const kind = [isDouble(task) ? "double" : "", task.state === "failed" ? "failed" : ""].join(" ").trim();
  return h("li", { class: kind || null },
    h("a", { href: `#tasks/${task.id}`, class: "row" },
      thumb(task, old), stateMark(task.state),
      h("span", { class: "what" },
        h("span", { class: "title", dir: "auto" }, task.prompt || "(no prompt)"),
        h("span", { class: "sub" }, [task.model, `${task.seconds} s`, task.ratio].filter(Boolean).join(" · "),
          task.reason ? h("span", { class: "reason", dir: "auto" }, ` · ${task.reason}`) : null)),
      h("span", { class: "chips" },
        isDouble(task) ? chip("submitted twice", "warn") : null,
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

// Tasks: the list, newest first, and one with its image, its video, and everything that was said about it.

import { exchangeLine, fill } from "./exchanges.js";
import { ask, byId, chip, copy, get, h, isPoll, isUploaded, Listing, moment, now, post, progress, say, span, stateMark, world } from "./world.js";

const text = byId("task-text");
const state = byId("task-state");
const listing = new Listing(byId("task-list"), (task) => task.id, row);

// Where the control API has a task.
const path = (task) => `tasks/${encodeURIComponent(task.id)}`;

const isDouble = (task) => world.ledger.get(task.job)?.is_double ?? false;

const WEBHOOKS = { pending: "", delivered: "good", failed: "bad", refused: "bad", withheld: "warn" };
const webhookChip = (task) => (task.webhook ? chip(`webhook ${task.webhook}`, WEBHOOKS[task.webhook] ?? "", task.webhook_url) : null);

// The image of a task, small. It is kept when the row is drawn anew, as with every state.
function thumb(task, old) {
  const kept = old?.querySelector(".thumb");
  if (kept) return kept;
  const word = () => h("span", { class: "thumb", "aria-hidden": "true" }, task.picture ? "URL" : "text");
  if (!task.picture || !isUploaded(task.picture)) return word();
  const image = h("img", { class: "thumb", alt: "", loading: "lazy", decoding: "async", width: 56, height: 38,
    src: `/_emulator/${path(task)}/picture` });
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

const remembered = new Map();

// The same entry for the same content, so that what is drawn already stays.
function entry(values) {
  const mark = JSON.stringify({ ...values, exchange: [values.exchange?.id, values.exchange?.change] });
  const known = remembered.get(mark);
  if (known && known.exchange === values.exchange) return known;
  if (remembered.size > 5000) remembered.clear();
  remembered.set(mark, values);
  return values;
}

const isPlainPoll = (one) => isPoll(one) && one.status === 200 && !one.scenarios.length && !one.complaints.length && !one.trouble;

function moments(task) {
  const found = [];
  if (task.starts_at !== null && task.starts_at <= now()) found.push({ key: `${task.id} starts`, at: task.starts_at, state: "processing", text: "Taken from the queue" });
  if (ended(task)) found.push({ key: `${task.id} ends`, at: task.ends_at, state: task.state, text: task.state === "succeed" ? "Succeeded" : `Failed: ${task.reason ?? "no reason was given"}` });
  return found;
}

// The timeline of a task: its exchanges, equal polls in a row as one, and the moments at which it moved.
function timeline(task, exchanges) {
  const entries = [];
  const waiting = moments(task);
  let group = [];
  const close = () => {
    if (!group.length) return;
    const last = group.at(-1);
    entries.push(entry({ key: `x${group[0].id}`, exchange: last, times: group.length, isOpen: last.operation?.startsWith("submit") }));
    group = [];
  };
  for (const exchange of exchanges) {
    while (waiting.length && waiting[0].at < exchange.at) { close(); entries.push(entry(waiting.shift())); }
    if (!(group.length && isPlainPoll(exchange) && isPlainPoll(group.at(-1)) && group.at(-1).operation === exchange.operation)) close();
    group.push(exchange);
  }
  close();
  return [...entries, ...waiting.map(entry)];
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const ended = (task) => task.state === "succeed" || task.state === "failed";

// A button that stays where it is when it cannot be used, so that the focus does not get lost.
function action(label, isPossible, why, act) {
  return h("button", { type: "button", "aria-disabled": isPossible ? null : "true", title: isPossible ? null : why,
    onclick: () => (isPossible ? act() : say(why)) }, label);
}

async function fail(task) {
  const dialog = byId("fail");
  byId("reason").value = "";
  if (!(await ask(dialog))) return;
  const reason = byId("reason").value.trim();
  if (await post(`${path(task)}/fail`, reason ? { reason } : {})) say("The task has failed");
}

function actions(task) {
  const open = !ended(task);
  return [
    action("Finish", open, "The task has ended already", async () => { if (await post(`${path(task)}/finish`)) say("The task has succeeded"); }),
    action("Fail…", open, "The task has ended already", () => fail(task)),
    action("Resend webhook", Boolean(task.webhook_url) && !open, task.webhook_url ? "The task has not ended yet" : "The task was submitted without a webhook_url",
      async () => { if (await post(`${path(task)}/webhook`)) say("The webhook is sent again"); }),
  ];
}

function facts(task) {
  const rows = [
    ["Task", [h("span", { class: "mono" }, task.id), h("button", { type: "button", class: "small", onclick: () => copy(task.id, "the task id") }, "Copy")]],
    ["Batch", h("span", { class: "mono" }, String(task.batch_id))],
    ["Model", task.model], ["Length", `${task.seconds} s`], ["Ratio", task.ratio ?? "not given"],
    ["Credits", [`${task.credits}`, task.refunded ? `, ${task.refunded} refunded` : "", isDouble(task) ? chip("submitted twice", "warn") : ""]],
    ["Submitted", moment(task.submitted_at)],
    [ended(task) ? "Ended" : "Ends", task.ends_at === null ? "never" : [moment(task.ends_at), h("span", { class: "quiet" }, ` after ${span(task.ends_at - task.submitted_at)}`)]],
    task.word === task.state ? null : ["Told as", h("code", {}, task.word)],
    task.reason ? ["Reason", task.reason] : null,
    task.scenario ? ["Scenario", chip(task.scenario, "scenario")] : null,
    task.webhook_url ? ["Webhook", [h("span", { class: "mono" }, task.webhook_url), webhookChip(task)]] : null,
  ].filter(Boolean);
  return rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { dir: "auto" }, value)));
}

function picture(task) {
  if (!task.picture) return h("p", { class: "hole" }, "Made of text alone");
  const elsewhere = () => h("p", { class: "hole" }, "Not uploaded here, and not fetched from elsewhere: ", h("span", { class: "mono" }, task.picture));
  if (!isUploaded(task.picture)) return elsewhere();
  const image = h("img", { alt: "The submitted image", src: `/_emulator/${path(task)}/picture` });
  image.addEventListener("error", () => image.replaceWith(elsewhere()));
  return image;
}

function video(task) {
  if (task.state === "failed") return h("p", { class: "hole bad" }, `Failed: ${task.reason ?? "no reason was given"}`);
  if (!ended(task)) return h("p", { class: "hole" }, task.state === "waiting" ? "Waiting in the queue" : "Being made");
  if (!task.video) return h("p", { class: "hole bad" }, "Succeeded without a video");
  const player = h("video", { controls: true, loop: true, muted: true, playsinline: true, preload: "auto", "aria-label": "The video",
    src: `/_emulator/${path(task)}/video` });
  player.muted = true;
  player.autoplay = !calm.matches;
  player.addEventListener("error", () => player.replaceWith(h("p", { class: "hole bad" }, "The video cannot be played")));
  return player;
}

export class TaskDetail {
  constructor(place, task) {
    this.id = task.id;
    this.head = h("div", { class: "head" });
    this.buttons = h("div", { class: "buttons" });
    this.media = h("div", { class: "media" });
    this.facts = h("dl", { class: "facts" });
    const list = h("ol", { class: "timeline" });
    this.earlier = h("p", { class: "quiet" });
    place.append(this.head, this.buttons, this.media, this.facts, h("h3", {}, "Timeline"), this.earlier, list);
    this.listing = new Listing(list, (entry) => entry.key, (entry, old) => this.entry(entry, old));
    this.drawn = {};
    this.exchanges = [];
    this.draw(task);
    this.load();
  }

  // Draw those parts whose contents differ from what is drawn.
  draw(task) {
    this.task = task;
    this.part("head", [task.state, task.prompt], () => this.head.replaceChildren(stateMark(task.state), h("h2", { dir: "auto" }, task.prompt || "(no prompt)"), ...[progress(task)].filter(Boolean)));
    this.part("buttons", [task.state, task.webhook_url], () => {
      const place = [...this.buttons.children].indexOf(document.activeElement);
      this.buttons.replaceChildren(...actions(task));
      this.buttons.children[place]?.focus();
    });
    this.part("media", [task.picture, task.state, Boolean(task.video), task.reason], () => this.media.replaceChildren(
      h("figure", {}, picture(task), h("figcaption", {}, "Image")), h("figure", {}, video(task), h("figcaption", {}, "Video"))));
    this.part("facts", { ...task, video: null, double: isDouble(task) }, () => this.facts.replaceChildren(...facts(task)));
    this.listing.show(timeline(task, this.exchanges));
  }

  part(name, what, draw) {
    const mark = JSON.stringify(what);
    if (this.drawn[name] === mark) return;
    this.drawn[name] = mark;
    draw();
  }

  async load() {
    if (this.isLoading) { this.isStale = true; return; }
    this.isLoading = true;
    const told = await get(`${path(this)}/exchanges`);
    this.isLoading = false;
    if (told === null) return;
    this.earlier.textContent = told.earlier ? `${told.earlier} earlier exchanges are not shown.` : "";
    const known = new Map(this.exchanges.map((one) => [`${one.id} ${one.change}`, one]));
    this.exchanges = told.exchanges.map((one) => known.get(`${one.id} ${one.change}`) ?? one);
    this.draw(this.task);
    if (this.isStale) { this.isStale = false; setTimeout(() => this.load(), 500); }
  }

  entry(entry, old) {
    if (!entry.exchange) return h("li", { class: "marker", "data-state": entry.state }, h("span", {}, entry.text), h("span", { class: "when number" }, moment(entry.at)));
    const place = h("div", { class: "exchange" });
    const details = h("details", {}, h("summary", {}, exchangeLine(entry.exchange, entry.times)), place);
    details.addEventListener("toggle", () => { if (details.open && !place.firstChild) fill(place, entry.exchange.id); });
    details.open = old?.querySelector("details")?.open ?? entry.isOpen;
    return h("li", {}, details);
  }

  update(news, task) {
    if (news.exchanges.some((one) => one.task_ids.includes(this.id))) this.load();
    if (task) this.draw(task);
  }
}

// One task: what was submitted, its image and its video, and everything that was said about it.

import { get, post } from "./api.js";
import { ask, byId, copy, h, say } from "./dom.js";
import { exchangeLine, fill } from "./exchange.js";
import { Listing } from "./listing.js";
import { isDouble, webhookChip } from "./tasks.js";
import { chip, isUploaded, moment, progress, span, stateMark } from "./telling.js";
import { timeline } from "./timeline.js";
import { world } from "./world.js";

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
  if (await post(`tasks/${encodeURIComponent(task.id)}/fail`, reason ? { reason } : {})) say("The task has failed");
}

function actions(task) {
  const path = `tasks/${encodeURIComponent(task.id)}`;
  const open = !ended(task);
  return [
    action("Finish", open, "The task has ended already", async () => { if (await post(`${path}/finish`)) say("The task has succeeded"); }),
    action("Fail…", open, "The task has ended already", () => fail(task)),
    action("Resend webhook", Boolean(task.webhook_url) && !open, task.webhook_url ? "The task has not ended yet" : "The task was submitted without a webhook_url",
      async () => { if (await post(`${path}/webhook`)) say("The webhook is sent again"); }),
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
  const image = h("img", { alt: "The submitted image", src: `/_emulator/tasks/${encodeURIComponent(task.id)}/picture` });
  image.addEventListener("error", () => image.replaceWith(elsewhere()));
  return image;
}

function video(task) {
  if (task.state === "failed") return h("p", { class: "hole bad" }, `Failed: ${task.reason ?? "no reason was given"}`);
  if (!ended(task)) return h("p", { class: "hole" }, task.state === "waiting" ? "Waiting in the queue" : "Being made");
  if (!task.video) return h("p", { class: "hole bad" }, "Succeeded without a video");
  const player = h("video", { controls: true, loop: true, muted: true, playsinline: true, preload: "auto", "aria-label": "The video",
    src: `/_emulator/tasks/${encodeURIComponent(task.id)}/video` });
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
    const told = await get(`tasks/${encodeURIComponent(this.id)}/exchanges`);
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

// How things are written: times, lengths, names, small marks.

import { h } from "./dom.js";
import { now, world } from "./world.js";

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

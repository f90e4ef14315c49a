// The timeline of a task: its exchanges, equal polls in a row as one, and the moments at which it moved.

import { now } from "./world.js";

const LOOKS = ["getTaskStatus", "getBatchStatus"];
const ORDERS = [
  "submitImageToVideo", "submitMultiImageToVideo", "submitTextToVideo", "submitFirstLastImageToVideo", "submitAlmightyReferenceToVideo",
];
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

const isPlainLook = (one) => LOOKS.includes(one.operation) && one.status === 200 && !one.scenarios.length && !one.complaints.length && !one.trouble;

function moments(task) {
  const ended = task.state === "succeed" || task.state === "failed";
  const found = [];
  if (task.starts_at !== null && task.starts_at <= now()) found.push({ key: `${task.id} starts`, at: task.starts_at, state: "processing", text: "Taken from the queue" });
  if (ended) found.push({ key: `${task.id} ends`, at: task.ends_at, state: task.state, text: task.state === "succeed" ? "Succeeded" : `Failed: ${task.reason ?? "no reason was given"}` });
  return found;
}

export function timeline(task, exchanges) {
  const entries = [];
  const waiting = moments(task);
  let group = [];
  const close = () => {
    if (!group.length) return;
    const last = group.at(-1);
    entries.push(entry({ key: `x${group[0].id}`, exchange: last, times: group.length, isOpen: ORDERS.includes(last.operation) }));
    group = [];
  };
  for (const exchange of exchanges) {
    while (waiting.length && waiting[0].at < exchange.at) { close(); entries.push(entry(waiting.shift())); }
    if (!(group.length && isPlainLook(exchange) && isPlainLook(group.at(-1)) && group.at(-1).operation === exchange.operation)) close();
    group.push(exchange);
  }
  close();
  return [...entries, ...waiting.map(entry)];
}

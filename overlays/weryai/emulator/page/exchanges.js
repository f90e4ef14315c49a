// Exchanges: the list, newest first, and one with its two sides, what it broke, and how to send it once more.

import { byId, chip, copy, get, h, isPoll, Listing, moment, operation, span, statusMark, taskLinks, world } from "./world.js";

// Blanks for each step that a line of JSON is further in.
const STEP = 2;
const LONGEST_STRING = 4000;

const escaped = (key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1");

// Yield {pointer, depth, pieces: [[class, text]]} for each line of a value: by its pointer a complaint finds its line.
function* lines(value, pointer, depth, name, comma) {
  const label = name === null ? [] : [["key", JSON.stringify(name)], ["", ": "]];
  if (value === null || typeof value !== "object") {
    yield { pointer, depth, pieces: [...label, [typeof value, written(value)], ["", comma]] };
    return;
  }
  const isList = Array.isArray(value);
  const entries = isList ? value.map((one, place) => [place, one]) : Object.entries(value);
  const [open, close] = isList ? "[]" : "{}";
  if (!entries.length) {
    yield { pointer, depth, pieces: [...label, ["", open + close + comma]] };
    return;
  }
  yield { pointer, depth, pieces: [...label, ["", open]] };
  for (const [place, [key, one]] of entries.entries()) {
    yield* lines(one, `${pointer}/${escaped(key)}`, depth + 1, isList ? null : key, place < entries.length - 1 ? "," : "");
  }
  yield { pointer: null, depth, pieces: [["", close + comma]] };
}

function written(value) {
  const text = JSON.stringify(value);
  return text.length > LONGEST_STRING ? `${text.slice(0, LONGEST_STRING)}… (${text.length} characters)` : text;
}

// The line that a pointer means: its own, or of the nearest field around it that is there.
function lineOf(rows, pointer) {
  for (let part = pointer; ; part = part.slice(0, part.lastIndexOf("/"))) {
    const found = rows.find((row) => row.pointer === part);
    if (found || !part) return found ?? rows[0];
  }
}

function jsonLines(value, complaints) {
  const rows = [...lines(value, "", 0, null, "")];
  for (const complaint of complaints) {
    const row = lineOf(rows, complaint.pointer);
    (row.complaints ??= []).push(complaint);
  }
  return h("ol", { class: "json" }, rows.map((row) => [
    h("li", { class: row.complaints ? "wrong" : null, "data-pointer": row.pointer },
      " ".repeat(row.depth * STEP), row.pieces.map(([kind, text]) => (kind ? h("span", { class: kind }, text) : text))),
    (row.complaints ?? []).map((one) => h("li", { class: "complaint" },
      `${" ".repeat(row.depth * STEP)}▲ `, one.pointer === row.pointer ? null : h("code", {}, one.pointer), ` ${one.message}`)),
  ]));
}

// Show a body as what it is; complaints with a JSON pointer stand at their lines.
function bodyView(body, complaints = []) {
  if (!body.size) return h("p", { class: "quiet" }, "No body");
  if (body.text === undefined) return h("p", { class: "quiet" }, `${body.size} bytes that are no text`);
  try {
    return jsonLines(JSON.parse(body.text), complaints);
  } catch {
    return h("pre", { class: "raw", tabindex: 0 }, body.text);
  }
}

function headersView(headers) {
  const names = Object.keys(headers);
  if (!names.length) return null;
  return h("details", { class: "headers" }, h("summary", {}, `Headers (${names.length})`),
    h("dl", {}, names.map((name) => [h("dt", {}, name), h("dd", {}, headers[name])])));
}

// The line of an exchange in a list or a timeline.
export function exchangeLine(exchange, times = 1) {
  const address = exchange.path + (exchange.query ? `?${exchange.query}` : "");
  return [
    statusMark(exchange),
    h("span", { class: "what" },
      h("span", { class: "title" }, operation(exchange), times > 1 ? h("span", { class: "times" }, ` ×${times}`) : null,
        exchange.kind === "webhook" ? chip("sent by the emulator", "quiet") : null),
      h("span", { class: "sub mono" }, `${exchange.method} ${address}`)),
    h("span", { class: "chips" },
      exchange.complaints.length ? chip("wrong request", "bad", exchange.complaints.map((one) => `${one.pointer} ${one.message}`).join("\n")) : null,
      exchange.scenarios.map((name) => chip(name, "scenario", "A scenario that was met"))),
    h("span", { class: "when number" }, h("span", {}, moment(exchange.at)),
      h("span", { class: "quiet" }, exchange.seconds === null ? "" : span(exchange.seconds))),
  ];
}

function complaintList(exchange, place) {
  if (!exchange.complaints.length) return null;
  const point = (pointer) => {
    const line = place.querySelector(`[data-pointer="${CSS.escape(pointer)}"]`) ?? place.querySelector(".wrong");
    line?.setAttribute("tabindex", "-1");
    line?.focus();
  };
  return h("div", { class: "broken" }, h("h4", {}, "Breaks the contract"), h("ul", {}, exchange.complaints.map((one) =>
    h("li", {}, h("button", { type: "button", class: "pointer", onclick: () => point(one.pointer) }, one.pointer || "the body"),
      ` ${one.message}`))));
}

function copying(exchange) {
  const shown = h("pre", { class: "raw copied", tabindex: 0, hidden: true });
  const button = (how, path) => h("button", { type: "button", onclick: async () => {
    const told = await get(`exchanges/${exchange.id}/${path}`);
    if (told === null) return;
    shown.textContent = told.text;
    shown.hidden = false;
    await copy(told.text, `the request as ${how}`);
  } }, `Copy as ${how}`);
  return [h("div", { class: "buttons" }, button("curl", "curl"), button("Python", "python")), shown];
}

// Everything about an exchange, for a place that is filled when it has come.
export async function fill(place, id) {
  const exchange = await get(`exchanges/${id}`);
  // The contract may forbid the same twice in the same words.
  const said = new Set();
  if (exchange) exchange.complaints = exchange.complaints.filter(({ pointer, message }) => !said.has(pointer + message) && said.add(pointer + message));
  if (exchange === null) return place.replaceChildren(h("p", { class: "quiet" }, "It is no longer remembered."));
  const words = exchange.trouble ?? (exchange.status === null ? "No response was sent." : null);
  return place.replaceChildren(
    ...[complaintList(exchange, place), ...copying(exchange),
      h("div", { class: "sides" },
        h("div", { class: "side" }, h("h4", {}, exchange.kind === "webhook" ? "Delivery" : "Request"), headersView(exchange.request.headers),
          bodyView(exchange.request.body, exchange.complaints)),
        h("div", { class: "side" }, h("h4", {}, "Response ", statusMark(exchange)), headersView(exchange.answer.headers),
          words ? h("p", { class: "trouble" }, words) : null, exchange.status === null ? null : bodyView(exchange.answer.body))),
    ].filter(Boolean));
}

// The detail of one exchange that was chosen from the list.
export class ExchangeDetail {
  constructor(place, exchange) {
    this.change = exchange.change;
    this.id = exchange.id;
    this.body = h("div", { class: "exchange" });
    this.head = h("div", { class: "exchange-line" });
    this.links = h("p", { class: "sub" });
    place.append(h("h2", {}, operation(exchange), h("span", { class: "quiet" }, ` #${exchange.id}`)), this.head, this.links, this.body);
    this.draw(exchange);
  }

  draw(exchange) {
    this.head.replaceChildren(...exchangeLine(exchange));
    this.links.replaceChildren(...taskLinks(exchange.task_ids, 20));
    fill(this.body, this.id);
  }

  update(news, exchange) {
    if (!exchange || exchange.change === this.change) return;
    this.change = exchange.change;
    this.draw(exchange);
  }
}

const text = byId("request-text");
const kind = byId("request-kind");
const KINDS = {
  "": () => true,
  work: (one) => !isPoll(one),
  refused: (one) => one.complaints.length > 0,
  trouble: (one) => one.status === null || one.status >= 400,
  scenario: (one) => one.scenarios.length > 0,
  webhook: (one) => one.kind === "webhook",
};
const listing = new Listing(byId("request-list"), (exchange) => exchange.id, (exchange) =>
  h("li", {}, h("a", { href: `#requests/${exchange.id}`, class: "row" }, exchangeLine(exchange))));

function matches(exchange) {
  const wanted = text.value.trim().toLowerCase();
  return KINDS[kind.value](exchange) && (!wanted
    || [exchange.path, exchange.query, operation(exchange), String(exchange.status), ...exchange.task_ids, ...exchange.scenarios]
      .some((one) => one.toLowerCase().includes(wanted)));
}

export function showRequests() {
  const newest = [...world.exchanges.values()].sort((one, other) => other.id - one.id);
  listing.show(newest.filter(matches));
}

export function setUpRequests() {
  text.addEventListener("input", showRequests);
  kind.addEventListener("change", showRequests);
}

// One exchange: its two sides, what it broke, and how to send it once more.

import { get } from "./api.js";
import { bodyView, headersView } from "./bodies.js";
import { copy, h } from "./dom.js";
import { chip, moment, operation, span, statusMark } from "./telling.js";

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
    this.links.replaceChildren(...exchange.task_ids.slice(0, 20).map((id) => h("a", { class: "mono", href: `#tasks/${id}` }, id)));
    fill(this.body, this.id);
  }

  update(news, exchange) {
    if (!exchange || exchange.change === this.change) return;
    this.change = exchange.change;
    this.draw(exchange);
  }
}

// The list of exchanges, newest first.

import { byId, h } from "./dom.js";
import { exchangeLine } from "./exchange.js";
import { Listing } from "./listing.js";
import { operation } from "./telling.js";
import { world } from "./world.js";

const text = byId("request-text");
const kind = byId("request-kind");
const LOOKS = ["getTaskStatus", "getBatchStatus"];
const KINDS = {
  "": () => true,
  work: (one) => !LOOKS.includes(one.operation),
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

// The ledger: what each job has cost, and how often it was submitted.

import { byId, cell, h, Listing, setText } from "./dom.js";
import { chip, creditsLeft, doubles, stateMark, taskLinks, world } from "./world.js";

const listing = new Listing(byId("jobs"), (row) => row.job, (row) => {
  return h("tr", { class: row.state === "failed" ? "failed" : row.is_double ? "double" : null },
    cell("Job", "", h("span", { class: "title", dir: "auto" }, row.prompt || "(no prompt)"), h("span", { class: "sub" }, row.model, " · ", h("span", { class: "mono" }, row.job))),
    cell("State", "", stateMark(row.state), row.is_double ? chip(`submitted twice: ${row.extra_credits} extra credits`, "warn") : null),
    cell("POSTs", "number", String(row.posts)),
    cell("Submissions", "number", String(row.orders)),
    cell("Credits", "number", String(row.credits)),
    cell("Refunded", "number", String(row.refunded)),
    cell("Tasks", "", taskLinks(row.task_ids, 8),
      row.refusals.slice(0, 8).map((refusal) => h("span", { class: "reason", dir: "auto" }, refusal))));
});

const sum = (label, value, kind = "") => h("div", { class: `sum ${kind}` }, h("span", { class: "label" }, label), h("strong", {}, String(value)));

export function showLedger() {
  const rows = [...world.ledger.values()];
  const total = (count) => rows.reduce((so_far, row) => so_far + count(row), 0);
  const failed = rows.filter((row) => row.states.includes("failed")).length;
  const extra = total((row) => row.extra_credits);
  const spent = total((row) => row.credits);
  byId("sums").replaceChildren(
    sum("Credits left", creditsLeft()), sum("Spent", spent), sum("Refunded", total((row) => row.refunded)),
    sum("Jobs", rows.length), sum("POSTs", total((row) => row.posts)),
    sum("Refused", total((row) => row.refusals.length)), sum("Failed", failed, failed ? "bad" : ""),
    sum("Submitted twice", doubles().length, doubles().length ? "warn" : ""), sum("Extra credits", extra, extra ? "warn" : ""));
  listing.show(rows.reverse().sort((one, other) => other.is_double - one.is_double));
  setText(listing.none, "Nothing was submitted yet.");
}

// Whatever is shown: work that was paid for twice is said on top.
export function showDoubles() {
  const found = doubles();
  const alarm = byId("doubles");
  const extra = found.reduce((so_far, row) => so_far + row.extra_credits, 0);
  const text = `${found.length === 1 ? "One job was" : `${found.length} jobs were`} submitted more than once: ${extra} extra credits for the same work.`;
  alarm.hidden = !found.length;
  if (found.length && alarm.dataset.text !== text) {
    alarm.dataset.text = text;
    alarm.replaceChildren(text, " ", h("a", { href: "#ledger" }, "Show the ledger"));
  }
}

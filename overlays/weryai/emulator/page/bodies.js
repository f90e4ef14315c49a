// Bodies and headers: JSON line by line, each line knowing its JSON pointer, so that a complaint stands at its field.

import { h } from "./dom.js";

const STEP = 2;
const LONGEST_STRING = 4000;

const escaped = (key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1");

// Yield {pointer, depth, pieces: [[class, text]]} for each line of a value.
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
export function bodyView(body, complaints = []) {
  if (!body.size) return h("p", { class: "quiet" }, "No body");
  if (body.text === undefined) return h("p", { class: "quiet" }, `${body.size} bytes that are no text`);
  try {
    return jsonLines(JSON.parse(body.text), complaints);
  } catch {
    return h("pre", { class: "raw", tabindex: 0 }, body.text);
  }
}

export function headersView(headers) {
  const names = Object.keys(headers);
  if (!names.length) return null;
  return h("details", { class: "headers" }, h("summary", {}, `Headers (${names.length})`),
    h("dl", {}, names.map((name) => [h("dt", {}, name), h("dd", {}, headers[name])])));
}

// Elements, made without ever reading markup: whatever was sent to the emulator is text here and stays text.

const status = document.getElementById("status");
let silence = 0;

// Make an element: h("a", {class: "x", href: "#y", onclick: f}, "text", element, [more], null).
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A cell of a table, labelled where the table is a list on a narrow page.
export const cell = (label, kind, ...content) => h("td", { "data-label": label, class: kind }, content);

export const byId = (id) => document.getElementById(id);

// Change a text only where it differs, so that nothing is announced or laid out for no reason.
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

// Say something to the person, by eye and by screen reader, for some seconds.
export function say(text, isTrouble = false) {
  clearTimeout(silence);
  status.classList.toggle("trouble", isTrouble);
  status.textContent = text;
  silence = setTimeout(() => { status.textContent = ""; }, isTrouble ? 8000 : 3500);
}

// Put a text into the clipboard, and say whether that could be done.
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${what}`);
  } catch {
    say("The browser does not let this page copy; select the text instead", true);
  }
}

// Ask a dialog; the answer is true if its button "yes" closed it.
export function ask(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Ask the control API; what it refuses becomes one sentence on the page.
async function call(path, options) {
  let reply;
  try {
    reply = await fetch(`/_emulator/${path}`, options);
  } catch {
    say("The emulator does not answer", true);
    return null;
  }
  const told = await reply.json().catch(() => null);
  if (reply.ok) return told;
  say(told?.error ?? told?.message ?? `The emulator answered ${reply.status}`, true);
  return null;
}

export const get = (path) => call(path);

export const post = (path, body = {}) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// How many rows more a list shows each time.
const STEP = 200;

// A list that may be long: so many rows are drawn, and a row only when its thing is another object than before.
export class Listing {
  // `draw(item, old)` returns the row; `old` is the one it replaces, if any.
  constructor(list, key, draw) {
    Object.assign(this, { list, key, draw, rows: new Map(), limit: STEP, items: [] });
    this.more = h("button", { type: "button", class: "more", hidden: true, onclick: () => this.showMore() });
    this.none = h("p", { class: "none", hidden: true }, "Nothing matches.");
    (list.closest("table") ?? list).after(this.none, this.more);
    list.addEventListener("keydown", (event) => this.walk(event));
  }

  show(items) {
    this.items = items;
    const wanted = new Map(items.slice(0, this.limit).map((item) => [this.key(item), item]));
    for (const [key, row] of this.rows) {
      if (!wanted.has(key)) { row.node.remove(); this.rows.delete(key); }
    }
    let next = this.list.firstElementChild;
    for (const [key, item] of wanted) {
      const old = this.rows.get(key)?.node;
      const node = this.row(key, item);
      if (old && old === next) next = node;
      if (node === next) next = next.nextElementSibling;
      else this.list.insertBefore(node, next);
    }
    this.none.hidden = items.length > 0;
    this.more.hidden = items.length <= this.limit;
    this.more.textContent = `Show more (${items.length - this.limit} left)`;
  }

  row(key, item) {
    const known = this.rows.get(key);
    if (known?.item === item) return known.node;
    const node = this.draw(item, known?.node);
    this.rows.set(key, { item, node });
    if (known && known.node !== node) {
      const hadFocus = known.node.contains(document.activeElement);
      known.node.replaceWith(node);
      if (hadFocus) node.querySelector("a, summary")?.focus();
    }
    return node;
  }

  showMore() {
    const first = this.list.children.length;
    this.limit += STEP;
    this.show(this.items);
    this.list.children[first]?.querySelector("a")?.focus();
  }

  // The arrow keys go from row to row.
  walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const row = step && event.target.matches("a, summary") && event.target.closest("li");
    const target = row?.[step]?.querySelector("a, summary");
    if (target) { target.focus(); event.preventDefault(); }
  }
}

// A list that may be long: so many rows are drawn, and a row only when its thing is another object than before.

import { h } from "./dom.js";

const STEP = 200;

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

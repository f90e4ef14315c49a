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

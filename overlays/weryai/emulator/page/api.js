// The control API: what it refuses becomes one sentence on the page.

import { say } from "./dom.js";

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

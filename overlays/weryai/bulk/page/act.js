// Filters the sheet, plays its videos, and shows one job in large. Whatever a job holds stays text.
"use strict";

const $ = (id) => document.getElementById(id);
const items = [...document.querySelectorAll(".cards > li")];

// Moments are written in UTC, and shown in the time of who reads.
const FORMS = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};
for (const one of document.querySelectorAll("time")) {
  one.title = one.textContent;
  one.textContent = new Date(one.dateTime).toLocaleString(undefined,
    { year: "numeric", month: "short", day: "numeric", ...FORMS.second, timeZoneName: "short" });
}
for (const one of document.querySelectorAll("[data-at]")) {
  one.textContent = new Date(Number(one.dataset.at) * 1000).toLocaleString(undefined, FORMS[one.dataset.form]) + (one.dataset.rest ?? "");
}

// The letters of every axis are as large as those beside it, however wide its plot is drawn.
const LETTERS = 11.5;
const sized = new ResizeObserver((changes) => {
  for (const { target, contentRect } of changes) {
    if (contentRect.width) target.style.fontSize = `${(LETTERS * target.viewBox.baseVal.width) / contentRect.width}px`;
  }
});
for (const plot of document.querySelectorAll(".plot svg")) sized.observe(plot);

const words = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
const videos = [...document.querySelectorAll(".cards video")];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dialog = $("one");
let state = "";
let playing = false;
let shown = null;

const visible = () => items.filter((item) => !item.hidden);

function filter() {
  const asked = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) {
    const fits = (!state || item.dataset.state === state) && asked.every((word) => words.get(item).includes(word));
    item.hidden = !fits;
  }
  const many = visible().length;
  $("none").hidden = many > 0 || items.length === 0;
  $("found").textContent = `${many} of ${items.length} jobs are shown`;
}

for (const button of document.querySelectorAll("[data-filter]")) {
  button.addEventListener("click", () => {
    state = button.dataset.filter;
    for (const one of document.querySelectorAll("[data-filter]")) one.ariaPressed = String(one === button);
    filter();
  });
}
$("text").addEventListener("input", filter);

// A video that leaves the window, or whose file is gone, stops; play() says so by a promise that nobody needs.
const start = (video) => { video.muted = true; video.play().catch(() => {}); };
const seen = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) {
    target.seen = isIntersecting;
    if (isIntersecting && playing) start(target);
    else if (!isIntersecting) target.pause();
  }
});
for (const video of videos) {
  seen.observe(video);
  const opener = video.closest(".open");
  const enter = () => { if (!calm.matches) start(video); };
  const leave = () => { if (!playing) video.pause(); };
  for (const [name, act] of [["mouseenter", enter], ["focus", enter], ["mouseleave", leave], ["blur", leave]]) {
    opener.addEventListener(name, act);
  }
}
$("play").hidden = videos.length === 0;
$("play").addEventListener("click", () => {
  playing = !playing;
  $("play").ariaPressed = String(playing);
  $("play").textContent = playing ? "Pause all" : "Play all";
  for (const video of videos) {
    if (playing && video.seen) start(video);
    else video.pause();
  }
});

function figure(element, caption) {
  const made = document.createElement("figure");
  const told = document.createElement("figcaption");
  told.textContent = caption;
  made.append(element, told);
  return made;
}

function show(item) {
  shown = item;
  const media = document.createElement("div");
  media.className = "media";
  const video = item.querySelector("video");
  const picture = video ? video.getAttribute("poster") : item.querySelector("img")?.getAttribute("src");
  if (video) {
    const large = document.createElement("video");
    Object.assign(large, { src: video.getAttribute("src"), controls: true, loop: true, muted: true, playsInline: true });
    if (picture) large.poster = picture;
    large.ariaLabel = "video";
    media.append(figure(large, "video"));
    if (!calm.matches) start(large);
  }
  if (picture) {
    const image = document.createElement("img");
    image.src = picture;
    image.alt = "";
    media.append(figure(image, "image"));
  }
  media.classList.toggle("both", media.childElementCount === 2);
  const facts = item.querySelector("dl").cloneNode(true);
  facts.hidden = false;
  $("big-title").textContent = item.querySelector("h3").textContent;
  $("big").replaceChildren(...(media.childElementCount ? [media, facts] : [facts]));
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

function step(by) {
  const list = visible();
  const next = list[list.indexOf(shown) + by];
  if (next) show(next);
}

// A card opens wherever it is clicked, but for who selects its text.
for (const item of items) {
  item.addEventListener("click", () => { if (getSelection().isCollapsed) show(item); });
}
$("before").addEventListener("click", () => step(-1));
$("after").addEventListener("click", () => step(1));
$("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("keydown", (event) => {
  if (event.target.tagName === "VIDEO") return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
dialog.addEventListener("close", () => {
  $("big").replaceChildren();
  shown?.querySelector(".open").focus();
});
filter();

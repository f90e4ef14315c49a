const cards = [...document.querySelectorAll(".card")];
const words = cards.map((card) => card.textContent.toLowerCase());
const form = document.getElementById("filter");
const text = document.getElementById("text");

function sift() {
  const state = form.elements.state ? form.elements.state.value : "";
  const wanted = text.value.trim().toLowerCase();
  let shown = 0;
  cards.forEach((card, number) => {
    card.hidden = (state && card.dataset.state !== state) || !words[number].includes(wanted);
    shown += card.hidden ? 0 : 1;
  });
  document.getElementById("none").hidden = shown > 0;
}

form.addEventListener("input", sift);
form.addEventListener("submit", (event) => event.preventDefault());

// A video plays while the pointer rests on it.
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
for (const video of still ? [] : document.querySelectorAll("video")) {
  video.addEventListener("mouseenter", () => video.play().catch(() => {}));
  video.addEventListener("mouseleave", () => video.pause());
}

// The player of a call: the waveform is the slider, the transcript follows, and
// the keyboard does what a hand on the mouse can.

let audio = null;
let turns = [];
let current = null;
let whole = 0; // seconds

export function start() {
  const section = document.getElementById("player");
  if (!section || section.dataset.ready) {
    if (!section) audio = null;
    return;
  }
  section.dataset.ready = "yes";
  audio = section.querySelector("audio");
  audio.controls = false;
  turns = [...document.querySelectorAll(".turn")];
  current = null;
  const length = whole = Number(section.dataset.duration);

  audio.addEventListener("timeupdate", () => at(audio.currentTime, length));
  audio.addEventListener("seeked", () => at(audio.currentTime, length));
  for (const [event, playing] of [["play", true], ["pause", false], ["ended", false]]) {
    audio.addEventListener(event, () => state(playing));
  }
  audio.addEventListener("error", () => {
    document.getElementById("unplayable").hidden = false;
    document.getElementById("transport").hidden = true;
  });
  transport(section);
  slider(document.getElementById("wave"), length);
  seekers();
  finder();
  smooth(length);
  const hash = /^#t(\d+)$/.exec(location.hash);
  if (hash) seek(Number(hash[1]));
}

function state(playing) {
  audio.classList.toggle("playing", playing);
  document.getElementById("play").setAttribute("aria-pressed", String(playing));
}

// smooth moves the head with every frame while the call plays; timeupdate comes
// only four times a second.
function smooth(length) {
  audio.addEventListener("play", function frame() {
    if (!audio || audio.paused) return;
    at(audio.currentTime, length);
    requestAnimationFrame(frame);
  });
}

function transport(section) {
  document.getElementById("play").addEventListener("click", toggle);
  for (const button of section.querySelectorAll("[data-skip]")) {
    button.addEventListener("click", () => seek(audio.currentTime + Number(button.dataset.skip)));
  }
  const speeds = [...section.querySelectorAll("[data-speed]")];
  for (const button of speeds) {
    button.addEventListener("click", () => {
      audio.playbackRate = Number(button.dataset.speed);
      for (const b of speeds) b.setAttribute("aria-pressed", String(b === button));
    });
  }
}

function toggle() {
  if (audio.paused) play();
  else audio.pause();
}

// play starts the sound. A pause that comes before it has begun is no error, and
// what cannot be played says so by an event.
function play() {
  audio.play().catch(() => {});
}

function seek(seconds) {
  audio.currentTime = Math.max(0, Math.min(seconds, audio.duration || Infinity));
  if (audio.readyState === 0) at(audio.currentTime, whole); // nothing is loaded before it is played: no event says so
}

// slider makes the waveform a slider for hand and keyboard.
function slider(wave, length) {
  if (!wave) return;
  const to = (event) => {
    const box = wave.getBoundingClientRect();
    seek(Math.max(0, (event.clientX - box.left) / box.width) * length);
  };
  wave.addEventListener("pointerdown", (event) => {
    const pin = event.target.closest("[data-pin]");
    if (pin) {
      seek(Number(pin.dataset.pin));
      return;
    }
    wave.setPointerCapture(event.pointerId);
    to(event);
  });
  wave.addEventListener("pointermove", (event) => {
    if (wave.hasPointerCapture(event.pointerId)) to(event);
  });
  wave.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageUp: 30, PageDown: -30 };
    if (event.key in steps) seek(audio.currentTime + steps[event.key]);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(length);
    else return;
    event.preventDefault();
  });
}

// seekers are the places on the page that name a moment.
function seekers() {
  for (const el of document.querySelectorAll("[data-seek]")) {
    el.addEventListener("click", (event) => {
      event.preventDefault();
      seek(Number(el.dataset.seek));
      play();
    });
  }
}

// at shows a moment: on the waveform, on the clock, in the transcript.
function at(seconds, length) {
  const share = length > 0 ? Math.min(seconds / length, 1) : 0;
  document.getElementById("clock").textContent = clock(seconds);
  const wave = document.getElementById("wave");
  if (wave) {
    const percent = (share * 100).toFixed(3) + "%";
    const head = document.getElementById("head");
    head.setAttribute("x1", percent);
    head.setAttribute("x2", percent);
    document.getElementById("knob").setAttribute("x", percent);
    const played = document.getElementById("playedTo");
    const box = played.ownerSVGElement.viewBox.baseVal;
    played.setAttribute("width", String(share * box.width));
    wave.setAttribute("aria-valuenow", String(Math.round(seconds)));
    wave.setAttribute("aria-valuetext", clock(seconds));
  }
  follow(seconds);
}

function follow(seconds) {
  let now = null;
  for (const turn of turns) {
    if (Number(turn.dataset.at) > seconds + 0.05) break;
    now = turn;
  }
  if (now === current) return;
  current?.classList.remove("now");
  current?.removeAttribute("aria-current");
  now?.classList.add("now");
  now?.setAttribute("aria-current", "true");
  current = now;
  if (!now || audio.paused) return;
  const box = now.getBoundingClientRect();
  if (box.top < 80 || box.bottom > innerHeight - 80) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    now.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }
}

function clock(seconds) {
  const s = Math.round(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(minutes % 60)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

// finder marks what is typed, as it is typed; Enter and the arrows go from place
// to place.
function finder() {
  const input = document.getElementById("find");
  if (!input) return;
  const texts = [...document.querySelectorAll(".turn .text")];
  const hits = document.getElementById("hits");
  let place = -1;
  input.addEventListener("input", () => {
    place = -1;
    const n = texts.reduce((sum, el) => sum + mark(el, input.value.trim()), 0);
    hits.textContent = input.value.trim() === "" ? "" : n > 0 ? String(n) : hits.dataset.none;
  });
  const walk = (by) => {
    const found = [...document.querySelectorAll(".turn mark")];
    if (found.length === 0) return;
    found[place]?.classList.remove("at");
    place = place < 0 && by < 0 ? found.length - 1 : (place + by + found.length) % found.length;
    found[place].classList.add("at");
    found[place].scrollIntoView({ block: "center" });
    hits.textContent = `${place + 1} / ${found.length}`;
  };
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    walk(1);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.shiftKey) return;
    event.preventDefault();
    walk(-1);
  });
  for (const button of input.form.querySelectorAll("[data-hit]")) {
    button.addEventListener("click", () => walk(Number(button.dataset.hit)));
  }
}

// mark wraps each occurrence of words in <mark> and returns how many there are.
function mark(el, words) {
  const text = el.textContent;
  const low = text.toLowerCase();
  const want = words.toLowerCase();
  const parts = [];
  let from = 0;
  let n = 0;
  if (want && low.length === text.length) {
    for (let i = low.indexOf(want); i >= 0; i = low.indexOf(want, from)) {
      const found = document.createElement("mark");
      found.textContent = text.slice(i, i + want.length);
      parts.push(text.slice(from, i), found);
      from = i + want.length;
      n++;
    }
  }
  el.replaceChildren(...parts, text.slice(from));
  return n;
}

// The keyboard, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  if (!audio || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  switch (event.code) { // the key's place, which is the same on a Thai keyboard
    case "Space":
      if (event.target.closest("button, a, summary")) return;
      toggle();
      break;
    case "KeyK":
      toggle();
      break;
    case "KeyJ":
      seek(audio.currentTime - 5);
      break;
    case "KeyL":
      seek(audio.currentTime + 5);
      break;
    case "KeyN":
      nextPin();
      break;
    case "Slash":
      document.getElementById("find")?.focus();
      break;
    default:
      return;
  }
  event.preventDefault();
});

function nextPin() {
  const pins = [...document.querySelectorAll("[data-pin]")].map((el) => Number(el.dataset.pin));
  const next = pins.find((p) => p > audio.currentTime + 0.5) ?? pins[0];
  if (next !== undefined) seek(next);
}

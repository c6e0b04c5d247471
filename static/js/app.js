// The dashboard's script. Everything can be read and every form sent without
// it; it adds what a page of its own cannot do.
import { start as live } from "./live.js";
import { start as ui, returned } from "./ui.js";
import { start as player } from "./player.js";
import { start as picks } from "./picks.js";

document.documentElement.classList.add("scripted");
ui();
player();
picks();
live();
returned();

// Fragments that htmx puts in take their place among the rest.
document.body.addEventListener("htmx:afterSettle", () => {
  ui();
  player();
  picks();
});

// What changes by itself is asked for again: soon after the server says that
// something is different, and now and then in case it could not say so.
const [soon, anyway] = [400, 30000];
let waiting = 0;
document.body.addEventListener("crk:changed", () => {
  waiting ||= setTimeout(refresh, soon);
});
setInterval(refresh, anyway);
document.addEventListener("visibilitychange", refresh);

function refresh() {
  waiting = 0;
  if (document.visibilityState !== "visible") return;
  // Not under somebody's hands, nor while they wait for an answer.
  if (document.querySelector("dialog[open], details.menu[open], audio.playing, form.htmx-request, #many :checked") || document.getSelection()?.type === "Range") return;
  document.body.dispatchEvent(new CustomEvent("crk:refresh"));
}

// A list that is slow to come says so; one that comes at once does not flicker.
const slow = 300;
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { target, xhr } = event.detail;
  const timer = setTimeout(() => target.setAttribute("aria-busy", "true"), slow);
  xhr.addEventListener("loadend", () => {
    clearTimeout(timer);
    target.removeAttribute("aria-busy");
  });
});

// The server sends no password back: a form that it gives anew keeps what was
// typed. And the answer to a press is brought into view: what is wrong, else the
// result, which takes the focus from nobody who is in a field already.
let passwords = [];
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  passwords = [...detail.target.querySelectorAll("input[type=password]")];
});
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  for (const { id, value } of passwords.splice(0)) {
    const field = document.getElementById(id);
    if (field) field.value ||= value;
  }
  if (detail.requestConfig.verb === "get") return;
  const wrong = detail.elt.querySelector(".field:has(> .err) :is(input, select, textarea)");
  const result = wrong ?? detail.elt.querySelector("[data-result]");
  if (wrong || !document.activeElement?.matches("input, select, textarea")) result?.focus({ preventScroll: true });
  result?.scrollIntoView({ block: "nearest" });
});

// An address holds no filter that is not set.
document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  for (const [name, value] of [...event.detail.formData]) {
    if (value === "") event.detail.formData.delete(name);
  }
});

// Whoever was logged out meanwhile is sent to the login, not given a login page
// in the middle of another.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL || location.href).pathname === "/login") {
    event.preventDefault();
    location.reload();
  }
});

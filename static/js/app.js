// The dashboard's script. Everything can be read and every form sent without
// it; it adds what a page of its own cannot do.
import { start as live } from "./live.js";
import { start as ui } from "./ui.js";
import { start as player } from "./player.js";

document.documentElement.classList.add("scripted");
ui();
player();
live();

// Fragments that htmx puts in take their place among the rest.
document.body.addEventListener("htmx:afterSettle", () => {
  ui();
  player();
});

// What changes by itself is asked for again while somebody looks.
const refreshEvery = 5000;
setInterval(() => {
  if (document.visibilityState === "visible" && document.querySelector("[data-refresh]")) refresh();
}, refreshEvery);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") refresh();
});

function refresh() {
  if (document.querySelector("dialog[open], details.menu[open], audio.playing")) return; // not under somebody's hands
  if (document.getSelection()?.type === "Range") return;
  document.body.dispatchEvent(new CustomEvent("crk:refresh"));
}

// Whoever was logged out meanwhile is sent to the login, not given a login page
// in the middle of another.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL || location.href).pathname === "/login") {
    event.preventDefault();
    location.reload();
  }
});

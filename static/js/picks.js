// Choosing among rows: what is chosen is kept while one leafs through the pages,
// and the keyboard goes along the rows.

let form = null;
let at = -1;

export function start() {
  const found = document.getElementById("many");
  if (found === form) return;
  form = found;
  at = -1;
  if (!form) return;
  for (const box of boxes()) box.checked = kept().has(box.value);
  form.addEventListener("change", changed);
  form.addEventListener("submit", send);
  form.querySelector("[data-pick-none]")?.addEventListener("click", () => {
    keep(new Set());
    for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = false;
    show();
  });
  show();
}

const boxes = () => [...form.querySelectorAll('input[name="id"]')];
const rows = () => [...form.querySelectorAll("[data-row]")];
const place = () => "crk:picks:" + document.body.dataset.reader + form.dataset.picks;

function kept() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(place()) ?? "[]"));
  } catch {
    return new Set();
  }
}

function keep(ids) {
  if (ids.size > 0) sessionStorage.setItem(place(), JSON.stringify([...ids]));
  else sessionStorage.removeItem(place());
}

function changed(event) {
  const box = event.target;
  if (box.matches("[data-pick-all]")) {
    for (const b of boxes()) b.checked = box.checked;
  }
  const ids = kept();
  for (const b of boxes()) ids[b.checked ? "add" : "delete"](b.value);
  keep(ids);
  show();
}

// show says how many are chosen; nothing can be done to none.
function show() {
  const ids = kept();
  const whole = form.querySelector("[data-pick-whole]");
  const count = whole?.checked ? Number(whole.dataset.pickWhole) : ids.size;
  form.querySelector("[data-picked]").textContent = String(count);
  document.getElementById("bulk").hidden = count === 0;
  const here = boxes();
  const all = form.querySelector("[data-pick-all]");
  if (all) {
    all.checked = here.length > 0 && here.every((b) => b.checked);
    all.indeterminate = !all.checked && here.some((b) => b.checked);
  }
  for (const b of here) b.closest("tr").setAttribute("aria-selected", String(b.checked));
}

// send adds what was chosen on other pages. A file leaves the page and what is
// chosen as they are.
function send(event) {
  const here = new Set(boxes().map((b) => b.value));
  for (const old of form.querySelectorAll("[data-elsewhere]")) old.remove();
  for (const id of kept()) {
    if (here.has(id)) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "id", value: id });
    input.dataset.elsewhere = "yes";
    form.append(input);
  }
  if (event.submitter?.value !== "export") keep(new Set());
}

// The keyboard, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  if (!form?.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  switch (event.code) { // the key's place, which is the same on a Thai keyboard
    case "KeyJ":
      go(1);
      break;
    case "KeyK":
      go(-1);
      break;
    case "KeyX": {
      const box = rows()[at]?.querySelector('input[name="id"]');
      if (!box) return;
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change", { bubbles: true }));
      break;
    }
    case "Slash":
      document.getElementById("q")?.focus();
      break;
    case "Enter":
      if (at < 0 || event.target.closest("a, button, summary, input")) return;
      location.assign(rows()[at].dataset.row);
      break;
    default:
      return;
  }
  event.preventDefault();
});

function go(by) {
  const list = rows();
  if (list.length === 0) return;
  list[at]?.classList.remove("at");
  at = Math.min(Math.max(at + by, 0), list.length - 1);
  list[at].classList.add("at");
  list[at].scrollIntoView({ block: "nearest" });
}

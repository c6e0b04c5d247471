// Small things of the page: dialogs, copying, inserting.

// start may be called again after new parts were put in; it leaves alone what
// it has seen.
export function start() {
  once("dialog[open]", modal);
  once("[data-copy]", copier);
  once("[data-insert]", inserter);
  once("details.menu", closing);
  once("[data-fit]", fitting);
  once("form[data-tested]", tested);
}

function once(selector, fn) {
  for (const el of document.querySelectorAll(selector)) {
    if (el.dataset.ready) continue;
    el.dataset.ready = "yes";
    fn(el);
  }
}

// A dialog is open without a script; with one it is modal, and closing it goes
// back to the page that it lies on. What was typed is not dropped unasked.
function modal(dialog) {
  dialog.removeAttribute("open"); // close() would send an event
  document.querySelector(".scrim")?.remove();
  dialog.showModal();
  const first = ["[aria-invalid=true]", "[data-result]", "[autofocus]", "form :is(input:not([type=hidden]), select, textarea)"];
  first.map((s) => dialog.querySelector(s)).find(Boolean)?.focus();
  let typed = dialog.querySelector("[aria-invalid=true]") !== null; // what came back was
  dialog.addEventListener("input", () => { typed = true; });
  const mayGo = () => !typed || confirm(dialog.dataset.ask);
  dialog.addEventListener("cancel", (event) => {
    if (!mayGo()) event.preventDefault();
  });
  dialog.addEventListener("close", () => {
    sessionStorage.setItem(opener, location.pathname);
    location.assign(dialog.dataset.back);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog && !event.target.closest(`a[href="${dialog.dataset.back}"]`)) return;
    event.preventDefault();
    if (mayGo()) dialog.close(); // the backdrop, or what leads back
  });
}

// returned puts the focus back on what opened the dialog that was closed last.
const opener = "crk:opener";
export function returned() {
  const path = sessionStorage.getItem(opener);
  sessionStorage.removeItem(opener);
  if (path) document.querySelector(`main a[href="${CSS.escape(path)}"]`)?.focus();
}

// What a test said holds no longer once something else is typed.
function tested(form) {
  const button = document.querySelector(`[data-test][form="${form.id}"]`);
  form.addEventListener("input", ({ target }) => {
    window.htmx.trigger(button, "htmx:abort");
    form.querySelector("[data-result]")?.remove();
    target.removeAttribute("aria-invalid");
    document.getElementById(target.id + "-err")?.remove();
  });
}

function copier(button) {
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    if (!(await copy(source))) return;
    const text = button.querySelector("span");
    const before = text.textContent;
    text.textContent = button.dataset.done;
    setTimeout(() => { text.textContent = before; }, 2000);
  });
}

// copy reports whether the text is on the clipboard. Without TLS browsers only
// let one select it.
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

function inserter(el) {
  el.tabIndex = 0;
  el.setAttribute("role", "button");
  const insert = () => {
    const area = document.querySelector(el.dataset.insert);
    area.setRangeText(el.textContent, area.selectionStart, area.selectionEnd, "end");
    area.focus();
  };
  el.addEventListener("click", insert);
  el.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      insert();
    }
  });
}

// A condition offers what fits the field that it looks at: its operators, and its
// values where they are of a closed list.
function fitting(row) {
  const ops = JSON.parse(row.parentElement.dataset.ops);
  const [field, op] = row.querySelectorAll("select");
  const value = row.querySelector("input");
  const fit = () => {
    const all = ops[field.value];
    for (const o of op.options) o.hidden = o.disabled = all !== undefined && !all.includes(o.value);
    if (op.selectedOptions[0]?.disabled) op.value = all[0];
    value.setAttribute("list", `values-${field.value}`);
    value.hidden = op.value === "is_empty" || op.value === "is_not_empty";
  };
  row.addEventListener("change", fit);
  fit();
}

// A menu closes at Escape and at a press elsewhere.
function closing(menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

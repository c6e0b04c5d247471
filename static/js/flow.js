// The editor of flows: it binds the graph, the canvas, the panel and the server.
import { h, icon } from "./dom.js";
import { Canvas, cardWidth, snap } from "./flow-canvas.js";
import { Graph, exits } from "./flow-graph.js";
import { panel } from "./flow-panel.js";
import * as say from "./flow-text.js";

const root = document.querySelector("#flow");
const data = JSON.parse(root.dataset.flowData);
say.speak(data.words);
const readonly = data.readonly;
const graph = new Graph(data.graph);
const state = { selected: null, edge: null, problems: [], trace: null, linking: null };
let [version, saving] = [data.version, false];
const $ = (name) => root.parentElement.querySelector(`[data-flow="${name}"]`);
const name = $("name");

const on = {
  select, edit, link: (l) => set({ linking: l }), linked, settle, shift, key,
  remove(id) {
    graph.remove(id);
    select(null);
  },
  chooseEdge(edge) {
    set({ edge, selected: null });
    canvas.root.focus({ preventScroll: true });
  },
  connect: (from, exit, to) => graph.connect(from, exit, to),
  disconnect: (from, exit, to) => graph.disconnect(from, exit, to),
  focus: (id) => { if (state.selected !== id && !state.linking) select(id, false); },
  view: mini,
};
const canvas = new Canvas($("canvas"), graph, on, readonly);

function set(more) {
  Object.assign(state, more);
  draw();
}

function select(id, focus = true) {
  set({ selected: id, edge: null });
  if (!id) return;
  canvas.show(graph.node(id));
  if (focus) canvas.cards.get(id)?.focus({ preventScroll: true });
}

function edit(id, sort, act) { graph.change(sort && `${sort} ${id}`, () => act(graph.node(id))); }

function shift(id, dx, dy, sort) {
  graph.change(sort, () => {
    const n = graph.node(id);
    [n.x, n.y] = [n.x + dx, n.y + dy];
  });
}

function settle(id) {
  const n = graph.node(id);
  graph.change(graph.sort, () => { [n.x, n.y] = [snap(n.x), snap(n.y)]; });
  select(id);
}

function linked(from, exit, to) {
  state.linking = null;
  if (to) graph.connect(from, exit, to);
  draw();
}

// draw shows everything anew. The panel is left alone while somebody types in it.
function draw() {
  canvas.draw(state);
  const node = graph.node(state.selected);
  const aside = $("panel");
  // While somebody types there, it is only made anew where other fields are needed.
  const around = node && [node.id, graph.edges(node.id), state.problems, state.linking, state.trace?.get(node.id)];
  const shown = { shape: JSON.stringify([around, node && structure(node)]), whole: JSON.stringify([around, node]) };
  const by = aside.contains(document.activeElement) ? "shape" : "whole";
  if (!node) aside.replaceChildren(empty());
  else if (aside.shown?.[by] !== shown[by]) refill(aside, node);
  aside.shown = node && shown;
  status();
  mini();
}

// structure is what of a node decides which fields its form has.
function structure(node) {
  const shape = (g) => g && [g.match, (g.conditions ?? []).map((c) => [c.field, c.op]), (g.groups ?? []).map(shape)];
  return [shape(node.group), node.send, node.throttle?.seconds, node.window?.days];
}

function refill(aside, node) {
  const fields = () => [...aside.querySelectorAll("input, select, textarea, button")];
  const at = fields().indexOf(document.activeElement);
  const caret = document.activeElement?.selectionStart;
  aside.replaceChildren(...panel(node, graph, { readonly, problems: state.problems.filter((p) => p.node === node.id), trace: state.trace?.get(node.id), linking: state.linking }, on));
  if (at < 0) return;
  const el = fields()[Math.min(at, fields().length - 1)];
  el?.focus({ preventScroll: true });
  if (el && caret != null && "setSelectionRange" in el && /^(text|textarea)$/.test(el.type)) el.setSelectionRange(caret, caret);
}

function empty() {
  const general = state.problems.filter((p) => !p.node);
  const row = (keys, text) => h("li", {}, h("span", {}, keys.map((k) => h("kbd", {}, k))), h("span", {}, text));
  return h("div", { class: "stack" }, general.map((p) => h("p", { class: "state bad" }, icon("triangle-alert"), p.message)),
    h("h2", {}, say.word("choose")), h("p", { class: "small muted" }, say.word("chooseHint")),
    !readonly && h("ul", { class: "keys small" }, row(["Tab"], say.word("keyTab")), row(["←", "↑", "→", "↓"], say.word("keyArrows")), row(["Enter"], say.word("keyEnter")),
      row(["C"], say.word("keyConnect")), row(["Delete"], say.word("keyDelete")), row(["Ctrl", "Z"], say.word("keyUndo"))));
}

function status() {
  const wrong = state.problems.length;
  const dirty = !readonly && graph.dirty();
  if (document.activeElement !== name) name.value = graph.value.name;
  root.dataset.dirty = dirty;
  $("status").textContent = saving ? say.word("saving") : wrong ? say.word("wrong", { n: wrong }) : dirty || data.fresh ? say.word("unsaved") : say.word("saved");
  if (readonly) return;
  $("undo").disabled = graph.done.length === 0;
  $("redo").disabled = graph.undone.length === 0;
}

function mini() {
  const svg = $("mini");
  $("zoom").textContent = `${Math.round(canvas.zoom * 100)}%`;
  const [b, pad] = [canvas.bounds(), 40];
  const [w, t] = [canvas.root.clientWidth / canvas.zoom, canvas.root.clientHeight / canvas.zoom];
  Object.assign(b, { left: Math.min(b.left, canvas.x), top: Math.min(b.top, canvas.y), right: Math.max(b.right, canvas.x + w), bottom: Math.max(b.bottom, canvas.y + t) });
  svg.setAttribute("viewBox", `${b.left - pad} ${b.top - pad} ${b.right - b.left + 2 * pad} ${b.bottom - b.top + 2 * pad}`);
  svg.replaceChildren(...graph.value.nodes.map((n) => h("rect", { x: n.x, y: n.y, width: cardWidth, height: canvas.height(n), rx: 8, class: n.id === state.selected ? "sel" : "" })),
    h("rect", { class: "view", x: canvas.x, y: canvas.y, width: w, height: t, rx: 10 }));
}

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function key(e, id) {
  if (e.target.closest("[data-node]") !== e.currentTarget || e.ctrlKey || e.metaKey || e.altKey) return;
  const step = arrows[e.key];
  if (state.linking && (e.key === "Enter" || e.key === " ")) linked(state.linking.from, state.linking.exit, id);
  else if (e.key === "Enter") $("panel").querySelector("fieldset :is(input, select, textarea), .ways select")?.focus();
  else if (readonly) return;
  else if (step) shift(id, step[0] * (e.shiftKey ? 50 : 10), step[1] * (e.shiftKey ? 50 : 10), "arrows " + id), canvas.show(graph.node(id));
  else if (e.key === "Delete" || e.key === "Backspace") removeAndStay(id);
  else if (e.key.toLowerCase() === "c") nextLink(id);
  else return;
  e.preventDefault();
}

// removeAndStay goes on with the node before, so that the keys do not end nowhere.
function removeAndStay(id) {
  if (graph.node(id).kind === "trigger") return;
  const order = graph.ordered();
  const next = order[Math.max(order.findIndex((n) => n.id === id) - 1, 0)];
  graph.remove(id);
  select(next.id);
}

// nextLink begins a connection from the node's first exit, pressed again from its
// next.
function nextLink(id) {
  const all = exits(graph.node(id).kind);
  if (all.length === 0) return;
  const now = state.linking?.from === id ? all.indexOf(state.linking.exit) : -1;
  set({ linking: now + 1 < all.length ? { from: id, exit: all[now + 1] } : null });
  const exit = state.linking && say.exitName(graph.node(id).kind, state.linking.exit);
  announce(!state.linking ? "" : exit ? say.word("linkFrom", { exit }) : say.word("linking"));
}

function announce(text) { $("said").textContent = text; }

// insert adds a node where it was dropped, or below what is chosen, and connects
// it there where it may follow.
function insert(kind, channel, at) {
  const from = graph.node(state.selected);
  const node = { kind, ...structuredClone(data.blank[channel || kind]) };
  const exit = from && graph.free(from.id);
  const after = !at && from && exit !== undefined && canFollow(from, node) ? { from: from.id, exit } : null;
  const [x, y] = at ?? (from ? [from.x + (exit === "no" ? cardWidth + 40 : 0), from.y + canvas.height(from) + 70] : canvas.at({ clientX: box().x + box().width / 2, clientY: box().y + box().height / 2 }));
  [node.x, node.y] = [x, y];
  while (graph.value.nodes.some((n) => Math.abs(n.x - node.x) < cardWidth && Math.abs(n.y - node.y) < 60)) node.x += cardWidth + 40;
  const id = graph.add(node, after);
  select(id);
}

function box() { return canvas.root.getBoundingClientRect(); }
function canFollow(from, node) { return from.kind === "message" ? node.kind === "send" : from.kind !== "send" && node.kind !== "send"; }

graph.changed = () => {
  if (state.selected && !graph.node(state.selected)) state.selected = null;
  draw();
  check();
};

let waiting = 0;
function check(at = 400) {
  clearTimeout(waiting);
  if (!readonly) waiting = setTimeout(attempt, at); // who may only read need not be told what is wrong
}

let asked = 0;
// attempt asks the server what is wrong and, where a call is chosen, what the
// flow would make of it.
async function attempt() {
  const mine = (asked += 1);
  const recordingId = $("call").value;
  const res = await post(data.attempt, { graph: graph.value, recordingId, automationId: data.id }).catch(() => null);
  if (!res?.ok || mine !== asked) return;
  const told = await res.json();
  set({ problems: told.problems ?? [], trace: told.trace ? new Map(told.trace.nodes.map((n) => [n.id, n])) : null });
  $("result").textContent = !told.trace ? "" : told.trace.matched ? say.word("wouldSend") : say.word("wouldNot");
}

function post(url, body) {
  return fetch(url, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body), redirect: "manual" });
}

async function save(force = false) {
  if (saving) return;
  saving = true;
  status();
  const sent = graph.text();
  const res = await post(data.save, { graph: graph.value, version, force }).catch(() => null);
  saving = false;
  const told = await res?.json().catch(() => null);
  note(null);
  if (res?.ok && told) {
    [graph.saved, version, data.save, data.id] = [sent, told.version, told.save, told.id]; // what was typed meanwhile is not saved yet
    root.dataset.dirty = graph.dirty();
    if (data.fresh && !graph.dirty()) location.replace(told.page); // as any that is opened: with its form, its log, its switch
    data.fresh = false;
    history.replaceState(null, "", told.page);
    document.querySelectorAll("[data-flow=form]").forEach((a) => { a.hidden = !told.form; if (told.form) a.href = told.form; });
    set({ problems: [] });
    announce(say.word("saved"));
  } else if (res?.status === 409) conflict();
  else if (told?.problems) {
    set({ problems: told.problems });
    const first = told.problems.find((p) => p.node);
    if (first) select(first.node);
    note(say.word("notSaved"), []);
  } else note(say.word("failed"), []);
  status();
}

function conflict() {
  note(say.word("conflict"), [
    h("a", { class: "btn sm", href: location.href, target: "_blank", rel: "noopener" }, say.word("theirs")),
    h("button", { class: "btn sm", type: "button", click: () => save(true) }, say.word("mine")),
  ]);
}

function note(text, actions = []) {
  $("note").replaceChildren(...(text ? [h("div", { class: "note warn", role: "alert" }, icon("triangle-alert", false), h("div", {}, h("p", {}, text), h("div", { class: "row tight" }, actions)))] : []));
}

function bind(which, act) { $(which)?.addEventListener("click", act); }
bind("save", () => save());
bind("undo", () => graph.undo());
bind("redo", () => graph.redo());
bind("in", () => canvas.scale(1.2));
bind("out", () => canvas.scale(1 / 1.2));
bind("fit", () => canvas.fit());
bind("arrange", () => {
  graph.arrange(cardWidth, (n) => canvas.height(n));
  canvas.fit();
});
name.addEventListener("input", () => graph.change("name", (g) => { g.name = name.value; }));
$("call").addEventListener("change", () => check(0));

// The palette: a press adds to what is chosen, a drag puts the card where it is
// let go.
for (const button of root.querySelectorAll("[data-add]")) {
  const { add, channel } = button.dataset;
  button.addEventListener("click", (e) => {
    button.closest("details")?.removeAttribute("open");
    if (!button.dragged) insert(add, channel);
    button.dragged = false;
    e.preventDefault();
  });
  button.addEventListener("pointerdown", (e) => {
    const from = [e.clientX, e.clientY];
    button.setPointerCapture(e.pointerId);
    button.addEventListener("pointerup", (up) => {
      const far = Math.hypot(up.clientX - from[0], up.clientY - from[1]) > 12;
      const b = box();
      if (!far || up.clientX < b.left || up.clientX > b.right || up.clientY < b.top || up.clientY > b.bottom) return;
      button.dragged = true;
      const [x, y] = canvas.at(up);
      insert(add, channel, [snap(x - cardWidth / 2), snap(y - 20)]);
      setTimeout(() => { button.dragged = false; });
    }, { once: true });
  });
}

document.addEventListener("keydown", (e) => {
  const typing = e.target.matches("input, textarea, select");
  const mod = e.ctrlKey || e.metaKey;
  if (mod && e.key.toLowerCase() === "s" && !readonly) save();
  else if (mod && !typing && e.key.toLowerCase() === "z") (e.shiftKey ? graph.redo() : graph.undo());
  else if (mod && !typing && e.key.toLowerCase() === "y") graph.redo();
  else if (e.key === "Escape" && state.linking) set({ linking: null });
  else if (e.key === "Escape" && root.contains(e.target) && state.selected) canvas.cards.get(state.selected)?.focus();
  else if (!typing && !readonly && state.edge && (e.key === "Delete" || e.key === "Backspace")) {
    graph.disconnect(state.edge.from, state.edge.exit, state.edge.to);
    state.edge = null;
    draw();
  } else return;
  if (mod || state.edge) e.preventDefault();
});
addEventListener("beforeunload", (e) => { if (root.dataset.dirty === "true") e.preventDefault(); });
addEventListener("resize", mini);

root.hidden = false;
draw();
if (data.crowded) graph.arrange(cardWidth, (n) => canvas.height(n));
canvas.fit();
if (graph.done.length) [graph.done, graph.saved] = [[], graph.text()];
check(0);
document.fonts?.ready.then(() => { draw(); canvas.fit(); });

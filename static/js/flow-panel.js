// The form of the chosen node at the side of the canvas.
import { h, icon } from "./dom.js";
import { exits } from "./flow-graph.js";
import * as say from "./flow-text.js";
import { conditions } from "./flow-conditions.js";

let serial = 0;

// row is a field with its label.
export function row(label, control, hint) {
  control.id ||= `p${(serial += 1)}`;
  const shown = control.tagName === "SELECT" && !control.multiple ? h("span", { class: "pick" }, control, icon("chevron-down")) : control;
  return h("div", { class: "field" }, h("label", { for: control.id }, label), shown, hint && h("span", { class: "hint" }, hint));
}

// select is a choice of options {value, label}.
export function select(options, value, change, more = {}) {
  const el = h("select", { class: "input", change: () => change(el), ...more }, options.map((o) => h("option", { value: o.value, selected: [value].flat().includes(o.value) }, o.label)));
  return el;
}

export function options(record) { return Object.entries(record).map(([value, label]) => ({ value, label })); }

function check(label, checked, change) {
  const box = h("input", { type: "checkbox", checked, change: () => change(box.checked) });
  return h("label", { class: "check" }, box, h("span", {}, label));
}

// Panel draws the side. edit(sort, act) changes the node, on does the rest.
export function panel(node, graph, { readonly, problems, trace, linking }, on) {
  const parts = [head(node, readonly, on), ...problems.map((p) => h("p", { class: "state bad" }, icon("triangle-alert"), p.message))];
  const edit = (sort, act) => on.edit(node.id, sort, act);
  const form = h("fieldset", { class: "stack", disabled: readonly }, forms[node.kind](node, edit));
  parts.push(form, ways(node, graph, readonly, on));
  if (trace) parts.push(outcome(node, trace));
  if (linking) parts.push(h("p", { class: "small muted" }, say.word("linking")));
  return parts;
}

function head(node, readonly, on) {
  const gone = h("button", { class: "btn sm quiet", type: "button", click: () => on.remove(node.id) }, icon("trash-2"), say.word("remove"));
  return h("div", { class: "spread" }, h("h2", {}, say.vocabulary().kinds[node.kind]), !readonly && node.kind !== "trigger" && gone);
}

const forms = {
  trigger: (node, edit) => [
    h("p", { class: "small muted" }, say.word("triggerHint")),
    check(say.word("again"), node.trigger?.onReanalysis === true, (on) => edit(null, (n) => {
      if (on) n.trigger = { onReanalysis: true };
      else delete n.trigger;
    })),
  ],
  group: (node, edit) => conditions(node.group, (sort, act) => edit(sort, (n) => act(n.group)), 1),
  window: (node, edit) => [
    h("fieldset", { class: "field" }, h("legend", {}, say.word("days")), h("div", { class: "days" }, say.vocabulary().days.map((name, i) => dayBox(node, edit, name, i + 1)))),
    h("div", { class: "fields2" }, time(node, edit, "from"), time(node, edit, "until")),
    h("p", { class: "small muted" }, say.word("windowHint")),
  ],
  throttle: (node, edit) => throttle(node.throttle, edit),
  message: (node, edit) => message(node, edit),
  send: (node, edit) => send(node.send, edit),
};

function dayBox(node, edit, name, day) {
  return check(name, (node.window.days ?? []).includes(day), (on) => edit(null, (n) => {
    const rest = (n.window.days ?? []).filter((d) => d !== day);
    n.window.days = (on ? [...rest, day] : rest).sort();
  }));
}

function time(node, edit, which) {
  const input = h("input", { class: "input", type: "time", name: which, value: node.window[which], required: true, change: () => edit(null, (n) => { n.window[which] = input.value; }) });
  return row(say.word(which), input);
}

function throttle(t, edit) {
  const unit = say.unitOf(t.seconds);
  const most = h("input", { class: "input", type: "number", name: "most", min: 1, max: 1000, value: t.most, change: () => edit("most", (n) => { n.throttle.most = Number(most.value) || 0; }) });
  const length = h("input", { class: "input", type: "number", name: "length", min: 1, value: t.seconds / unit, change: () => edit("length", set) });
  const units = select(options(say.vocabulary().units), String(unit), () => edit(null, set));
  const set = (n) => { n.throttle.seconds = Math.round(Number(length.value) * Number(units.value)) || 0; };
  const by = select(options(say.vocabulary().by), t.by, (el) => edit(null, (n) => { n.throttle.by = el.value; }));
  return [row(say.word("most"), most), h("div", { class: "fields2" }, row(say.word("within"), length), row(say.word("unit"), units)), row(say.word("countBy"), by, say.word("throttleHint"))];
}

function message(node, edit) {
  const text = h("textarea", { class: "input", name: "text", rows: 6, input: () => edit("text " + node.id, (n) => { n.message.text = text.value; }) });
  text.value = node.message.text;
  const insert = (name) => {
    text.setRangeText(name, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    edit("text " + node.id, (n) => { n.message.text = text.value; });
  };
  const chips = say.vocabulary().variables.map((name) => h("button", { class: "chip var", type: "button", click: () => insert(name) }, name));
  return [
    row(say.word("text"), text), h("div", { class: "chips tightchips", role: "group", "aria-label": say.word("variables") }, chips),
    row(say.word("severity"), select(options(say.vocabulary().severities), node.message.severity, (el) => edit(null, (n) => { n.message.severity = el.value; }))),
  ];
}

function send(s, edit) {
  const { chats, hooks, channels, roles } = say.vocabulary();
  const channel = select(options(channels), s.channel, (el) => edit(null, (n) => {
    const names = { telegram: chats, discord: hooks }[el.value];
    n.send = names ? { channel: el.value, to: names.slice(0, 1).map((c) => c.value) } : { channel: el.value };
  }));
  const list = (all, key) => all.map((o) => check(o.label, (s[key] ?? []).includes(o.value), (on) => edit(null, (n) => {
    const rest = (n.send[key] ?? []).filter((v) => v !== o.value);
    n.send[key] = on ? [...rest, o.value] : rest;
    if (n.send[key].length === 0) delete n.send[key];
  })));
  const gone = (all) => (s.to ?? []).filter((id) => !all.some((o) => o.value === id)).map((value) => ({ value, label: say.word("gone") }));
  if (s.channel === "in_app") {
    return [row(say.word("channel"), channel), h("fieldset", { class: "field" }, h("legend", {}, say.word("audience")), h("div", { class: "stack tight" }, list(options(roles), "roles")), h("span", { class: "hint" }, say.word("audienceHint")))];
  }
  const all = s.channel === "telegram" ? chats : hooks;
  const none = all.length === 0 && h("p", { class: "small muted" }, say.word("noPlaces"), " ", h("a", { href: "/settings/destinations" }, say.word("destinations")));
  return [row(say.word("channel"), channel), h("fieldset", { class: "field" }, h("legend", {}, say.word("to")), h("div", { class: "stack tight" }, list([...all, ...gone(all)], "to")), none)];
}

// ways lists where each exit leads; here everything can be connected by keys.
function ways(node, graph, readonly, on) {
  const all = exits(node.kind);
  if (all.length === 0) return h("p", { class: "small muted" }, say.word("end"));
  return h("section", { class: "ways stack tight" }, h("h3", { class: "label" }, say.word("leads")), all.map((exit) => {
    const targets = graph.edges(node.id, exit).map((e) => h("li", {}, icon(say.iconOf(graph.node(e.to))), h("span", {}, label(graph.node(e.to))),
      !readonly && h("button", { class: "btn sm only quiet", type: "button", "aria-label": say.word("disconnect", { to: say.title(graph.node(e.to)) }), click: () => on.disconnect(node.id, exit, e.to) }, icon("x"))));
    const free = graph.value.nodes.filter((n) => graph.may(node.id, exit, n.id));
    const name = say.exitName(node.kind, exit);
    const add = select([{ value: "", label: say.word("connect") }, ...free.map((n) => ({ value: n.id, label: label(n) }))], "", (el) => el.value && on.connect(node.id, exit, el.value),
      { "aria-label": name ? `${name}: ${say.word("connect")}` : say.word("connect"), "data-way": exit });
    return h("div", { class: "way" }, name && h("span", { class: `exit ${exit}` }, name), h("ul", {}, targets.length ? targets : h("li", { class: "muted" }, say.word("nowhere"))),
      !readonly && free.length > 0 && h("span", { class: "pick" }, add, icon("chevron-down")));
  }));
}

function label(node) {
  const first = say.lines(node)[0];
  return say.title(node) + (first ? ": " + say.cut([first].flat().join(" "), 32) : "");
}

// outcome tells what the chosen call made of the node.
function outcome(node, trace) {
  const parts = [h("h3", { class: "label" }, say.word("tried")), h("p", { class: `state ${trace.fired ? "ok" : "off"}` }, icon(trace.fired ? "circle-check" : "circle"), trace.fired ? say.word("fired") : say.word("notFired"))];
  if (trace.group) parts.push(h("ul", { class: "checks" }, checks(trace.group)));
  if (trace.throttle) parts.push(h("p", { class: "small" }, say.word("used", { used: trace.throttle.used, most: trace.throttle.most })));
  if (node.kind === "message") parts.push(h("div", { class: "tgview" }, h("div", { class: "bubble" }, trace.message)));
  return h("section", { class: "stack tight", "data-outcome": node.id }, parts);
}

function checks(group) {
  const rows = (group.conditions ?? []).map((c) => {
    const actual = c.actual === null ? "–" : [c.actual].flat().map((v) => say.field(c.field)?.choices?.find((o) => o.value === v)?.label ?? v).join(", ");
    return h("li", { class: c.met ? "ok" : "no" }, icon(c.met ? "check" : "x"), h("span", {}, say.field(c.field)?.label ?? c.field), h("b", {}, say.cut(String(actual), 60)));
  });
  return [...rows, ...(group.groups ?? []).flatMap(checks)];
}

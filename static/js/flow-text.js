// What the cards of a flow say, in the words that the page brings.
import { fill } from "./dom.js";

let words;

const record = (list) => Object.fromEntries(list.map((o) => [o.value, o.label]));
const records = (lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, record(list)]));

// speak takes the vocabulary of the page.
export function speak(all) { words = { ...all, ...records(all.lists), exits: records(all.exits) }; }
export function word(key, values = {}) { return fill(words.text[key] ?? key, values); }
export function vocabulary() { return words; }

export const icons = { trigger: "phone", group: "git-branch", window: "clock", throttle: "list-checks", message: "message-square-text", telegram: "send", discord: "discord", in_app: "bell-ring" };

export function iconOf(node) { return icons[node.send?.channel] ?? icons[node.kind]; }

export function exitName(kind, exit) { return words.exits[kind]?.[exit] ?? ""; }

// title is what a card is called.
export function title(node) {
  if (node.kind === "send") return words.channels[node.send.channel] ?? words.kinds.send;
  if (node.kind === "group") return words.match[node.group.match] ?? words.kinds.group;
  return words.kinds[node.kind] ?? node.kind;
}

// corner is the small print of a card.
export function corner(node) {
  switch (node.kind) {
    case "trigger": return word("start");
    case "message": return words.severities[node.message.severity] ?? "";
    case "group": return word("conditions", { n: count(node.group) });
  }
  return "";
}

function count(group) {
  return (group.conditions ?? []).length + (group.groups ?? []).reduce((n, g) => n + count(g), 0);
}

// lines is what a card says below its title: text, or pairs of what and how.
export function lines(node) {
  switch (node.kind) {
    case "trigger": return [node.trigger?.onReanalysis ? word("every") : word("once")];
    case "group": return groupLines(node.group);
    case "window": return [days(node.window.days ?? []), hours(node.window)];
    case "throttle": return [word("limit", { most: node.throttle.most, time: period(node.throttle.seconds), by: words.by[node.throttle.by] ?? "" })];
    case "message": return [cut(node.message.text, 90)];
    case "send": return [targets(node.send)];
  }
  return [];
}

function groupLines(group) {
  const rows = (group.conditions ?? []).map(condition);
  for (const inner of group.groups ?? []) rows.push(groupText(inner));
  if (rows.length === 0) return [word("everyCall")];
  return rows.length > 6 ? [...rows.slice(0, 5), word("more", { n: rows.length - 5 })] : rows;
}

function groupText(group) {
  const inner = [...(group.conditions ?? []).map((c) => condition(c).join(" ")), ...(group.groups ?? []).map(groupText)];
  return "(" + inner.join(" " + words.join[group.match] + " ") + ")";
}

export function field(name) { return words.fields.find((f) => f.name === name); }

function condition(c) {
  const f = field(c.field);
  const values = [c.value ?? []].flat().map((v) => f?.choices?.find((o) => o.value === v)?.label ?? String(v));
  return [f?.label ?? c.field, (words.ops[c.op] ?? c.op) + " " + cut(values.join(c.op === "between" ? " – " : ", "), 40)];
}

function days(list) {
  if (list.length === 7) return word("everyDay");
  const sorted = [...list].sort();
  const run = sorted.length > 2 && sorted.every((d, i) => d === sorted[0] + i);
  if (run) return word("range", { from: words.days[sorted[0] - 1], until: words.days[sorted.at(-1) - 1] });
  return sorted.map((d) => words.days[d - 1]).join(" ");
}

function hours(w) { return w.from === w.until ? word("allDay") : word("range", { from: w.from, until: w.until }); }

// period is a length of time in its largest whole unit.
export function period(seconds) {
  const unit = unitOf(seconds);
  return `${seconds / unit} ${words.units[unit]}`;
}

export function unitOf(seconds) { return [86400, 3600, 60].find((u) => seconds % u === 0 && seconds >= u) ?? 60; }

function targets(send) {
  if (send.channel === "in_app") {
    return send.roles?.length ? send.roles.map((r) => words.roles[r] ?? r).join(", ") : word("everybody");
  }
  const names = send.channel === "telegram" ? words.chats : words.hooks;
  const list = (send.to ?? []).map((id) => names.find((n) => n.value === id)?.label ?? word("gone"));
  return list.join(", ") || word("nobody");
}

export function cut(text, most) { return text.length > most ? text.slice(0, most - 1) + "…" : text; }

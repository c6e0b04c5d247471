// The conditions of a group, and the groups in it, as forms.
import { h, icon } from "./dom.js";
import * as say from "./flow-text.js";
import { options, row, select } from "./flow-panel.js";

const [deepest, lists, without] = [5, new Set(["in", "not_in", "between"]), new Set(["is_empty", "is_not_empty"])];

// conditions draws a group; edit(sort, act) changes it.
export function conditions(group, edit, depth) {
  const rows = (group.conditions ?? []).map((c, i) => condition(c, (sort, act) => edit(sort && `${sort} ${depth} ${i}`, (g) => act(g.conditions[i], g.conditions, i))));
  const inner = (group.groups ?? []).map((g, i) => h("fieldset", { class: "nest stack tight" },
    conditions(g, (sort, act) => edit(sort && `${sort} in ${i}`, (outer) => act(outer.groups[i])), depth + 1),
    h("button", { class: "btn sm quiet", type: "button", click: () => edit(null, (outer) => outer.groups.splice(i, 1)) }, icon("trash-2"), say.word("removeGroup"))));
  const add = (name, act) => h("button", { class: "btn sm", type: "button", click: () => edit(null, act) }, icon("plus"), say.word(name));
  return [
    row(say.word("match"), select(options(say.vocabulary().match), group.match, (el) => edit(null, (g) => { g.match = el.value; }))),
    ...rows, ...inner,
    h("div", { class: "row tight" },
      add("addCondition", (g) => (g.conditions ??= []).push({ field: "score", op: "lt", value: "60" })),
      depth < deepest && add("addGroup", (g) => (g.groups ??= []).push({ match: "any", conditions: [{ field: "sentiment", op: "eq", value: "negative" }] }))),
  ];
}

function condition(c, edit) {
  const f = say.field(c.field);
  const fields = select(say.vocabulary().fields.map((o) => ({ value: o.name, label: o.label })), c.field, (el) => edit(null, (n) => {
    const next = say.field(el.value);
    n.field = el.value;
    if (!next.ops.includes(n.op)) n.op = next.ops[0];
    n.value = without.has(n.op) ? undefined : first(next, n.op);
  }), { "aria-label": say.word("what"), name: "field" });
  const ops = select((f?.ops ?? []).map((op) => ({ value: op, label: say.vocabulary().ops[op] })), c.op, (el) => edit(null, (n) => {
    const list = [n.value ?? first(f, "eq")].flat();
    n.op = el.value;
    if (without.has(n.op)) delete n.value;
    else n.value = lists.has(n.op) ? (n.op === "between" && list.length < 2 ? [...list, ...list] : list) : list[0] ?? "";
  }), { "aria-label": say.word("how"), name: "op" });
  const gone = h("button", { class: "btn sm only quiet", type: "button", "aria-label": say.word("removeCondition"), click: () => edit(null, (n, all, i) => all.splice(i, 1)) }, icon("x"));
  const pick = (el) => h("span", { class: "pick" }, el, icon("chevron-down"));
  return h("div", { class: "cond" }, pick(fields), gone, pick(ops), !without.has(c.op) && value(c, f, edit, pick));
}

function first(f, op) {
  const v = f?.choices?.[0]?.value ?? "";
  return lists.has(op) ? [v] : v;
}

// value is the field for what a condition compares with: a choice where the list
// of values is closed, else text, several with commas.
function value(c, f, edit, pick) {
  if (f?.choices) {
    const several = lists.has(c.op);
    const el = select(f.choices, c.value ?? "", (s) => edit(null, (n) => {
      n.value = several ? [...s.selectedOptions].map((o) => o.value) : s.value;
    }), { "aria-label": say.word("value"), name: "value", multiple: several });
    return several ? el : pick(el);
  }
  const input = h("input", {
    class: "input", name: "value", autocomplete: "off", "aria-label": say.word("value"), placeholder: lists.has(c.op) ? say.word("several") : say.word("value"),
    value: [c.value ?? ""].flat().join(", "),
    input: () => edit("value", (n) => {
      n.value = lists.has(n.op) ? input.value.split(",").map((s) => s.trim()).filter(Boolean) : input.value.trim();
    }),
  });
  return input;
}

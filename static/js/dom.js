// Making elements without HTML in strings.

const svgNames = new Set(["svg", "g", "path", "rect", "text", "use", "circle"]);

// h makes an element. Attributes that are functions listen to events, true is an
// attribute without a value, false and null are left out; children are elements
// or text.
export function h(name, attributes = {}, ...children) {
  const el = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") el.addEventListener(key, value);
    else if (value === true) el.setAttribute(key, "");
    else if (value !== false && value != null) el.setAttribute(key, value);
  }
  el.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

// icon is a drawing of the sprite.
export function icon(name, small = true) {
  return h("svg", { class: small ? "icon sm" : "icon", "aria-hidden": "true" }, h("use", { href: `${document.body.dataset.icons}#${name}` }));
}

// fill puts words in the place of {names}.
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

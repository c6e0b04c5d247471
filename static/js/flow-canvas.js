// The canvas of a flow: cards on a plane that can be moved, zoomed and connected
// with a mouse, a finger or keys.
import { h, icon } from "./dom.js";
import { exits } from "./flow-graph.js";
import * as say from "./flow-text.js";

const [cardWidth, grid] = [240, 10];

export class Canvas {
  // on holds what the editor does: select, edit, remove, connect, announce.
  constructor(root, graph, on, readonly) {
    Object.assign(this, { root, graph, on, readonly, cards: new Map(), x: 0, y: 0, zoom: 1, pointers: new Map() });
    this.wires = h("svg", { class: "wires", "aria-hidden": "true" });
    this.plane = h("div", { class: "plane" }, this.wires);
    root.prepend(this.plane);
    root.addEventListener("pointerdown", (e) => this.down(e));
    root.addEventListener("pointermove", (e) => this.move(e));
    for (const name of ["pointerup", "pointercancel"]) root.addEventListener(name, (e) => this.up(e));
    root.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
  }

  // draw brings the page up to date with the graph.
  draw(state) {
    this.state = state;
    const order = this.graph.ordered();
    for (const [id, card] of this.cards) {
      if (!this.graph.node(id)) {
        card.remove();
        this.cards.delete(id);
      }
    }
    const focused = document.activeElement;
    for (const node of order) {
      const card = this.cards.get(node.id) ?? this.card(node.id);
      this.paint(card, node);
    }
    const cards = order.map((n) => this.cards.get(n.id)); // in the order of reading, so that Tab goes through them so
    if (cards.some((c, i) => c !== this.plane.children[i + 1])) this.plane.append(...cards);
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    this.wire();
  }

  card(id) {
    const card = h("div", { class: "node", tabindex: "0", role: "group", "data-node": id, keydown: (e) => this.on.key(e, id), focus: () => this.on.focus(id) });
    this.cards.set(id, card);
    return card;
  }

  paint(card, node) {
    const { selected, problems, trace, linking } = this.state;
    const wrong = problems.filter((p) => p.node === node.id);
    const fired = trace?.get(node.id)?.fired;
    const can = linking && this.graph.may(linking.from, linking.exit, node.id);
    card.className = ["node", node.kind, node.kind === "trigger" && "start", selected === node.id && "sel", wrong.length > 0 && "bad",
      trace && (fired ? "on" : "dim"), can && "can"].filter(Boolean).join(" ");
    card.style.transform = `translate(${node.x}px, ${node.y}px)`;
    const text = JSON.stringify([node, wrong, trace?.get(node.id)]);
    if (card.shown === text) return;
    card.shown = text;
    const lines = say.lines(node).map((l) => (Array.isArray(l) ? h("li", {}, h("span", {}, l[0]), h("b", {}, l[1])) : h("li", { class: "plain" }, l)));
    card.replaceChildren(
      h("header", {}, icon(say.iconOf(node), false), h("span", {}, say.title(node)), h("small", {}, say.corner(node))),
      h("ul", {}, lines),
      ...wrong.map((p) => h("p", { class: "err" }, icon("triangle-alert"), p.message)),
      ...(this.readonly ? [] : exits(node.kind).map((exit) => h("span", { class: `port ${exit}`, "data-exit": exit, title: say.word("drag") }))),
    );
    card.setAttribute("aria-label", [say.title(node), ...say.lines(node).flat(), ...wrong.map((p) => p.message)].join(". "));
  }

  height(node) { return this.cards.get(node.id)?.offsetHeight ?? 80; }

  port(node, exit) {
    const share = exit === "yes" ? 0.3 : exit === "no" ? 0.7 : 0.5;
    return [node.x + cardWidth * share, node.y + this.height(node)];
  }

  wire() {
    const { trace } = this.state;
    this.wires.replaceChildren(...this.graph.value.edges.flatMap((e) => {
      const [from, to] = [this.graph.node(e.from), this.graph.node(e.to)];
      if (!from || !to) return [];
      const exit = e.exit ?? "";
      const told = trace?.get(e.from);
      const on = told?.fired && trace.get(e.to)?.fired && (told.exit ?? "") === exit;
      const [x1, y1] = this.port(from, exit);
      const [x2, y2] = [to.x + cardWidth / 2, to.y - 8];
      const chosen = this.state.edge && this.state.edge.from === e.from && this.state.edge.exit === exit && this.state.edge.to === e.to;
      const cls = [on && "on", chosen && "sel", trace && !on && "dim"].filter(Boolean).join(" ");
      const parts = [
        h("path", { class: "reach", d: curve(x1, y1, x2, y2), "data-edge": JSON.stringify([e.from, exit, e.to]) }),
        h("path", { class: `edge ${cls}`, d: curve(x1, y1, x2, y2) }),
        h("path", { class: `arrow ${cls}`, d: `M${x2 - 5} ${y2}h10l-5 8z` }),
      ];
      const name = say.exitName(from.kind, exit);
      return name ? [...parts, ...pill(name, exit, (x1 + x2) / 2, (y1 + y2) / 2)] : parts;
    }));
    if (this.draft) this.wires.append(this.draft);
  }

  // view moves the plane so that this.x, this.y of it is at the canvas's corner.
  view() {
    this.plane.style.transform = `scale(${this.zoom}) translate(${-this.x}px, ${-this.y}px)`;
    this.root.style.backgroundSize = `${22 * this.zoom}px ${22 * this.zoom}px`;
    this.root.style.backgroundPosition = `${-this.x * this.zoom}px ${-this.y * this.zoom}px`;
    this.on.view?.();
  }

  bounds() {
    const nodes = this.graph.value.nodes;
    const [left, top] = [Math.min(...nodes.map((n) => n.x)), Math.min(...nodes.map((n) => n.y))];
    const right = Math.max(...nodes.map((n) => n.x + cardWidth));
    const bottom = Math.max(...nodes.map((n) => n.y + this.height(n)));
    return nodes.length ? { left, top, right, bottom } : { left: 0, top: 0, right: 1, bottom: 1 };
  }

  fit() {
    const b = this.bounds();
    const [w, t] = [this.root.clientWidth, this.root.clientHeight];
    const tools = (this.root.querySelector(".tools")?.offsetHeight ?? 0) + 32; // nothing lies under them
    this.zoom = Math.min(1, Math.max(0.3, Math.min((w - 48) / (b.right - b.left), (t - tools - 32) / (b.bottom - b.top))));
    this.x = (b.left + b.right) / 2 - w / 2 / this.zoom;
    this.y = b.top - tools / this.zoom;
    this.view();
  }

  scale(by, cx = this.root.clientWidth / 2, cy = this.root.clientHeight / 2) {
    const zoom = Math.min(2, Math.max(0.25, this.zoom * by));
    this.x += cx / this.zoom - cx / zoom;
    this.y += cy / this.zoom - cy / zoom;
    this.zoom = zoom;
    this.view();
  }

  // at is the place on the plane under a pointer.
  at(e) {
    const box = this.root.getBoundingClientRect();
    return [(e.clientX - box.x) / this.zoom + this.x, (e.clientY - box.y) / this.zoom + this.y];
  }

  // show brings a card into view.
  show(node) {
    const [w, t] = [this.root.clientWidth / this.zoom, this.root.clientHeight / this.zoom];
    const margin = 40;
    if (node.x < this.x + margin) this.x = node.x - margin;
    if (node.x + cardWidth > this.x + w - margin) this.x = node.x + cardWidth - w + margin;
    if (node.y < this.y + margin) this.y = node.y - margin;
    if (node.y + this.height(node) > this.y + t - margin) this.y = node.y + this.height(node) - t + margin;
    this.root.scrollTo(0, 0); // a browser scrolls to what gets the focus
    this.view();
  }

  down(e) {
    if (e.button !== 0 || e.target.closest(".tools, .mini")) return;
    this.pointers.set(e.pointerId, e);
    if (this.pointers.size === 2) this.act = { kind: "pinch", apart: this.apart() };
    if (this.pointers.size > 1) return;
    const card = e.target.closest("[data-node]");
    const port = e.target.closest("[data-exit]");
    const wire = e.target.closest("[data-edge]");
    const [x, y] = this.at(e);
    if (wire) {
      const [from, exit, to] = JSON.parse(wire.dataset.edge);
      this.on.chooseEdge({ from, exit, to });
      return;
    }
    this.root.setPointerCapture(e.pointerId);
    if (port && !this.readonly) this.act = { kind: "link", from: card.dataset.node, exit: port.dataset.exit };
    else if (card) this.act = { kind: "card", id: card.dataset.node, x, y, startX: e.clientX, startY: e.clientY };
    else this.act = { kind: "pan", px: e.clientX, py: e.clientY };
    if (this.act.kind === "link") this.on.link({ from: this.act.from, exit: this.act.exit });
  }

  move(e) {
    if (!this.pointers.has(e.pointerId)) return;
    this.pointers.set(e.pointerId, e);
    const act = this.act;
    const [x, y] = this.at(e);
    switch (act?.kind) {
      case "pinch": {
        const apart = this.apart();
        const [a, b] = [...this.pointers.values()];
        const box = this.root.getBoundingClientRect();
        this.scale(apart / act.apart, (a.clientX + b.clientX) / 2 - box.x, (a.clientY + b.clientY) / 2 - box.y);
        act.apart = apart;
        break;
      }
      case "pan":
        this.x -= (e.clientX - act.px) / this.zoom;
        this.y -= (e.clientY - act.py) / this.zoom;
        [act.px, act.py, act.moved] = [e.clientX, e.clientY, true];
        this.view();
        break;
      case "card":
        if (this.readonly || (!act.moved && Math.hypot(e.clientX - act.startX, e.clientY - act.startY) < 4)) return;
        act.moved = true;
        this.on.shift(act.id, x - act.x, y - act.y, "drag " + act.id + " " + act.startX);
        [act.x, act.y] = [x, y];
        break;
      case "link": {
        const [x1, y1] = this.port(this.graph.node(act.from), act.exit);
        this.draft = h("path", { class: "edge draft", d: curve(x1, y1, x, y) });
        this.wire();
      }
    }
  }

  up(e) {
    if (!this.pointers.delete(e.pointerId)) return;
    const act = this.act;
    this.act = null;
    if (act?.kind === "link") {
      this.draft = null;
      const hit = document.elementFromPoint(e.clientX, e.clientY)?.closest("[data-node]");
      this.on.linked(act.from, act.exit, hit?.dataset.node);
    } else if (act?.kind === "card") {
      if (act.moved) this.on.settle(act.id);
      else this.on.select(act.id);
    } else if (act?.kind === "pan" && !act.moved) {
      this.on.select(null);
    }
  }

  apart() {
    const [a, b] = [...this.pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  }

  wheel(e) {
    e.preventDefault();
    const box = this.root.getBoundingClientRect();
    if (e.ctrlKey || e.metaKey) this.scale(Math.exp(-e.deltaY / 300), e.clientX - box.x, e.clientY - box.y);
    else {
      this.x += e.deltaX / this.zoom;
      this.y += e.deltaY / this.zoom;
      this.view();
    }
  }
}

export const snap = (v) => Math.round(v / grid) * grid;
export { cardWidth };

function curve(x1, y1, x2, y2) {
  const bend = Math.max(30, Math.abs(y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

function pill(name, exit, x, y) {
  const width = [...name].length * 7.5 + 20;
  return [
    h("rect", { class: `pill ${exit}`, x: x - width / 2, y: y - 12, width, height: 24, rx: 12 }),
    h("text", { class: exit, x, y: y + 4.5 }, name),
  ];
}

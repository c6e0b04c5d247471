// The graph under the editor's hands: changes that can be undone, what may lead
// where, and an order for the eye. It knows nothing of the page.

const branching = new Set(["group", "window", "throttle"]);
const historyLength = 200;

// exits are those of a kind of node; "" is the only one of a node that does not branch.
export function exits(kind) {
  if (branching.has(kind)) return ["yes", "no"];
  return kind === "send" ? [] : [""];
}

// follows says whether a node of one kind may come after one of another.
export function follows(from, to) {
  if (from === "message") return to === "send";
  return from !== "send" && (branching.has(to) || to === "message");
}

export class Graph {
  constructor(graph) {
    this.load(JSON.stringify(graph));
    this.saved = this.text();
    this.undone = [];
    this.done = [];
    this.changed = () => {};
  }

  load(text) {
    const g = JSON.parse(text);
    g.nodes ??= [];
    g.edges ??= [];
    this.value = g;
  }

  text() { return JSON.stringify(this.value); }
  dirty() { return this.text() !== this.saved; }
  node(id) { return this.value.nodes.find((n) => n.id === id); }
  edges(from, exit) { return this.value.edges.filter((e) => e.from === from && (exit === undefined || (e.exit ?? "") === exit)); }

  // change does something that can be undone. Changes of the same sort that
  // follow each other closely, as typing does, are undone together.
  change(sort, act) {
    const before = this.text();
    act(this.value);
    if (this.text() === before) return;
    const again = sort && sort === this.sort && Date.now() - this.at < 1500;
    if (!again) this.done.push(before);
    if (this.done.length > historyLength) this.done.shift();
    [this.sort, this.at, this.undone] = [sort, Date.now(), []];
    this.changed();
  }

  undo() { this.swap(this.done, this.undone); }
  redo() { this.swap(this.undone, this.done); }

  swap(from, to) {
    if (from.length === 0) return;
    to.push(this.text());
    this.load(from.pop());
    this.sort = null;
    this.changed();
  }

  // add puts in a node and returns its id.
  add(node, after) {
    let n = this.value.nodes.length;
    do n += 1; while (this.node(node.kind + n));
    const made = { ...node, id: node.kind + n, x: Math.round(node.x / 10) * 10, y: Math.round(node.y / 10) * 10 };
    this.change(null, (g) => {
      g.nodes.push(made);
      if (after) g.edges.push(edge(after.from, after.exit, made.id));
    });
    return made.id;
  }

  remove(id) {
    this.change(null, (g) => {
      g.nodes = g.nodes.filter((n) => n.id !== id);
      g.edges = g.edges.filter((e) => e.from !== id && e.to !== id);
    });
  }

  // may says whether an exit can be led to a node: not twice, not backwards in a
  // circle, and each send has one message.
  may(from, exit, to) {
    const [a, b] = [this.node(from), this.node(to)];
    if (!a || !b || a === b || !follows(a.kind, b.kind) || this.edges(from, exit).some((e) => e.to === to)) return false;
    if (b.kind === "send" && this.value.edges.some((e) => e.to === to)) return false;
    return !this.reaches(to, from);
  }

  reaches(from, to, seen = new Set()) {
    if (from === to) return true;
    seen.add(from);
    return this.edges(from).some((e) => !seen.has(e.to) && this.reaches(e.to, to, seen));
  }

  connect(from, exit, to) {
    if (this.may(from, exit, to)) this.change(null, (g) => g.edges.push(edge(from, exit, to)));
  }

  disconnect(from, exit, to) {
    this.change(null, (g) => { g.edges = g.edges.filter((e) => !(e.from === from && (e.exit ?? "") === exit && e.to === to)); });
  }

  // free is the first exit of a node that leads nowhere yet, else its first.
  free(id) {
    const all = exits(this.node(id).kind);
    return all.find((exit) => this.edges(id, exit).length === 0) ?? all[0];
  }

  // ranks is how far each node is from the beginning, by its longest way. What
  // cannot be reached comes last.
  ranks() {
    const rank = new Map();
    const visit = (id, depth) => {
      if (depth > this.value.nodes.length || (rank.get(id) ?? -1) >= depth) return;
      rank.set(id, depth);
      for (const e of this.edges(id)) visit(e.to, depth + 1);
    };
    for (const n of this.value.nodes) if (n.kind === "trigger") visit(n.id, 0);
    const last = Math.max(0, ...rank.values());
    for (const n of this.value.nodes) if (!rank.has(n.id)) rank.set(n.id, last + 1);
    return rank;
  }

  // ordered is the nodes as one reads them: from the beginning, left before right.
  ordered() {
    const rank = this.ranks();
    return [...this.value.nodes].sort((a, b) => rank.get(a.id) - rank.get(b.id) || a.x - b.x);
  }

  // arrange puts the nodes in rows, each below what leads to it.
  arrange(width, height) {
    const rank = this.ranks();
    const rows = [];
    for (const n of this.value.nodes) (rows[rank.get(n.id)] ??= []).push(n);
    this.change(null, () => {
      let y = 0;
      for (const row of rows.filter(Boolean)) {
        const wish = new Map(row.map((n) => [n, this.wish(n, width)]));
        row.sort((a, b) => wish.get(a) - wish.get(b));
        let x = Math.max(-Infinity, mean(row.map((n) => wish.get(n))) - ((row.length - 1) * (width + 40)) / 2);
        for (const n of row) {
          [n.x, n.y] = [Math.round(x / 10) * 10, y];
          x += width + 40;
        }
        y += Math.round(Math.max(...row.map(height)) / 10) * 10 + 70;
      }
    });
  }

  // wish is where a node would like to stand: under what leads to it, what comes
  // of "yes" to the left of what comes of "no".
  wish(node, width) {
    const parents = this.value.edges.filter((e) => e.to === node.id);
    if (parents.length === 0) return 0;
    return mean(parents.map((e) => {
      const all = [...exits(this.node(e.from).kind)].flatMap((exit) => this.edges(e.from, exit));
      return this.node(e.from).x + (all.indexOf(e) - (all.length - 1) / 2) * (width + 40);
    }));
  }
}

function edge(from, exit, to) { return exit ? { from, exit, to } : { from, to }; }
function mean(list) { return list.reduce((a, b) => a + b, 0) / list.length; }

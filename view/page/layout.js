// A layered layout: operands above their users. Each box is laid out by itself, from the inside out, and then stands in
// its surroundings like a vertex of its size. The work is nearly linear in vertices and edges.

const LAYOUT = {gapX: 22, gapY: 38, pad: 16, head: 30, sweeps: 8, longest: 10};

/**
 * One box's members as layers. `nodes`: [{w, h, fixed}], fixed where a vertex brings values from outside; `edges`:
 * [[from, to]], positions in `nodes`.
 */
class Layers {
  constructor(nodes, edges) {
    this.nodes = nodes;
    this.count = nodes.length;
    this.edges = edges;
    this.assign();
    this.split();
    this.order();
    this.placeX();
    this.placeY();
  }

  /** Longest paths; a cycle, which only vertices that vanished can close, is cut where it is met. */
  assign() {
    const incoming = this.nodes.map(() => []);
    const outgoing = this.nodes.map(() => []);
    for (const [a, b] of this.edges) {
      incoming[b].push(a);
      outgoing[a].push(b);
    }
    const order = this.topological(incoming, outgoing);
    const rank = new Int32Array(this.count);
    order.forEach((node, i) => { rank[node] = i; });
    this.edges = this.edges.filter(([a, b]) => rank[a] < rank[b]);
    this.layer = new Int32Array(this.count);
    for (const node of order) {
      for (const from of incoming[node]) {
        if (rank[from] < rank[node]) this.layer[node] = Math.max(this.layer[node], this.layer[from] + 1);
      }
    }
    this.sink(order, rank, incoming, outgoing);
  }

  topological(incoming, outgoing) {
    const left = incoming.map((list) => list.length);
    const order = [];
    const done = new Uint8Array(this.count);
    let ready = [];
    const visit = (node) => {
      done[node] = 1;
      order.push(node);
      for (const user of outgoing[node]) if (--left[user] === 0 && !done[user]) ready.push(user);
    };
    for (let start = 0; start < this.count; ++start) if (left[start] === 0 && !done[start]) ready.push(start);
    for (let next = 0; order.length < this.count;) {
      while (ready.length) {
        const batch = ready;
        ready = [];
        for (const node of batch) if (!done[node]) visit(node);
      }
      while (next < this.count && done[next]) ++next;
      if (next < this.count) visit(next);
    }
    return order;
  }

  /**
   * What loses nothing by it moves down to its users: an input stands where it is used first, and what is computed from
   * constants alone just above what it is for.
   */
  sink(order, rank, incoming, outgoing) {
    const tied = new Uint8Array(this.count);
    for (const node of order) tied[node] = this.nodes[node].fixed || incoming[node].some((from) => tied[from]) ? 1 : 0;
    for (let i = order.length - 1; i >= 0; --i) {
      const node = order[i];
      const users = outgoing[node].filter((user) => rank[user] > rank[node]);
      const bound = tied[node] ? incoming[node].filter((from) => tied[from]).length : 0;
      if (!users.length || bound > users.length) continue;
      let lowest = Infinity;
      for (const user of users) lowest = Math.min(lowest, this.layer[user] - 1);
      this.layer[node] = Math.max(this.layer[node], lowest);
    }
  }

  /** Edges over several layers get a bend in each; very long ones are drawn straight and faint, and need none. */
  split() {
    this.size = this.nodes.map((node) => node.w);
    this.pieces = [];  // [upper, lower] between neighbouring layers
    this.paths = this.edges.map(([a, b]) => {
      const span = this.layer[b] - this.layer[a];
      if (span > LAYOUT.longest) return {long: true, bends: []};
      const bends = [];
      let from = a;
      for (let layer = this.layer[a] + 1; layer < this.layer[b]; ++layer) {
        const bend = this.size.length;
        this.size.push(2);
        (this.bendLayer ||= new Map()).set(bend, layer);
        this.pieces.push([from, bend]);
        bends.push(bend);
        from = bend;
      }
      this.pieces.push([from, b]);
      return {long: false, bends};
    });
    this.up = this.size.map(() => []);
    this.down = this.size.map(() => []);
    for (const [a, b] of this.pieces) {
      this.down[a].push(b);
      this.up[b].push(a);
    }
  }

  layerOf(i) {
    return i < this.count ? this.layer[i] : this.bendLayer.get(i);
  }

  order() {
    this.rows = [];
    for (let i = 0; i < this.size.length; ++i) (this.rows[this.layerOf(i)] ||= []).push(i);
    for (let l = 0; l < this.rows.length; ++l) this.rows[l] ||= [];
    this.at = new Float64Array(this.size.length);
    for (const row of this.rows) row.forEach((node, i) => { this.at[node] = i; });
    for (let sweep = 0; sweep < LAYOUT.sweeps; ++sweep) {
      const down = sweep % 2 === 0;
      const rows = down ? this.rows : [...this.rows].reverse();
      for (const row of rows) this.sortRow(row, down ? this.up : this.down);
    }
  }

  /** By the mean position of the neighbours; what has none stays where it is. */
  sortRow(row, neighbours) {
    const key = new Map();
    for (const node of row) {
      const list = neighbours[node];
      let sum = 0;
      for (const other of list) sum += this.at[other] / Math.max(1, this.rows[this.layerOf(other)].length);
      key.set(node, list.length ? sum / list.length : this.at[node] / row.length);
    }
    row.sort((a, b) => key.get(a) - key.get(b) || this.at[a] - this.at[b]);
    row.forEach((node, i) => { this.at[node] = i; });
  }

  placeX() {
    this.x = new Float64Array(this.size.length);  // centres
    for (const row of this.rows) this.settle(row, () => 0);
    for (let sweep = 0; sweep < 2 * LAYOUT.sweeps; ++sweep) {
      const down = sweep % 2 === 0;
      const both = sweep >= LAYOUT.sweeps;
      for (const row of down ? this.rows : [...this.rows].reverse()) {
        this.settle(row, (node) => this.wish(node, down ? this.up : this.down, both));
      }
    }
    const left = this.size.reduce((least, w, i) => Math.min(least, this.x[i] - w / 2), Infinity);
    this.width = 0;
    for (let i = 0; i < this.size.length; ++i) {
      this.x[i] -= left;
      this.width = Math.max(this.width, this.x[i] + this.size[i] / 2);
    }
  }

  wish(node, neighbours, both) {
    let sum = 0;
    let count = 0;
    for (const list of both ? [this.up[node], this.down[node]] : [neighbours[node]]) {
      for (const other of list) sum += this.x[other];
      count += list.length;
    }
    return count ? sum / count : this.x[node];
  }

  /**
   * The row's centres nearest to where they wish to be, by least squares, in their order and with gaps: isotonic
   * regression of what the wishes are beyond the widths to the left, by pooling neighbours that violate the order.
   */
  settle(row, wish) {
    const blocks = [];
    let offset = 0;
    row.forEach((node, i) => {
      if (i > 0) offset += (this.size[row[i - 1]] + this.size[node]) / 2 + LAYOUT.gapX;
      // Bends weigh more, so that long edges become straight.
      const weight = node < this.count ? 1 : 2;
      let block = {sum: (wish(node) - offset) * weight, weight, nodes: [[node, offset]]};
      while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].weight > block.sum / block.weight) {
        const before = blocks.pop();
        before.nodes.push(...block.nodes);
        block = {sum: before.sum + block.sum, weight: before.weight + block.weight, nodes: before.nodes};
      }
      blocks.push(block);
    });
    for (const block of blocks) for (const [node, shift] of block.nodes) this.x[node] = block.sum / block.weight + shift;
  }

  placeY() {
    this.top = [];
    this.bottom = [];
    let y = 0;
    for (const row of this.rows) {
      const height = row.reduce((most, i) => Math.max(most, i < this.count ? this.nodes[i].h : 0), 0);
      this.top.push(y);
      this.bottom.push(y + height);
      y += height + LAYOUT.gapY;
    }
    this.height = Math.max(0, y - LAYOUT.gapY);
  }
}

/** What is drawn of a stage: boxes with places, and edges as points. */
class Layout {
  /** `look`: open(id), hidden(id), size(id) -> {w, h} of a vertex that is no open box. */
  constructor(hierarchy, look) {
    this.hierarchy = hierarchy;
    this.look = look;
    this.boxes = new Map();  // id -> {id, x, y, w, h, open, depth}
    this.edges = [];  // {from, to, points: [x, y...], long, box}
    const all = this.arrange(-1, 0);
    this.width = all.w;
    this.height = all.h;
    all.put(0, 0, 0);
  }

  /** The size of a box's inside, and a function that puts it somewhere. */
  arrange(parent, region) {
    const {members, edges} = this.hierarchy.box(parent, region);
    const ids = members.filter((id) => !this.look.hidden(id));
    const index = new Map(ids.map((id, i) => [id, i]));
    const parts = ids.map((id) => ({...this.part(id), fixed: this.hierarchy.vertices.get(id).family === 'interface'}));
    const inside = edges.filter(([a, b]) => index.has(a) && index.has(b)).map(([a, b]) => [index.get(a), index.get(b)]);
    const layers = new Layers(parts, inside);
    const put = (x, y, depth) => {
      ids.forEach((id, i) => {
        const {w} = parts[i];
        parts[i].put(x + layers.x[i] - w / 2, y + layers.top[layers.layer[i]], depth);
      });
      this.putEdges(layers, ids, x, y);
    };
    return {w: layers.width, h: layers.height, put};
  }

  part(id) {
    const box = {id, x: 0, y: 0, w: 0, h: 0, open: false, depth: 0};
    const place = (x, y, depth) => {
      Object.assign(box, {x, y, depth});
      this.boxes.set(id, box);
    };
    if (!this.hierarchy.isBox(id) || !this.look.open(id)) {
      Object.assign(box, this.look.size(id));
      return {w: box.w, h: box.h, put: place};
    }
    box.open = true;
    const regions = [];
    for (let r = 0; r < this.hierarchy.regions.get(id); ++r) regions.push(this.arrange(id, r));
    const {pad, head} = LAYOUT;
    const inner = regions.reduce((sum, region) => sum + region.w, 0) + 2 * pad * (regions.length - 1);
    box.w = Math.max(inner + 2 * pad, this.look.size(id).w);
    box.h = regions.reduce((most, region) => Math.max(most, region.h), 0) + head + 2 * pad;
    const put = (x, y, depth) => {
      place(x, y, depth);
      let left = x + (box.w - inner) / 2;
      for (const region of regions) {
        region.put(left, y + head + pad, depth + 1);
        left += region.w + 2 * pad;
      }
    };
    return {w: box.w, h: box.h, put};
  }

  putEdges(layers, ids, x, y) {
    const ports = Layout.ports(layers);
    layers.edges.forEach(([a, b], i) => {
      const {long, bends} = layers.paths[i];
      const from = this.boxes.get(ids[a]);
      const to = this.boxes.get(ids[b]);
      const points = [from.x + from.w / 2, from.y + from.h];
      if (!long) points.push(from.x + from.w / 2, y + layers.bottom[layers.layer[a]]);
      for (const bend of bends) {
        const layer = layers.layerOf(bend);
        points.push(x + layers.x[bend], y + layers.top[layer], x + layers.x[bend], y + layers.bottom[layer]);
      }
      points.push(to.x + to.w * ports[i], to.y);
      this.edges.push({from: ids[a], to: ids[b], points, long, bounds: Layout.bounds(points)});
    });
  }

  /** Where an edge enters its user, as a share of the width: in the order in which the edges arrive. */
  static ports(layers) {
    const arriving = new Map();
    layers.edges.forEach(([a, b], i) => {
      const {bends} = layers.paths[i];
      const from = bends.length ? bends[bends.length - 1] : a;
      if (!arriving.has(b)) arriving.set(b, []);
      arriving.get(b).push([layers.x[from], i]);
    });
    const ports = new Float64Array(layers.edges.length);
    for (const list of arriving.values()) {
      list.sort((p, q) => p[0] - q[0]);
      list.forEach(([, i], k) => { ports[i] = (k + 1) / (list.length + 1); });
    }
    return ports;
  }

  static bounds(points) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < points.length; i += 2) {
      x0 = Math.min(x0, points[i]);
      x1 = Math.max(x1, points[i]);
      y0 = Math.min(y0, points[i + 1]);
      y1 = Math.max(y1, points[i + 1]);
    }
    return [x0, y0, x1, y1];
  }
}

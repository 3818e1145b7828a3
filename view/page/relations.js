// What belongs together: boxes and what is in them, vertices and their users, a stage and the one before, a node of the
// model and the kernels that compute it.

/** A stage's vertices by box, with the edges that lie in each box: an edge that crosses boxes is one between the boxes. */
class Hierarchy {
  /** `vertices`: id -> vertex, with those that vanished where they are shown; `former`: [from, user] of their edges. */
  constructor(vertices, former = []) {
    this.vertices = vertices;
    this.boxes = new Map();  // "parent:region" -> {members: [id], edges: [[from, to]]}
    this.regions = new Map();  // id -> its number of regions
    this.users = new Map();  // id -> [id]
    this.depths = new Map();
    for (const vertex of vertices.values()) this.addMember(vertex);
    const seen = new Set();
    for (const vertex of vertices.values()) {
      for (const {id} of vertex.operands) if (vertices.has(id)) this.addEdge(id, vertex, seen);
    }
    for (const [from, user] of former) this.addEdge(from, vertices.get(user), seen);
  }

  box(parent, region) {
    const key = `${parent}:${region}`;
    if (!this.boxes.has(key)) this.boxes.set(key, {members: [], edges: []});
    return this.boxes.get(key);
  }

  addMember(vertex) {
    const parent = this.vertices.has(vertex.parent) ? vertex.parent : -1;
    this.box(parent, parent < 0 ? 0 : vertex.region).members.push(vertex.id);
    if (parent >= 0) this.regions.set(parent, Math.max(this.regions.get(parent) || 0, vertex.region + 1));
  }

  depth(id) {
    if (!this.vertices.has(id)) return 0;
    if (!this.depths.has(id)) this.depths.set(id, 1 + this.depth(this.vertices.get(id).parent));
    return this.depths.get(id);
  }

  addEdge(from, user, seen) {
    if (!this.users.has(from)) this.users.set(from, []);
    this.users.get(from).push(user.id);
    if (user.word === 'parameter') return;  // it stands for the value; no edge enters the box
    let a = this.vertices.get(from);
    let b = user;
    while (a.parent !== b.parent || a.region !== b.region) {
      if (this.depth(a.id) > this.depth(b.id)) a = this.vertices.get(a.parent);
      else if (this.depth(b.id) > this.depth(a.id)) b = this.vertices.get(b.parent);
      else if (a.parent === b.parent) return;  // two regions of one vertex
      else [a, b] = [this.vertices.get(a.parent), this.vertices.get(b.parent)];
      if (!a || !b || a === b) return;
    }
    const key = `${a.id}>${b.id}`;
    if (a === b || seen.has(key)) return;
    seen.add(key);
    this.box(this.vertices.has(a.parent) ? a.parent : -1, a.parent < 0 ? 0 : a.region).edges.push([a.id, b.id]);
  }

  isBox(id) {
    return this.regions.has(id);
  }

  children(id) {
    const all = [];
    for (let region = 0; region < (this.regions.get(id) || 0); ++region) all.push(...this.box(id, region).members);
    return all;
  }

  /** How many vertices a box holds, at any depth. */
  size(id) {
    return this.children(id).reduce((sum, child) => sum + 1 + this.size(child), 0);
  }

  ancestors(id) {
    const path = [];
    for (let v = this.vertices.get(id); v && this.vertices.has(v.parent); v = this.vertices.get(v.parent)) path.push(v.parent);
    return path;
  }
}

/** What a stage changed: id -> "new", "moved", "fused" or "changed"; and the vertices that vanished. */
class Changes {
  constructor(story, index) {
    this.kinds = new Map();
    this.vanished = [];
    this.former = [];
    const stage = story.stages[index];
    const before = index > 0 ? story.stages[index - 1] : null;
    if (!before || stage.level === 'plan') return;
    for (const vertex of stage.vertices.values()) {
      const kind = Changes.kind(before.vertices.get(vertex.id), vertex, stage.vertices);
      if (kind) this.kinds.set(vertex.id, kind);
    }
    for (const vertex of before.vertices.values()) if (!stage.vertices.has(vertex.id)) this.vanished.push(vertex);
    this.former = this.formerEdges(before.vertices, stage.vertices);
  }

  /** From what vanished to those of its users that are still there. */
  formerEdges(before, now) {
    const edges = [];
    for (const vertex of now.values()) {
      const old = before.get(vertex.id);
      if (!old || old === vertex) continue;
      for (const {id} of old.operands) if (id >= 0 && !now.has(id)) edges.push([id, vertex.id]);
    }
    return edges;
  }

  static kind(old, vertex, vertices) {
    if (old === vertex) return '';
    if (!old) return 'new';
    if (old.parent !== vertex.parent) {
      const parent = vertices.get(vertex.parent);
      return parent && parent.word === 'fused' ? 'fused' : 'moved';
    }
    return Changes.same(old, vertex) ? '' : 'changed';
  }

  /** Whether two forms of a vertex do the same: their operands may have become others. */
  static same(a, b) {
    const text = (v) => JSON.stringify([v.word, v.name, v.results, v.facts, v.operands.length]);
    return text(a) === text(b);
  }
}

/**
 * From places in the model to kernels and back. A vertex carries all places that it came from, through whatever merged,
 * fused or rolled it (support/places.h); a kernel has the place of the core vertex that it was made from.
 */
class Provenance {
  constructor(story) {
    this.story = story;
    this.sources = new Map();  // a kernel's place -> the places in the model that it computes
    this.kernelsBySource = new Map();
    const last = story.stages.filter((stage) => stage.level === 'core').pop();
    for (const vertex of last ? last.vertices.values() : []) {
      if (!vertex.place || isConstant(vertex)) continue;
      if (!this.sources.has(vertex.place)) this.sources.set(vertex.place, new Set());
      for (const place of vertex.places) this.sources.get(vertex.place).add(place);
    }
    for (const kernel of story.kernels.values()) {
      const vertex = story.stages[story.stages.length - 1].vertices.get(kernel.id);
      for (const source of this.sourcesOf(vertex)) {
        if (!this.kernelsBySource.has(source)) this.kernelsBySource.set(source, []);
        this.kernelsBySource.get(source).push(kernel.id);
      }
    }
  }

  sourcesOf(vertex) {
    if (vertex.places.length) return vertex.places;
    return [...(this.sources.get(vertex.place) || (vertex.place ? [vertex.place] : []))];
  }

  /** The kernels that compute a vertex of the model or the core level, in the plan's order. */
  kernelsOf(vertex, hierarchy) {
    const places = new Set(this.sourcesOf(vertex));
    const visit = (id) => {
      for (const child of hierarchy.children(id)) {
        for (const place of hierarchy.vertices.get(child).places) places.add(place);
        visit(child);
      }
    };
    if (hierarchy.isBox(vertex.id)) visit(vertex.id);
    const kernels = new Set();
    for (const place of places) for (const id of this.kernelsBySource.get(place) || []) kernels.add(id);
    return [...this.story.kernels.keys()].filter((id) => kernels.has(id));
  }

  /** The vertices of a stage that come from the same places. */
  counterparts(vertex, stage) {
    const places = new Set(this.sourcesOf(vertex));
    return [...stage.vertices.values()].filter(
        (other) => other.id !== vertex.id && this.sourcesOf(other).some((place) => places.has(place)));
  }
}

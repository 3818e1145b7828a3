// The story as the compiler wrote it (view/story.cpp): every stage's vertices, rebuilt from what differs.
//
// A row of `set` is [id, parent, region, word, family, name, place, operands, results, facts, places]; words, names and
// the like are positions in `strings`, operands pairs of id and result (-1: left out), results pairs of name and type,
// facts pairs of name and value. `places` are all that the vertex came from, where `place` names only the first few. A
// vertex that a stage leaves as it was is the same object in both.

class Story {
  constructor(data) {
    this.data = data;
    this.stages = [];
    let vertices = new Map();
    for (const stage of data.stages) {
      vertices = new Map(vertices);
      for (const id of stage.gone) vertices.delete(id);
      for (const row of stage.set) vertices.set(row[0], this.vertex(row));
      this.stages.push({name: stage.name, level: stage.level, notes: stage.notes, vertices});
    }
    this.labels = this.stageLabels();
    this.plan = data.plan || null;
    this.kernels = new Map((this.plan ? this.plan.kernels : []).map((kernel) => [kernel.id, kernel]));
  }

  vertex(row) {
    const text = (i) => this.data.strings[i];
    const pairs = (list, make) => Array.from({length: list.length / 2}, (_, i) => make(list[2 * i], list[2 * i + 1]));
    return {
      id: row[0],
      parent: row[1],
      region: row[2],
      word: text(row[3]),
      family: text(row[4]),
      name: text(row[5]),
      place: text(row[6]),
      operands: pairs(row[7], (id, result) => ({id, result})),
      results: pairs(row[8], (name, type) => ({name: text(name), type: text(type)})),
      facts: pairs(row[9], (name, value) => ({name: text(name), value: text(value)})),
      places: row[10].map(text),
    };
  }

  /** Names of stages; a pass that ran before gets a number. */
  stageLabels() {
    const seen = new Map();
    return this.stages.map(({name}) => {
      const count = (seen.get(name) || 0) + 1;
      seen.set(name, count);
      return count === 1 ? name : `${name} ${count}`;
    });
  }

  /** What an operator means, without the list of its attributes. */
  doc(word) {
    return Object.hasOwn(this.data.docs, word) ? this.data.docs[word].split(';')[0] : '';
  }
}

/** Constants have no operands; by default they are shown in the vertices that use them. */
function isConstant(vertex) {
  return vertex.family === 'source' && vertex.operands.length === 0;
}

/** "scan", "MatMul readout": what a vertex is called in lists. */
function titleOf(vertex) {
  return vertex.name ? `${vertex.word} ${vertex.name}` : vertex.word;
}

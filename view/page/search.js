// Search in the stage that is shown: by operator, name, type, attribute or place; words in any order.

class Search {
  constructor(app, input, list) {
    Object.assign(this, {app, input, list, results: []});
    input.addEventListener('input', () => this.run());
    input.addEventListener('keydown', (event) => this.key(event));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  clear() {
    this.input.value = '';
    this.run();
    this.input.blur();
  }

  run() {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.results = words.length ? this.find(words) : [];
    this.at = -1;  // the result that was gone to last
    this.render();
    this.app.mark(new Set(this.results.map((vertex) => vertex.id)));
  }

  find(words) {
    const found = [];
    for (const vertex of this.app.stage.vertices.values()) {
      const text = Search.text(vertex);
      if (words.every((word) => text.includes(word))) found.push({vertex, rank: Search.rank(vertex, words)});
    }
    return found.sort((a, b) => a.rank - b.rank).map(({vertex}) => vertex);
  }

  static text(vertex) {
    Search.texts ||= new WeakMap();
    if (!Search.texts.has(vertex)) {
      const results = vertex.results.map(({name, type}) => `${name} ${type}`);
      const facts = vertex.facts.map(({name, value}) => `${name}=${value}`);
      Search.texts.set(vertex, [vertex.word, vertex.name, vertex.place, ...results, ...facts].join(' ').toLowerCase());
    }
    return Search.texts.get(vertex);
  }

  /** Operators and names that are just what was typed come first, constants last. */
  static rank(vertex, words) {
    if (words.includes(vertex.word.toLowerCase()) || words.includes(vertex.name.toLowerCase())) return 0;
    return isConstant(vertex) ? 2 : 1;
  }

  render() {
    const most = 80;
    const items = this.results.slice(0, most).map((vertex) => make('li', {}, this.app.link(vertex),
      make('span', {class: 'mono muted'}, ` ${vertex.results[0] ? vertex.results[0].type : ''}`)));
    const head = this.input.value.trim()
      ? [make('li', {class: 'muted count'}, `${this.results.length.toLocaleString('en-US')} found${this.results.length > most ? `, ${most} shown` : ''}`)] : [];
    this.list.replaceChildren(...head, ...items);
    this.list.hidden = !head.length;
  }

  key(event) {
    if (event.key === 'Escape') this.clear();
    if (event.key !== 'Enter' || !this.results.length) return;
    const step = event.shiftKey ? -1 : 1;
    const count = this.results.length;
    this.at = this.at < 0 ? 0 : (this.at + step + count) % count;
    this.app.select(this.results[this.at].id, true);
    event.preventDefault();
  }
}

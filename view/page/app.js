// The page: which stage is shown, what is open and selected, and what keys and buttons do.

const FOLD = {own: 60, fused: 140};  // boxes with more in them, and fused ones in stages with more, begin folded

class App {
  constructor(story) {
    this.story = story;
    this.selected = null;
    this.folds = new Map();  // id -> open, where the user has said so
    this.shows = {constants: false, vanished: null};  // vanished: null: where there are few
    this.symbols = new Map((story.plan ? story.plan.symbols : []).map((symbol) => [symbol, 16]));
    this.cache = {changes: new Map(), hierarchies: new Map()};
    const find = (id) => document.getElementById(id);
    this.parts = Object.fromEntries(['stages', 'slider', 'panel', 'memory', 'help', 'status', 'graph', 'search', 'found', 'title'].map((id) => [id, find(id)]));
    this.theme = new Theme(document.documentElement);
    this.canvas = new GraphCanvas(this.parts.graph, this.theme);
    this.panel = new Panel(this);
    this.changeList = new ChangeList(this);
    this.search = new Search(this, this.parts.search, this.parts.found);
    this.connect();
    this.goTo(story.data.opensAt, null);
    this.chart = story.plan ? new MemoryChart(this, this.parts.memory) : null;
  }

  connect() {
    const {story, parts, canvas} = this;
    const {title, file, target} = story.data;
    parts.title.append(title, make('small', {}, [file, target].filter(Boolean).join(' · ')));
    parts.slider.max = story.stages.length - 1;
    parts.slider.addEventListener('input', () => this.goTo(Number(parts.slider.value)));
    parts.stages.append(...story.labels.map((label, i) => make('button', {onclick: () => this.goTo(i)}, label)));
    canvas.onPick = (id) => this.select(id);
    canvas.onToggle = (id) => this.toggle(id);
    canvas.onMove = () => { document.body.dataset.zoom = canvas.camera.zoom.toFixed(3); };
    for (const button of document.querySelectorAll('[data-key]')) {
      button.addEventListener('click', () => {
        this.command(button.dataset.key);
        button.blur();
      });
    }
    document.addEventListener('keydown', (event) => this.key(event));
  }

  // ---- what is shown

  changesAt(index) {
    const {changes} = this.cache;
    if (!changes.has(index)) changes.set(index, new Changes(this.story, index));
    return changes.get(index);
  }

  showsVanished() {
    return this.shows.vanished ?? this.changes.vanished.filter((vertex) => !isConstant(vertex)).length <= 150;
  }

  /** The stage's vertices, with those that vanished where they are shown. */
  hierarchyAt(index) {
    const key = `${index}:${this.showsVanished()}`;
    const {hierarchies} = this.cache;
    if (!hierarchies.has(key)) {
      const vertices = new Map(this.story.stages[index].vertices);
      if (this.showsVanished()) for (const vertex of this.changes.vanished) vertices.set(vertex.id, vertex);
      hierarchies.set(key, new Hierarchy(vertices, this.showsVanished() ? this.changes.former : []));
    }
    return hierarchies.get(key);
  }

  isOpen(id) {
    if (this.folds.has(id)) return this.folds.get(id);
    const vertex = this.vertices.get(id);
    if (this.hierarchy.children(id).length > FOLD.own) return false;
    return vertex.word !== 'fused' || this.stage.vertices.size <= FOLD.fused;
  }

  isHidden(id) {
    return !this.shows.constants && isConstant(this.vertices.get(id));
  }

  goTo(index, id = undefined, reveal = false) {
    const first = this.index === undefined;
    const moved = index !== this.index;
    const next = this.story.stages[index].vertices;
    const anchor = first ? null : this.canvas.anchor((each) => next.has(each));
    this.index = index;
    this.stage = this.story.stages[index];
    this.changes = this.changesAt(index);
    if (id !== undefined) this.selected = id;
    this.parts.slider.value = index;
    [...this.parts.stages.children].forEach((button, i) => button.setAttribute('aria-current', i === index ? 'step' : 'false'));
    document.body.dataset.stage = this.story.labels[index];
    if (this.parts.search.value) this.search.run();
    this.arrange(anchor, moved);
    if (id !== undefined && id !== null) this.reveal(id, reveal || moved);
    this.renderPanel();
  }

  /** Lays out anew. What stands at the anchor stays where it is on the screen. */
  arrange(anchor, begin = false) {
    this.hierarchy = this.hierarchyAt(this.index);
    this.vertices = this.hierarchy.vertices;
    const cards = new Cards(this.hierarchy, this.shows.constants);
    const layout = new Layout(this.hierarchy, {open: (id) => this.isOpen(id), hidden: (id) => this.isHidden(id), size: (id) => cards.of(id)});
    const kinds = new Map(this.changes.kinds);
    const ghosts = new Set();
    for (const {id} of this.showsVanished() ? this.changes.vanished : []) {
      kinds.set(id, 'vanished');
      ghosts.add(id);
    }
    this.canvas.show(layout, cards, kinds, ghosts);
    if ((begin && !this.canvas.touched) || (!this.canvas.hold(anchor) && begin)) this.canvas.begin();
    this.say();
  }

  say() {
    const {boxes} = this.canvas.layout;
    document.body.dataset.drawn = boxes.size;
    const vanished = this.canvas.ghosts.size ? `, ${this.canvas.ghosts.size} of them vanished` : '';
    for (const [key, on] of [['c', this.shows.constants], ['v', this.showsVanished()]]) {
      document.querySelector(`[data-key=${key}]`).setAttribute('aria-pressed', on);
    }
    this.parts.status.textContent = `${this.story.labels[this.index]}: ${boxes.size.toLocaleString('en-US')} vertices drawn${vanished}`;
  }

  // ---- what is selected

  select(id, reveal = false) {
    this.selected = id;
    if (id !== null) this.reveal(id, reveal);
    this.renderPanel();
  }

  /** Opens what the vertex is in, and moves to it if asked or if it is out of view. */
  reveal(id, move) {
    if (!this.vertices.has(id)) return;
    let closed = false;
    for (const parent of this.hierarchy.ancestors(id)) {
      closed ||= !this.isOpen(parent);
      this.folds.set(parent, true);
    }
    if (this.isHidden(id)) this.shows.constants = closed = true;
    if (closed) this.arrange(this.canvas.anchor((each) => each !== id));
    if (move || closed) this.canvas.reveal(id);
  }

  toggle(id) {
    if (!this.hierarchy.isBox(id)) return;
    const anchor = {...this.canvas.anchor((each) => each === id)};
    this.folds.set(id, !this.isOpen(id));
    this.arrange(anchor);
    this.renderPanel();
  }

  mark(found) {
    this.canvas.marks.found = found;
    this.canvas.draw();
  }

  renderPanel() {
    const {marks} = this.canvas;
    marks.selected = this.selected;
    const vertex = this.stage.vertices.get(this.selected);
    marks.near = new Set(vertex ? [...vertex.operands.map(({id}) => id), ...(this.hierarchy.users.get(this.selected) || [])] : []);
    document.body.dataset.selected = this.selected ?? '';
    this.parts.panel.replaceChildren(...(this.selected === null ? this.changeList.render() : this.panel.render(this.selected)));
    this.canvas.draw();
    if (this.chart) this.chart.draw();
  }

  /** A button that selects a vertex, in another stage if that is said. */
  link(vertex, index = this.index) {
    const go = () => (index === this.index ? this.select(vertex.id, true) : this.goTo(index, vertex.id, true));
    return make('button', {class: 'link', onclick: go}, make('span', {class: `dot family-${vertex.family}`}), titleOf(vertex));
  }

  sizesNote() {
    const sizes = [...this.symbols].map(([symbol, value]) => `${symbol} = ${value}`);
    return sizes.length ? `, for ${sizes.join(', ')}` : '';
  }

  // ---- keys and buttons

  key(event) {
    const typing = event.target.matches('input:not([type=range])');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.command(event.key)) event.preventDefault();
  }

  command(key) {
    const commands = {
      ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1),
      ArrowUp: () => this.follow('up'), ArrowDown: () => this.follow('down'),
      '+': () => this.canvas.zoomBy(1.25), '=': () => this.canvas.zoomBy(1.25), '-': () => this.canvas.zoomBy(0.8),
      f: () => this.canvas.fit(), '/': () => this.search.focus(), Escape: () => this.escape(),
      Enter: () => this.selected !== null && this.toggle(this.selected),
      c: () => this.flip('constants', this.shows.constants), v: () => this.flip('vanished', this.showsVanished()),
      m: () => this.showMemory(), t: () => this.theme.toggle(), '?': () => { this.parts.help.hidden = !this.parts.help.hidden; },
    };
    if (!Object.hasOwn(commands, key)) return false;
    commands[key]();
    return true;
  }

  step(by) {
    const index = Math.min(this.story.stages.length - 1, Math.max(0, this.index + by));
    if (index !== this.index) this.goTo(index);
  }

  /** To the first operand that is drawn, or the first user. */
  follow(direction) {
    const vertex = this.stage.vertices.get(this.selected);
    if (!vertex) return this.canvas.panBy(0, direction === 'up' ? 80 : -80);
    const ids = direction === 'up' ? vertex.operands.map(({id}) => id) : this.hierarchy.users.get(vertex.id) || [];
    const next = ids.find((id) => this.vertices.has(id) && !this.isHidden(id));
    return next === undefined ? undefined : this.select(next, true);
  }

  flip(what, now) {
    this.shows[what] = !now;
    this.arrange(this.canvas.anchor(() => true));
    this.renderPanel();
  }

  showMemory() {
    if (!this.chart) return;
    this.parts.memory.hidden = !this.parts.memory.hidden;
    this.chart.draw();
  }

  escape() {
    if (!this.parts.help.hidden) this.parts.help.hidden = true;
    else if (this.parts.search.value) this.search.clear();
    else if (this.selected !== null) this.select(null);
    else this.parts.memory.hidden = true;
  }
}

function start() {
  const began = performance.now();
  const story = new Story(JSON.parse(document.getElementById('story').textContent));
  window.rondo = new App(story);
  document.body.dataset.ready = (performance.now() - began).toFixed(0);
}

if (typeof document !== 'undefined') start();

// Drawing a layout, and looking around in it: pan, zoom, and what is under the pointer. Only what is in view is drawn,
// and text only where it can be read.

const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
const CARD = {pad: 11, title: 17, line: 15, widest: 250, shownConstants: 3};

function elide(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Names that are paths differ at their end. */
function elideName(name, most) {
  return name.length > most ? `…${name.slice(1 - most)}` : name;
}

/** What stands on vertices' cards, and how large that makes them. */
class Cards {
  constructor(hierarchy, showsConstants) {
    this.hierarchy = hierarchy;
    this.showsConstants = showsConstants;
    this.cards = new Map();
    this.pen = Cards.pen ||= document.createElement('canvas').getContext('2d');
    this.widths = Cards.widths ||= new Map();
  }

  of(id) {
    if (!this.cards.has(id)) this.cards.set(id, this.make(this.hierarchy.vertices.get(id)));
    return this.cards.get(id);
  }

  make(vertex) {
    const isBox = this.hierarchy.isBox(vertex.id);
    const card = {word: vertex.word, name: elideName(vertex.name, 28), lines: [], constants: [], isBox};
    if (isBox) card.note = this.boxNote(vertex);
    const [first] = vertex.results;
    if (first && first.type) card.lines.push(elide(first.type, 34) + (vertex.results.length > 1 ? `  +${vertex.results.length - 1}` : ''));
    if (!this.showsConstants) card.constants = this.constants(vertex);
    card.wordWidth = this.width(card.word, `600 13px ${SANS}`) + (isBox ? 16 : 0);
    const title = card.wordWidth + (card.name ? 7 + this.width(card.name, `12px ${SANS}`) : 0);
    const lines = [...card.lines, ...card.constants, ...(card.note ? [card.note] : [])].map((line) => this.width(line, `11px ${MONO}`));
    card.w = Math.ceil(Math.max(46, title, ...lines)) + 2 * CARD.pad + 4;
    card.h = CARD.title + CARD.line * lines.length + 13;
    return card;
  }

  boxNote(vertex) {
    const words = new Map();
    const children = this.hierarchy.children(vertex.id).map((id) => this.hierarchy.vertices.get(id));
    for (const child of children) {
      if (child.family !== 'interface' && !isConstant(child)) words.set(child.word, (words.get(child.word) || 0) + 1);
    }
    const most = [...words].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([word, n]) => (n > 1 ? `${n} ${word}` : word));
    return elide(most.join(', ') + (words.size > 3 ? ', …' : ''), 40);
  }

  constants(vertex) {
    const all = vertex.operands.map(({id}) => this.hierarchy.vertices.get(id)).filter((v) => v && isConstant(v));
    const lines = all.slice(0, CARD.shownConstants).map((v) => `◦ ${elide(v.results[0].type, 30)}`);
    if (all.length > lines.length) lines.push(`◦ ${all.length - lines.length} more constants`);
    return lines;
  }

  width(text, font) {
    const key = font + text;
    if (!this.widths.has(key)) {
      this.pen.font = font;
      this.widths.set(key, this.pen.measureText(text).width);
    }
    return this.widths.get(key);
  }
}

class GraphCanvas {
  constructor(element, theme) {
    this.element = element;
    this.theme = theme;
    this.pen = element.getContext('2d');
    this.camera = {x: 0, y: 0, zoom: 1};  // screen = (graph - x, y) * zoom
    this.layout = null;
    this.marks = {selected: null, near: new Set(), found: new Set(), hover: null};
    this.changes = new Map();
    this.pending = false;
    this.touched = false;  // the user has moved since the view was chosen for them
    this.onPick = () => {};
    this.onToggle = () => {};
    this.onMove = () => {};
    theme.listeners.push(() => this.draw());
    new ResizeObserver(() => this.resize()).observe(element);
    this.listen();
    this.resize();
  }

  show(layout, cards, changes, ghosts) {
    Object.assign(this, {layout, cards, changes, ghosts});
    this.overview = null;
    this.draw();
  }

  // ---- looking around

  resize() {
    const {clientWidth, clientHeight} = this.element;
    const ratio = window.devicePixelRatio || 1;
    this.width = clientWidth;
    this.height = clientHeight;
    this.element.width = Math.round(clientWidth * ratio);
    this.element.height = Math.round(clientHeight * ratio);
    this.draw();
  }

  toGraph(x, y) {
    return [x / this.camera.zoom + this.camera.x, y / this.camera.zoom + this.camera.y];
  }

  toScreen(x, y) {
    return [(x - this.camera.x) * this.camera.zoom, (y - this.camera.y) * this.camera.zoom];
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const [gx, gy] = this.toGraph(x, y);
    const zoom = Math.min(4, Math.max(this.fitZoom() * 0.5, this.camera.zoom * factor));
    this.camera = {zoom, x: gx - x / zoom, y: gy - y / zoom};
    this.touched = true;
    this.draw();
  }

  panBy(dx, dy) {
    this.camera.x -= dx / this.camera.zoom;
    this.camera.y -= dy / this.camera.zoom;
    this.touched = true;
    this.draw();
  }

  fitZoom() {
    if (!this.layout || !this.layout.width) return 1;
    return Math.min(1.25, (this.width - 60) / this.layout.width, (this.height - 60) / Math.max(1, this.layout.height));
  }

  fit() {
    const zoom = this.fitZoom();
    this.touched = false;
    this.camera = {zoom, x: (this.layout.width - this.width / zoom) / 2, y: (this.layout.height - this.height / zoom) / 2};
    this.draw();
  }

  /** The whole graph if that can be read; else its beginning, at a size at which it can. */
  begin() {
    if (this.fitZoom() >= 0.42) return this.fit();
    const zoom = 0.7;
    const {vertices} = this.cards.hierarchy;
    const isInput = (box) => (vertices.get(box.id).family === 'interface' ? 0 : 1);
    const boxes = [...this.layout.boxes.values()].filter((box) => box.depth === 0);
    const first = boxes.reduce((a, b) => (isInput(b) - isInput(a) || b.y - a.y) < 0 ? b : a, boxes[0]);
    this.touched = false;
    this.camera = {zoom, x: first.x + first.w / 2 - this.width / zoom / 2, y: first.y - 50 / zoom};
    return this.draw();
  }

  reveal(id) {
    const box = this.layout.boxes.get(id);
    if (!box) return;
    const zoom = Math.max(this.camera.zoom, 0.7);
    const height = box.open ? Math.min(box.h, this.height / zoom - 80) : box.h;
    this.camera = {zoom, x: box.x + box.w / 2 - this.width / zoom / 2, y: box.y + height / 2 - this.height / zoom / 2};
    this.touched = true;
    this.draw();
  }

  /** A vertex in view that `keeps(id)`, nearest to the middle or the one selected; and where it is on the screen. */
  anchor(keeps) {
    if (!this.layout) return null;
    let best = null;
    for (const box of this.layout.boxes.values()) {
      if (!keeps(box.id)) continue;
      const [x, y] = this.toScreen(box.x + box.w / 2, box.y);
      const far = box.id === this.marks.selected ? -1 : Math.hypot(x - this.width / 2, y - this.height / 2);
      if (!best || far < best.far) best = {id: box.id, x, y, far};
    }
    return best;
  }

  hold(anchor) {
    const box = anchor && this.layout.boxes.get(anchor.id);
    if (!box) return false;
    this.camera.x = box.x + box.w / 2 - anchor.x / this.camera.zoom;
    this.camera.y = box.y - anchor.y / this.camera.zoom;
    this.draw();
    return true;
  }

  listen() {
    const at = (event) => {
      const rect = this.element.getBoundingClientRect();
      return [event.clientX - rect.left, event.clientY - rect.top];
    };
    let drag = null;
    this.element.addEventListener('pointerdown', (event) => {
      const [x, y] = at(event);
      this.element.setPointerCapture(event.pointerId);
      drag = {x, y, moved: false, overview: this.inOverview(x, y)};
      if (drag.overview) this.jump(y);
    });
    this.element.addEventListener('pointermove', (event) => {
      const [x, y] = at(event);
      if (!drag) return this.hover(this.hit(x, y));
      if (drag.overview) return this.jump(y);
      if (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < 4) return undefined;
      this.panBy(x - drag.x, y - drag.y);
      return Object.assign(drag, {x, y, moved: true});
    });
    this.element.addEventListener('pointerup', (event) => {
      const [x, y] = at(event);
      if (drag && !drag.moved && !drag.overview) this.click(x, y);
      drag = null;
    });
    this.element.addEventListener('dblclick', (event) => {
      const id = this.hit(...at(event));
      if (id !== null) this.onToggle(id);
    });
    this.element.addEventListener('wheel', (event) => {
      event.preventDefault();
      if (event.shiftKey || (!event.ctrlKey && Math.abs(event.deltaX) > Math.abs(event.deltaY))) this.panBy(-event.deltaX || -event.deltaY, 0);
      else this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...at(event));
    }, {passive: false});
  }

  click(x, y) {
    const id = this.hit(x, y);
    if (id === null) return this.onPick(null);
    const box = this.layout.boxes.get(id);
    const [gx, gy] = this.toGraph(x, y);
    const onArrow = this.cards.of(id).isBox && gx < box.x + 26 && gy < box.y + 28;
    return onArrow ? this.onToggle(id) : this.onPick(id);
  }

  hover(id) {
    if (id === this.marks.hover) return;
    this.marks.hover = id;
    this.element.style.cursor = id === null ? 'grab' : 'pointer';
    this.draw();
  }

  /** The innermost box at a point of the screen, or null. */
  hit(x, y) {
    if (!this.layout) return null;
    const [gx, gy] = this.toGraph(x, y);
    let best = null;
    for (const box of this.layout.boxes.values()) {
      if (gx < box.x || gy < box.y || gx > box.x + box.w || gy > box.y + box.h) continue;
      if (!best || box.depth > best.depth) best = box;
    }
    return best ? best.id : null;
  }

  // ---- drawing

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.paint();
    });
  }

  paint() {
    const {pen, theme: {colours}} = this;
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = colours.canvas;
    pen.fillRect(0, 0, this.width, this.height);
    if (!this.layout) return;
    const {x, y, zoom} = this.camera;
    this.view = [x, y, x + this.width / zoom, y + this.height / zoom];
    pen.setTransform(ratio * zoom, 0, 0, ratio * zoom, -x * zoom * ratio, -y * zoom * ratio);
    const boxes = [...this.layout.boxes.values()].filter((box) => this.sees(box.x, box.y, box.x + box.w, box.y + box.h));
    for (const box of boxes.filter((b) => b.open).sort((a, b) => a.depth - b.depth)) this.paintOpen(box);
    this.paintEdges();
    for (const box of boxes) if (!box.open) this.paintCard(box);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paintOverview();
    this.onMove();
  }

  sees(x0, y0, x1, y1) {
    const [vx0, vy0, vx1, vy1] = this.view;
    return x1 >= vx0 && x0 <= vx1 && y1 >= vy0 && y0 <= vy1;
  }

  /** Lines of about one pixel at any zoom. */
  hair(width = 1) {
    return width / Math.min(1, Math.max(this.camera.zoom, 0.02));
  }

  paintEdges() {
    const {pen, theme: {colours}, marks: {selected, hover}} = this;
    const strong = [];
    pen.strokeStyle = colours.edge;
    pen.fillStyle = colours.edge;
    pen.lineWidth = this.hair(1.1);
    for (const edge of this.layout.edges) {
      if (!this.sees(...edge.bounds)) continue;
      const chosen = selected ?? hover;
      if (chosen !== null && (edge.from === chosen || edge.to === chosen)) {
        strong.push(edge);
        continue;
      }
      pen.globalAlpha = edge.long ? 0.16 : this.isGhostEdge(edge) ? 0.35 : 0.85;
      this.paintEdge(edge);
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = colours.accent;
    pen.fillStyle = colours.accent;
    pen.lineWidth = this.hair(2);
    for (const edge of strong) this.paintEdge(edge);
  }

  isGhostEdge(edge) {
    return this.ghosts.has(edge.from) || this.ghosts.has(edge.to);
  }

  paintEdge({points}) {
    const {pen} = this;
    const last = points.length - 2;
    pen.beginPath();
    pen.moveTo(points[0], points[1]);
    for (let i = 2; i < points.length; i += 2) {
      const [ax, ay, bx, by] = [points[i - 2], points[i - 1], points[i], points[i + 1]];
      if (ax === bx) pen.lineTo(bx, by);
      else {
        const bend = Math.min(70, (by - ay) / 2);
        pen.bezierCurveTo(ax, ay + bend, bx, by - bend, bx, by);
      }
    }
    pen.stroke();
    if (this.camera.zoom < 0.35) return;
    pen.beginPath();
    pen.moveTo(points[last], points[last + 1]);
    pen.lineTo(points[last] - 3.5, points[last + 1] - 7);
    pen.lineTo(points[last] + 3.5, points[last + 1] - 7);
    pen.fill();
  }

  paintOpen(box) {
    const {pen, theme: {colours, families}} = this;
    const vertex = this.cards.hierarchy.vertices.get(box.id);
    const colour = families[vertex.family];
    pen.globalAlpha = this.ghosts.has(box.id) ? 0.4 : 1;
    this.roundRect(box.x, box.y, box.w, box.h, 10);
    pen.fillStyle = colours.box;
    pen.fill();
    pen.save();
    pen.clip();
    pen.globalAlpha *= 0.14;
    pen.fillStyle = colour;
    pen.fillRect(box.x, box.y, box.w, LAYOUT.head - 2);
    pen.restore();
    this.outline(box, colour, 1.4);
    if (this.camera.zoom > 0.2) this.paintTitle(box, this.cards.of(box.id), colour, '▾');
    pen.globalAlpha = 1;
  }

  outline(box, colour, width) {
    const {pen, marks, theme} = this;
    const change = this.changes.get(box.id);
    const style = marks.selected === box.id ? [theme.colours.accent, 3]
      : marks.found.has(box.id) ? [theme.colours.accent, 2]
        : change ? [theme.changes[change], 2.4]
          : marks.hover === box.id || marks.near.has(box.id) ? [theme.colours.accent, 1.4] : [colour, width];
    if (change === 'vanished') pen.setLineDash([6, 4]);
    [pen.strokeStyle, pen.lineWidth] = [style[0], this.hair(style[1])];
    pen.stroke();
    pen.setLineDash([]);
  }

  roundRect(x, y, w, h, radius) {
    this.pen.beginPath();
    this.pen.roundRect(x, y, w, h, radius);
  }

  paintCard(box) {
    const {pen, theme: {colours, families, changes}} = this;
    const vertex = this.cards.hierarchy.vertices.get(box.id);
    const card = this.cards.of(box.id);
    const colour = families[vertex.family];
    const change = this.changes.get(box.id);
    pen.globalAlpha = this.ghosts.has(box.id) ? 0.55 : 1;
    if (this.camera.zoom < 0.22) return this.paintSpeck(box, change ? changes[change] : colour);
    const radius = vertex.family === 'interface' ? Math.min(box.h / 2, 18) : 7;
    this.roundRect(box.x, box.y, box.w, box.h, radius);
    pen.fillStyle = colours.card;
    pen.fill();
    pen.save();
    pen.clip();
    pen.fillStyle = colour;
    pen.fillRect(box.x, box.y, vertex.family === 'interface' ? 0 : 5, box.h);
    pen.globalAlpha *= 0.1;
    pen.fillRect(box.x, box.y, box.w, box.h);
    pen.restore();
    this.roundRect(box.x, box.y, box.w, box.h, radius);
    this.outline(box, colours.line, 1);
    this.paintTitle(box, card, colour, '▸');
    pen.globalAlpha = 1;
    return undefined;
  }

  paintSpeck(box, colour) {
    const {pen, theme: {colours}, marks} = this;
    const marked = marks.selected === box.id || marks.found.has(box.id);
    pen.fillStyle = marked ? colours.accent : colour;
    pen.globalAlpha *= marked ? 1 : 0.8;
    const grow = marked ? this.hair(3) : 0;
    pen.fillRect(box.x - grow, box.y - grow, box.w + 2 * grow, box.h + 2 * grow);
    pen.globalAlpha = 1;
  }

  paintTitle(box, card, colour, arrow) {
    const {pen, theme: {colours}} = this;
    let x = box.x + CARD.pad + 2;
    let y = box.y + 19;
    pen.textBaseline = 'alphabetic';
    pen.font = `600 13px ${SANS}`;
    if (card.isBox) {
      pen.fillStyle = colour;
      pen.fillText(arrow, x, y);
    }
    pen.fillStyle = colours.text;
    pen.fillText(card.word, x + (card.isBox ? 16 : 0), y);
    pen.fillStyle = colours.muted;
    pen.font = `12px ${SANS}`;
    if (card.name) pen.fillText(card.name, x + card.wordWidth + 7, y);
    if (box.open || this.camera.zoom < 0.4) return;
    pen.font = `11px ${MONO}`;
    for (const line of card.lines) pen.fillText(line, x, (y += CARD.line));
    if (card.note) pen.fillText(card.note, x, (y += CARD.line));
    for (const line of card.constants) pen.fillText(line, x, (y += CARD.line));
  }

  // ---- the overview of a graph that is larger than the view

  overviewPlace() {
    const {layout} = this;
    const scale = Math.min(110 / layout.width, (this.height - 24) / layout.height);
    const w = Math.max(24, layout.width * scale);
    const h = layout.height * scale;
    return {scale, x: 12, y: (this.height - h) / 2, w, h};
  }

  needsOverview() {
    return this.layout && this.fitZoom() < 0.5;
  }

  inOverview(x, y) {
    if (!this.needsOverview()) return false;
    const place = this.overviewPlace();
    return x >= place.x - 4 && x <= place.x + place.w + 4 && y >= place.y - 4 && y <= place.y + place.h + 4;
  }

  jump(y) {
    const place = this.overviewPlace();
    const gy = (y - place.y) / place.scale;
    const near = [...this.layout.boxes.values()].filter((box) => Math.abs(box.y - gy) < 300 && box.depth === 0);
    const middle = near.length ? near.reduce((sum, box) => sum + box.x + box.w / 2, 0) / near.length : this.layout.width / 2;
    this.camera.x = middle - this.width / this.camera.zoom / 2;
    this.camera.y = gy - this.height / this.camera.zoom / 2;
    this.touched = true;
    this.draw();
  }

  paintOverview() {
    if (!this.needsOverview()) return;
    const {pen, theme: {colours, families, changes}} = this;
    const place = this.overviewPlace();
    pen.fillStyle = colours.card;
    pen.globalAlpha = 0.92;
    this.roundRect(place.x - 4, place.y - 4, place.w + 8, place.h + 8, 5);
    pen.fill();
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.stroke();
    pen.globalAlpha = 1;
    for (const box of this.layout.boxes.values()) {
      const change = this.changes.get(box.id);
      if (box.open) continue;
      const marked = this.marks.found.has(box.id) || this.marks.selected === box.id;
      const vertex = this.cards.hierarchy.vertices.get(box.id);
      pen.fillStyle = marked ? colours.accent : change ? changes[change] : families[vertex.family];
      const least = marked ? 4 : 1;
      pen.fillRect(place.x + box.x * place.scale, place.y + box.y * place.scale,
        Math.max(least, box.w * place.scale), Math.max(least, box.h * place.scale));
    }
    const {x, y, zoom} = this.camera;
    pen.strokeStyle = colours.accent;
    pen.lineWidth = 1.5;
    const left = Math.max(place.x - 3, place.x + x * place.scale);
    const right = Math.min(place.x + place.w + 3, place.x + (x + this.width / zoom) * place.scale);
    pen.strokeRect(left, place.y + y * place.scale, Math.max(6, right - left), Math.max(3, (this.height / zoom) * place.scale));
  }
}

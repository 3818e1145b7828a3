// The memory plan over time: kernels in their order along one axis, bytes of the scratch memory along the other, and a
// rectangle for each buffer. Sizes with symbols are drawn for the values that the user gives them.

class MemoryChart {
  constructor(app, root) {
    this.app = app;
    this.plan = app.story.plan;
    this.canvas = root.querySelector('canvas');
    this.tip = root.querySelector('.tip');
    this.summary = root.querySelector('.summary');
    this.pen = this.canvas.getContext('2d');
    this.makeInputs(root.querySelector('.symbols'));
    this.canvas.addEventListener('pointermove', (event) => this.hover(event));
    this.canvas.addEventListener('pointerleave', () => this.hover(null));
    this.canvas.addEventListener('click', () => this.pick());
    app.theme.listeners.push(() => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.measure();
  }

  makeInputs(place) {
    for (const symbol of this.plan.symbols) {
      const input = make('input', {type: 'number', min: 1, value: this.app.symbols.get(symbol), 'aria-label': `value of ${symbol}`});
      input.addEventListener('input', () => {
        this.app.symbols.set(symbol, Math.max(1, Number(input.value) || 1));
        this.measure();
        this.app.renderPanel();
      });
      place.append(make('label', {}, `${symbol} = `, input));
    }
  }

  measure() {
    const value = (text) => evaluateDim(text, this.app.symbols);
    this.total = value(this.plan.scratch);
    this.rects = [];
    this.plan.buffers.forEach((buffer, index) => {
      if (buffer.kind !== 'scratch' || buffer.life[0] < 0) return;
      this.rects.push({index, buffer, from: buffer.life[0], to: buffer.life[1] + 1, offset: value(buffer.offset), bytes: value(buffer.bytes)});
    });
    const sum = this.rects.reduce((all, rect) => all + rect.bytes, 0);
    this.summary.textContent = `scratch ${formatBytes(this.total)} for ${this.rects.length} buffers of ${formatBytes(sum)} in all · `
      + `state ${formatBytes(value(this.plan.state))} · constants ${formatBytes(this.plan.constants)}`;
    this.draw();
  }

  /** Room for the axes' texts. */
  frame() {
    const {clientWidth: w, clientHeight: h} = this.canvas;
    return {x: 78, y: 10, w: Math.max(10, w - 94), h: Math.max(10, h - 42)};
  }

  place(rect) {
    const frame = this.frame();
    const moments = Math.max(1, this.plan.moments.length);
    const x = frame.x + (rect.from / moments) * frame.w;
    const w = Math.max(1.5, ((rect.to - rect.from) / moments) * frame.w);
    const h = Math.max(1.5, (rect.bytes / this.total) * frame.h);
    return {x, y: frame.y + frame.h - (rect.offset / this.total) * frame.h - h, w, h};
  }

  draw() {
    const {clientWidth: w, clientHeight: h} = this.canvas;
    if (!w || !h) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.drawAxes(w, h);
    for (const rect of this.rects) this.drawRect(rect);
    this.drawNow();
  }

  drawAxes(w, h) {
    const {pen, app: {theme: {colours}}} = this;
    const frame = this.frame();
    pen.fillStyle = colours.canvas;
    pen.fillRect(0, 0, w, h);
    pen.font = `11px ${SANS}`;
    pen.textBaseline = 'middle';
    pen.textAlign = 'right';
    for (let i = 0; i <= 4; ++i) {
      const y = frame.y + frame.h * (1 - i / 4);
      pen.fillStyle = colours.grid;
      pen.fillRect(frame.x, Math.round(y), frame.w, 1);
      pen.fillStyle = colours.muted;
      if (this.total > 0) pen.fillText(formatBytes(Math.round(this.total * i / 4)), frame.x - 8, y);
    }
    this.drawTimes(frame);
    if (this.total > 0) return;
    pen.textAlign = 'center';
    pen.fillText('This plan needs no scratch memory.', frame.x + frame.w / 2, frame.y + frame.h / 2);
  }

  drawTimes(frame) {
    const {pen, app: {theme: {colours}}} = this;
    const count = this.plan.moments.length;
    const step = Math.max(1, Math.ceil(count / 12));
    pen.fillStyle = colours.muted;
    pen.textAlign = 'center';
    for (let i = 0; i < count; i += step) pen.fillText(String(i), frame.x + ((i + 0.5) / count) * frame.w, frame.y + frame.h + 12);
    pen.textAlign = 'right';
    pen.fillText('kernels in the order in which they run', frame.x + frame.w, frame.y + frame.h + 26);
  }

  colour(rect) {
    const writer = this.app.story.plan.kernels.find((kernel) => kernel.writes.includes(rect.index));
    const vertex = writer && this.app.story.stages[this.app.story.stages.length - 1].vertices.get(writer.id);
    return this.app.theme.families[vertex ? vertex.family : 'source'];
  }

  isNear(rect) {
    const kernel = this.app.story.kernels.get(this.app.selected);
    return kernel && (kernel.reads.includes(rect.index) || kernel.writes.includes(rect.index));
  }

  drawRect(rect) {
    const {pen, app: {theme: {colours}}} = this;
    const {x, y, w, h} = this.place(rect);
    const marked = rect === this.over || this.isNear(rect);
    pen.fillStyle = this.colour(rect);
    pen.globalAlpha = marked ? 0.95 : 0.55;
    pen.fillRect(x, y, w, h);
    pen.globalAlpha = 1;
    pen.strokeStyle = marked ? colours.text : colours.canvas;
    pen.lineWidth = marked ? 1.5 : 0.8;
    pen.strokeRect(x, y, w, h);
    if (w < 60 || h < 14 || !rect.buffer.name) return;
    pen.fillStyle = colours.text;
    pen.font = `11px ${SANS}`;
    pen.textAlign = 'left';
    pen.fillText(elideName(rect.buffer.name, Math.floor(w / 7)), x + 5, y + h / 2);
  }

  /** A line at the selected kernel. */
  drawNow() {
    const at = this.plan.moments.indexOf(this.app.selected);
    if (at < 0) return;
    const frame = this.frame();
    this.pen.fillStyle = this.app.theme.colours.accent;
    this.pen.fillRect(frame.x + ((at + 0.5) / this.plan.moments.length) * frame.w - 1, frame.y, 2, frame.h);
  }

  hover(event) {
    const bounds = this.canvas.getBoundingClientRect();
    const [x, y] = event ? [event.clientX - bounds.left, event.clientY - bounds.top] : [-1, -1];
    this.over = this.rects.findLast((rect) => {
      const place = this.place(rect);
      return x >= place.x && x <= place.x + place.w && y >= place.y && y <= place.y + place.h;
    }) || null;
    this.tip.hidden = !this.over;
    if (this.over) {
      this.tip.textContent = this.describe(this.over);
      this.tip.style.left = `${Math.min(x + 14, bounds.width - 320)}px`;
      this.tip.style.top = `${Math.max(0, y - 54)}px`;
    }
    this.draw();
  }

  describe({index, buffer, offset, bytes, from, to}) {
    const name = (at) => {
      const vertex = this.app.story.stages[this.app.story.stages.length - 1].vertices.get(this.plan.moments[Math.min(at, this.plan.moments.length - 1)]);
      return vertex ? vertex.name : '';
    };
    return `${buffer.name || `b${index}`}: ${buffer.type}\n${formatBytes(bytes)} at ${offset.toLocaleString('en-US')}\n`
      + `from ${from} ${name(from)} to ${to - 1} ${name(to - 1)}`;
  }

  /** A click on a buffer selects the kernel that writes it. */
  pick() {
    if (!this.over) return;
    const writer = this.plan.kernels.find((kernel) => kernel.writes.includes(this.over.index));
    if (writer) this.app.goTo(this.app.story.stages.length - 1, writer.id, true);
  }
}

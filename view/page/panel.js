// The panel about the selected vertex: what it is, where it came from, where it went.

class Panel {
  constructor(app) {
    this.app = app;
    this.provenance = new Provenance(app.story);
  }

  render(id) {
    const {app} = this;
    const vertex = app.stage.vertices.get(id);
    if (!vertex) return this.renderGone(id);
    return [
      ...this.head(vertex),
      ...this.section('Result', this.results(vertex)),
      ...this.section(vertex.word === 'parameter' ? 'Stands for' : 'Operands', this.operands(vertex)),
      ...this.section('Used by', this.users(vertex)),
      ...this.section('Attributes', this.facts(vertex)),
      ...this.section('In the model file', this.origin(vertex)),
      ...this.kernelSections(vertex),
      ...this.section('Stage by stage', [this.history(id)]),
    ];
  }

  section(title, content) {
    return content.length ? [make('h3', {}, title), ...content] : [];
  }

  head(vertex) {
    const {app} = this;
    const kind = app.changes.kinds.get(vertex.id);
    const badge = kind ? make('span', {class: `badge change-${kind}`}, `${CHANGE_NAMES[kind]} here`) : null;
    const isBox = app.hierarchy.isBox(vertex.id);
    const fold = isBox ? make('button', {class: 'small', onclick: () => app.toggle(vertex.id)}, app.isOpen(vertex.id) ? 'Fold' : 'Unfold') : null;
    return [
      make('h2', {'data-word': vertex.word}, make('span', {class: `swatch family-${vertex.family}`}), vertex.word, ' ',
        make('span', {class: 'name'}, vertex.name)),
      make('p', {class: 'muted'}, app.story.doc(vertex.word)),
      make('p', {}, badge, fold),
    ];
  }

  results(vertex) {
    const rows = vertex.results.map(({name, type}) => make('tr', {}, make('td', {}, name || '·'), make('td', {class: 'mono'}, type || 'not known')));
    return rows.length ? [make('table', {class: 'results'}, ...rows)] : [];
  }

  operands(vertex) {
    const items = vertex.operands.map(({id, result}) => {
      const from = this.app.stage.vertices.get(id);
      if (!from) return make('li', {class: 'muted'}, 'left out');
      const value = from.results[result];
      const constant = isConstant(from) && from.facts.length ? ` ${elide(from.facts[0].value, 90)}` : value ? ` ${value.type}` : '';
      return make('li', {}, this.app.link(from), make('span', {class: 'mono muted'}, constant));
    });
    return items.length ? [make('ol', {class: 'links', start: 0}, ...items)] : [];
  }

  users(vertex) {
    const ids = [...new Set(this.app.hierarchy.users.get(vertex.id) || [])].filter((id) => this.app.stage.vertices.has(id));
    const items = ids.slice(0, 60).map((id) => make('li', {}, this.app.link(this.app.stage.vertices.get(id))));
    if (ids.length > 60) items.push(make('li', {class: 'muted'}, `and ${ids.length - 60} more`));
    return items.length ? [make('ul', {class: 'links'}, ...items)] : [];
  }

  facts(vertex) {
    const rows = vertex.facts.map(({name, value}) => make('tr', {}, make('td', {}, name), make('td', {class: 'mono'}, value)));
    return rows.length ? [make('table', {class: 'facts'}, ...rows)] : [];
  }

  origin(vertex) {
    if (!vertex.place) return [];
    const {app, provenance} = this;
    const parts = [make('p', {class: 'place'}, `${app.story.data.file}: ${vertex.place}`)];
    const sources = provenance.sourcesOf(vertex);
    const most = 30;
    if (sources.length > 1)
      parts.push(make(
          'p', {class: 'muted'},
          `${sources.length} places: ${sources.slice(0, most).join('; ')}${sources.length > most ? '; …' : ''}`));
    if (app.index > 0 && app.story.stages[0].level === 'model') {
      const items = provenance.counterparts(vertex, app.story.stages[0]).slice(0, 30);
      if (items.length) parts.push(make('ul', {class: 'links'}, ...items.map((v) => make('li', {}, app.link(v, 0)))));
    }
    return parts;
  }

  kernelSections(vertex) {
    const {app, provenance} = this;
    if (!app.story.plan) return [];
    if (app.stage.level === 'plan') {
      const kernel = app.story.kernels.get(vertex.id);
      return kernel ? [...this.section('Cost of a call', [this.cost(kernel)]), ...this.section('Memory', this.memory(kernel)),
        ...this.section('Machine code', this.code([kernel]))] : [];
    }
    const ids = provenance.kernelsOf(vertex, app.hierarchy);
    if (!ids.length)
      return this.section('In the plan', [
        make(
            'p', {class: 'muted'},
            'No kernel of its own: it is known before the call, is another view of something, or went into what uses it.')
      ]);
    const plan = app.story.stages.length - 1;
    const kernels = ids.map((id) => app.story.kernels.get(id));
    const items = kernels.slice(0, 40).map((kernel) => make('li', {}, app.link(app.story.stages[plan].vertices.get(kernel.id), plan),
      make('span', {class: 'muted'}, ` ${this.short(kernel)}`)));
    if (kernels.length > 40) items.push(make('li', {class: 'muted'}, `and ${kernels.length - 40} more`));
    return [...this.section('In the plan', [make('p', {class: 'muted'}, this.total(kernels)), make('ul', {class: 'links kernels'}, ...items)]),
      ...this.section('Machine code', this.code(kernels))];
  }

  value(kernel, field) {
    return evaluateDim(kernel[field], this.app.symbols);
  }

  /** What a kernel does in one call: all its runs. */
  perCall(kernel, ...fields) {
    return this.value(kernel, 'runs') * fields.reduce((sum, field) => sum + this.value(kernel, field), 0);
  }

  short(kernel) {
    const macs = this.perCall(kernel, 'multiplyAdds');
    const bytes = formatBytes(this.perCall(kernel, 'constantBytes', 'readBytes', 'writtenBytes'));
    return macs ? `${formatCount(macs)} MACs, ${bytes}` : bytes;
  }

  total(kernels) {
    const sum = (...fields) => kernels.reduce((all, kernel) => all + this.perCall(kernel, ...fields), 0);
    const count = kernels.length === 1 ? '1 kernel' : `${kernels.length} kernels`;
    return `${count}: ${formatCount(sum('multiplyAdds'))} multiply-adds, ${formatBytes(sum('constantBytes', 'readBytes', 'writtenBytes'))} moved in a call${this.app.sizesNote()}`;
  }

  cost(kernel) {
    const rows = [['runs', 'Runs', formatCount], ['multiplyAdds', 'Multiply-adds', formatCount], ['arithmetic', 'Other operations', formatCount],
      ['functions', 'Functions', formatCount], ['constantBytes', 'Constants read', formatBytes], ['readBytes', 'Read', formatBytes],
      ['writtenBytes', 'Written', formatBytes]];
    return make('table', {class: 'facts'}, ...rows.map(([field, title, format]) => make('tr', {}, make('td', {}, title),
      make('td', {class: 'mono'}, format(field === 'runs' ? this.value(kernel, field) : this.perCall(kernel, field)),
        /[A-Za-z`]/.test(kernel[field]) ? make('span', {class: 'muted'}, `  (${kernel[field]}${field === 'runs' ? '' : ' a run'})`) : null))));
  }

  memory(kernel) {
    const row = (index, how) => {
      const buffer = this.app.story.plan.buffers[index];
      const placed = ['scratch', 'state', 'constant', 'turn'].includes(buffer.kind);
      const where = placed ? `${buffer.kind} at ${buffer.offset}` : buffer.kind;
      return make('tr', {}, make('td', {}, how), make('td', {}, buffer.name || `b${index}`), make('td', {class: 'mono'}, `${buffer.type}  ${where}`));
    };
    return [make('table', {class: 'facts buffers'}, ...kernel.reads.map((i) => row(i, 'reads')), ...kernel.writes.map((i) => row(i, 'writes')))];
  }

  code(kernels) {
    const symbols = new Map();
    for (const kernel of kernels) for (const {symbol, bytes} of kernel.code) symbols.set(symbol, bytes);
    const row = (what, bytes, style) =>
        make('tr', {}, make('td', {class: style}, what), make('td', {class: 'mono'}, formatBytes(bytes)));
    const rows = [...symbols].slice(0, 40).map(([symbol, bytes]) => row(symbol, bytes, 'mono'));
    if (kernels.every(({codeBytes}) => codeBytes !== undefined)) {
      rows.unshift(
          row(kernels.length === 1 ? 'this kernel alone' : 'these kernels alone',
              kernels.reduce((sum, {codeBytes}) => sum + codeBytes, 0), 'muted'));
    }
    return rows.length ? [make('table', {class: 'facts code'}, ...rows)] : [];
  }

  /** A dot for each stage: whether the vertex is there, and what happened to it. */
  history(id) {
    const {app} = this;
    const items = app.story.stages.map((stage, i) => {
      const here = stage.vertices.has(id);
      const kind = here ? app.changesAt(i).kinds.get(id) : null;
      const word = here ? (kind ? CHANGE_NAMES[kind] : 'as before') : 'not there';
      return make('li', {class: `${here ? 'here' : 'absent'}${i === app.index ? ' current' : ''}`},
        make('button', {class: 'link', onclick: () => app.goTo(i, id)}, app.story.labels[i]),
        make('span', {class: `muted ${kind ? `text-${kind}` : ''}`}, ` ${i === 0 && here ? 'there' : word}`));
    });
    return make('ol', {class: 'history'}, ...items);
  }

  /** The selected vertex is of other stages: what its place in the model has become. */
  renderGone(id) {
    const {app, provenance} = this;
    const at = app.story.stages.findLastIndex((stage, i) => i < app.index && stage.vertices.has(id));
    const index = at >= 0 ? at : app.story.stages.findIndex((stage) => stage.vertices.has(id));
    const vertex = app.story.stages[index].vertices.get(id);
    const others = provenance.counterparts(vertex, app.stage);
    const items = others.slice(0, 60).map((other) => make('li', {}, app.link(other)));
    if (others.length > 60) items.push(make('li', {class: 'muted'}, `and ${others.length - 60} more`));
    const sign = make('p', {}, make('span', {class: 'badge change-vanished'}, `not at ${app.story.labels[app.index]}`));
    return [...this.head(vertex).slice(0, 2), sign, ...this.section('Of the same place in the model', items.length ? [make('ul', {class: 'links'}, ...items)] : []),
      ...this.section('Stage by stage', [this.history(id)])];
  }
}

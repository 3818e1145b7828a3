// The list of what a stage changed: shown while nothing is selected.

/** An element with attributes and children; text is never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** "12 constant, 3 reshape, add", most first. */
function countWords(vertices) {
  const counts = new Map();
  for (const vertex of vertices) counts.set(vertex.word, (counts.get(vertex.word) || 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const shown = sorted.slice(0, 8).map(([word, count]) => (count > 1 ? `${count} ${word}` : word));
  return shown.join(', ') + (sorted.length > 8 ? ', …' : '');
}

class ChangeList {
  constructor(app) {
    this.app = app;
  }

  render() {
    const {app} = this;
    const stage = app.story.stages[app.index];
    const parts = [make('h2', {}, app.story.labels[app.index]), this.about(stage)];
    if (stage.notes.length) {
      parts.push(make('h3', {}, 'What it says'), make('ul', {class: 'notes'}, ...stage.notes.map((note) => make('li', {}, note))));
    }
    const groups = this.groups();
    if (groups.length) parts.push(make('h3', {}, 'What it changed'), ...groups);
    parts.push(make('h3', {}, 'Colours'), this.legend(stage));
    return parts;
  }

  about(stage) {
    const all = [...stage.vertices.values()];
    const constants = all.filter(isConstant).length;
    const text = stage.level === 'plan'
      ? `${this.app.story.kernels.size} kernels, in the order in which they run`
      : `${(all.length - constants).toLocaleString('en-US')} vertices and ${constants.toLocaleString('en-US')} constants`;
    return make('p', {class: 'muted'}, text);
  }

  groups() {
    const {changes, vertices} = this.app;
    const byKind = {new: [], fused: [], moved: [], changed: [], vanished: changes.vanished};
    for (const [id, kind] of changes.kinds) byKind[kind].push(vertices.get(id) || this.app.stage.vertices.get(id));
    return Object.entries(byKind).filter(([, list]) => list.length).map(([kind, list]) => this.group(kind, list));
  }

  group(kind, list) {
    const most = 200;
    const items = list.slice(0, most).map((vertex) => make('li', {}, this.app.link(vertex, this.app.index - (kind === 'vanished' ? 1 : 0))));
    if (list.length > most) items.push(make('li', {class: 'muted'}, `and ${list.length - most} more`));
    return make('details', {class: 'change', 'data-kind': kind},
      make('summary', {}, make('span', {class: `swatch change-${kind}`}), make('b', {}, `${list.length.toLocaleString('en-US')} ${CHANGE_NAMES[kind]}`),
        make('span', {class: 'muted'}, ` ${countWords(list)}`)),
      make('ul', {class: 'links'}, ...items));
  }

  legend(stage) {
    const present = new Set([...stage.vertices.values()].map((vertex) => vertex.family));
    return make('ul', {class: 'legend'}, ...FAMILIES.filter((family) => present.has(family))
      .map((family) => make('li', {}, make('span', {class: `swatch family-${family}`}), FAMILY_NAMES[family])));
  }
}

// Colours for the canvas, taken from the page's styles, so that light and dark have one source.

const FAMILIES = ['model', 'source', 'arithmetic', 'movement', 'function', 'reduction', 'product', 'fused', 'choice',
  'recurrence', 'interface'];
const FAMILY_NAMES = {
  model: 'other operators', source: 'constants', arithmetic: 'arithmetic', movement: 'data movement', function: 'functions',
  reduction: 'reductions', product: 'products', fused: 'fused', choice: 'choices', recurrence: 'recurrences',
  interface: 'inputs and outputs',
};
const CHANGE_NAMES = {new: 'appeared', changed: 'changed', moved: 'moved', fused: 'fused', vanished: 'vanished'};

class Theme {
  constructor(root) {
    this.root = root;
    this.media = matchMedia('(prefers-color-scheme: dark)');
    this.media.addEventListener('change', () => this.apply());
    this.listeners = [];
    this.choice = null;  // "light" or "dark" once the user has chosen
    this.apply();
  }

  get dark() {
    return this.choice ? this.choice === 'dark' : this.media.matches;
  }

  toggle() {
    this.choice = this.dark ? 'light' : 'dark';
    this.apply();
  }

  apply() {
    this.root.dataset.theme = this.dark ? 'dark' : 'light';
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colours = Object.fromEntries(['canvas', 'card', 'box', 'line', 'edge', 'text', 'muted', 'accent', 'grid'].map((n) => [n, read(n)]));
    this.families = Object.fromEntries(FAMILIES.map((f) => [f, read(`family-${f}`)]));
    this.changes = Object.fromEntries(Object.keys(CHANGE_NAMES).map((c) => [c, read(`change-${c}`)]));
    for (const listener of this.listeners) listener();
  }
}

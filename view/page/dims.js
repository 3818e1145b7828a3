// Sizes: dim expressions as the compiler prints them ("2*T+1", "floor(T-1, 2)", "min(T, 5)"), and numbers for people.

/** A dim's tokens; names that are no words stand in backquotes. */
function dimTokens(text) {
  return text.match(/`(?:\\.|[^`\\])*`|[A-Za-z_][\w.]*|\d+|[-+*(),]/g) || [];
}

/** Recursive descent: sum of products of atoms. */
class DimReader {
  constructor(text, symbols) {
    this.tokens = dimTokens(text);
    this.at = 0;
    this.symbols = symbols;
  }

  take(token) {
    if (this.tokens[this.at] !== token) return false;
    this.at += 1;
    return true;
  }

  sum() {
    let value = this.take('-') ? -this.product() : this.product();
    for (;;) {
      if (this.take('+')) value += this.product();
      else if (this.take('-')) value -= this.product();
      else return value;
    }
  }

  product() {
    let value = this.atom();
    while (this.take('*')) value *= this.atom();
    return value;
  }

  atom() {
    const token = this.tokens[this.at++];
    if (token === '(') return this.closed(this.sum());
    if (token === '-') return -this.atom();
    if (/^\d/.test(token || '')) return Number(token);
    if ((token === 'floor' || token === 'min' || token === 'max') && this.take('(')) return this.call(token);
    return this.symbols.has(token) ? this.symbols.get(token) : NaN;
  }

  closed(value) {
    return this.take(')') ? value : NaN;
  }

  call(name) {
    const a = this.sum();
    const b = this.take(',') ? this.sum() : NaN;
    if (name === 'floor') return this.closed(Math.floor(a / b));
    return this.closed(name === 'min' ? Math.min(a, b) : Math.max(a, b));
  }
}

/** A dim's value for given values of the symbols; NaN where a symbol has none. */
function evaluateDim(text, symbols) {
  return new DimReader(String(text), symbols).sum();
}

function formatCount(value) {
  if (!Number.isFinite(value)) return '?';
  for (const [unit, size] of [['G', 1e9], ['M', 1e6], ['k', 1e4]]) {
    if (value >= size) return `${(value / (unit === 'k' ? 1e3 : size)).toPrecision(3)} ${unit}`;
  }
  return value.toLocaleString('en-US');
}

function formatBytes(value) {
  if (!Number.isFinite(value)) return '?';
  if (value >= 1 << 20) return `${(value / (1 << 20)).toPrecision(3)} MiB`;
  if (value >= 10240) return `${(value / 1024).toPrecision(3)} KiB`;
  return `${value.toLocaleString('en-US')} B`;
}

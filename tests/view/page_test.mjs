// The page in headless Chromium: page_test.mjs RONDO SAMPLES. What a user does, by mouse and keys; what the page then says.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Browser} from './browser.mjs';

const [program, samples] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'rondo-page-'));
let failures = 0;

function check(what, got, want) {
  const good = JSON.stringify(got) === JSON.stringify(want);
  if (!good) failures += 1;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good ? '' : `: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`}`);
}

function page(model, ...options) {
  const path = join(folder, 'page.html');
  execFileSync(program, ['inspect', model, '--format=html', '-o', path, ...options]);
  return path;
}

const browser = await Browser.start('chromium');
const text = (selector) => browser.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? null`);
const data = (name) => browser.evaluate(`document.body.dataset[${JSON.stringify(name)}] ?? null`);
const shown = (selector) => browser.evaluate(`!document.querySelector(${JSON.stringify(selector)}).hidden`);

/** The middle of a vertex's title on the screen. */
async function place(word) {
  return browser.evaluate(`(() => {
    const id = [...rondo.vertices.values()].find((v) => v.word === ${JSON.stringify(word)} && rondo.canvas.layout.boxes.has(v.id)).id;
    const box = rondo.canvas.layout.boxes.get(id);
    const [x, y] = rondo.canvas.toScreen(box.x + box.w / 2, box.y + 14);
    const rect = document.getElementById('graph').getBoundingClientRect();
    return [rect.left + x, rect.top + y];
  })()`);
}

async function opensAtTheModel() {
  await browser.open(page(join(samples, 'sine.onnx')));
  check('title', (await browser.evaluate('document.title')), 'sine · rondo');
  check('opens at', await data('stage'), 'model');
  check('stages', await browser.evaluate('[...document.querySelectorAll("#stages button")].map((b) => b.innerText)'),
    ['model', 'expand', 'fold_constants', 'fuse_gates', 'hoist_input_products', 'unroll_scans', 'fuse_pointwise', 'plan']);
  check('the model is drawn without its constants', await data('drawn'), '10');
  check('something is painted', await browser.evaluate(`(() => {
    const {width, height} = rondo.canvas.element;
    const pixels = rondo.canvas.pen.getImageData(0, 0, width, height).data;
    return new Set(new Uint32Array(pixels.buffer)).size > 20;
  })()`), true);
}

async function slider() {
  await browser.key('ArrowRight');
  check('an arrow key goes to the next stage', await data('stage'), 'expand');
  await browser.evaluate(`(() => {
    const slider = document.getElementById('slider');
    slider.value = 3;
    slider.dispatchEvent(new Event('input'));
  })()`);
  check('the slider moves', await data('stage'), 'fuse_gates');
  check('its label is marked', await text('#stages [aria-current=step]'), 'fuse_gates');
  check('gates are joined: products vanish', await browser.evaluate(`document.querySelector('[data-kind=vanished] .muted').innerText.includes('matmul')`), true);
  check('what vanished is drawn', (await text('#status')).includes('vanished'), true);
  await browser.key('v');
  check('and can be left out', (await text('#status')).includes('vanished'), false);
  await browser.key('v');
  await browser.evaluate(`[...document.querySelectorAll('#stages button')][6].click()`);
  check('fusion moves vertices into fused ones', await browser.evaluate(`document.querySelector('[data-kind=fused] b').innerText.endsWith('fused')`), true);
}

async function selecting() {
  await browser.evaluate('document.querySelectorAll("#stages button")[0].click()');
  await browser.frame();
  await browser.click(...await place('LSTM'));
  check('a click selects', await browser.evaluate('document.querySelector("#panel h2").dataset.word'), 'LSTM');
  const panel = await text('#panel');
  check('the panel tells the type', panel.includes('f32[time, 1, 1, 12]'), true);
  check('and the attributes', panel.includes('hidden_size'), true);
  check('and the place in the file', panel.includes("sine.onnx: node 'lstm' (LSTM)"), true);
  check('and the kernels', await browser.evaluate(`[...document.querySelectorAll('.kernels button')].map((b) => b.innerText).includes('kernel matmul_lstm')`), true);
  check('and the machine code', /these kernels alone\s+[\d,.]+ (B|KiB)\s+sine\.run\s+[\d,.]+ (B|KiB)/.test(panel), true);
  await browser.key('ArrowDown');
  check('down goes to a user', await browser.evaluate('document.querySelector("#panel h2").dataset.word'), 'Squeeze');
  await browser.key('ArrowUp');
  check('up goes to an operand', await browser.evaluate('document.querySelector("#panel h2").dataset.word'), 'LSTM');
  await browser.evaluate(`[...document.querySelectorAll('.kernels button')].find((b) => b.innerText === 'kernel matmul_lstm').click()`);
  check('a kernel is a click away', await data('stage'), 'plan');
  const kernel = await text('#panel');
  // For 16 steps: 16 * (12 + 1) * 48 products of state, input and weights, as NumPy would count them.
  check('its cost', kernel.includes('9,984'), true);
  check('its buffers', /writes\s+sequence\s+f32\[12\*time\]\s+scratch at 0/.test(kernel), true);
  await browser.key('Escape');
  check('escape lets go', await data('selected'), '');
}

/** Nodes that become one kernel lead to it, each of them. */
async function everyNodeHasKernels() {
  const model = join(folder, 'cell.json');
  writeFileSync(model, JSON.stringify({rondo: 1, inputs: {x: 'f32[T, 2]'},
    constants: {A: [[1, 2], [3, 4]], B: [[2, 1], [4, 3]]},
    nodes: ['a = x @ A', 'b = x @ B', 'c = Tanh(a)', 'd = Sigmoid(b)', 'e = Tanh(a)', 'y = c * d + e'],
    outputs: ['y']}));
  await browser.open(page(model));
  const kernels = await browser.evaluate(`[...rondo.stage.vertices.values()].filter((v) => v.place && !isConstant(v)).map((v) =>
    [v.place, rondo.panel.provenance.kernelsOf(v, rondo.hierarchy).length])`);
  check('seven nodes', kernels.length, 7);
  check('products with one operand, merged nodes, fused ones: all have kernels', kernels.filter(([, count]) => count === 0), []);
}

async function folding() {
  await browser.evaluate('document.querySelectorAll("#stages button")[6].click()');
  await browser.frame();
  await browser.evaluate(`rondo.canvas.fit()`);
  const open = Number(await data('drawn'));
  await browser.click(...await place('scan'));
  check('the scan is selected', await browser.evaluate('document.querySelector("#panel h2").dataset.word'), 'scan');
  await browser.key('Enter');
  const folded = Number(await data('drawn'));
  check('enter folds it', folded < open - 20, true);
  await browser.key('Enter');
  check('and unfolds it', Number(await data('drawn')), open);
  await browser.key('Escape');
}

async function searching() {
  await browser.key('/');
  await browser.type('sigmoid');
  check('search by operator', await text('#found .count'), '3 found');
  await browser.key('Enter');
  check('enter goes to the first', await browser.evaluate('document.querySelector("#panel h2").dataset.word'), 'sigmoid');
  await browser.key('Escape');
  check('escape clears', await shown('#found'), false);
  await browser.key('/');
  await browser.type('matmul [1, 48]');
  check('search by shape', await text('#found .count'), '2 found');
  await browser.key('Escape');
  await browser.key('/');
  await browser.type('readout');
  check('search by name, and by place', await text('#found .count'), '2 found');
  await browser.key('Enter');
  check('the name first', await text('#panel h2'), 'matmul readout');
  await browser.key('Escape');
  await browser.key('Escape');
}

async function looking() {
  const before = Number(await data('zoom'));
  await browser.key('+');
  check('plus zooms in', Number(await data('zoom')) > before, true);
  await browser.key('-');
  await browser.key('-');
  check('minus zooms out', Number(await data('zoom')) < before, true);
  await browser.mouse('mouseWheel', 500, 500, {deltaX: 0, deltaY: -300});
  await browser.frame();
  check('the wheel zooms', Number(await data('zoom')) > before, true);
  const at = await place('scan');
  await browser.mouse('mousePressed', 30, 800);
  await browser.mouse('mouseMoved', 80, 760);
  await browser.mouse('mouseMoved', 130, 720);
  await browser.mouse('mouseReleased', 130, 720);
  await browser.frame();
  const now = await place('scan');
  check('dragging moves the graph', [Math.round(now[0] - at[0]), Math.round(now[1] - at[1])], [100, -80]);
  await browser.key('f');
  check('f fits', await browser.evaluate('rondo.canvas.camera.zoom === rondo.canvas.fitZoom()'), true);
}

async function dark() {
  const theme = () => browser.evaluate('document.documentElement.dataset.theme');
  const pixel = () => browser.evaluate('rondo.canvas.pen.getImageData(rondo.canvas.element.width - 5, 5, 1, 1).data[0]');
  check('light at first', [await theme(), await pixel() > 200], ['light', true]);
  await browser.key('t');
  check('t is dark', [await theme(), await pixel() < 60], ['dark', true]);
  await browser.key('t');
  check('and light again', await theme(), 'light');
  await browser.send('Emulation.setEmulatedMedia', {features: [{name: 'prefers-color-scheme', value: 'dark'}]});
  await browser.open(page(join(samples, 'sine.onnx')));
  check('dark where the system is', [await theme(), await pixel() < 60], ['dark', true]);
  await browser.send('Emulation.setEmulatedMedia', {features: []});
}

async function help() {
  await browser.key('?');
  check('? tells the keys', (await text('#help')).includes('fold or unfold'), true);
  await browser.key('Escape');
  check('escape closes it', await shown('#help'), false);
}

async function memory() {
  await browser.open(page(join(samples, 'sine.onnx'), '--level=plan'));
  check('opens at the level asked for', await data('stage'), 'plan');
  await browser.key('m');
  check('m shows the memory', await shown('#memory'), true);
  check('for 16 steps', (await text('#memory .summary')).startsWith('scratch 768 B for 1 buffers'), true);
  await browser.evaluate(`(() => {
    const input = document.querySelector('#memory .symbols input');
    input.value = 100;
    input.dispatchEvent(new Event('input'));
  })()`);
  // 12 floats a step: 4,800 bytes, a multiple of 64.
  check('for 100 steps', (await text('#memory .summary')).startsWith('scratch 4,800 B for 1 buffers'), true);
  const [x, y] = await browser.evaluate(`(() => {
    const rect = rondo.chart.place(rondo.chart.rects[0]);
    const bounds = rondo.chart.canvas.getBoundingClientRect();
    return [bounds.left + rect.x + rect.w / 2, bounds.top + rect.y + rect.h / 2];
  })()`);
  await browser.mouse('mouseMoved', x, y);
  await browser.frame();
  check('hovering names the buffer', (await text('#memory .tip')).startsWith('sequence: f32[12*time]\n4,800 B at 0'), true);
  await browser.click(x, y);
  check('a click goes to the kernel that writes it', (await text('#panel h2')).includes('matmul_lstm'), true);
}

/** Names that would be markup, script or prototype members if they were taken for more than text. */
async function untrusted() {
  const model = join(folder, 'evil.rir');
  writeFileSync(model, `model "</script><script>window.bad = 1</script>" opset 13 {
  input %"<img src=x onerror='window.bad = 2'>": f32[\`</script>\`, 4]
  %"__proto__" = Tanh(%"<img src=x onerror='window.bad = 2'>"): f32[\`</script>\`, 4] @ "constructor"
  %"\\"'&" = Sigmoid(%"__proto__"): f32[\`</script>\`, 4] @ "</style><b>"
  output %"\\"'&": f32[\`</script>\`, 4]
}`);
  await browser.open(page(model));
  check('nothing of the names runs', await browser.evaluate('window.bad ?? 0'), 0);
  await browser.key('/');
  await browser.type('tanh');
  await browser.key('Enter');
  check('names are shown as they are', await text('#panel h2 .name'), 'constructor');
  check('no element comes from a name', await browser.evaluate(`document.querySelectorAll('img, #panel b, #found b, title b').length`), 0);
  await browser.key('m');
  await browser.evaluate(`document.querySelector('#memory .symbols input').value`);
  check('symbols of any name have values', (await text('#memory .summary')).includes('?'), false);
}

for (const test of [opensAtTheModel, slider, selecting, folding, searching, looking, dark, help, memory, everyNodeHasKernels, untrusted]) {
  console.log(`--- ${test.name}`);
  try {
    await test();
  } catch (error) {
    check(`${test.name} runs to its end`, String(error.stack), '');
  }
}
check('no errors in the page', browser.errors, []);
check('no requests but for the page', browser.requests.filter((url) => !url.startsWith('file:') || !url.endsWith('/page.html')), []);
await browser.close();
rmSync(folder, {recursive: true});
console.log(failures ? `${failures} checks failed` : 'all checks passed');
process.exit(failures ? 1 : 0);

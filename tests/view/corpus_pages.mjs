// Pages of the corpus's real models: corpus_pages.mjs RONDO CORPUS [--all]. Each page is under 10 MB, opens in under two
// seconds, goes to every stage in under two, and has no error. Without --all: the largest, and one of each other kind.
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Browser} from './browser.mjs';

const [program, corpus, all] = process.argv.slice(2);
const root = join(process.env.RONDO_CORPUS || corpus, 'real');
if (!existsSync(root)) {
  console.error(`SKIP: no models at ${root}`);
  process.exit(77);
}
const FEW = ['ulunas_stream', 'silero_vad_v6', 'manshoor_textgen', 'coffee_focused_lstm_loop'];
const MOST_BYTES = 10e6;
const MOST_SECONDS = 2;
const folder = mkdtempSync(join(tmpdir(), 'rondo-pages-'));
const browser = await Browser.start('chromium');
let failures = 0;

async function slowestStage() {
  let slowest = 0;
  for (let i = await browser.evaluate('rondo.story.stages.length'); i-- > 0;) {
    const start = performance.now();
    await browser.evaluate(`rondo.goTo(${i})`);
    await browser.frame();
    slowest = Math.max(slowest, (performance.now() - start) / 1000);
  }
  return slowest;
}

for (const model of all === '--all' ? readdirSync(root).sort() : FEW) {
  const path = join(folder, `${model}.html`);
  const file = readdirSync(join(root, model)).find((name) => name.endsWith('.onnx'));
  execFileSync(program, ['inspect', join(root, model, file), '--format=html', '-o', path], {stdio: ['ignore', 'ignore', 'inherit']});
  const bytes = statSync(path).size;
  browser.errors.length = 0;
  const opened = await browser.open(path);
  const slowest = await slowestStage();
  const vertices = await browser.evaluate('Math.max(...rondo.story.stages.map((stage) => stage.vertices.size))');
  const good = bytes < MOST_BYTES && opened < MOST_SECONDS && slowest < MOST_SECONDS && !browser.errors.length;
  if (!good) failures += 1;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${model.padEnd(28)} ${(bytes / 1e6).toFixed(2)} MB, opens in ${opened.toFixed(2)} s, `
    + `slowest stage ${slowest.toFixed(2)} s, ${vertices} vertices ${browser.errors.join('; ')}`);
  rmSync(path);
}
await browser.close();
rmSync(folder, {recursive: true});
process.exit(failures ? 1 : 0);

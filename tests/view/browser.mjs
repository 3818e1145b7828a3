// Headless Chromium through its DevTools protocol over a pipe: what page tests and screenshots need, without packages.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--hide-scrollbars', '--remote-debugging-pipe'];

export class Browser {
  /** Throws if the browser cannot be started. */
  static async start(program, {width = 1400, height = 900} = {}) {
    const browser = new Browser();
    browser.folder = mkdtempSync(join(tmpdir(), 'rondo-browser-'));
    browser.process = spawn(program, [...FLAGS, `--window-size=${width},${height}`, `--user-data-dir=${browser.folder}`, 'about:blank'],
      {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
    browser.waiting = new Map();
    browser.errors = [];
    browser.requests = [];
    browser.count = 0;
    browser.ended = new Promise((resolve) => { browser.process.once('exit', resolve); });
    const failed = new Promise((_, reject) => { browser.process.once('error', reject); });
    browser.listen();
    await Promise.race([browser.attach(width, height), failed]);
    return browser;
  }

  listen() {
    let text = '';
    this.process.stdio[4].setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      for (let end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0')) {
        this.receive(JSON.parse(text.slice(0, end)));
        text = text.slice(end + 1);
      }
    });
    this.process.stdio[3].on('error', () => {});
  }

  receive(message) {
    const {method, params} = message;
    if (method === 'Runtime.exceptionThrown') this.errors.push(params.exceptionDetails.exception?.description || params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') this.errors.push(params.args.map((a) => a.value).join(' '));
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.errors.push(params.entry.text);
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
    if (method === 'Page.loadEventFired' && this.loaded) this.loaded();
    const wait = this.waiting.get(message.id);
    if (!wait) return;
    this.waiting.delete(message.id);
    if (message.error) wait.reject(new Error(message.error.message));
    else wait.resolve(message.result);
  }

  send(method, params = {}) {
    const id = ++this.count;
    this.process.stdio[3].write(`${JSON.stringify({id, method, params, sessionId: this.session})}\0`);
    return new Promise((resolve, reject) => { this.waiting.set(id, {resolve, reject}); });
  }

  async attach(width, height) {
    const {targetInfos} = await this.send('Target.getTargets');
    const {targetId} = targetInfos.find(({type}) => type === 'page');
    this.session = (await this.send('Target.attachToTarget', {targetId, flatten: true})).sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
    await this.send('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: 1, mobile: false});
  }

  /** Opens a file; the seconds until the page said that it is ready. */
  async open(path) {
    const start = performance.now();
    const loaded = new Promise((resolve) => { this.loaded = resolve; });
    await this.send('Page.navigate', {url: pathToFileURL(path).href});
    await loaded;
    await this.frame();
    return (performance.now() - start) / 1000;
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const {result, exceptionDetails} = await this.send('Runtime.evaluate', {expression, returnByValue: true, awaitPromise: true});
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  }

  /** Until what was asked for is painted. */
  frame() {
    return this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))');
  }

  async key(key, text = key.length === 1 ? key : undefined) {
    const codes = {Enter: 13, Escape: 27, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40};
    const event = {key, text: key === 'Enter' ? '\r' : text, windowsVirtualKeyCode: codes[key]};
    await this.send('Input.dispatchKeyEvent', {type: 'keyDown', ...event});
    await this.send('Input.dispatchKeyEvent', {type: 'keyUp', ...event, text: undefined});
    await this.frame();
  }

  async type(text) {
    for (const letter of text) await this.key(letter);
  }

  async mouse(type, x, y, more = {}) {
    await this.send('Input.dispatchMouseEvent', {type, x, y, button: type === 'mouseMoved' || type === 'mouseWheel' ? 'none' : 'left', clickCount: 1, ...more});
  }

  async click(x, y) {
    await this.mouse('mouseMoved', x, y);
    await this.mouse('mousePressed', x, y);
    await this.mouse('mouseReleased', x, y);
    await this.frame();
  }

  async screenshot(path) {
    await this.frame();
    const {data} = await this.send('Page.captureScreenshot', {format: 'png'});
    writeFileSync(path, Buffer.from(data, 'base64'));
  }

  async close() {
    this.send('Browser.close').catch(() => {});
    await this.ended;
    await this.removeFolder();
  }

  /** The browser's helpers may write a little longer than it runs. */
  async removeFolder(tries = 50) {
    try {
      rmSync(this.folder, {recursive: true, force: true});
    } catch (error) {
      if (tries === 0) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 100); });
      await this.removeFolder(tries - 1);
    }
  }
}

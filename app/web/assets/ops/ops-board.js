/** Screen “Ops”: how long the phases take, what went wrong and what it cost; nothing here was said in a visit. */

import { call, get } from '../api.js';
import { element, find } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { PhaseWaterfall } from '../running/phase-waterfall.js';
import { counted, duration, moment, percent, told } from '../words.js';
import { figure, lines, phaseBars, stacks } from './charts.js';
import { cacheHits, samplesOf } from './exposition.js';

/** @import { TimingsHistory } from '../types.d.ts' */

/** @type {[number, string, number][]} seconds, words, parts */
const WINDOWS = [[3600, 'Last hour', 30], [86_400, 'Last day', 24], [7 * 86_400, 'Last week', 28], [30 * 86_400, 'Last month', 30]];

class OpsBoard extends HTMLElement {
  #window = WINDOWS[1];
  #phase = 'total';

  connectedCallback() {
    this.replaceChildren(
      element('div', { class: 'heading-row' }, element('h1', {}, 'Ops'),
        element('p', { class: 'actions' },
          element('label', { for: 'window' }, 'Window'),
          element('select', { id: 'window', onchange: (/** @type {any} */ event) => { this.#window = WINDOWS[Number(event.target.value)]; this.#load(); } },
            WINDOWS.map(([, words], index) => element('option', { value: index, selected: index === 1 }, words))),
          element('button', { type: 'button', onclick: () => this.#load() }, 'Refresh'))),
      element('div', { class: 'board' }, loading('Loading the timings…')));
    this.#load();
  }

  async #load() {
    const board = find(this, '.board', HTMLElement);
    const [seconds, , buckets] = this.#window;
    try {
      const [{ phases }, history, exposition] = await Promise.all([
        get('/timings', { query: { window_s: seconds } }),
        get('/timings/history', { query: { window_s: seconds, buckets } }),
        call('get', '/metrics').then((response) => response.text()),
      ]);
      const caches = cacheHits(samplesOf(exposition));
      board.replaceChildren(...(phases.length
        ? [numbers(history, caches), figure('How long each phase takes', phaseBars(phases), ['Phase', 'Runs', 'p50', 'p95', 'Most'],
          phases.map((one) => [one.phase, one.runs, duration(one.p50_ms), duration(one.p95_ms), duration(one.max_ms)])),
        this.#overTime(history, phases.map(({ phase }) => phase)), throughput(history), tokens(history), ...cacheFigure(caches), this.#slowest(history)]
        : [nothing('Nothing ran in this window.', 'Timings appear with the first visit; or choose a longer window.')]));
    } catch (error) {
      board.replaceChildren(failure(error, () => this.#load()));
    }
  }

  /** @param {TimingsHistory} history @param {string[]} names */
  #overTime(history, names) {
    const place = element('div');
    const choose = element('select', { id: 'phase', onchange: () => { this.#phase = choose.value; draw(); } }, names.map((name) => element('option', { value: name, selected: name === this.#phase }, name)));
    const draw = () => {
      const found = history.buckets.map(({ phases }) => phases.find(({ phase }) => phase === this.#phase));
      place.replaceChildren(figure(`“${this.#phase}” over time`,
        lines(`p50 and p95 of ${this.#phase} over time`, [{ label: 'p50', values: found.map((one) => one?.p50_ms ?? null) }, { label: 'p95', values: found.map((one) => one?.p95_ms ?? null) }]),
        ['From', 'Runs', 'p50', 'p95'],
        history.buckets.map(({ start }, index) => [moment(start), found[index]?.runs ?? 0, ...(found[index] ? [duration(found[index].p50_ms), duration(found[index].p95_ms)] : ['–', '–'])]), true));
    };
    draw();
    return element('div', { class: 'over-time' }, element('label', { for: 'phase' }, 'Phase over time'), choose, place);
  }

  /** @param {TimingsHistory} history */
  #slowest({ slowest }) {
    const waterfall = new PhaseWaterfall();
    waterfall.hidden = true;
    /** @param {string} id */
    const show = async (id) => {
      const { timings } = await get('/timings/{extraction_id}', { at: { extraction_id: id } });
      if (!timings) return;
      waterfall.hidden = false;
      waterfall.show(new Map(Object.entries(timings.phases)), timings.total_ms, true);
      waterfall.scrollIntoView({ block: 'nearest' });
    };
    return element('section', { class: 'panel', 'aria-labelledby': 'slowest' }, element('h2', { id: 'slowest' }, 'The slowest requests'),
      element('ul', { class: 'plain' }, slowest.map(({ id, created_at: at, state, total_ms: ms }) => element('li', {},
        element('button', { type: 'button', class: 'as-link', onclick: () => show(id) }, `${duration(ms)}, ${moment(at)}`), ` ${state === 'failed' ? 'failed' : ''}`))),
      waterfall);
  }
}

/** @param {TimingsHistory} history @param {ReturnType<typeof cacheHits>} caches */
function numbers({ buckets, window_s: seconds }, caches) {
  const sum = (/** @type {(bucket: TimingsHistory['buckets'][number]) => number} */ of) => buckets.reduce((all, bucket) => all + of(bucket), 0);
  const runs = sum((bucket) => bucket.runs);
  const share = (/** @type {number} */ count) => (runs ? percent(count / runs) : '–');
  const degraded = sum((bucket) => Object.values(bucket.degraded).reduce((all, count) => all + count, 0));
  const cached = caches.filter(({ asked }) => asked > 0).map(({ cache, asked, hits }) => /** @type {[string, string]} */ ([percent(hits / asked), `found in the ${cache} cache`]));
  /** @type {[string, string][]} */
  const shown = [
    [runs.toLocaleString('en'), counted(runs, 'run').replace(/^\S+ /, '')],
    [(runs / (seconds / 3600)).toFixed(1), 'an hour'],
    [share(sum((bucket) => bucket.failed)), 'failed'],
    [degraded.toLocaleString('en'), 'parts gone without'],
    [sum((bucket) => bucket.prompt_tokens + bucket.completion_tokens + bucket.embedding_tokens).toLocaleString('en'), 'tokens'],
    ...cached,
  ];
  return element('dl', { class: 'numbers' }, shown.map(([value, what]) => element('div', {}, element('dt', {}, what), element('dd', {}, value))));
}

/** @param {TimingsHistory} history */
function throughput({ buckets }) {
  const listed = (/** @type {Record<string, number>} */ counts) => Object.entries(counts).map(([what, count]) => `${told(what.split(/[/#:]/).pop() ?? what)} ${count}`).join(', ') || '–';
  return figure('Runs, failures and what answers went without',
    stacks('Runs over time', [{ label: 'succeeded', values: buckets.map(({ runs, failed }) => runs - failed) }, { label: 'failed', values: buckets.map(({ failed }) => failed) }]),
    ['From', 'Runs', 'Failed', 'Of what', 'Went without'],
    buckets.map((bucket) => [moment(bucket.start), bucket.runs, bucket.failed, listed(bucket.problems), listed(bucket.degraded)]), true);
}

/** @param {TimingsHistory} history */
function tokens({ buckets }) {
  return figure('Tokens',
    stacks('Tokens over time', [{ label: 'prompt', values: buckets.map((one) => one.prompt_tokens) }, { label: 'completion', values: buckets.map((one) => one.completion_tokens) }, { label: 'embedding', values: buckets.map((one) => one.embedding_tokens) }]),
    ['From', 'Prompt', 'Completion', 'Embedding'],
    buckets.map((one) => [moment(one.start), one.prompt_tokens, one.completion_tokens, one.embedding_tokens]), true);
}

/** @param {ReturnType<typeof cacheHits>} caches */
function cacheFigure(caches) {
  const used = caches.filter(({ asked }) => asked > 0);
  if (!used.length) return [];
  const bars = element('div', { class: 'phase-bars', 'aria-hidden': 'true' }, used.map(({ cache, hits, asked }) => element('div', {}, element('code', {}, cache),
    element('progress', { max: asked, value: hits }), element('span', { class: 'number' }, percent(hits / asked)))));
  return [figure('Caches, since the service started', bars, ['Cache', 'Asked', 'Found', 'Where'], used.map(({ cache, asked, hits, by }) => [cache, asked, hits, by]))];
}

customElements.define('ops-board', OpsBoard);

/** One extraction under way: its phases as they end, and its outcome; it goes on while other screens are looked at. */

import { call, CallFailed } from '../api.js';
import { forgetDraft } from '../visit/draft.js';
import { eventsOf } from './event-stream.js';

/** @import { ExtractBody, Phase, PhaseEvent, Run as RunBody } from '../types.d.ts' */
/** @typedef {'running' | 'reconnecting' | 'done' | 'failed' | 'cancelled'} State */

const ATTEMPTS = 6;

/** @type {Run | null} */
export let currentRun = null;

/**
 * Begins; `currentRun` is the new one from then on.
 * @param {Omit<ExtractBody, 'transcript' | 'transcript_id'>} options
 * @param {string | File} words the transcript, or the file that holds it
 */
export function startRun(options, words) {
  currentRun?.cancel();
  currentRun = new Run(options, words);
  currentRun.follow();
}

/** Fires `change` whenever something about it is new. */
export class Run extends EventTarget {
  /** @type {State} */
  state = 'running';
  /** By name, so that one that is told twice is there once. @type {Map<string, Phase & { failed?: boolean }>} */
  phases = new Map();
  /** @type {RunBody | null} */
  result = null;
  /** @type {CallFailed | null} */
  problem = null;
  began = performance.now();
  #options;
  #words;
  // Sent with every attempt, so that the service gives the one answer instead of working, and paying, again.
  #key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  #abort = new AbortController();

  /** @param {Omit<ExtractBody, 'transcript' | 'transcript_id'>} options @param {string | File} words */
  constructor(options, words) {
    super();
    this.#options = options;
    this.#words = words;
  }

  /** Until there is an outcome; a stream that is cut is taken up again. */
  async follow() {
    this.#become('running');
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#stream();
      } catch (error) {
        if (this.#abort.signal.aborted) return this.#become('cancelled');
        const failed = error instanceof CallFailed ? error : new CallFailed({ status: 0 });
        const underWay = isUnderWay(failed);
        const wasCut = failed.status === 0 && (this.state === 'reconnecting' || this.phases.size > 0);
        if (!underWay && !(wasCut && attempt < ATTEMPTS)) return this.#fail(failed);
        // Work that goes on is waited for, however long it takes; a service that is gone only so often.
        if (underWay) attempt = 0;
        this.#become('reconnecting');
        await new Promise((resolve) => { setTimeout(resolve, (failed.retryAfterS ?? 2 ** attempt / 4) * 1000); });
        if (this.#abort.signal.aborted) return this.#become('cancelled');
      }
    }
  }

  cancel() {
    if (this.state === 'running' || this.state === 'reconnecting') this.#abort.abort();
  }

  async #stream() {
    const response = await this.#post();
    if (response.body && response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      for await (const { kind, data } of eventsOf(response.body)) {
        if (kind === 'phase') this.#phase(JSON.parse(data));
        if (kind === 'result') return this.#finish(JSON.parse(data));
        if (kind === 'problem') throw new CallFailed(JSON.parse(data));
      }
      throw new CallFailed({ status: 0 });
    }
    return this.#finish(await response.json());
  }

  #post() {
    const headers = { Accept: 'text/event-stream', 'Idempotency-Key': this.#key };
    const { signal } = this.#abort;
    if (typeof this.#words === 'string') {
      const body = JSON.stringify({ ...this.#options, transcript: this.#words });
      return call('post', '/extract', { headers: { ...headers, 'Content-Type': 'application/json' }, body, signal });
    }
    const body = new FormData();
    body.append('file', this.#words);
    body.append('options', JSON.stringify(this.#options));
    return call('post', '/extract/file', { headers, body, signal });
  }

  /** @param {PhaseEvent} told */
  #phase({ phase, ...timing }) {
    this.phases.set(phase, timing);
    this.#become('running');
  }

  /** @param {RunBody} result */
  #finish(result) {
    this.result = result;
    for (const [name, phase] of Object.entries(result.timings?.phases ?? {})) this.phases.set(name, { ...this.phases.get(name), ...phase });
    forgetDraft();
    this.#become('done');
  }

  /** @param {CallFailed} failed */
  #fail(failed) {
    this.problem = failed;
    this.#become('failed');
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}

/** Whether the service says that it is at work on this very request. @param {CallFailed} failed */
function isUnderWay(failed) {
  return failed.status === 409 && (failed.retryAfterS !== null || failed.problem.retryable === true);
}

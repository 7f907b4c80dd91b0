/** The review of one visit as the service has it: decisions go out one after another, each against the version last seen. */

import { CallFailed, getWithVersion, send } from '../api.js';

/** @import { Decision, ReviewedItem, ReviewedRun } from '../types.d.ts' */

/** Fires `change` when the run is new. */
export class ReviewState extends EventTarget {
  /** @type {ReviewedRun | null} */
  run = null;
  #id;
  #version = /** @type {string | null} */ (null);
  #queue = Promise.resolve();
  #underWay = /** @type {(string | null | undefined)[]} */ ([]);

  /** @param {string} id of the extraction */
  constructor(id) {
    super();
    this.#id = id;
  }

  /** @returns {ReviewedItem[]} */
  get items() {
    return /** @type {ReviewedItem[]} */ (this.run?.review?.items ?? []);
  }

  get signed() {
    return ['approved', 'rejected'].includes(this.run?.review?.status ?? '');
  }

  /** The ids of the findings that have to be decided before the review can be finished. */
  get mustDecide() {
    return new Set(this.run?.review?.must_decide ?? []);
  }

  /** The finding that was decided on last and not undone, if any. @returns {string | null} */
  get lastDecided() {
    /** @type {string[]} */
    const standing = [];
    for (const { action, item_id: id } of this.run?.review?.decisions ?? []) {
      if (action === 'undo') standing.splice(standing.lastIndexOf(id), 1);
      else standing.push(id);
    }
    return standing.at(-1) ?? null;
  }

  async load() {
    this.#take(await getWithVersion('/extractions/{extraction_id}', { at: { extraction_id: this.#id } }));
  }

  /** @param {Decision} decision */
  async decide(decision) {
    this.#underWay.push(decision.item_id);
    try {
      await this.#inTurn(() => send('patch', '/extractions/{extraction_id}', {
        at: { extraction_id: this.#id }, body: { decisions: [decision] }, ifMatch: this.#version,
      }));
    } finally {
      this.#underWay.splice(this.#underWay.indexOf(decision.item_id), 1);
    }
  }

  /** Whether a decision about it was made that the service has not answered yet. @param {string} id */
  isUnderWay(id) {
    return this.#underWay.includes(id);
  }

  finish() {
    return this.#inTurn(() => send('post', '/extractions/{extraction_id}/finish', { at: { extraction_id: this.#id }, ifMatch: this.#version }));
  }

  reopen() {
    return this.#inTurn(() => send('post', '/extractions/{extraction_id}/reopen', { at: { extraction_id: this.#id }, ifMatch: this.#version }));
  }

  /**
   * After those before it, failed or not: the next one must name the version that they made.
   * @param {() => Promise<{ body: ReviewedRun, version: string | null }>} call
   */
  #inTurn(call) {
    const done = this.#queue.then(call).then((answer) => this.#take(answer));
    this.#queue = done.catch(() => {});
    return done;
  }

  /** @param {{ body: ReviewedRun, version: string | null }} answer */
  #take({ body, version }) {
    this.run = body;
    this.#version = version;
    this.dispatchEvent(new Event('change'));
  }
}

/** Whether someone else, or another tab, has changed the review since. @param {unknown} error */
export function isConflict(error) {
  return error instanceof CallFailed && error.status === 412;
}

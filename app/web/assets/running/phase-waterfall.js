/** Element `<phase-waterfall>`: when each phase of a request began and how long it took, as bars with their numbers. */

import { element, styled } from '../element.js';
import { duration } from '../words.js';
import { PHASES } from './phases.js';

/** @import { Phase } from '../types.d.ts' */
/** @typedef {{ row: HTMLTableRowElement, bar: HTMLElement, ms: HTMLElement }} Line */

export class PhaseWaterfall extends HTMLElement {
  /** @type {Map<string, Line>} */
  #lines = new Map();

  /**
   * Only moves what is there, so that it can be called for every event and every tick.
   * @param {Map<string, Phase & { failed?: boolean }>} phases
   * @param {number} totalMs
   * @param {boolean} [ended] whether what has not been told will not be
   */
  show(phases, totalMs, ended = false) {
    if (!this.#lines.size) this.#build();
    for (const [name, { row, bar, ms }] of this.#lines) {
      const phase = phases.get(name);
      row.dataset.state = phase ? (phase.failed ? 'failed' : 'done') : ended ? 'none' : 'waiting';
      ms.textContent = phase ? `${duration(phase.ms)}${phase.failed ? ', failed' : ''}` : ended ? '–' : '…';
      if (phase) styled(bar, { start: phase.start_ms / totalMs, share: phase.ms / totalMs });
    }
  }

  #build() {
    const rows = PHASES.map(([name, what, depth]) => this.#line(name, what, depth));
    this.append(element('table', { class: 'waterfall' },
      element('caption', { class: 'unseen' }, 'Phases of the request, with start and duration'),
      element('thead', { class: 'unseen' }, element('tr', {}, ['Phase', 'When', 'Took'].map((title) => element('th', { scope: 'col' }, title)))),
      element('tbody', {}, rows)));
  }

  /** @param {string} name @param {string} what @param {number} depth */
  #line(name, what, depth) {
    const bar = element('span', { class: 'bar' });
    const ms = element('td', { class: 'number' });
    const row = element('tr', { 'data-state': 'waiting', 'data-phase': name },
      element('th', { scope: 'row', class: depth ? 'inner' : '' }, what, element('code', {}, name)),
      element('td', { class: 'track', 'aria-hidden': 'true' }, bar), ms);
    this.#lines.set(name, { row, bar, ms });
    return row;
  }
}

customElements.define('phase-waterfall', PhaseWaterfall);

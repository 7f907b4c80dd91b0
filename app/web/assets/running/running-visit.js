/** Screen “Running”: the phases of the extraction under way, as the service tells of them. */

import { announce, element, find } from '../element.js';
import { failure, nothing } from '../notices.js';
import { duration } from '../words.js';
import { PHASES } from './phases.js';
import { PhaseWaterfall } from './phase-waterfall.js';
import { currentRun } from './run.js';

const OUTER = new Map(PHASES.filter(([, , depth]) => depth === 0).map(([name, what]) => [name, what]));

class RunningVisit extends HTMLElement {
  #stop = new AbortController();
  #told = 0;

  connectedCallback() {
    if (!currentRun) {
      this.replaceChildren(element('h1', {}, 'Running'),
        nothing('Nothing is running here.', 'A run that was started before this page was reloaded goes on by itself: look under ',
          element('a', { href: '#/visits' }, 'Visits'), '.'));
      return;
    }
    this.replaceChildren(
      element('div', { class: 'heading-row' }, element('h1', {}, 'Reading the visit'), element('span', { class: 'clock number' })),
      element('div', { class: 'state' }), new PhaseWaterfall(), element('p', { class: 'actions' }));
    currentRun.addEventListener('change', () => this.#show(), { signal: this.#stop.signal });
    this.#show();
    this.#tick();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  #tick() {
    if (this.#stop.signal.aborted || !currentRun || !['running', 'reconnecting'].includes(currentRun.state)) return;
    const elapsed = performance.now() - currentRun.began;
    find(this, '.clock', HTMLElement).textContent = duration(elapsed);
    find(this, 'phase-waterfall', PhaseWaterfall).show(currentRun.phases, elapsed);
    requestAnimationFrame(() => this.#tick());
  }

  #show() {
    const run = currentRun;
    if (!run) return;
    this.#announceNew(run.phases);
    if (run.state === 'done' && run.result) {
      location.replace(`#/visits/${run.result.id}`);
      return;
    }
    const over = run.state === 'failed' || run.state === 'cancelled';
    find(this, 'phase-waterfall', PhaseWaterfall).show(run.phases, performance.now() - run.began, over);
    const again = () => { run.began = performance.now(); run.follow(); this.#tick(); };
    find(this, '.state', HTMLElement).replaceChildren(...(
      run.state === 'reconnecting' ? [element('p', { class: 'notice', role: 'status' }, 'The connection was cut. Taking it up again; the work itself goes on.')]
        : run.state === 'cancelled' ? [element('p', { class: 'notice', role: 'status' }, 'Cancelled. If the model was already at work, the result will still turn up under ', element('a', { href: '#/visits' }, 'Visits'), '. What you entered is still under ', element('a', { href: '#/' }, 'New visit'), '.')]
          : run.state === 'failed' ? [failure(run.problem, again)] : []));
    find(this, '.actions', HTMLElement).replaceChildren(over
      ? element('a', { class: 'button', href: '#/' }, 'Back to what you entered')
      : element('button', { type: 'button', onclick: () => run.cancel() }, 'Cancel'));
  }

  /** Only the outer phases: fourteen announcements would be noise. @param {Map<string, unknown>} phases */
  #announceNew(phases) {
    const ended = [...phases.keys()].filter((name) => OUTER.has(name));
    if (ended.length > this.#told) announce(`${OUTER.get(ended[ended.length - 1])}: done`);
    this.#told = ended.length;
  }
}

customElements.define('running-visit', RunningVisit);

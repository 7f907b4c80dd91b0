/** Screen “Ops”: how long each phase takes. */

import { get } from '../api.js';
import { element, find } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { duration } from '../words.js';

class OpsBoard extends HTMLElement {
  async connectedCallback() {
    this.replaceChildren(element('h1', {}, 'Ops'), element('div', { class: 'board' }, loading('Loading the timings…')));
    const board = find(this, '.board', HTMLElement);
    try {
      const { phases } = await get('/timings');
      board.replaceChildren(phases.length
        ? element('table', {}, element('tbody', {}, phases.map(({ phase, p50_ms: p50 }) => element('tr', {}, element('th', { scope: 'row' }, phase), element('td', { class: 'number' }, duration(p50))))))
        : nothing('Nothing ran yet.', 'Timings appear with the first visit.'));
    } catch (error) {
      board.replaceChildren(failure(error, () => this.connectedCallback()));
    }
  }
}

customElements.define('ops-board', OpsBoard);

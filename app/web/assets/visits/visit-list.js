/** Screen “Visits”: all that was read, newest first, narrowed by filters or searched by meaning. */

import { get } from '../api.js';
import { element, find } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { told } from '../words.js';
import { searchBox } from './search-box.js';
import { visitRow } from './visit-row.js';

/** @import { QueryOf, RunSummary } from '../types.d.ts' */
/** @typedef {NonNullable<QueryOf<'/extractions', 'get'>>} Filters */

class VisitList extends HTMLElement {
  /** Kept while the page is open, so that coming back from a visit shows the same list. @type {Filters} */
  static filters = {};
  #latest = 0;

  connectedCallback() {
    this.replaceChildren(
      element('h1', {}, 'Visits'),
      searchBox(),
      this.#form(),
      element('div', { class: 'list', 'aria-live': 'polite' }, loading('Loading the visits…')),
      element('p', { class: 'actions more' }));
    this.#load(null);
  }

  #form() {
    const { filters } = VisitList;
    /** @param {string} name @param {string} label @param {string[]} choices */
    const choice = (name, label, choices) => element('label', {}, label, element('select', { name },
      element('option', { value: '' }, 'Any'),
      choices.map((value) => element('option', { value, selected: /** @type {any} */ (filters)[name] === value }, told(value)))));
    /** @param {'since' | 'until'} name @param {string} label */
    const day = (name, label) => element('label', {}, label, element('input', { type: 'date', name, value: filters[name] ?? '' }));
    return element('form', { class: 'filters', 'aria-label': 'Filters', onchange: () => this.#filter(), onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      choice('review', 'Review', ['pending', 'not_required', 'approved', 'rejected']),
      choice('state', 'State', ['succeeded', 'failed', 'running']),
      choice('confidence', 'Confidence', ['high', 'medium', 'low']),
      day('since', 'From'), day('until', 'To'));
  }

  #filter() {
    const given = new FormData(find(this, '.filters', HTMLFormElement));
    VisitList.filters = Object.fromEntries([...given].filter(([, value]) => value !== ''));
    this.#load(null);
  }

  /** @param {string | null} cursor null for the first page, which takes the place of what is shown */
  async #load(cursor) {
    this.#latest += 1;
    const asked = this.#latest;
    const list = find(this, '.list', HTMLElement);
    const more = find(this, '.more', HTMLElement);
    try {
      const page = await get('/extractions', { query: { ...VisitList.filters, cursor, limit: 20, fields: 'summary' } });
      if (asked !== this.#latest) return;
      if (cursor === null) list.replaceChildren(page.items.length ? element('ul', { class: 'rows' }) : this.#empty());
      find(this, '.list', HTMLElement).querySelector('ul')?.append(.../** @type {RunSummary[]} */ (page.items).map((run) => visitRow(run)));
      more.replaceChildren(page.next_cursor ? element('button', { type: 'button', onclick: () => this.#load(page.next_cursor) }, 'Show more') : '');
    } catch (error) {
      if (asked === this.#latest) list.replaceChildren(failure(error, () => this.#load(cursor)));
    }
  }

  #empty() {
    return Object.keys(VisitList.filters).length
      ? nothing('No visit fits these filters.', 'Widen them, or take one away.')
      : nothing('There are no visits yet.', element('a', { href: '#/' }, 'Bring the first transcript'), ', or try a made-up one there.');
  }
}

customElements.define('visit-list', VisitList);

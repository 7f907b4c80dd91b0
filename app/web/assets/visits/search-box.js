/** Search by meaning over one's own visits. */

import { get } from '../api.js';
import { announce, element } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { counted, percent } from '../words.js';
import { visitRow } from './visit-row.js';

/** @returns {HTMLElement} */
export function searchBox() {
  const field = element('input', { type: 'search', id: 'search', maxlength: 1000, autocomplete: 'off', placeholder: 'burning feet at night' });
  const results = element('div', { class: 'results' });
  return element('div', { class: 'search' },
    element('form', { role: 'search', onsubmit: search },
      element('label', { for: 'search' }, 'Search by meaning'),
      element('div', { class: 'search-row' }, field, element('button', {}, 'Search'))),
    results);

  /** @param {SubmitEvent} event */
  async function search(event) {
    event.preventDefault();
    if (!field.value.trim()) {
      results.replaceChildren();
      return;
    }
    results.replaceChildren(loading('Searching…'));
    try {
      const { items } = await get('/search', { query: { q: field.value.trim(), limit: 10 } });
      const found = counted(items.length, 'visit');
      announce(`${found} found`);
      results.replaceChildren(element('div', { class: 'heading-row' }, element('h2', {}, `${found} like “${field.value.trim()}”`),
        element('button', { type: 'button', class: 'quiet', onclick: () => results.replaceChildren() }, 'Close')),
      items.length ? element('ul', { class: 'rows' }, items.map((found) => visitRow(found, `${percent(found.similarity)} alike`)))
        : nothing('No visit is like that.', 'Try other words; only visits that were read and stored are searched.'));
    } catch (error) {
      results.replaceChildren(failure(error));
    }
  }
}

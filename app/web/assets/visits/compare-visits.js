/** Screen “Compare”: what was found in two visits, side by side by category. */

import { get } from '../api.js';
import { element } from '../element.js';
import { failure, loading } from '../notices.js';
import { moment } from '../words.js';
import { CATEGORIES, details, headline } from '../review/fields.js';

/** @import { CategoryName, Finding, Run } from '../types.d.ts' */

class CompareVisits extends HTMLElement {
  async connectedCallback() {
    this.replaceChildren(element('h1', {}, 'Compare two visits'), loading('Opening both visits…'));
    try {
      const [one, other] = await Promise.all([this.getAttribute('visit-id'), this.getAttribute('other-id')].map((id) => run(id ?? '')));
      this.#show(one, other);
    } catch (error) {
      this.replaceChildren(element('h1', {}, 'Compare two visits'), failure(error, () => this.connectedCallback()));
    }
  }

  /** @param {Run} one @param {Run} other */
  #show(one, other) {
    const rows = CATEGORIES.filter(({ name }) => of(one, name).length + of(other, name).length > 0);
    this.replaceChildren(element('h1', {}, 'Compare two visits'),
      element('div', { class: 'wide-table', tabindex: 0, role: 'region', 'aria-label': 'Both visits' },
        element('table', { class: 'compare' },
          element('thead', {}, element('tr', {}, element('td'), [one, other].map((shown) => element('th', { scope: 'col' },
            element('a', { href: `#/visits/${shown.id}` }, `Read ${moment(shown.created_at)}`))))),
          element('tbody', {},
            element('tr', {}, element('th', { scope: 'row' }, 'Summary'), [one, other].map(({ extraction }) => element('td', {}, extraction?.summary ?? 'Nothing was found'))),
            rows.map(({ name, title }) => element('tr', {}, element('th', { scope: 'row' }, title), cell(one, other, name), cell(other, one, name)))))));
  }
}

/** What stands in both is marked. @param {Run} shown @param {Run} other @param {CategoryName} name */
function cell(shown, other, name) {
  const others = new Set(of(other, name).map((item) => headline(name, item).toLowerCase()));
  return element('td', {}, element('ul', { class: 'plain' }, of(shown, name).map((item) => {
    const line = headline(name, item);
    const shared = others.has(line.toLowerCase());
    return element('li', {}, element('strong', {}, line), shared && element('span', { class: 'chip on' }, 'in both'),
      element('span', { class: 'small' }, ` ${details(name, item).map(([, value]) => value).join(', ')}`));
  })));
}

/** @param {Run} run @param {CategoryName} name */
function of(run, name) {
  return /** @type {Finding[]} */ (/** @type {unknown} */ (run.extraction?.[name] ?? []));
}

/** @param {string} id of the extraction */
function run(id) {
  return get('/extractions/{extraction_id}', { at: { extraction_id: id } });
}

customElements.define('compare-visits', CompareVisits);

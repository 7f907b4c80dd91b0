/** Screen “Gold cases”: visits whose right result is known; new ones are measured against those that are like them. */

import { get, send } from '../api.js';
import { element, find } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { CATEGORIES, headline } from '../review/fields.js';
import { counted, day } from '../words.js';
import { onOff } from './switch.js';

/** @import { TestCase } from '../types.d.ts' */

class GoldList extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(
      element('h1', {}, 'Gold cases'),
      element('p', { class: 'small' }, 'A gold case is a visit with the result that a clinician has approved. New visits like it are scored against it.'),
      element('div', { class: 'problem' }), element('div', { class: 'list' }, loading('Loading the gold cases…')), element('p', { class: 'actions more' }));
    this.#load(null);
  }

  /** @param {string | null} cursor */
  async #load(cursor) {
    const list = find(this, '.list', HTMLElement);
    try {
      const { items, next_cursor: next } = await get('/test-cases', { query: { cursor, limit: 20 } });
      if (cursor === null) {
        list.replaceChildren(items.length ? element('ul', { class: 'rows things' })
          : nothing('There are no gold cases yet.', 'Review a visit under ', element('a', { href: '#/visits' }, 'Visits'), ', finish it, then choose “Make it a gold case”.'));
      }
      list.querySelector('ul')?.append(...items.map((gold) => this.#row(gold)));
      find(this, '.more', HTMLElement).replaceChildren(next ? element('button', { type: 'button', onclick: () => this.#load(next) }, 'Show more') : '');
    } catch (error) {
      list.replaceChildren(failure(error, () => this.#load(cursor)));
    }
  }

  /** @param {TestCase} gold */
  #row(gold) {
    const at = { case_id: gold.id };
    const title = element('h2', {}, gold.title);
    const expected = CATEGORIES.flatMap(({ name, title: of }) => (gold.expected[name] ?? []).map((item) => element('li', {}, `${of}: `, element('strong', {}, headline(name, item)))));
    return element('li', {},
      element('div', { class: 'row-head' }, title,
        onOff(`${gold.title} in use`, gold.is_active, (on) => send('patch', '/test-cases/{case_id}', { at, body: { is_active: on } }), (error) => this.#tell(error))),
      element('p', { class: 'small' }, `${counted(expected.length, 'expected finding')} · added ${day(gold.created_at.slice(0, 10))}`),
      element('details', {}, element('summary', {}, 'What is expected'), element('ul', { class: 'plain' }, expected)),
      element('details', {}, element('summary', {}, 'Transcript'), element('pre', { class: 'text' }, gold.transcript)),
      element('p', { class: 'actions' },
        element('button', { type: 'button', 'aria-label': `Rename ${gold.title}`, onclick: () => this.#rename(gold, title) }, 'Rename'),
        element('button', { type: 'button', class: 'quiet', 'aria-label': `Delete ${gold.title}`, onclick: () => this.#delete(gold) }, 'Delete')));
  }

  /** @param {TestCase} gold @param {HTMLElement} title whose place the form takes */
  #rename(gold, title) {
    const input = element('input', { value: gold.title, required: true, maxlength: 200, 'aria-label': 'Title' });
    /** @param {SubmitEvent} event */
    const save = async (event) => {
      event.preventDefault();
      try {
        await send('patch', '/test-cases/{case_id}', { at: { case_id: gold.id }, body: { title: input.value } });
        await this.#load(null);
      } catch (error) {
        this.#tell(error);
      }
    };
    const form = element('form', { class: 'search-row', onsubmit: save }, input, element('button', { class: 'main' }, 'Save'),
      element('button', { type: 'button', onclick: () => form.replaceWith(title) }, 'Cancel'));
    title.replaceWith(form);
    input.focus();
  }

  /** @param {TestCase} gold */
  async #delete(gold) {
    if (!confirm(`Delete the gold case “${gold.title}”?`)) return;
    try {
      await send('delete', '/test-cases/{case_id}', { at: { case_id: gold.id } });
      await this.#load(null);
    } catch (error) {
      this.#tell(error);
    }
  }

  /** @param {unknown} error */
  #tell(error) {
    find(this, '.problem', HTMLElement).replaceChildren(failure(error));
  }
}

customElements.define('gold-list', GoldList);

/** The rows in which a clinic names categories of its own to look for. */

import { element } from '../element.js';
import { draft } from './draft.js';

/** @returns {HTMLElement} */
export function categoryRows() {
  const rows = element('div');
  const fieldset = element('fieldset', { class: 'categories' },
    element('legend', {}, 'Your own categories'), rows,
    element('button', { type: 'button', onclick: add }, 'Add a category'));
  draft.categories.forEach(row);
  return fieldset;

  function add() {
    const category = { name: '', description: '' };
    draft.categories.push(category);
    row(category).querySelector('input')?.focus();
  }

  /** @param {{ name: string, description: string }} category */
  function row(category) {
    const place = element('div', { class: 'category' },
      field('Name', 'name', 'Billing codes'), field('What belongs in it', 'description', 'Codes that were named aloud'),
      element('button', { type: 'button', class: 'quiet', 'aria-label': 'Remove this category', onclick: remove }, '✕'));
    rows.append(place);
    return place;

    /** @param {string} label @param {'name' | 'description'} name @param {string} example */
    function field(label, name, example) {
      return element('label', {}, label, element('input', { value: category[name], placeholder: example, maxlength: name === 'name' ? 50 : 1000,
        oninput: (/** @type {any} */ event) => { category[name] = event.target.value; } }));
    }

    function remove() {
      draft.categories.splice(draft.categories.indexOf(category), 1);
      place.remove();
      fieldset.querySelector('button')?.focus();
    }
  }
}

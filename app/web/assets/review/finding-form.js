/** The form in which a finding is edited or written: the fields of its category, and the words that prove it. */

import { element } from '../element.js';
import { told } from '../words.js';
import { CATEGORIES, categoryOf } from './fields.js';

/** @import { CategoryName, Finding } from '../types.d.ts' */
/** @import { Field } from './fields.js' */

let forms = 0;

/**
 * @param {CategoryName} category
 * @param {Partial<Finding>} item
 * @param {{ onSave: (changed: Record<string, string | null>) => Promise<boolean>, onClose: () => void }} then `onSave` gets
 *   the fields that differ from `item` and tells whether they were taken; if not, the form stays as it is
 */
export function editForm(category, item, { onSave, onClose }) {
  const fields = fieldset(category, item);
  const save = element('button', { class: 'main' }, 'Save');
  const form = element('form', { class: 'finding-form', onsubmit: submit, onkeydown: escape }, fields,
    element('p', { class: 'actions' }, save, element('button', { type: 'button', onclick: onClose }, 'Cancel')));
  return form;

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const changed = changes(form, category, item);
    save.disabled = true;
    const taken = Object.keys(changed).length === 0 || await onSave(changed);
    save.disabled = false;
    if (taken) onClose();
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  }
}

/**
 * The same for a new finding.
 * @param {string} words that prove it, as selected; the form lets them be changed
 * @param {string[]} customNames the clinic's own categories of this visit
 * @param {{ onSave: (category: CategoryName, fields: Record<string, string | null>, words: string) => Promise<boolean>, onClose: () => void }} then
 */
export function addForm(words, customNames, { onSave, onClose }) {
  const possible = CATEGORIES.filter(({ name }) => name !== 'custom' || customNames.length);
  const choice = element('select', { id: 'new-category', onchange: renew }, possible.map(({ name, one }) => element('option', { value: name }, one)));
  const quote = element('textarea', { id: 'new-words', rows: 2, required: true }, words);
  const place = element('div');
  const save = element('button', { class: 'main' }, 'Add');
  const form = element('form', { class: 'finding-form add', onsubmit: submit, onkeydown: escape, 'aria-labelledby': 'add-title' },
    element('h2', { id: 'add-title' }, 'Add a finding'),
    element('div', { class: 'fields' },
      element('p', { class: 'field' }, element('label', { for: 'new-category' }, 'Kind'), choice),
      element('p', { class: 'field wide' }, element('label', { for: 'new-words' }, 'Words in the transcript that prove it'), quote)),
    place,
    element('p', { class: 'actions' }, save, element('button', { type: 'button', onclick: onClose }, 'Cancel')));
  renew();
  return form;

  function renew() {
    const blank = Object.fromEntries(chosen().fields.map(({ name, choices }) => [name, choices?.includes('medium') ? 'medium' : choices?.[0]]));
    place.replaceChildren(fieldset(chosen().name, { ...blank, category: customNames[0] }, customNames));
  }

  function chosen() {
    return categoryOf(/** @type {CategoryName} */ (choice.value));
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    save.disabled = true;
    const taken = await onSave(chosen().name, changes(form, chosen().name, {}), quote.value);
    save.disabled = false;
    if (taken) onClose();
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  }
}

/** @param {CategoryName} category @param {Partial<Finding>} item @param {string[]} [customNames] */
function fieldset(category, item, customNames = []) {
  forms += 1;
  return element('div', { class: 'fields' }, categoryOf(category).fields.map((field) => {
    const choices = field.name === 'category' && customNames.length ? customNames : field.choices;
    return fieldOf({ ...field, choices }, `f${forms}-${field.name}`, item[field.name]);
  }));
}

/** @param {Field} field @param {string} id @param {unknown} value */
function fieldOf({ name, label, choices, needed }, id, value) {
  const input = choices
    ? element('select', { id, name }, choices.map((choice) => element('option', { value: choice, selected: choice === value }, told(choice))))
    : element('input', { id, name, value: String(value ?? ''), required: needed, autocomplete: 'off' });
  return element('p', { class: needed ? 'field wide' : 'field' }, element('label', { for: id }, label), input);
}

/** @param {HTMLFormElement} form @param {CategoryName} category @param {Partial<Finding>} item */
function changes(form, category, item) {
  const given = new FormData(form);
  const entries = categoryOf(category).fields.map(({ name }) => /** @type {const} */ ([name, String(given.get(name) ?? '').trim() || null]));
  return Object.fromEntries(entries.filter(([name, value]) => value !== (item[name] ?? null)));
}

/** Screen “SOPs”: the clinic's procedures, which visits are checked against; list, write, change, switch, delete. */

import { call, get, send } from '../api.js';
import { element, find } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { day, told } from '../words.js';
import { onOff } from './switch.js';

/** @import { BodyOf, Sop } from '../types.d.ts' */
/** @typedef {BodyOf<'/sops', 'post'>} NewSop */

class SopList extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(
      element('div', { class: 'heading-row' }, element('h1', {}, 'SOPs'),
        element('button', { type: 'button', onclick: () => this.#write(null) }, 'Write an SOP')),
      element('p', { class: 'small' }, 'A visit can be checked against an SOP’s numbered steps: which were met, by which words, and which were not.'),
      element('div', { class: 'problem' }), element('div', { class: 'editor' }), element('div', { class: 'list' }, loading('Loading the SOPs…')));
    this.#load();
  }

  async #load() {
    const list = find(this, '.list', HTMLElement);
    try {
      const { items } = await get('/sops', { query: { limit: 100 } });
      list.replaceChildren(items.length ? element('ul', { class: 'rows things' }, items.map((sop) => this.#row(sop)))
        : nothing('There are no SOPs yet.', element('button', { type: 'button', onclick: () => this.#addSamples() }, 'Add three made-up ones'), ' or write your own.'));
    } catch (error) {
      list.replaceChildren(failure(error, () => this.#load()));
    }
  }

  /** @param {Sop} sop */
  #row(sop) {
    const at = { sop_id: sop.id };
    return element('li', {},
      element('div', { class: 'row-head' }, element('h2', {}, sop.title),
        onOff(`${sop.title} in use`, sop.is_active, (on) => send('patch', '/sops/{sop_id}', { at, body: { is_active: on } }), (error) => this.#tell(error))),
      sop.description && element('p', {}, sop.description),
      element('p', { class: 'small' }, [sop.category, `${told(sop.priority)} priority`, `changed ${day(sop.updated_at.slice(0, 10))}`].filter(Boolean).join(' · ')),
      element('details', {}, element('summary', {}, 'Steps'), element('pre', { class: 'text' }, sop.content)),
      element('p', { class: 'actions' },
        element('button', { type: 'button', 'aria-label': `Change ${sop.title}`, onclick: () => this.#write(sop) }, 'Change'),
        element('button', { type: 'button', class: 'quiet', 'aria-label': `Delete ${sop.title}`, onclick: () => this.#delete(sop) }, 'Delete')));
  }

  /** @param {Sop | null} sop null for a new one */
  #write(sop) {
    const editor = find(this, '.editor', HTMLElement);
    const close = () => editor.replaceChildren();
    /** @param {SubmitEvent} event */
    const save = async (event) => {
      event.preventDefault();
      const given = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target))));
      const body = /** @type {NewSop} */ ({ ...given, category: given.category || null });
      try {
        if (sop) await send('patch', '/sops/{sop_id}', { at: { sop_id: sop.id }, body });
        else await send('post', '/sops', { body });
        close();
        this.#tell(null);
        await this.#load();
      } catch (error) {
        this.#tell(error);
      }
    };
    editor.replaceChildren(element('form', { class: 'panel', onsubmit: save, 'aria-label': sop ? `Change ${sop.title}` : 'New SOP' },
      field('Title', element('input', { name: 'title', required: true, maxlength: 200, value: sop?.title ?? '' })),
      field('What it is for', element('input', { name: 'description', maxlength: 2000, value: sop?.description ?? '' })),
      element('div', { class: 'fields' },
        field('Category', element('input', { name: 'category', maxlength: 200, value: sop?.category ?? '' })),
        field('Priority', element('select', { name: 'priority' }, ['high', 'medium', 'low'].map((value) => element('option', { value, selected: value === (sop?.priority ?? 'medium') }, told(value)))))),
      field('Steps, one a line, each with its number', element('textarea', { name: 'content', rows: 9, required: true, maxlength: 20000, placeholder: '1. Record the blood pressure.\n2. …' }, sop?.content ?? '')),
      element('p', { class: 'actions' }, element('button', { class: 'main' }, 'Save'), element('button', { type: 'button', onclick: close }, 'Cancel'))));
    editor.scrollIntoView({ block: 'nearest' });
    editor.querySelector('input')?.focus();
  }

  /** @param {Sop} sop */
  async #delete(sop) {
    if (!confirm(`Delete the SOP “${sop.title}”? Visits that were checked against it keep what was found.`)) return;
    try {
      await send('delete', '/sops/{sop_id}', { at: { sop_id: sop.id } });
      await this.#load();
    } catch (error) {
      this.#tell(error);
    }
  }

  async #addSamples() {
    try {
      const { sops } = await (await call('get', '/samples')).json();
      for (const body of sops) await send('post', '/sops', { body });
      await this.#load();
    } catch (error) {
      this.#tell(error);
    }
  }

  /** @param {unknown} error null when all is well again */
  #tell(error) {
    find(this, '.problem', HTMLElement).replaceChildren(error ? failure(error) : '');
  }
}

/** @param {string} label @param {HTMLElement} input */
function field(label, input) {
  input.id = `sop-${input.getAttribute('name')}`;
  return element('p', { class: 'field' }, element('label', { for: input.id }, label), input);
}

customElements.define('sop-list', SopList);

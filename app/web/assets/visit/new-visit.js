/** Screen “New visit”: a transcript, pasted or as a file, and how it is to be read. */

import { call, CallFailed, get } from '../api.js';
import { announce, element, find } from '../element.js';
import { failure } from '../notices.js';
import { startRun } from '../running/run.js';
import { counted, told } from '../words.js';
import { categoryRows } from './categories.js';
import { draft, identifier } from './draft.js';
import { dropZone } from './drop-zone.js';

/** @import { ExtractBody } from '../types.d.ts' */

class NewVisit extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(
      element('h1', {}, 'New visit'),
      element('form', { class: 'new-visit', novalidate: true, onsubmit: (/** @type {SubmitEvent} */ event) => this.start(event) },
        element('div', { class: 'words-of-visit' },
          element('div', { class: 'heading-row' },
            element('label', { for: 'transcript' }, 'Transcript'),
            element('span', { class: 'samples' })),
          dropZone(() => this.count()),
          element('p', { class: 'small count', role: 'status' }),
          element('div', { class: 'problem' }),
          element('p', { class: 'actions' },
            element('button', { class: 'main', type: 'submit' }, 'Extract'),
            element('span', { class: 'small' }, 'or press ', element('kbd', {}, 'Ctrl'), ' + ', element('kbd', {}, 'Enter'))),
          element('p', { class: 'small' }, 'What you enter stays on this page until you start: it is not kept in the browser, and a reload forgets it.')),
        element('div', { class: 'reading' },
          element('p', { class: 'field' },
            element('label', { for: 'visit-date' }, 'Date of the visit'),
            element('input', { id: 'visit-date', type: 'date', value: draft.visitDate, 'aria-describedby': 'visit-date-why',
              oninput: (/** @type {any} */ event) => { draft.visitDate = event.target.value; } }),
            element('span', { class: 'small', id: 'visit-date-why' }, '“In two weeks” is counted from it.')),
          element('fieldset', { class: 'sops' }, element('legend', {}, 'SOPs to check against')),
          categoryRows(),
          element('p', { class: 'field' },
            element('label', { for: 'notes' }, 'Notes'),
            element('textarea', { id: 'notes', rows: 3, 'aria-describedby': 'notes-why',
              oninput: (/** @type {any} */ event) => { draft.notes = event.target.value; } }, draft.notes),
            element('span', { class: 'small', id: 'notes-why' }, 'Told to the model beside the transcript.')))));
    this.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) find(this, 'form', HTMLFormElement).requestSubmit();
    });
    this.count();
    this.offerSamples();
    this.offerSops();
  }

  count() {
    const words = draft.transcript.trim() ? draft.transcript.trim().split(/\s+/).length : 0;
    const said = draft.file ? '' : words ? counted(words, 'word') : '';
    find(this, '.count', HTMLElement).textContent = said;
  }

  async offerSamples() {
    const names = await call('get', '/samples').then((answer) => answer.json(), () => null);
    if (!names) return;
    const choice = element('select', { id: 'sample' }, names.visits.map((/** @type {string} */ name) => element('option', { value: name }, told(name))));
    find(this, '.samples', HTMLElement).replaceChildren(
      element('label', { for: 'sample' }, 'Try a made-up one:'), choice,
      element('button', { type: 'button', onclick: () => this.loadSample(choice.value) }, 'Load sample'));
  }

  /** @param {string} name */
  async loadSample(name) {
    const field = find(this, '#transcript', HTMLTextAreaElement);
    const sample = await call('get', `/samples/${name}`);
    field.value = await sample.text();
    field.dispatchEvent(new Event('input'));
    field.focus();
    field.setSelectionRange(0, 0);
    field.scrollTop = 0;
    announce('The sample is loaded');
  }

  async offerSops() {
    const fieldset = find(this, '.sops', HTMLFieldSetElement);
    const page = await get('/sops', { query: { is_active: true, limit: 100 } }).catch(() => null);
    if (!page) {
      fieldset.append(element('p', { class: 'small' }, 'They could not be loaded. You can go on without.'));
      return;
    }
    draft.sopIds = draft.sopIds.filter((id) => page.items.some((sop) => sop.id === id));
    fieldset.append(page.items.length
      ? element('ul', { class: 'choices' }, page.items.map((sop) => element('li', {}, element('label', {},
        element('input', { type: 'checkbox', value: sop.id, checked: draft.sopIds.includes(sop.id), onchange: chooseSop }),
        ` ${sop.title}`))))
      : element('p', { class: 'small' }, 'None are switched on. ', element('a', { href: '#/sops' }, 'Add one'), ' to see which of its steps a visit met.'));
  }

  /** @param {SubmitEvent} event */
  start(event) {
    event.preventDefault();
    const place = find(this, '.problem', HTMLElement);
    if (!draft.file && !draft.transcript.trim()) {
      const empty = { status: 422, type: 'transcript-empty' };
      place.replaceChildren(failure(new CallFailed(empty)));
      find(this, '#transcript', HTMLElement).focus();
      return;
    }
    startRun(options(), draft.file ?? draft.transcript);
    location.hash = '#/running';
  }
}

/** @returns {Omit<ExtractBody, 'transcript' | 'transcript_id'>} */
function options() {
  const categories = draft.categories.map(({ name, description }) => ({ name: identifier(name), description: description || name }));
  return {
    notes: draft.notes.trim() || null,
    visit_date: draft.visitDate || null,
    sop_ids: draft.sopIds,
    custom_categories: categories.filter(({ name }) => name),
  };
}

/** @param {any} event */
function chooseSop({ target }) {
  draft.sopIds = target.checked ? [...draft.sopIds, target.value] : draft.sopIds.filter((id) => id !== target.value);
}

customElements.define('new-visit', NewVisit);

/** The field for a transcript, onto which a file can be dropped instead. */

import { announce, element } from '../element.js';
import { draft } from './draft.js';

const KINDS = ['txt', 'vtt', 'pdf', 'docx'];

/**
 * @param {() => void} onChange hears of every change of the draft's transcript or file
 * @returns {HTMLElement}
 */
export function dropZone(onChange) {
  const field = element('textarea', { id: 'transcript', rows: 18, spellcheck: 'false', 'aria-describedby': 'transcript-how',
    placeholder: 'Doctor: Good morning, how have you been?\nPatient: …' });
  field.value = draft.transcript;
  field.addEventListener('input', () => {
    draft.transcript = field.value;
    onChange();
  });
  const picker = element('input', { type: 'file', id: 'file', class: 'unseen', accept: KINDS.map((kind) => `.${kind}`).join(), onchange: () => take(picker.files?.[0]) });
  const chosen = element('div', { class: 'file' });
  const how = element('p', { class: 'small', id: 'transcript-how' }, 'Paste the text, drop a file here, or ',
    picker, element('label', { for: 'file', class: 'as-link' }, 'choose a file'), ' (txt, vtt, pdf, docx).');
  const zone = element('div', { class: 'drop-zone', ondragover: allow, ondragleave: () => zone.classList.remove('over'), ondrop: drop }, field, chosen, how);
  showFile();
  return zone;

  /** @param {DragEvent} event */
  function allow(event) {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    zone.classList.add('over');
  }

  /** @param {DragEvent} event */
  function drop(event) {
    zone.classList.remove('over');
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  }

  /** @param {File | undefined} file */
  function take(file) {
    if (!file) return;
    const known = KINDS.includes(file.name.split('.').pop()?.toLowerCase() ?? '');
    draft.file = known ? file : draft.file;
    announce(known ? `${file.name} is chosen` : 'Only txt, vtt, pdf and docx can be read');
    showFile(known ? '' : `“${file.name}” cannot be read: choose a txt, vtt, pdf or docx file.`);
    onChange();
  }

  function showFile(refused = '') {
    zone.classList.toggle('has-file', draft.file !== null);
    field.hidden = draft.file !== null;
    chosen.replaceChildren();
    if (refused) chosen.append(element('p', { class: 'notice bad' }, refused));
    if (!draft.file) return;
    chosen.append(
      element('p', {}, element('strong', {}, draft.file.name), ` · ${Math.ceil(draft.file.size / 1024).toLocaleString('en')} KB`),
      element('p', { class: 'small' }, 'It will be read in place of pasted text.'),
      element('button', { type: 'button', onclick: remove }, 'Take the file away'));
  }

  function remove() {
    draft.file = null;
    picker.value = '';
    showFile();
    onChange();
    field.focus();
  }
}

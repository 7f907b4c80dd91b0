/** The keys of the review, and the dialog that tells them; single letters can be switched off (WCAG 2.1.4). */

import { element } from '../element.js';

const OFF = 'shortcuts-off';
/** @type {[string, string][]} */
const KEYS = [
  ['j', 'Next finding'], ['k', 'Finding before'], ['n', 'Next that needs a decision'],
  ['a', 'Accept'], ['e', 'Edit'], ['x', 'Reject'], ['u', 'Undo the last decision'],
  ['+', 'Add a finding'], ['/', 'Filter the findings'], ['?', 'This help'],
];

/**
 * Calls the handler of each key that is pressed outside of fields, until the signal.
 * @param {Record<string, () => void>} handlers by key
 * @param {AbortSignal} signal
 */
export function listenForKeys(handlers, signal) {
  document.addEventListener('keydown', (event) => {
    const handler = handlers[event.key];
    if (!handler || event.ctrlKey || event.metaKey || event.altKey || isWriting(event) || areOff()) return;
    event.preventDefault();
    handler();
  }, { signal });
}

/** Shows the dialog. */
export function showKeys() {
  const toggle = element('input', { type: 'checkbox', checked: !areOff(), onchange: () => localStorage.setItem(OFF, toggle.checked ? '' : 'yes') });
  const dialog = element('dialog', { class: 'keys', 'aria-labelledby': 'keys-title', onclose: () => dialog.remove() },
    element('h2', { id: 'keys-title' }, 'Keys'),
    element('dl', {}, KEYS.map(([key, what]) => element('div', {}, element('dt', {}, element('kbd', {}, key)), element('dd', {}, what)))),
    element('p', {}, element('label', {}, toggle, ' Use these keys')),
    element('form', { method: 'dialog', class: 'actions' }, element('button', { class: 'main' }, 'Close')));
  document.body.append(dialog);
  dialog.showModal();
}

function areOff() {
  return localStorage.getItem(OFF) === 'yes';
}

/** @param {Event} event */
function isWriting({ target }) {
  if (!(target instanceof HTMLElement)) return false;
  const field = target instanceof HTMLInputElement && target.type !== 'checkbox';
  return field || target.matches('textarea, select') || target.isContentEditable || target.closest('dialog') !== null;
}

/** Sign-in with an API key, which the service turns into a cookie that scripts cannot read; local mode never asks. */

import { call, CallFailed } from './api.js';
import { element, find } from './element.js';
import { failure } from './notices.js';

/** Asks for a key whenever an answer says that there is none, and shows who is signed in. */
export function watchSession() {
  const out = find(document, '#sign-out', HTMLButtonElement);
  window.addEventListener('signed-out', ask);
  window.addEventListener('signed-in', () => { out.hidden = false; });
  out.addEventListener('click', async () => {
    await call('delete', '/session');
    location.reload();
  });
}

/** The dialog, over whatever was being done; that stays as it is. */
function ask() {
  if (document.querySelector('dialog.sign-in')) return;
  const field = element('input', { id: 'api-key', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const problem = element('div');
  const form = element('form', { onsubmit: enter },
    element('h2', { id: 'sign-in-title' }, 'Sign in'),
    element('p', {}, 'Enter the API key that your clinic gave you. It is kept by this service’s cookie, not by the page.'),
    element('label', { for: 'api-key' }, 'API key'), field, problem,
    element('p', { class: 'actions' }, element('button', { class: 'main' }, 'Sign in')));
  const dialog = element('dialog', { class: 'sign-in', 'aria-labelledby': 'sign-in-title' }, form);
  document.body.append(dialog);
  dialog.showModal();

  /** @param {SubmitEvent} event */
  async function enter(event) {
    event.preventDefault();
    try {
      const body = JSON.stringify({ api_key: field.value });
      await call('post', '/session', { headers: { 'Content-Type': 'application/json' }, body });
    } catch (error) {
      const wrong = error instanceof CallFailed && error.status === 401;
      problem.replaceChildren(wrong
        ? element('p', { class: 'notice bad', role: 'alert' }, 'That key is not known here, or no longer valid.')
        : failure(error));
      return;
    }
    dialog.remove();
    window.dispatchEvent(new Event('signed-in'));
    window.dispatchEvent(new Event('hashchange'));
  }
}

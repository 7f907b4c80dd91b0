/** Sign-in with an API key, which the service turns into a cookie that scripts cannot read; local mode never asks. */

import { CallFailed, get, send } from './api.js';
import { element, find } from './element.js';
import { failure } from './notices.js';

/** What one has to be allowed to do for a part of the pages to be of use. @type {Record<string, string>} */
const NEEDED = { '#/': 'extract', '#/visits': 'review', '#/sops': 'sops', '#/gold': 'test_cases', '#/ops': 'timings' };

/** Asks for a key whenever an answer says that there is none, and shows what the one who is signed in may do. */
export function watchSession() {
  const out = find(document, '#sign-out', HTMLButtonElement);
  window.addEventListener('signed-out', ask);
  out.addEventListener('click', async () => {
    await send('delete', '/session');
    location.assign('/');
  });
  fitToSession();
}

/** Hides the parts that the role may not use; who may not bring visits begins at the first that is left. */
async function fitToSession() {
  const session = await get('/session').catch((error) => {
    if (error instanceof CallFailed) return null;
    throw error;
  });
  if (!session) return;
  find(document, '#sign-out', HTMLButtonElement).hidden = session.auth === 'disabled';
  /** @type {HTMLAnchorElement[]} */
  const links = [...document.querySelectorAll('nav a')].filter((link) => link instanceof HTMLAnchorElement);
  const useful = links.filter((link) => session.allowed.includes(NEEDED[link.hash || '#/']));
  for (const link of links) link.hidden = !useful.includes(link);
  if (!location.hash && useful[0]?.hash && useful[0].hash !== '#/') location.replace(useful[0].hash);
}

/** The dialog, over whatever was being done; that stays as it is. */
function ask() {
  if (document.querySelector('dialog.sign-in')) return;
  const field = element('input', { id: 'api-key', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const problem = element('div');
  const form = element('form', { onsubmit: enter },
    element('h2', { id: 'sign-in-title' }, 'Sign in'),
    element('p', {}, 'Enter the API key that your clinic gave you. The page does not keep it: the service answers with a cookie that scripts cannot read.'),
    element('label', { for: 'api-key' }, 'API key'), field, problem,
    element('p', { class: 'actions' }, element('button', { class: 'main' }, 'Sign in')));
  const dialog = element('dialog', { class: 'sign-in', 'aria-labelledby': 'sign-in-title' }, form);
  document.body.append(dialog);
  dialog.showModal();

  /** @param {SubmitEvent} event */
  async function enter(event) {
    event.preventDefault();
    try {
      await send('post', '/session', { body: { key: field.value } });
    } catch (error) {
      const wrong = error instanceof CallFailed && error.status === 401;
      problem.replaceChildren(wrong
        ? element('p', { class: 'notice bad', role: 'alert' }, 'That key is not known here, or no longer valid.')
        : failure(error));
      return;
    }
    dialog.remove();
    await fitToSession();
    window.dispatchEvent(new Event('hashchange'));
  }
}

/** Tells of failures and of empty places the way a person would: what happened, and what to do. */

import { CallFailed } from './api.js';
import { element } from './element.js';
import { explained } from './words.js';

/**
 * A failure, with a way to try again where one makes sense. Anything but `CallFailed` is a bug and goes on.
 * @param {unknown} error
 * @param {(() => void) | null} [again]
 */
export function failure(error, again = null) {
  if (!(error instanceof CallFailed)) throw error;
  const { happened, todo } = explained(error);
  return element('div', { class: 'notice bad', role: 'alert' },
    element('p', {}, element('strong', {}, happened), todo && ` ${todo}`),
    error.problem.instance && element('p', { class: 'small' }, `Reference: ${error.problem.instance}`),
    again && element('button', { type: 'button', onclick: again }, 'Try again'));
}

/**
 * A place where nothing is yet.
 * @param {string} what
 * @param {...import('./element.js').Child} next what one could do about it
 */
export function nothing(what, ...next) {
  return element('div', { class: 'empty' }, element('p', {}, element('strong', {}, what)), element('p', {}, ...next));
}

/** Shown while something loads. @param {string} what */
export function loading(what) {
  return element('p', { class: 'loading', role: 'status' }, what);
}

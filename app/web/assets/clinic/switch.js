/** A switch that turns a stored thing on or off at once, and goes back when the service does not take it. */

import { announce, element } from '../element.js';

/**
 * @param {string} name of the thing
 * @param {boolean} on
 * @param {(on: boolean) => Promise<unknown>} turn
 * @param {(error: unknown) => void} onFailure
 */
export function onOff(name, on, turn, onFailure) {
  const button = element('button', { type: 'button', role: 'switch', class: 'switch', 'aria-checked': String(on), 'aria-label': name, onclick: flip },
    element('span', { 'aria-hidden': 'true' }));
  return button;

  async function flip() {
    const now = button.getAttribute('aria-checked') !== 'true';
    button.setAttribute('aria-checked', String(now));
    try {
      await turn(now);
      announce(`${name} is ${now ? 'on' : 'off'}`);
    } catch (error) {
      button.setAttribute('aria-checked', String(!now));
      onFailure(error);
    }
  }
}

/** Element `<finding-card>`: one finding with its fields, the words that prove it, and what was decided about it. */

import { element, styled } from '../element.js';
import { percent, told } from '../words.js';
import { details, headline } from './fields.js';

/** @import { Evidence, ReviewedItem } from '../types.d.ts' */
/** @typedef {'accept' | 'edit' | 'reject' | 'undo'} CardAction */

/** @type {Record<string, string>} */
const MARKS = { verified: '✓', repaired: '↻', contradicted: '✕', unsupported: '?' };
/** @type {Record<string, string>} */
const MEANS = {
  verified: 'Its values are the values that were said',
  repaired: 'A value or quote was mended by what was said',
  contradicted: 'Its values are not the values that were said',
  unsupported: 'No words in the transcript prove it',
};

export class FindingCard extends HTMLElement {
  /** @type {ReviewedItem} */
  reviewed = /** @type {any} */ (null);

  /** The spans to highlight. */
  get evidence() {
    return this.reviewed.item.evidence;
  }

  get chosen() {
    return this.hasAttribute('aria-current');
  }

  /** @param {boolean} chosen */
  set chosen(chosen) {
    if (chosen) this.setAttribute('aria-current', 'true');
    else this.removeAttribute('aria-current');
    this.tabIndex = chosen ? 0 : -1;
  }

  /**
   * @param {ReviewedItem} reviewed
   * @param {{ mustDecide: boolean, signed: boolean }} review
   */
  show(reviewed, { mustDecide, signed }) {
    this.reviewed = reviewed;
    const { item, category, state, origin } = reviewed;
    const name = headline(category, item);
    this.id = `finding-${reviewed.id}`;
    this.dataset.state = state;
    this.dataset.verification = item.verification;
    this.dataset.text = [name, ...details(category, item).flat(), ...item.evidence.map(({ quote }) => quote)].join(' ').toLowerCase();
    this.setAttribute('role', 'group');
    this.setAttribute('aria-label', name);
    this.tabIndex = this.chosen ? 0 : -1;
    this.classList.toggle('must-decide', mustDecide);
    this.replaceChildren(
      element('div', { class: 'card-head' }, element('h3', {}, name), verdict(item.verification, origin)),
      element('p', { class: 'card-facts' }, ...facts(reviewed)),
      fieldList(details(category, item)),
      ...item.evidence.map((evidence) => this.#quote(evidence)),
      notes(reviewed),
      signed ? '' : this.#actions(reviewed, mustDecide));
  }

  /** @param {Evidence} evidence */
  #quote(evidence) {
    const show = () => this.dispatchEvent(new CustomEvent('show-words', { bubbles: true, detail: evidence }));
    return element('blockquote', {},
      element('button', { type: 'button', class: 'quote', onclick: show, title: 'Show in the transcript' }, evidence.quote),
      element('footer', {}, `${evidence.speaker ?? 'Turn'} · ${evidence.turn}`));
  }

  /** @param {ReviewedItem} reviewed @param {boolean} mustDecide */
  #actions({ state }, mustDecide) {
    /** @param {CardAction} action @param {string} label @param {string} key */
    const button = (action, label, key, pressed = false) => element('button', {
      type: 'button', 'data-action': action, 'aria-keyshortcuts': key, 'aria-pressed': pressed ? 'true' : null,
      onclick: () => this.dispatchEvent(new CustomEvent('card-action', { bubbles: true, detail: action })),
    }, label);
    return element('div', { class: 'card-actions' },
      button('accept', 'Accept', 'a', state === 'accepted'), button('edit', 'Edit', 'e'), button('reject', 'Reject', 'x', state === 'rejected'),
      state === 'undecided' ? null : button('undo', 'Undo', 'u'),
      element('span', { class: 'decided' }, mustDecide ? 'Needs your decision' : state === 'undecided' ? '' : told(state)));
  }
}

/** @param {string} verification @param {string} origin */
function verdict(verification, origin) {
  return element('span', { class: `chip ${verification}`, title: MEANS[verification] },
    element('span', { 'aria-hidden': 'true' }, MARKS[verification]), ` ${told(verification)}${origin === 'person' ? ' · added by hand' : ''}`);
}

/** @param {ReviewedItem} reviewed @returns {(HTMLElement | string)[]} */
function facts({ item }) {
  const said = element('span', {}, told(item.commitment ?? ''));
  if (item.confidence === null) return [said];
  const meter = styled(element('span', { class: 'meter', 'aria-hidden': 'true' }), { share: item.confidence });
  return [said, element('span', { class: 'confidence' }, meter, ` ${percent(item.confidence)} sure`)];
}

/** @param {[string, string][]} fields */
function fieldList(fields) {
  return fields.length
    ? element('dl', {}, fields.map(([label, value]) => element('div', {}, element('dt', {}, label), element('dd', {}, value))))
    : '';
}

/** Flags, and what the service mended. @param {ReviewedItem} reviewed */
function notes({ item }) {
  const mended = item.repairs.map(({ field, from, to }) => `${told(String(field))}: “${from ?? 'nothing'}” became “${to}”`);
  const words = [...item.flags.map(told), ...mended];
  return words.length ? element('ul', { class: 'flags' }, words.map((word) => element('li', {}, word))) : '';
}

customElements.define('finding-card', FindingCard);

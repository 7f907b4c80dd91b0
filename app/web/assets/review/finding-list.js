/** Element `<finding-list>`: the findings by category, one of which is chosen; moving between them makes nothing anew. */

import { element } from '../element.js';
import { counted } from '../words.js';
import { CATEGORIES } from './fields.js';
import { FindingCard } from './finding-card.js';
import { ReviewState } from './review-state.js';

/** @import { Decider } from './decider.js' */

export class FindingList extends HTMLElement {
  #state;
  #filter = element('input', { type: 'search', id: 'filter', placeholder: 'Filter', 'aria-label': 'Filter the findings', autocomplete: 'off' });
  #count = element('span', { class: 'small', role: 'status' });
  /** @type {FindingCard | null} */
  chosen = null;
  /** When the chosen one was chosen: how long a decision took is stored with it. */
  chosenAt = 0;

  /** @param {ReviewState} state */
  constructor(state) {
    super();
    this.#state = state;
    state.addEventListener('change', () => this.#show());
    this.addEventListener('click', ({ target }) => {
      const card = target instanceof Element ? target.closest('finding-card') : null;
      if (card instanceof FindingCard && card !== this.chosen) this.#take(card);
    });
    this.addEventListener('focusin', ({ target }) => {
      const card = target instanceof Element ? target.closest('finding-card') : null;
      if (card instanceof FindingCard && card !== this.chosen) this.#take(card);
    });
    this.#filter.addEventListener('input', () => this.#narrow());
    this.#filter.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#filter.value = '';
      if (event.key !== 'Escape' && event.key !== 'Enter') return;
      this.#narrow();
      this.chooseFirst();
      this.chosen?.focus();
    });
    this.#show();
  }

  /** Those that the filter lets through, in reading order. @returns {FindingCard[]} */
  get cards() {
    return this.#all().filter((card) => !card.hidden);
  }

  /** What stands above the list. @param {Decider} decider */
  controls(decider) {
    return element('div', { class: 'list-controls' }, this.#filter, this.#count,
      element('button', { type: 'button', onclick: () => decider.add(null) }, 'Add a finding'));
  }

  keys() {
    return {
      j: () => this.move(1), k: () => this.move(-1), n: () => this.next(),
      '/': () => this.#filter.focus(),
    };
  }

  /** @param {string} id */
  choose(id) {
    const card = this.querySelector(`#finding-${CSS.escape(id)}`);
    if (!(card instanceof FindingCard)) return;
    card.hidden = false;
    this.#take(card);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'nearest' });
  }

  /** Without moving the focus. */
  chooseFirst() {
    const first = this.cards[0];
    if (first && (!this.chosen || this.chosen.hidden)) this.#take(first);
  }

  /** @param {number} step */
  move(step) {
    const { cards } = this;
    const at = this.chosen ? cards.indexOf(this.chosen) : -1;
    const next = cards[Math.min(cards.length - 1, Math.max(0, at + step))];
    if (next) this.choose(next.reviewed.id);
  }

  /** The next one that has to be decided, else the next undecided, from the chosen one on and around. */
  next() {
    const { cards } = this;
    const at = this.chosen ? cards.indexOf(this.chosen) + 1 : 0;
    const around = [...cards.slice(at), ...cards.slice(0, at)].filter(({ reviewed }) => !this.#state.isUnderWay(reviewed.id));
    const found = around.find(({ reviewed }) => this.#state.mustDecide.has(reviewed.id))
      ?? around.find(({ reviewed }) => reviewed.state === 'undecided');
    if (found) this.choose(found.reviewed.id);
  }

  #all() {
    return /** @type {FindingCard[]} */ ([...this.querySelectorAll('finding-card')]);
  }

  /** @param {FindingCard} card */
  #take(card) {
    if (this.chosen) this.chosen.chosen = false;
    this.chosen = card;
    card.chosen = true;
    this.chosenAt = performance.now();
    this.dispatchEvent(new Event('chosen'));
  }

  /** Renews the cards whose finding has changed; one that is being edited stays until its form is closed. */
  #show() {
    const { items, mustDecide, signed } = this.#state;
    const focused = document.activeElement?.closest?.('finding-card');
    for (const card of this.#all()) {
      if (!items.some(({ id }) => id === card.reviewed.id)) card.remove();
    }
    for (const { name, title } of CATEGORIES) {
      const own = items.filter(({ category }) => category === name);
      const cards = own.map((reviewed) => {
        const card = /** @type {FindingCard | null} */ (this.querySelector(`#finding-${reviewed.id}`)) ?? new FindingCard();
        const shown = JSON.stringify([reviewed, mustDecide.has(reviewed.id), signed]);
        if (card.dataset.shown !== shown && !card.querySelector('form')) {
          card.show(reviewed, { mustDecide: mustDecide.has(reviewed.id), signed });
          card.dataset.shown = shown;
        }
        return card;
      });
      this.#category(name, title, cards);
    }
    if (focused instanceof FindingCard && focused.isConnected && !focused.contains(document.activeElement)) focused.focus({ preventScroll: true });
    this.#narrow();
  }

  /** @param {string} name @param {string} title @param {FindingCard[]} cards */
  #category(name, title, cards) {
    let section = this.querySelector(`[data-category="${name}"]`);
    if (!section) {
      section = element('section', { 'data-category': name, 'aria-labelledby': `title-${name}` },
        element('h2', { id: `title-${name}` }, title, ' ', element('span', { class: 'badge' }, '')), element('div', { class: 'cards' }));
      this.append(section);
    }
    section.toggleAttribute('hidden', cards.length === 0);
    const place = section.querySelector('.cards');
    cards.forEach((card, index) => { if (place?.children[index] !== card) place?.insertBefore(card, place.children[index] ?? null); });
    const badge = section.querySelector('.badge');
    if (badge) badge.textContent = String(cards.length);
  }

  #narrow() {
    const wanted = this.#filter.value.trim().toLowerCase();
    for (const card of this.#all()) {
      card.hidden = wanted !== '' && !card.dataset.text?.includes(wanted);
    }
    const { length } = this.#state.items;
    this.#count.textContent = wanted ? `${this.cards.length} of ${length}` : counted(length, 'finding');
  }
}

customElements.define('finding-list', FindingList);

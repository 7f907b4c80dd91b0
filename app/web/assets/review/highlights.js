/** Marks stretches of a transcript by the CSS Custom Highlight API, which lets them overlap and changes no element. */

import { TranscriptView } from './transcript-view.js';

/** @import { Span } from '../types.d.ts' */
/** @typedef {'evidence' | 'missed' | 'chosen'} Kind */

/** Those later in the list lie over those before. @type {Kind[]} */
const KINDS = ['evidence', 'missed', 'chosen'];

export class Highlights {
  #view;
  /** @type {HTMLElement[]} */
  #turns = [];

  /** @param {TranscriptView} view */
  constructor(view) {
    this.#view = view;
  }

  /** @param {Kind} kind @param {Span[]} spans */
  show(kind, spans) {
    if (!CSS.highlights) return;
    const highlight = new Highlight(...spans.map((span) => this.#view.rangeOf(span)));
    highlight.priority = KINDS.indexOf(kind);
    CSS.highlights.set(kind, highlight);
  }

  /** Marks the words that belong to what was chosen, and their turns, and brings the first into sight. @param {Span[]} spans */
  choose(spans) {
    this.show('chosen', spans);
    for (const turn of this.#turns) turn.classList.remove('chosen');
    this.#turns = spans.flatMap((span) => this.#view.turnOf(span) ?? []);
    for (const turn of this.#turns) turn.classList.add('chosen');
    if (spans[0]) this.#reveal(spans[0]);
  }

  clear() {
    for (const kind of KINDS) CSS.highlights?.delete(kind);
  }

  /** Scrolls the pane alone; again a moment later, when turns that were out of sight have their true heights. @param {Span} span */
  #reveal(span) {
    const range = this.#view.rangeOf(span);
    scrollTo(this.#view.parentElement, range);
    requestAnimationFrame(() => scrollTo(this.#view.parentElement, range));
  }
}

/** @param {HTMLElement | null} pane @param {Range} range */
function scrollTo(pane, range) {
  if (!pane) return;
  const words = range.getBoundingClientRect();
  const room = pane.getBoundingClientRect();
  if (words.top < room.top + 40 || words.bottom > room.bottom - 40) pane.scrollTop += words.top - room.top - room.height / 3;
}

/** Takes a clinician's decisions from keys, buttons and forms to the service, and says so when one does not arrive. */

import { announce, element } from '../element.js';
import { failure } from '../notices.js';
import { told } from '../words.js';
import { categoryOf, headline } from './fields.js';
import { addForm, editForm } from './finding-form.js';
import { FindingList } from './finding-list.js';
import { isConflict, ReviewState } from './review-state.js';
import { TranscriptView } from './transcript-view.js';

/** @import { Decision, Span } from '../types.d.ts' */
/** @import { CardAction, FindingCard } from './finding-card.js' */

export class Decider {
  notices = element('div', { class: 'notices' });
  forms = element('div', { class: 'forms' });
  #state;
  #list;
  #view;
  #selectionBar = element('div', { class: 'selection-bar', hidden: true });

  /** @param {ReviewState} state @param {FindingList} list @param {TranscriptView} view */
  constructor(state, list, view) {
    this.#state = state;
    this.#list = list;
    this.#view = view;
    list.addEventListener('card-action', (event) => this.act(/** @type {CustomEvent<CardAction>} */ (event).detail));
    view.before(this.#selectionBar);
  }

  keys() {
    return {
      a: () => this.act('accept'), e: () => this.act('edit'), x: () => this.act('reject'), u: () => this.#undoLast(),
      '+': () => this.add(this.#view.selected()),
    };
  }

  /** On the chosen finding. @param {CardAction} action */
  act(action) {
    const card = this.#list.chosen;
    if (!card || this.#state.signed) return;
    if (action === 'edit') this.#edit(card);
    else if (action === 'undo') this.#decide({ action, item_id: card.reviewed.id }, card);
    else if (card.reviewed.state !== (action === 'accept' ? 'accepted' : 'rejected')) {
      this.#decide({ action, item_id: card.reviewed.id }, card);
      this.#list.move(1);
    }
  }

  /** Opens the form for a finding that was overlooked. @param {Span | null} span the words that prove it */
  add(span) {
    if (this.#state.signed) return;
    const names = [...new Set(this.#state.items.flatMap(({ category, item }) => (category === 'custom' ? [String(item.category)] : [])))];
    const opener = document.activeElement;
    const close = () => {
      this.forms.replaceChildren();
      if (opener instanceof HTMLElement) opener.focus();
    };
    const form = addForm(span ? this.#view.words(span) : '', names, {
      onClose: close,
      onSave: async (category, after, words) => {
        const place = span && this.#view.words(span) === words ? span : this.#view.locate(words);
        if (!place) {
          this.#say(element('p', { class: 'notice bad', role: 'alert' }, 'These words do not stand in the transcript. Copy them as they were said.'));
          return false;
        }
        const evidence = [{ ...place, quote: this.#view.words(place) }];
        return this.#decide({ action: 'add', category, after, evidence }, null);
      },
    });
    this.forms.replaceChildren(form);
    form.scrollIntoView({ block: 'nearest' });
    form.querySelector('select')?.focus();
  }

  /** Offers to add what is selected in the transcript. @param {AbortSignal} signal */
  watchSelection(signal) {
    document.addEventListener('selectionchange', () => {
      const span = this.#state.signed ? null : this.#view.selected();
      this.#selectionBar.hidden = span === null;
      if (!span) return;
      // The press must not take the selection away before the click arrives.
      const button = element('button', { type: 'button', class: 'main', onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => this.add(span) }, 'Add a finding from these words');
      this.#selectionBar.replaceChildren(button);
    }, { signal });
  }

  /** Signs the review, or goes to what has to be decided before. */
  async finish() {
    if (this.#state.mustDecide.size) {
      this.#list.next();
      announce('This one has to be decided first');
      return;
    }
    await this.#try(() => this.#state.finish(), () => this.finish(), 'The signature');
  }

  reopen() {
    return this.#try(() => this.#state.reopen(), () => this.reopen(), 'Opening it again');
  }

  /** @param {FindingCard} card */
  #edit(card) {
    if (card.querySelector('form')) return;
    const { id, category, item } = card.reviewed;
    const close = () => {
      form.remove();
      card.dataset.shown = '';
      this.#state.dispatchEvent(new Event('change'));
      card.focus({ preventScroll: true });
    };
    const form = editForm(category, item, {
      onClose: close,
      onSave: (after) => this.#decide({ action: 'edit', item_id: id, after }, card),
    });
    card.append(form);
    form.querySelector('input')?.focus();
  }

  #undoLast() {
    const id = this.#state.lastDecided;
    if (!id || this.#state.signed) return;
    this.#list.choose(id);
    this.#decide({ action: 'undo', item_id: id }, this.#list.chosen);
  }

  /** @param {Decision} decision @param {FindingCard | null} card @returns {Promise<boolean>} whether it was taken */
  #decide(decision, card) {
    const seconds = Math.round(performance.now() - this.#list.chosenAt) / 1000;
    const what = card ? headline(card.reviewed.category, card.reviewed.item) : categoryOf(/** @type {any} */ (decision.category)).one;
    const timed = { ...decision, seconds: Math.min(seconds, 86_400) };
    return this.#try(() => this.#state.decide(timed), () => { this.#decide(decision, card); }, `“${told(decision.action)} ${what}”`);
  }

  /**
   * @param {() => Promise<void>} call
   * @param {() => void} again
   * @param {string} what
   */
  async #try(call, again, what) {
    try {
      await call();
      this.notices.replaceChildren();
      announce(`${what}: saved`);
      return true;
    } catch (error) {
      this.#say(isConflict(error) ? this.#conflict(what) : failure(error, again));
      return false;
    }
  }

  /** @param {string} what */
  #conflict(what) {
    return element('div', { class: 'notice bad', role: 'alert' },
      element('p', {}, element('strong', {}, 'This visit was changed in another tab or by someone else.'), ` ${what} was not saved, so that nothing of theirs is lost.`),
      element('button', { type: 'button', onclick: () => this.#try(() => this.#state.load(), () => {}, 'The newest state') }, 'Show what is there now'));
  }

  /** @param {HTMLElement} notice */
  #say(notice) {
    this.notices.replaceChildren(notice);
    notice.scrollIntoView({ block: 'nearest' });
  }
}

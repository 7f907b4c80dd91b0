/** Screen “Review”: the words of a visit beside what was found in them, to be decided finding by finding. */

import { get } from '../api.js';
import { element } from '../element.js';
import { failure, loading, nothing } from '../notices.js';
import { explained, told } from '../words.js';
import { Decider } from './decider.js';
import { FindingList } from './finding-list.js';
import { Highlights } from './highlights.js';
import { ReviewState } from './review-state.js';
import { reviewHead } from './review-head.js';
import { listenForKeys, showKeys } from './shortcuts.js';
import { sideNotes } from './side-notes.js';
import { TranscriptView } from './transcript-view.js';
import { CallFailed } from '../api.js';

/** @import { Span, Transcript } from '../types.d.ts' */

class ReviewVisit extends HTMLElement {
  #stop = new AbortController();

  async connectedCallback() {
    const state = new ReviewState(this.getAttribute('visit-id') ?? '');
    this.replaceChildren(element('h1', { class: 'unseen' }, 'Review'), loading('Opening the visit…'));
    try {
      await state.load();
      const transcript = state.run && await get('/transcripts/{transcript_id}', { at: { transcript_id: state.run.transcript_id } });
      if (transcript && !this.#stop.signal.aborted) this.#show(state, transcript);
    } catch (error) {
      this.replaceChildren(element('h1', {}, 'Review'), failure(error, () => this.connectedCallback()));
    }
  }

  disconnectedCallback() {
    this.#stop.abort();
    for (const kind of ['evidence', 'missed', 'chosen']) CSS.highlights?.delete(kind);
  }

  /** @param {ReviewState} state @param {Transcript} transcript */
  #show(state, transcript) {
    const { run } = state;
    if (!run) return;
    const view = new TranscriptView();
    view.load(transcript);
    const pane = element('section', { class: 'transcript-pane', 'aria-label': 'Transcript', tabindex: 0 }, view);
    if (!run.extraction) {
      this.replaceChildren(element('h1', {}, 'Visit'), unfinished(run), pane);
      if (run.state === 'running') setTimeout(() => this.isConnected && this.connectedCallback(), 2000);
      return;
    }
    const highlights = new Highlights(view);
    const list = new FindingList(state);
    const decider = new Decider(state, list, view);
    const head = reviewHead(state, transcript, decider);
    const notes = element('div', { class: 'side-notes' }, sideNotes(run, {
      onWords: (span) => highlights.choose([span]),
      onAdd: (span) => decider.add(span),
      onFinding: (id) => list.choose(id),
    }));
    this.replaceChildren(head, element('div', { class: 'panes' }, pane,
      element('section', { class: 'findings-pane', 'aria-label': 'Findings', tabindex: 0 }, list.controls(decider), decider.notices, decider.forms, list, notes)));
    list.addEventListener('chosen', () => highlights.choose(list.chosen?.evidence ?? []));
    list.addEventListener('show-words', (event) => highlights.choose([/** @type {CustomEvent<Span>} */ (event).detail]));
    state.addEventListener('change', () => this.#mark(state, highlights), { signal: this.#stop.signal });
    view.addEventListener('click', (event) => chooseBy(event, view, list));
    decider.watchSelection(this.#stop.signal);
    listenForKeys({ ...list.keys(), ...decider.keys(), '?': showKeys }, this.#stop.signal);
    this.#mark(state, highlights);
    list.chooseFirst();
  }

  /** @param {ReviewState} state @param {Highlights} highlights */
  #mark(state, highlights) {
    highlights.show('evidence', state.items.flatMap(({ item, state: decided }) => (decided === 'rejected' ? [] : item.evidence)));
    highlights.show('missed', /** @type {Span[]} */ (state.run?.evaluation?.possibly_missed ?? []));
  }
}

/**
 * The finding whose words were clicked; of several the one after the chosen, so that clicking again goes through them.
 * @param {MouseEvent} event
 * @param {TranscriptView} view
 * @param {FindingList} list
 */
function chooseBy({ clientX, clientY }, view, list) {
  if (!getSelection()?.isCollapsed) return;
  const offset = view.offsetAt(clientX, clientY);
  if (offset === null) return;
  const there = list.cards.filter(({ evidence }) => evidence.some(({ start, end }) => start <= offset && offset < end));
  const current = there.findIndex(({ chosen }) => chosen);
  const next = there[(current + 1) % there.length];
  if (next) list.choose(next.reviewed.id);
}

/** @param {import('../types.d.ts').ReviewedRun} run */
function unfinished(run) {
  if (run.state === 'running') return nothing('This visit is still being read.', 'Its findings appear here as soon as they are there.');
  const { happened, todo } = explained(new CallFailed({ ...(run.problem ?? {}), status: run.problem?.status ?? 500 }));
  return element('div', { class: 'notice bad' }, element('p', {}, element('strong', {}, `${told('failed')}: ${happened}`), ` ${todo}`));
}

customElements.define('review-visit', ReviewVisit);

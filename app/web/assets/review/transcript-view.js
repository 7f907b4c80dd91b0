/**
 * Element `<transcript-view>`: the words of a visit, turn by turn, in which any stretch can be found by its offsets.
 *
 * Every character of the transcript stands in the page once and in order, labels and line ends included, in two text
 * nodes a turn; they are made once and never touched again, so that choosing a finding costs a highlight and no layout.
 */

import { element } from '../element.js';
import { countBelow, Offsets } from './code-points.js';

/** @import { Span, Transcript } from '../types.d.ts' */

export class TranscriptView extends HTMLElement {
  #text = '';
  #offsets = new Offsets('');
  /** @type {Text[]} */
  #nodes = [];
  /** Where each node begins, in UTF-16 units. @type {number[]} */
  #starts = [];

  /** @param {Transcript} transcript */
  load(transcript) {
    this.#text = transcript.text;
    this.#offsets = new Offsets(transcript.text);
    const turns = transcript.turns.map((turn) => {
      const said = element('span', { class: 'said' });
      const who = element('span', { class: 'who' });
      this.#fill(who, this.#offsets.toUnits(turn.start));
      this.#fill(said, this.#offsets.toUnits(turn.end));
      if (!who.textContent?.trim()) who.classList.add('nobody');
      return element('div', { class: 'turn', 'data-role': turn.role, 'data-number': turn.number }, who, said);
    });
    const rest = element('div', { class: 'turn rest' });
    this.#fill(rest, this.#text.length);
    this.replaceChildren(...turns, rest);
  }

  /** The words of a span. @param {Span} span */
  words({ start, end }) {
    return this.#text.slice(this.#offsets.toUnits(start), this.#offsets.toUnits(end));
  }

  /** @param {Span} span @returns {Range} */
  rangeOf({ start, end }) {
    const range = document.createRange();
    range.setStart(...this.#place(this.#offsets.toUnits(start), false));
    range.setEnd(...this.#place(this.#offsets.toUnits(end), true));
    return range;
  }

  /** The turn that a span begins in. @param {Span} span @returns {HTMLElement | null} */
  turnOf({ start }) {
    const [node] = this.#place(this.#offsets.toUnits(start), false);
    return node.parentElement?.closest('.turn') ?? null;
  }

  /** The offset, in code points, of the character at a point of the window. @param {number} x @param {number} y */
  offsetAt(x, y) {
    const caret = document.caretPositionFromPoint?.(x, y);
    const range = caret ? null : document.caretRangeFromPoint?.(x, y);
    const [node, offset] = caret ? [caret.offsetNode, caret.offset] : [range?.startContainer, range?.startOffset ?? 0];
    const index = node instanceof Text ? this.#nodes.indexOf(node) : -1;
    return index < 0 ? null : this.#offsets.toCodePoints(this.#starts[index] + offset);
  }

  /** The stretch that the reader has selected, without the white space around it. @returns {Span | null} */
  selected() {
    const selection = getSelection();
    if (!selection?.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!this.contains(range.startContainer) || !this.contains(range.endContainer)) return null;
    const before = document.createRange();
    before.setStart(this, 0);
    before.setEnd(range.startContainer, range.startOffset);
    return this.#trimmed(before.toString().length, range.toString());
  }

  /** The first place where these words stand, however they are spaced. @param {string} quote @returns {Span | null} */
  locate(quote) {
    const pattern = quote.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+');
    const found = pattern ? new RegExp(pattern, 'iu').exec(this.#text) : null;
    return found && this.#trimmed(found.index, found[0]);
  }

  /** @param {number} start in units @param {string} words @returns {Span | null} */
  #trimmed(start, words) {
    const begin = start + words.length - words.trimStart().length;
    const end = begin + words.trim().length;
    return begin < end ? { start: this.#offsets.toCodePoints(begin), end: this.#offsets.toCodePoints(end) } : null;
  }

  /** Puts what comes next of the text into an element, up to `end`. @param {HTMLElement} holder @param {number} end */
  #fill(holder, end) {
    const last = this.#nodes.length - 1;
    const start = last < 0 ? 0 : this.#starts[last] + this.#nodes[last].length;
    if (start === end) return;
    const node = document.createTextNode(this.#text.slice(start, end));
    this.#nodes.push(node);
    this.#starts.push(start);
    holder.append(node);
  }

  /** @param {number} units @param {boolean} isEnd whether a place between two nodes is the end of the first @returns {[Node, number]} */
  #place(units, isEnd) {
    const passed = countBelow(this.#starts.length, (index) => (isEnd ? this.#starts[index] < units : this.#starts[index] <= units));
    const index = Math.max(0, passed - 1);
    const node = this.#nodes[index];
    return node ? [node, Math.min(node.length, units - this.#starts[index])] : [this, 0];
  }
}

customElements.define('transcript-view', TranscriptView);

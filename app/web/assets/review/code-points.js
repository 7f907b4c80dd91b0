/** Turns the API's offsets, which count code points, into JavaScript's, which count UTF-16 units, and back. */

export class Offsets {
  /** Where the characters of two units stand, in code points. @type {number[]} */
  #wide = [];

  /** @param {string} text */
  constructor(text) {
    for (const found of text.matchAll(/[\u{10000}-\u{10FFFF}]/gu)) this.#wide.push(found.index - this.#wide.length);
  }

  /** @param {number} codePoints */
  toUnits(codePoints) {
    return codePoints + countBelow(this.#wide.length, (index) => this.#wide[index] < codePoints);
  }

  /** @param {number} units an offset between two characters, or within one, which then counts as before it */
  toCodePoints(units) {
    return units - countBelow(this.#wide.length, (index) => this.#wide[index] + index < units);
  }
}

/**
 * How many of the first `length` indexes hold, where those that do come first.
 * @param {number} length
 * @param {(index: number) => boolean} holds
 */
export function countBelow(length, holds) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

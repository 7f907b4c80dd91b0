/** Reads a stream of server-sent events (HTML standard, “Interpreting an event stream”) from a response to a POST. */

/** @typedef {{ kind: string, data: string }} StreamEvent */

/** Takes the text as it comes, cut anywhere, and gives the events that are whole. */
export class EventParser {
  #rest = '';
  #kind = '';
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} text
   * @returns {StreamEvent[]}
   */
  push(text) {
    this.#rest += text;
    const events = [];
    // A CR at the very end may be half of a CRLF: it waits for what follows.
    for (let found; (found = /\r\n|\n|\r(?!$)/.exec(this.#rest)); ) {
      const line = this.#rest.slice(0, found.index);
      this.#rest = this.#rest.slice(found.index + found[0].length);
      const event = this.#take(line);
      if (event) events.push(event);
    }
    return events;
  }

  /** @param {string} line */
  #take(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.#kind = value;
    if (name === 'data') this.#data.push(value);
    return null;
  }

  #dispatch() {
    const event = this.#data.length ? { kind: this.#kind || 'message', data: this.#data.join('\n') } : null;
    this.#kind = '';
    this.#data = [];
    return event;
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<StreamEvent>}
 */
export async function* eventsOf(body) {
  const parser = new EventParser();
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield* parser.push(/** @type {any} */ (value));
  }
}

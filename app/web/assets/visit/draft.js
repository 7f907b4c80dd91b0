/**
 * What a clinician has entered for the next visit: kept in memory from screen to screen, and never in the browser's
 * storage, which others who use the machine could read.
 */

/**
 * @typedef {object} Draft
 * @property {string} transcript
 * @property {File | null} file in place of the transcript
 * @property {string} visitDate ISO
 * @property {string} notes
 * @property {string[]} sopIds
 * @property {{ name: string, description: string }[]} categories as written, the name not yet an identifier
 */

/** @type {Draft} */
export let draft = empty();

/** Forgets all of it, once the service has it. */
export function forgetDraft() {
  draft = empty();
}

/** @returns {Draft} */
function empty() {
  const now = new Date();
  const today = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  return { transcript: '', file: null, visitDate: today, notes: '', sopIds: [], categories: [] };
}

/** The name of a category as the API takes it: “Billing codes” is `billing_codes`. @param {string} written */
export function identifier(written) {
  return written.trim().toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 50);
}

window.addEventListener('beforeunload', (event) => {
  if (draft.transcript.trim() || draft.file || draft.notes.trim()) event.preventDefault();
});

/** The words a person reads in place of the codes and numbers of the API. */

/** @import { CallFailed } from './api.js' */

/** @type {Record<string, string>} */
const TOLD = {
  // Verdicts
  verified: 'Verified',
  repaired: 'Repaired',
  contradicted: 'Contradicted',
  unsupported: 'Unsupported',
  // Review
  pending: 'To review',
  not_required: 'No review needed',
  approved: 'Approved',
  rejected: 'Rejected',
  // Flags
  reason_beside_quote: 'The reason was said elsewhere',
  quote_found_again: 'The quote was found again',
  // SOP steps
  satisfied: 'Met',
  unmet: 'Not met',
  not_applicable: 'Does not apply',
  // Degradations
  similarity: 'similar visits were not looked up',
  embedding: 'not yet ready for the search by meaning',
  evaluation: 'the result could not be scored',
};

/** Why a person has to look. @type {Record<string, string>} */
const WHY_REVIEW = {
  contradicted: 'Something differs from what was said',
  unsupported: 'Something has no words that prove it',
  risk_above_target: 'More may be wrong than the clinic allows',
  low_score: 'The score is low',
  nothing_found: 'Nothing was found',
  items_rejected: 'Some items of the answer could not be used',
  addressed_to_a_model: 'Words here speak to the machine, not to a person',
  evaluation_failed: 'It could not be checked',
};

/** Why an item was set aside. @type {Record<string, string>} */
const SET_ASIDE = {
  declined: 'Talked about and declined',
  historical: 'Something of the past',
  patient_reported: 'Only reported by the patient',
  too_many: 'More items than anyone would list',
};

/** What makes words that no finding accounts for worth a look. @type {Record<string, string>} */
const WORTH_A_LOOK = {
  order_read: 'sounds like an order',
  advice_read: 'sounds like advice',
  drug: 'names a medicine',
  dose: 'names a dose',
  test: 'names a test',
  referral: 'speaks of a referral',
  return: 'speaks of coming back',
  call_if: 'tells when to call',
  interval: 'names a time',
  plan: 'sounds like a plan',
};

/** A code as words: `test_order` is “Test order”. @param {string} code */
export function told(code) {
  if (TOLD[code]) return TOLD[code];
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string} code of the review's reasons */
export function whyReview(code) {
  return WHY_REVIEW[code] ?? told(code);
}

/** @param {string} code of the ledger */
export function whySetAside(code) {
  return SET_ASIDE[code] ?? told(code);
}

/** @param {string} code of the radar */
export function whyWorthALook(code) {
  return WORTH_A_LOOK[code] ?? told(code).toLowerCase();
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** A duration in ms, in a unit that fits. @param {number} ms */
export function duration(ms) {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** @param {string} iso */
export function moment(iso) {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** A date without a time, which no time zone may move. @param {string} iso */
export function day(iso) {
  return new Date(`${iso}T00:00:00Z`).toLocaleDateString(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
}

/** @type {Record<string, [string, string]>} */
const HAPPENED = {
  'transcript-empty': ['There is nothing to read yet.', 'Paste a transcript, drop a file, or load a sample.'],
  'transcript-too-long': ['The transcript is longer than this service takes.', 'Split it where the visit pauses.'],
  'transcript-too-long-for-model': ['The transcript is too long for the model.', 'Split it where the visit pauses.'],
  'invalid-character': ['The transcript holds a character that cannot be stored.', 'Paste it again as plain text.'],
  'unreadable-document': ['The file could not be read.', 'It may be damaged, locked by a password, or a scan without text.'],
  'body-too-large': ['The file is larger than this service takes.', 'Try a smaller one, or paste the text.'],
  'sop-not-found': ['One of the SOPs is switched off, gone, or another clinician’s.', 'Take it out of the choice and start again.'],
  'provider-unavailable': ['The model did not answer.', 'This mostly passes within minutes. Nothing you entered is lost.'],
  'provider-rate-limited': ['The model is too busy.', 'Wait a little, then try again. Nothing you entered is lost.'],
  'provider-timeout': ['The model took too long.', 'Try again. Nothing you entered is lost.'],
  'provider-invalid-output': ['The model’s answer made no sense, so it was not used.', 'Try again; if it stays so, tell whoever runs the service.'],
  'provider-refused': ['The model refused to answer.', 'Tell whoever runs the service.'],
  'provider-misconfigured': ['The service cannot use its model: its settings are wrong.', 'Tell whoever runs the service.'],
  'storage-unavailable': ['The database did not answer.', 'Try again in a moment. Nothing you entered is lost.'],
  'run-interrupted': ['The service was stopped while it read the visit.', 'Start again. Nothing you entered is lost.'],
  stopping: ['The service is about to stop.', 'Try again in a moment. Nothing you entered is lost.'],
  'provider-paused': ['The model has failed often and is left alone for a while.', 'Try again in a minute. Nothing you entered is lost.'],
  'storage-full': ['The database is full.', 'Tell whoever runs the service. Reading still works.'],
  overloaded: ['The service is busy.', 'Wait a moment, then try again. Nothing you entered is lost.'],
  'not-found': ['It is not here.', 'It may have been deleted, or the address is wrong.'],
};

/**
 * What happened and what to do about it.
 * @param {CallFailed} failed
 * @returns {{ happened: string, todo: string }}
 */
export function explained(failed) {
  if (failed.status === 0) {
    return { happened: 'The service does not answer.', todo: 'It may be stopped, or the connection is down. Nothing you entered is lost.' };
  }
  const [happened, todo] = HAPPENED[failed.kind] ?? [
    failed.problem.detail ?? 'Something went wrong that the service did not expect.',
    failed.status >= 500 ? 'Try again; if it stays so, tell whoever runs the service.' : '',
  ];
  return { happened, todo };
}

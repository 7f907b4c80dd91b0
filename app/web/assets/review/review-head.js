/** The head of the review: which visit, how sure, how far the review is, and what can be done with the whole. */

import { send } from '../api.js';
import { announce, element } from '../element.js';
import { failure } from '../notices.js';
import { counted, day, moment, percent, told, whyReview } from '../words.js';
import { Decider } from './decider.js';
import { ReviewState } from './review-state.js';
import { showKeys } from './shortcuts.js';

/** @import { Evaluation, Transcript } from '../types.d.ts' */

/**
 * @param {ReviewState} state
 * @param {Transcript} transcript
 * @param {Decider} decider
 * @returns {HTMLElement}
 */
export function reviewHead(state, transcript, decider) {
  const title = transcript.visit_date ? `Visit of ${day(transcript.visit_date)}` : 'Visit without a date';
  const standing = element('div', { class: 'standing' });
  const renew = () => standing.replaceChildren(...standings(state, decider, title).filter((part) => part !== false));
  state.addEventListener('change', renew);
  renew();
  return element('div', { class: 'review-head' },
    element('div', { class: 'heading-row' }, element('h1', {}, title), element('p', { class: 'facts' }, ...facts(state))),
    element('p', { class: 'summary' }, state.run?.extraction?.summary ?? ''),
    warnings(state),
    standing);
}

/** @param {ReviewState} state */
function facts({ run }) {
  const evaluation = /** @type {Evaluation | null} */ (/** @type {unknown} */ (run?.evaluation ?? null));
  const model = run?.model ? `${run.model.provider} · ${run.model.name}` : '';
  return [
    element('span', {}, `Read ${moment(run?.created_at ?? '')}`),
    element('span', {}, `by ${model}`),
    evaluation && element('span', {}, `about ${percent(evaluation.expected_error)} of it may be wrong`),
  ];
}

/** @param {ReviewState} state */
function warnings({ run }) {
  const words = [...(run?.review?.reasons ?? []).map(whyReview), ...(run?.degraded ?? []).map(told)];
  return words.length ? element('ul', { class: 'flags' }, words.map((word) => element('li', {}, word))) : '';
}

/** @param {ReviewState} state @param {Decider} decider @param {string} title @returns {(HTMLElement | false)[]} */
function standings(state, decider, title) {
  const { run, items, mustDecide, signed } = state;
  const review = run?.review;
  if (!run || !review) return [];
  const help = element('button', { type: 'button', class: 'quiet', onclick: showKeys, 'aria-keyshortcuts': '?' }, 'Keys');
  if (signed) {
    return [
      element('p', { class: `signed ${review.status}` }, element('strong', {}, told(review.status)), ` by ${review.reviewer ?? 'someone'}${review.reviewed_at ? `, ${moment(review.reviewed_at)}` : ''}`),
      ...exports(run.id, false),
      review.status === 'approved' && promotion(run.id, title),
      element('button', { type: 'button', onclick: () => decider.reopen() }, 'Open again'), help,
    ];
  }
  const decided = items.filter(({ state: now }) => now !== 'undecided').length;
  const progress = element('progress', { max: Math.max(1, items.length), value: decided, 'aria-label': 'Decided' });
  const left = mustDecide.size ? `, ${mustDecide.size} must be decided` : '';
  return [
    progress, element('p', { class: 'small', role: 'status' }, `${decided} of ${counted(items.length, 'finding')} decided${left}`),
    element('button', { type: 'button', class: 'main', onclick: () => decider.finish() }, mustDecide.size ? 'Go to what must be decided' : 'Finish the review'),
    ...exports(run.id, true), help,
  ];
}

/** @param {string} id @param {boolean} draft whether nothing is signed, so that it has to be asked for */
function exports(id, draft) {
  const formats = [['docx', 'Summary for the patient (Word)'], ['fhir', 'FHIR bundle'], ['csv', 'Table (CSV)'], ['json', 'JSON']];
  const asked = draft ? '&unsigned=true' : '';
  return [element('details', { class: 'menu' }, element('summary', {}, draft ? 'Export a draft' : 'Export'),
    element('ul', {}, formats.map(([format, label]) => element('li', {}, element('a', { href: `/extractions/${id}/export?format=${format}${asked}`, download: '' }, label)))))];
}

/** Makes a gold case of an approved visit, under a name of the clinician's. @param {string} id @param {string} title */
function promotion(id, title) {
  const place = element('div', { class: 'promotion' });
  const input = element('input', { value: title, required: true, maxlength: 200, 'aria-label': 'Name of the gold case' });
  /** @param {SubmitEvent} event */
  const promote = async (event) => {
    event.preventDefault();
    try {
      await send('post', '/extractions/{extraction_id}/promote', { at: { extraction_id: id }, body: { title: input.value, is_active: true } });
      place.replaceChildren(element('a', { href: '#/gold' }, 'It is a gold case now'));
      announce('It is a gold case now');
    } catch (error) {
      place.append(failure(error));
    }
  };
  const ask = () => {
    place.replaceChildren(element('form', { class: 'search-row', onsubmit: promote }, input, element('button', { class: 'main' }, 'Make it a gold case')));
    input.select();
  };
  place.append(element('button', { type: 'button', onclick: ask }, 'Make it a gold case…'));
  return place;
}

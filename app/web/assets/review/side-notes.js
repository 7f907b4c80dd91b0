/** What stands below the findings: what may have been missed, SOP steps, what was set aside, similar visits, timings. */

import { get } from '../api.js';
import { element } from '../element.js';
import { failure, loading } from '../notices.js';
import { PhaseWaterfall } from '../running/phase-waterfall.js';
import { counted, duration, percent, told, whySetAside, whyWorthALook } from '../words.js';
import { visitRow } from '../visits/visit-row.js';
import { categoryOf, headline } from './fields.js';

/** @import { Evaluation, LedgerEntry, Missed, ReviewedRun, SopTrace, Span } from '../types.d.ts' */

/**
 * @param {ReviewedRun} run
 * @param {{ onWords: (span: Span) => void, onAdd: (span: Span) => void, onFinding: (id: string) => void }} then
 * @returns {HTMLElement[]}
 */
export function sideNotes(run, then) {
  const evaluation = /** @type {Evaluation | null} */ (/** @type {unknown} */ (run.evaluation));
  return [
    missed(evaluation?.possibly_missed ?? [], then),
    ...(evaluation?.sop_trace ?? []).map((trace) => sop(trace, then)),
    setAside(evaluation, then),
    similar(run),
    took(run),
  ].filter((section) => section !== null);
}

/** @param {Missed[]} places @param {{ onWords: (span: Span) => void, onAdd: (span: Span) => void }} then */
function missed(places, { onWords, onAdd }) {
  const list = element('ul', { class: 'places' }, places.map((place) => element('li', {},
    element('button', { type: 'button', class: 'quote', onclick: () => onWords(place) }, place.quote),
    element('span', { class: 'small' }, `${place.speaker ?? 'Turn'} · ${place.turn} · ${place.reasons.map(whyWorthALook).join(', ')}`),
    element('button', { type: 'button', class: 'quiet', onclick: () => onAdd(place) }, 'Add'))));
  return section('May have been missed', places.length, places.length
    ? list : element('p', { class: 'small' }, 'Nothing with clinical weight is left without a finding.'));
}

/** @param {SopTrace} trace @param {{ onWords: (span: Span) => void, onFinding: (id: string) => void }} then */
function sop({ title, steps }, { onWords, onFinding }) {
  const unmet = steps.filter(({ status }) => status === 'unmet').length;
  return section(`SOP: ${title}`, unmet, element('ol', { class: 'steps' }, steps.map(({ number, step, status, item_id: item, quote }) => element('li', { value: number, 'data-status': status },
    element('span', { class: `chip ${status}` }, told(status)), ` ${step} `,
    item ? element('button', { type: 'button', class: 'as-link', onclick: () => onFinding(item) }, 'by this finding')
      : quote && element('button', { type: 'button', class: 'as-link', onclick: () => onWords(quote) }, 'by these words')))));
}

/** @param {Evaluation | null} evaluation @param {{ onWords: (span: Span) => void }} then */
function setAside(evaluation, { onWords }) {
  if (!evaluation) return null;
  const { raw, returned, merged, rejected } = evaluation.ledger;
  /** @param {LedgerEntry} entry @param {string} why */
  const line = (entry, why) => {
    const words = entry.item?.evidence?.[0];
    const located = words && Number.isInteger(words.start) ? words : null;
    return element('li', {}, element('strong', {}, entry.item ? headline(entry.category, entry.item) : categoryOf(entry.category).one),
      element('span', { class: 'small' }, ` ${why} `),
      located && element('button', { type: 'button', class: 'as-link', onclick: () => onWords(located) }, 'show the words'));
  };
  return section('Set aside', rejected.length + merged.length,
    element('p', { class: 'small' }, `${counted(raw, 'item')} read: ${returned} above, ${counted(merged.length, 'repeat')}, ${rejected.length} set aside.`),
    element('ul', { class: 'places' }, rejected.map((entry) => line(entry, whySetAside(entry.reason ?? ''))), merged.map((entry) => line(entry, 'said twice, kept once'))));
}

/** Looked up when they are asked for: nobody needs them to decide on a finding. @param {ReviewedRun} run */
function similar(run) {
  const place = element('div');
  const details = element('details', { class: 'side', ontoggle: load }, element('summary', {}, element('h2', {}, 'Visits like this one')), place);
  return details;

  async function load() {
    if (!details.open || place.hasChildNodes()) return;
    place.replaceChildren(loading('Looking for them…'));
    try {
      const { items } = await get('/extractions/{extraction_id}/similar', { at: { extraction_id: run.id }, query: { limit: 5 } });
      place.replaceChildren(items.length
        ? element('ul', { class: 'rows' }, items.map((visit) => visitRow(visit, `${percent(visit.similarity)} alike`,
          element('a', { class: 'beside', href: `#/visits/${run.id}/compare/${visit.id}` }, 'Compare with this one'))))
        : element('p', { class: 'small' }, 'This clinician has no other visits yet.'));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
  }
}

/** @param {ReviewedRun} run */
function took({ timings }) {
  if (!timings) return null;
  const waterfall = new PhaseWaterfall();
  waterfall.show(new Map(Object.entries(timings.phases)), timings.total_ms, true);
  return element('details', { class: 'side' }, element('summary', {}, `How long it took: ${duration(timings.total_ms)}`), waterfall);
}

/** @param {string} title @param {number} count @param {...import('../element.js').Child} children */
function section(title, count, ...children) {
  return element('details', { class: 'side', open: count > 0 }, element('summary', {}, element('h2', {}, title), element('span', { class: 'badge' }, count)), ...children);
}

/** One visit in a list: when, what it was about, how sure, and where its review stands. */

import { element } from '../element.js';
import { counted, moment, percent, told } from '../words.js';

/** @import { Evaluation, Run } from '../types.d.ts' */

/**
 * @param {Run} run
 * @param {string} [beside] what else to say of it
 * @returns {HTMLLIElement}
 */
export function visitRow(run, beside = '') {
  const evaluation = /** @type {Evaluation | null} */ (/** @type {unknown} */ (run.evaluation));
  const status = run.state === 'succeeded' ? run.review?.status ?? 'pending' : run.state;
  const facts = [
    run.extraction && counted(count(run.extraction), 'finding'),
    evaluation && `${told(evaluation.confidence)} confidence, about ${percent(evaluation.expected_error)} may be wrong`,
    beside,
  ].filter(Boolean);
  return element('li', {}, element('a', { href: `#/visits/${run.id}` },
    element('span', { class: 'row-head' }, element('strong', {}, moment(run.created_at)), element('span', { class: `chip ${status}` }, told(status))),
    element('span', { class: 'row-text' }, run.extraction?.summary || run.problem?.title || 'Still being read'),
    element('span', { class: 'small' }, facts.join(' · '))));
}

/** @param {NonNullable<Run['extraction']>} extraction */
function count(extraction) {
  return Object.values(extraction).reduce((sum, items) => sum + (Array.isArray(items) ? items.length : 0), 0);
}

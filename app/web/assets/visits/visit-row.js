/** One visit in a list: when, what it was about, how sure, and where its review stands. */

import { element } from '../element.js';
import { counted, day, moment, told } from '../words.js';

/** @import { RunSummary } from '../types.d.ts' */

/**
 * @param {RunSummary} run
 * @param {string} [beside] what else to say of it
 * @param {import('../element.js').Child} [action] what else to do with it
 * @returns {HTMLLIElement}
 */
export function visitRow(run, beside = '', action = null) {
  const status = run.state === 'succeeded' ? run.review?.status ?? 'pending' : run.state;
  const found = run.counts ? Object.values(run.counts).reduce((sum, count) => sum + count, 0) : null;
  const facts = [
    run.visit_date && `Visit of ${day(run.visit_date)}`,
    found !== null && counted(found, 'finding'),
    run.confidence && `${told(run.confidence)} confidence`,
    run.degraded.length > 0 && `without: ${run.degraded.map(told).join(', ')}`,
    beside,
  ].filter(Boolean);
  return element('li', {}, element('a', { href: `#/visits/${run.id}` },
    element('span', { class: 'row-head' }, element('strong', {}, moment(run.created_at)), element('span', { class: `chip ${status}` }, told(status))),
    element('span', { class: 'row-text' }, run.summary || run.problem?.title || (run.state === 'running' ? 'Still being read' : 'Nothing was found')),
    element('span', { class: 'small' }, facts.join(' · '))), action);
}

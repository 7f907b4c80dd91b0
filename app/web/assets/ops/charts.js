/** Pictures for operators, drawn as SVG from the same numbers as the tables under them. */

import { element, styled, svg } from '../element.js';
import { duration } from '../words.js';

/** @import { PhaseStatistics } from '../types.d.ts' */
/** @typedef {{ label: string, values: (number | null)[] }} Series the first series stands lowest or is drawn first */

const WIDTH = 640;
const HEIGHT = 150;

/**
 * A picture and, under it, its table.
 * @param {string} title
 * @param {Element} picture
 * @param {string[]} heads
 * @param {(string | number)[][]} rows the first cell of each names it
 * @param {boolean} [folded] whether the table is long
 */
export function figure(title, picture, heads, rows, folded = false) {
  const table = element('div', { class: 'wide-table', tabindex: 0, role: 'region', 'aria-label': `${title}, table` }, element('table', {},
    element('thead', {}, element('tr', {}, heads.map((head, index) => element('th', { scope: 'col', class: index ? 'number' : '' }, head)))),
    element('tbody', {}, rows.map(([name, ...cells]) => element('tr', {}, element('th', { scope: 'row' }, name), cells.map((cell) => element('td', { class: 'number' }, cell)))))));
  return element('figure', { class: 'panel' }, element('figcaption', {}, element('h2', {}, title)), picture,
    folded ? element('details', {}, element('summary', {}, 'Table'), table) : table);
}

/** p50 and p95 of each phase. @param {PhaseStatistics[]} phases */
export function phaseBars(phases) {
  const most = Math.max(...phases.map(({ p95_ms: p95 }) => p95), 0.001);
  return element('div', { class: 'phase-bars', 'aria-hidden': 'true' }, phases.map(({ phase, p50_ms: p50, p95_ms: p95 }) => element('div', {},
    element('code', {}, phase),
    styled(element('span', { class: 'both' }, element('i', { class: 'p95' }), element('i', { class: 'p50' })), { p50: p50 / most, p95: p95 / most }),
    element('span', { class: 'number' }, `${duration(p50)} · ${duration(p95)}`))));
}

/**
 * Lines over time; where there is no value the line breaks.
 * @param {string} title
 * @param {Series[]} series
 */
export function lines(title, series) {
  const most = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0.001);
  return chart(title, duration(most), series, ({ values }) => {
    const points = values.map((value, index) => (value === null ? null : [x(index + 0.5, values.length), y(value, most)]));
    const path = points.map((point, index) => (point ? `${points[index - 1] ? 'L' : 'M'}${point.join(' ')}` : '')).join('');
    const dots = points.flatMap((point) => (point ? [svg('circle', { cx: point[0], cy: point[1], r: 2.5 })] : []));
    return [svg('path', { d: path, fill: 'none' }), ...dots];
  });
}

/**
 * Bars over time, one series upon the other.
 * @param {string} title
 * @param {Series[]} series
 */
export function stacks(title, series) {
  const sums = series[0].values.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const most = Math.max(...sums, 1);
  const below = sums.map(() => 0);
  return chart(title, most.toLocaleString('en'), series, ({ values }) => values.map((value, index) => {
    const height = ((value ?? 0) / most) * (HEIGHT - 20);
    const bar = svg('rect', { x: x(index + 0.1, values.length), width: x(0.8, values.length) - x(0, values.length), y: y(below[index], most) - height, height });
    below[index] += value ?? 0;
    return bar;
  }));
}

/** @param {string} title @param {string} most @param {Series[]} series @param {(series: Series) => SVGElement[]} draw */
function chart(title, most, series, draw) {
  return element('div', { class: 'chart' },
    svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title}; the numbers stand in the table` },
      svg('path', { class: 'grid', d: `M0 ${y(0, 1)}H${WIDTH}M0 ${y(1, 1)}H${WIDTH}M0 ${y(0.5, 1)}H${WIDTH}` }),
      ...series.map((one, index) => svg('g', { class: `series s${index}` }, ...draw(one)))),
    element('p', { class: 'legend small' }, element('span', {}, `top line: ${most}`), series.map(({ label }, index) => element('span', { class: `key s${index}` }, label))));
}

/** @param {number} index @param {number} count */
function x(index, count) {
  return Math.round((index / count) * WIDTH * 10) / 10;
}

/** @param {number} value @param {number} most */
function y(value, most) {
  return Math.round((HEIGHT - 8 - (value / most) * (HEIGHT - 20)) * 10) / 10;
}

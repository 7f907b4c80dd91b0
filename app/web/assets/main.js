/** Starts the pages: shows the screen that the address names, and says so to those who do not see it. */

import './clinic/gold-list.js';
import './clinic/sop-list.js';
import './ops/ops-board.js';
import './review/review-visit.js';
import './running/running-visit.js';
import './visit/new-visit.js';
import './visits/compare-visits.js';
import './visits/visit-list.js';
import { announce, custom, element, find } from './element.js';
import { nothing } from './notices.js';
import { watchSession } from './sign-in.js';

/** @type {[RegExp, string, string, string[]][]} the address, the screen, its title, its attributes */
const SCREENS = [
  [/^\/$/, 'new-visit', 'New visit', []],
  [/^\/running$/, 'running-visit', 'Running', []],
  [/^\/visits$/, 'visit-list', 'Visits', []],
  [/^\/visits\/([\w-]+)$/, 'review-visit', 'Review', ['visit-id']],
  [/^\/visits\/([\w-]+)\/compare\/([\w-]+)$/, 'compare-visits', 'Compare', ['visit-id', 'other-id']],
  [/^\/sops$/, 'sop-list', 'SOPs', []],
  [/^\/gold$/, 'gold-list', 'Gold cases', []],
  [/^\/ops$/, 'ops-board', 'Ops', []],
];

const main = find(document, '#main', HTMLElement);

/** @param {boolean} moved whether the reader came from another screen, and so has to be taken along */
function show(moved) {
  const path = location.hash.slice(1) || '/';
  const found = SCREENS.map(([pattern, ...rest]) => /** @type {const} */ ([pattern.exec(path), ...rest])).find(([match]) => match);
  const [match, name, title, attributes] = found ?? [null, null, 'Not found', []];
  const values = attributes.map((attribute, index) => [attribute, match?.[index + 1] ?? '']);
  main.replaceChildren(name ? custom(name, Object.fromEntries(values)) : notFound());
  document.title = `${title} · medextract`;
  for (const link of document.querySelectorAll('nav a')) {
    const here = link.getAttribute('href') === `#${path.replace(/^(\/visits)\/.*/, '$1')}`;
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (!moved) return;
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
  announce(title);
}

function notFound() {
  return element('div', {}, element('h1', {}, 'There is no such page'),
    nothing('The address may be mistyped.', 'Go to ', element('a', { href: '#/' }, 'New visit'), '.'));
}

find(document, '.skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener('hashchange', () => show(true));
watchSession();
show(false);

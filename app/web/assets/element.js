/** Builds elements; every text goes in as text, so that nothing said in a visit is ever read as markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * A new element. A function as `onclick` listens; `true` sets a bare attribute; `false`, null and undefined set none.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...children) {
  return dress(document.createElement(name), attributes, children);
}

/**
 * The same for a custom element or any other that TypeScript does not know by name.
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function custom(name, attributes = {}, ...children) {
  return dress(document.createElement(name), attributes, children);
}

/**
 * The same for a picture.
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, name), attributes, children);
}

/**
 * Sets a custom property, which is how a computed length or share reaches a style sheet.
 * @template {HTMLElement | SVGElement} Styled
 * @param {Styled} styled
 * @param {Record<string, string | number>} properties without their leading dashes
 * @returns {Styled}
 */
export function styled(styled, properties) {
  for (const [name, value] of Object.entries(properties)) styled.style.setProperty(`--${name}`, String(value));
  return styled;
}

/**
 * The one element under `root` that the selector names.
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${selector}`);
  return found;
}

/** Tells those who listen to the page what has changed.
 * @param {string} words */
export function announce(words) {
  const announcer = document.getElementById('announcer');
  if (announcer) announcer.textContent = words;
}

/**
 * @template {Element} Dressed
 * @param {Dressed} dressed
 * @param {Attributes} attributes
 * @param {(Child | Child[])[]} children
 */
function dress(dressed, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') dressed.addEventListener(name.slice(2), value);
    else if (value === true) dressed.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) dressed.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) dressed.append(typeof child === 'number' ? String(child) : child);
  }
  return dressed;
}

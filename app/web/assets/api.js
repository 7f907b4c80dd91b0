/** Asks the service: one function a method, typed by its OpenAPI document, and one error for all that can go wrong. */

/** @import { Answer, BodyOf, InPath, Method, PathOf, Problem, QueryOf } from './types.d.ts' */

/** What went wrong with a call: a problem that the service told of, or no answer at all (`status` 0). */
export class CallFailed extends Error {
  /** @param {Partial<Problem> & { status: number }} problem @param {number | null} [retryAfterS] */
  constructor(problem, retryAfterS = null) {
    super(problem.title ?? 'No answer');
    this.problem = problem;
    this.status = problem.status;
    this.retryAfterS = retryAfterS;
  }

  /** The last part of the problem's type, such as `transcript-empty`. */
  get kind() {
    return this.problem.type?.split(/[/#:]/).pop() ?? '';
  }
}

/**
 * @template {PathOf<'get'>} P
 * @param {P} path as in the OpenAPI document, with its parameters in braces
 * @param {{ at?: InPath<P, 'get'>, query?: QueryOf<P, 'get'>, signal?: AbortSignal }} [options]
 * @returns {Promise<Answer<P, 'get'>>}
 */
export async function get(path, options = {}) {
  return (await getWithVersion(path, options)).body;
}

/**
 * The same with the answer's ETag, to be given back as `ifMatch`.
 * @template {PathOf<'get'>} P
 * @param {P} path
 * @param {{ at?: InPath<P, 'get'>, query?: QueryOf<P, 'get'>, signal?: AbortSignal }} [options]
 * @returns {Promise<{ body: Answer<P, 'get'>, version: string | null }>}
 */
export async function getWithVersion(path, { at, query, signal } = {}) {
  return read(await call('get', address(path, at, query), { signal }));
}

/**
 * Posts, patches or deletes.
 * @template {Exclude<Method, 'get'>} M
 * @template {PathOf<M>} P
 * @param {M} method
 * @param {P} path
 * @param {{ at?: InPath<P, M>, body?: BodyOf<P, M>, query?: QueryOf<P, M>, ifMatch?: string | null }} [options]
 * @returns {Promise<{ body: Answer<P, M>, version: string | null }>}
 */
export async function send(method, path, { at, body, query, ifMatch } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (ifMatch) headers['If-Match'] = ifMatch;
  const content = body === undefined ? undefined : JSON.stringify(body);
  return read(await call(method, address(path, at, query), { headers, body: content }));
}

/**
 * A path with its parameters put in and its query behind it.
 * @param {string} path
 * @param {unknown} [at]
 * @param {unknown} [query] undefined, null and empty values are left out
 */
export function address(path, at = {}, query = {}) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(/** @type {any} */ (at)[name]));
  const given = Object.entries(/** @type {object} */ (query)).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `${filled}?${search}` : filled;
}

/**
 * The response to a call that went well; anything else raises `CallFailed` (or AbortError).
 * @param {string} method
 * @param {string} url
 * @param {RequestInit} [options]
 */
export async function call(method, url, options = {}) {
  let response;
  try {
    response = await fetch(url, { ...options, method: method.toUpperCase(), credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new CallFailed({ status: 0 });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) window.dispatchEvent(new Event('signed-out'));
  const retryAfterS = Number(response.headers.get('Retry-After') ?? NaN);
  throw new CallFailed({ ...problem, status: response.status }, Number.isFinite(retryAfterS) ? retryAfterS : null);
}

/** @param {Response} response @returns {Promise<{ body: any, version: string | null }>} */
async function read(response) {
  const version = response.headers.get('ETag');
  if (response.status === 204) return { body: undefined, version };
  try {
    return { body: await response.json(), version };
  } catch {
    throw new CallFailed({ status: 0 });
  }
}

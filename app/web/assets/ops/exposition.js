/** Reads the Prometheus text format, as far as counters and gauges go. */

/** @typedef {{ name: string, labels: Record<string, string>, value: number }} Sample */

/** @param {string} text @returns {Sample[]} */
export function samplesOf(text) {
  return text.split('\n').flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found) return [];
    const labels = Object.fromEntries([...(found[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
    return [{ name: found[1], labels, value: Number(found[3]) }];
  });
}

/**
 * How often each cache had what was asked of it: of counters named like `medextract_embedding_cache_total{tier="memory"}`,
 * in which a miss is named so.
 * @param {Sample[]} samples
 * @returns {{ cache: string, asked: number, hits: number, by: string }[]}
 */
export function cacheHits(samples) {
  const counters = Map.groupBy(samples.filter(({ name }) => /_cache_total$/.test(name)), ({ name }) => name);
  return [...counters].map(([name, counts]) => {
    const asked = counts.reduce((sum, { value }) => sum + value, 0);
    const missed = counts.filter(({ labels }) => Object.values(labels).includes('miss')).reduce((sum, { value }) => sum + value, 0);
    const by = counts.map(({ labels, value }) => `${Object.values(labels).join(' ')} ${value}`).join(', ');
    return { cache: name.replace(/^medextract_|_cache_total$/g, ''), asked, hits: asked - missed, by };
  });
}

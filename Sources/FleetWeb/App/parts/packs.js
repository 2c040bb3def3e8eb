// What can be said of a pack, for the list and for its own screen.

import { t } from '../core/words.js';
import { millivolts } from '../core/format.js';

/** Its cells: mean, highest and lowest with their places from 1, and how far apart, mV; null when it tells none. */
export function cellsOf(values) {
  const known = (values?.cells_mv ?? []).map((mv, place) => ({ mv, cell: place + 1 })).filter((one) => one.mv !== null);
  if (!known.length) return null;
  const mean = known.reduce((sum, one) => sum + one.mv, 0) / known.length;
  const high = known.reduce((best, one) => (one.mv > best.mv ? one : best));
  const low = known.reduce((best, one) => (one.mv < best.mv ? one : best));
  return { all: (values.cells_mv).map((mv, place) => ({ mv, cell: place + 1 })), mean, high, low, spread: high.mv - low.mv };
}

/** Lowest and highest of its temperatures, °C. */
export function temperaturesOf(values) {
  const known = (values?.probes_c ?? []).filter((one) => one !== null);
  return known.length ? { low: Math.min(...known), high: Math.max(...known) } : null;
}

export const reportsOf = (values) =>
  values ? values.faults.length * 100 + values.protections.length * 10 + values.warnings.length : 0;

/** A state in a word: { kind, words }. */
export function stateOf(pack) {
  if (pack.status !== 'online') return { kind: pack.status === 'waiting' ? 'info' : 'warning', words: t(`pack.${pack.status}`) };
  if (!pack.isLive) return { kind: 'stale', words: t('pack.old') };
  const { values } = pack;
  if (values.faults.length + values.protections.length) return { kind: 'danger', words: t('level.protection') };
  if (values.warnings.length) return { kind: 'warning', words: t('level.warning') };
  return { kind: 'ok', words: t('pack.online') };
}

/** Packs in the order in which they want to be looked at. */
export function byAttention(packs) {
  const rank = (pack) => (pack.status === 'online' ? 0 : 1e6) + reportsOf(pack.values) * 1000 + (cellsOf(pack.values)?.spread ?? 0);
  return [...packs].sort((a, b) => rank(b) - rank(a) || a.pack - b.pack);
}

export const spreadWords = (cells) => t('pack.spread', { spread: millivolts(cells?.spread) });

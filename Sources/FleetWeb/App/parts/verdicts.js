// What somebody who knows batteries would say of one, from what it measures: { key, kind, title, words }.

import { ago, amperes, millivolts, number, percent, temperature } from '../core/format.js';
import { t } from '../core/words.js';
import { reasonOf } from '../views/home.js';
import { cellsOf, temperaturesOf } from './packs.js';

/** Spread of the cells of a pack that is noted, and that is too much, mV. */
const spreads = { noted: 20, wide: 50 };
/** How far apart the charge of packs may lie, %. */
const chargeApart = 10;
/** Cell temperatures between which a battery likes to work, °C. */
const warmth = { low: 5, high: 45 };
/** Rules that hold at all times and say nothing is wrong. */
const usualRules = ['map_ceiling', 'installer_ceiling', 'remote_ceiling', 'pack_limit'];

/** All that can be said, the worst first. `state` is that of the bank, `alarms` its open ones. */
export function verdictsOf(state, alarms) {
  const found = [fresh(state)];
  if (state.values) {
    const live = state.packs.filter((pack) => pack.isLive);
    found.push(...answers(state), ...serials(state), ...alarmed(alarms));
    if (live.length) found.push(cells(live), warm(live), charge(live));
    if (state.state === 'live') found.push(limit('charge', state.values.charge_limit), limit('discharge', state.values.discharge_limit));
  }
  const ranks = { danger: 0, warning: 1, stale: 1, info: 2, ok: 3 };
  return found.filter(Boolean).sort((a, b) => ranks[a.kind] - ranks[b.kind]);
}

function fresh({ state, age }) {
  if (state === 'never') return { key: 'fresh', kind: 'warning', title: t('verdict.never'), words: t('gw.never_words') };
  if (state === 'live') return { key: 'fresh', kind: 'ok', title: t('verdict.live'), words: t('verdict.live_words', { ago: ago(age) }) };
  return { key: 'fresh', kind: 'stale', title: t('verdict.old'), words: t('verdict.old_words', { ago: age === null ? '–' : ago(age) }) };
}

function answers({ packs, values }) {
  const found = packs.filter((pack) => pack.status !== 'online').map((pack) => ({
    key: `pack-${pack.pack}`, kind: 'warning',
    title: `${t('pack.name', { pack: pack.pack })}: ${t(`pack.${pack.status}`)}`,
    words: `${pack.age === null ? t('verdict.never_read') : t('verdict.last_read', { ago: ago(pack.age) })} ${t(`verdict.${pack.status}`)}`,
  }));
  const unseen = values.packs_configured - packs.length;
  if (unseen > 0) found.push({ key: 'unseen', kind: 'warning', title: t('verdict.unseen', { n: unseen }), words: t('verdict.silent') });
  return found.length ? found
    : [{ key: 'answers', kind: 'ok', title: t('verdict.answers', { n: packs.length }) }];
}

function serials({ packs }) {
  const seen = new Map();
  for (const pack of packs) if (pack.serial) seen.set(pack.serial, [...(seen.get(pack.serial) ?? []), pack.pack]);
  return [...seen].filter(([, places]) => places.length > 1).map(([serial, places]) => ({
    key: `serial-${serial}`, kind: 'warning', title: t('verdict.twice', { serial }), words: t('verdict.twice_words', { packs: places.join(', ') }),
  }));
}

function alarmed(alarms) {
  if (!alarms.length) return [{ key: 'alarms', kind: 'ok', title: t('alarms.none_open') }];
  const isBad = alarms.some((one) => one.level === 'fault' || one.level === 'protection');
  return [{ key: 'alarms', kind: isBad ? 'danger' : 'warning', title: t('alarms.open', { n: alarms.length }), words: t('verdict.alarms_words') }];
}

function cells(live) {
  const widest = live.map((pack) => ({ pack: pack.pack, cells: cellsOf(pack.values) })).filter((one) => one.cells)
    .reduce((best, one) => (!best || one.cells.spread > best.cells.spread ? one : best), null);
  if (!widest) return null;
  const { spread, high, low, mean } = widest.cells;
  if (spread < spreads.noted) return { key: 'cells', kind: 'ok', title: t('verdict.close'), words: t('verdict.close_words', { spread: millivolts(spread) }) };
  const odd = high.mv - mean > mean - low.mv ? high : low;
  return {
    key: 'cells', kind: spread >= spreads.wide ? 'warning' : 'info',
    title: t('verdict.apart', { pack: widest.pack, spread: millivolts(spread) }),
    words: `${t('verdict.odd_cell', { cell: odd.cell, off: millivolts(Math.abs(odd.mv - mean)) })} ${t(spread >= spreads.wide ? 'verdict.apart_wide' : 'verdict.apart_noted')}`,
  };
}

function warm(live) {
  const known = live.map((pack) => ({ pack: pack.pack, heat: temperaturesOf(pack.values) })).filter((one) => one.heat);
  if (!known.length) return null;
  const hot = known.reduce((best, one) => (one.heat.high > best.heat.high ? one : best));
  const cold = known.reduce((best, one) => (one.heat.low < best.heat.low ? one : best));
  const words = t('verdict.between', { low: temperature(cold.heat.low, 1), high: temperature(hot.heat.high, 1) });
  if (hot.heat.high > warmth.high) return { key: 'warm', kind: 'warning', title: t('verdict.hot', { pack: hot.pack }), words };
  if (cold.heat.low < warmth.low) return { key: 'warm', kind: 'warning', title: t('verdict.cold', { pack: cold.pack }), words };
  return { key: 'warm', kind: 'ok', title: t('verdict.warm'), words };
}

function charge(live) {
  const known = live.filter((pack) => pack.values.soc_pct !== null);
  if (known.length < 2) return null;
  const high = known.reduce((best, one) => (one.values.soc_pct > best.values.soc_pct ? one : best));
  const low = known.reduce((best, one) => (one.values.soc_pct < best.values.soc_pct ? one : best));
  const isWide = high.values.soc_pct - low.values.soc_pct > chargeApart;
  return {
    key: 'charge', kind: isWide ? 'info' : 'ok', title: t(isWide ? 'verdict.uneven' : 'verdict.even'),
    words: `${t('verdict.charges', { low: percent(low.values.soc_pct), low_pack: low.pack, high: percent(high.values.soc_pct), high_pack: high.pack })}${isWide ? ` ${t('verdict.uneven_words')}` : ''}`,
  };
}

function limit(way, it) {
  if (!it) return { key: `limit-${way}`, kind: 'info', title: t(`verdict.${way}_unlimited`) };
  const kind = it.current_a === 0 ? 'warning' : usualRules.includes(it.rule) ? 'ok' : 'info';
  const title = it.current_a === 0 ? t(`verdict.${way}_stopped`) : t(`verdict.${way}_limit`, { amps: amperes(it.current_a) });
  const where = it.pack && !reasonOf(it).includes(String(it.pack)) ? ` ${t('heat.place_short', { pack: number(it.pack) })}` : '';
  return { key: `limit-${way}`, kind, title, words: reasonOf(it) + where };
}

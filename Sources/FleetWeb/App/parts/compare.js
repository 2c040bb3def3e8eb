// One period beside the one before it: every moment stands beside the same one by the clock of the house.

import { h } from '../core/dom.js';
import { energy, none, number, percent, power } from '../core/format.js';
import { counterpart } from '../core/zone.js';
import { t } from '../core/words.js';
import { icon } from './icons.js';

/** Points of another period where they belong in the one that is shown, and those that have no place in it. */
export function placed(points, kind, other, shown, zone) {
  const found = { there: [], left: [] };
  for (const point of points) {
    const time = counterpart(kind, point.time, other, shown, zone);
    if (time === null) found.left.push(point);
    else found.there.push({ ...point, time });
  }
  found.there.sort((a, b) => a.time - b.time);
  return found;
}

/** The rows of energy that stand beside each other: [shown, other], either may be null. */
export function beside(items, others, kind, other, shown, zone) {
  const rest = new Map(others.map((one) => [counterpart(kind, Date.parse(one.start), other, shown, zone) ?? one, one]));
  const rows = items.map((item) => {
    const start = Date.parse(item.start);
    const found = rest.get(start) ?? null;
    rest.delete(start);
    return [item, found];
  });
  return [...rows, ...[...rest.values()].map((one) => [null, one])];
}

/** How much more or less, in words and as an arrow; null where one of both is not known. */
function change(now, before) {
  if (now === null || now === undefined || before === null || before === undefined) return null;
  const by = now - before;
  const share = before > 0 ? ` (${number(Math.abs(by / before) * 100)}\u202f%)` : '';
  if (Math.abs(by) < 50) return h('span', { class: 'change' }, t('history.same'));
  return h('span', { class: 'change' }, icon(by > 0 ? 'up' : 'down', { size: 16 }), `${t(by > 0 ? 'history.more' : 'history.less', { by: energy(Math.abs(by)) })}${share}`);
}

/** The sums of both periods. */
export function sums(total, before, name) {
  const one = (kind, sign, key, words) => h('div', { class: `sum ${kind}`, key },
    h('span', { class: 'what' }, icon(sign, { size: 18 }), words), h('span', { class: 'big' }, energy(total[key])),
    before && h('span', { class: 'hint' }, `${name}: ${energy(before[key])}`), before && change(total[key], before[key]));
  return h('div', { class: 'pair', key: 'sums' }, one('in', 'down', 'charged_wh', t('history.in')), one('out', 'up', 'discharged_wh', t('history.out')));
}

/** Power with the word for its way. */
export const flowWords = (watts) =>
  watts === null || watts === undefined ? none : `${power(watts)} ${t(watts > 30 ? 'flow.charging' : watts < -30 ? 'flow.discharging' : 'flow.idle')}`;

/** Charge and power of a moment of the other period, for whoever reads the chart. */
export const readOther = (name, charge, flow) => [' · ', h('span', { class: 'other-read' }, `${name}: ${percent(charge?.mean)} · ${flowWords(flow?.mean)}`)];

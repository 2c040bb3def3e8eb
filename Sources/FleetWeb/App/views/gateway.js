import { h } from '../core/dom.js';
import { resource, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { ago, amperes, millivolts, none, number, percent, power, signed, span, temperature, volts } from '../core/format.js';
import { t } from '../core/words.js';
import { bank, can, now, openAlarms } from '../core/state.js';
import { alarmCard, worstFirst } from '../parts/alarm.js';
import { byAttention, cellsOf, stateOf, temperaturesOf } from '../parts/packs.js';
import { banner, card, chip, empty, fact, facts, failed, loading, page } from '../parts/basics.js';
import { freshChip, keptNote, tools } from '../parts/desk.js';
import { reasonOf } from './home.js';

export default function gateway({ id }) {
  const path = `/v1/gateways/${encodeURIComponent(id)}`;
  const about = resource(async () => get(path));
  const alarms = resource(async () => get(`/v1/alarms?state=open&gateway=${encodeURIComponent(id)}&limit=100`));
  const outlook = resource(async () => get(`${path}/outlook`));
  const condition = resource(async () => get(`${path}/condition`));
  let at = 0;
  let seen = null;

  return () => {
    if (now() - at > 30_000 || seen !== openAlarms.value()) {
      if (now() - at > 30_000) untracked(() => {
        at = now();
        about.load();
        if (can('outlook')) outlook.load();
        if (can('condition') && !condition.value.peek()) condition.load();
      });
      seen = openAlarms.value();
      untracked(() => alarms.load());
    }
    const found = about.value();
    if (!found) return page({ title: id }, about.error() ? failed(about.error(), () => about.load()) : loading(5));
    const one = found.data;
    const state = bank();
    return page({
      title: one.label || one.id,
      lead: [one.label && one.id, one.model, one.region, one.zone].filter(Boolean).join(' · '),
      actions: freshChip(state.state === 'live' ? 'live' : one.freshness === 'never' ? 'never' : state.state === 'loading' ? one.freshness : 'stale'),
    },
    keptNote(found.storedAt),
    tools(one.id),
    state.state !== 'live' && state.age !== null && banner({ kind: 'stale', title: t('gw.stale', { ago: ago(state.age) }), key: 'stale' }),
    worstFirst(alarms.value()?.data.items ?? []).map((alarm) => alarmCard(alarm)),
    one.freshness === 'never'
      ? empty({ icon: 'battery', title: t('desk.never') }, h('p', null, t('gw.never_words')))
      : state.state === 'loading' ? loading(2)
      : state.state === 'failed' ? failed(state.problem, () => location.reload())
      : [
        h('div', { class: 'grid gateway-now', key: 'grid' }, now_(state, outlook.value()?.data), limits(state), aging(condition.value()?.data)),
        packs(state, one.id),
      ]);
  };
}

function now_(state, outlook) {
  const { values } = state;
  const old = { state: state.state === 'live' ? '' : 'old' };
  const way = values.power_w === null ? '' : Math.abs(values.power_w) < 20 ? t('fleet.idle') : values.power_w > 0 ? t('fleet.charging') : t('fleet.supplying');
  const ends = state.state === 'live' && (outlook?.to_full_min ?? outlook?.to_empty_min);
  return card({ title: t('gw.now'), key: 'now' }, facts(
    fact(t('battery.soc'), percent(values.soc_pct, 1), old),
    fact(t('history.power'), power(values.power_w), { ...old, note: way }),
    fact(t('battery.voltage'), values.voltage_v === null ? none : `${number(values.voltage_v, 2)}\u202fV`, old),
    fact(t('battery.current'), amperes(values.current_a), old),
    fact(t('battery.temperature'), values.temperature_min_c === null ? none
      : t('battery.between', { a: temperature(values.temperature_min_c), b: temperature(values.temperature_max_c) }), old),
    fact(t('battery.cells'), values.cell_min_mv === null ? none
      : t('battery.between', { a: volts(values.cell_min_mv), b: volts(values.cell_max_mv) }), old),
    ends && fact(outlook.to_full_min ? t('gw.full_in') : t('gw.empty_in'), span(...ends))));
}

function limits(state) {
  const old = { state: state.state === 'live' ? '' : 'old' };
  const one = (limit) => (limit ? { ...old, note: reasonOf(limit) } : old);
  const { values } = state;
  return card({ title: t('battery.limits'), key: 'limits' }, h('dl', { class: 'facts wide-facts' },
    fact(t('battery.may_charge'), amperes(values.charge_limit?.current_a), one(values.charge_limit)),
    fact(t('battery.may_discharge'), amperes(values.discharge_limit?.current_a), one(values.discharge_limit))));
}

function aging(condition) {
  if (!condition?.bank) return null;
  const { bank: it } = condition;
  return card({ title: t('gw.condition'), key: 'condition' }, facts(
    fact(t('battery.health'), percent(it.soh_pct, 1)),
    fact(t('gw.health_trend'), it.health_trend ? `${it.health_trend.per_year_pct > 0 ? '+' : '−'}${percent(Math.abs(it.health_trend.per_year_pct), 1)}` : none,
      { note: it.health_trend ? t('gw.of_days', { n: it.health_trend.days }) : t('gw.too_few_days') }),
    fact(t('battery.cycles'), number(it.cycles)),
    fact(t('gw.imbalance_trend'), it.imbalance_trend ? signed(it.imbalance_trend.per_year_mv, 'mV') : none,
      { note: it.imbalance_trend ? t('gw.of_days', { n: it.imbalance_trend.days }) : t('gw.too_few_days') })));
}

function packs(state, id) {
  if (!state.packs.length) return null;
  const columns = [t('gw.pack'), t('gw.state'), t('battery.serial'),
    ...[t('battery.soc'), t('heat.spread'), t('battery.temperature'), t('diag.age')].map((name) => ({ name, number: true }))];
  const rows = byAttention(state.packs).map((pack) => {
    const { kind, words } = stateOf(pack);
    const heat = temperaturesOf(pack.values);
    return [
      h('a', { class: 'pack-way', href: `/g/${encodeURIComponent(id)}/battery/${pack.pack}` }, t('pack.name', { pack: pack.pack })), chip(kind, words), h('span', { class: 'solid' }, pack.serial ?? none),
      percent(pack.values?.soc_pct), millivolts(cellsOf(pack.values)?.spread),
      heat ? temperature(heat.high) : none, pack.age === null ? none : ago(pack.age),
    ];
  });
  return card({ title: t('battery.packs'), hint: t('battery.order'), key: 'packs' }, packTable(t('battery.packs'), columns, rows,
    byAttention(state.packs).map((pack) => !pack.isLive)));
}

/** A table that turns into cards on a phone; `old` tells which rows are of before. */
export function packTable(caption, columns, rows, old = []) {
  const name = (column) => column.name ?? column;
  return h('table', { class: 'cards-table', role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((column, at) =>
      h('th', { scope: 'col', role: 'columnheader', key: at, class: column.number ? 'number' : '' }, name(column))))),
    h('tbody', { role: 'rowgroup' }, rows.map((row, place) => h('tr', { key: place, role: 'row', class: old[place] ? 'old-value' : '' },
      row.map((cell, at) => at === 0 ? h('th', { scope: 'row', role: 'rowheader', key: at }, cell)
        : h('td', { key: at, role: 'cell', 'data-name': name(columns[at]), class: columns[at].number ? 'number' : '' }, cell))))));
}

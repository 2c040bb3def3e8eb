import { h } from '../core/dom.js';
import { resource, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { ago, amperes, clock, millivolts, none, number, percent, quantity, signed, temperature, volts } from '../core/format.js';
import { fields, marks } from '../core/zone.js';
import { t } from '../core/words.js';
import { bank, currentID, gateways, now, openAlarms, zone } from '../core/state.js';
import { alarmCard } from '../parts/alarm.js';
import { csvOf, timeChart } from '../parts/chart.js';
import { cellsOf, stateOf } from '../parts/packs.js';
import { icon } from '../parts/icons.js';
import { banner, card, chip, empty, fact, facts, failed, loading, page } from '../parts/basics.js';

const day = 86_400_000;

export default function pack(params) {
  const number = Number(params.pack);
  const chart = timeChart();
  let asked = 0;
  const spread = resource(async (id) => {
    const to = Math.floor(Date.now() / 60_000) * 60_000;
    const query = `quantity=spread_mv&pack=${number}&from=${new Date(to - day).toISOString()}&to=${new Date(to).toISOString()}&pixels=480`;
    return { to, ...(await get(`/v1/gateways/${id}/history?${query}`)) };
  });

  return () => {
    const state = bank();
    if (state.state === 'loading' || !gateways.value()) return loading(4);
    if (state.state === 'failed') return failed(state.problem, () => location.reload());
    const found = state.packs.find((one) => one.pack === number);
    const id = currentID();
    if (!found) return page({ title: t('pack.name', { pack: params.pack }) }, empty({ icon: 'search', title: t('pack.missing') }));
    if (now() - asked > 300_000) {
      asked = now();
      untracked(() => spread.load(id));
    }
    return show(state, found, spread, chart, id);
  };
}

function show(state, pack, spread, chart, id) {
  const { kind, words } = stateOf(pack);
  const { values } = pack;
  const alarms = (openAlarms.value()?.items ?? []).filter((alarm) => alarm.gateway === id && alarm.pack === pack.pack);
  const old = pack.isLive ? '' : 'old';
  return h('div', { class: 'page' },
    h('a', { class: 'button quiet back', href: `/g/${id}/battery` }, icon('left', { size: 20 }), t('battery.title')),
    h('div', { class: 'page-head' }, h('div', null,
      h('h1', { tabindex: '-1' }, t('pack.name', { pack: pack.pack })),
      h('p', { class: 'lead' }, pack.serial ? `${t('battery.serial')} ${pack.serial}` : '')), chip(kind, words)),
    !pack.isLive && values && banner({ kind: 'stale', title: t('pack.last', { ago: pack.age === null ? '' : ago(pack.age) }) }),
    alarms.map((alarm) => alarmCard(alarm)),
    !values ? empty({ icon: 'battery', title: t('pack.never') })
    : [
      card({}, facts(
        fact(t('battery.soc'), percent(values.soc_pct), { state: old }),
        fact(t('battery.voltage'), quantity(values.voltage_v, 2, 'V'), { state: old }),
        fact(t('battery.current'), amperes(values.current_a), { state: old }),
        fact(t('battery.health'), percent(values.soh_pct), { state: old }),
        fact(t('battery.cycles'), number(values.cycles), { state: old }),
        fact(t('battery.capacity'), quantity(values.full_ah, 0, 'Ah'), { state: old }))),
      h('div', { class: 'grid cells-grid' }, cellsCard(values, old), heatCard(values, old)),
      spreadCard(spread, chart),
    ]);
}

function cellsCard(values, old) {
  const cells = cellsOf(values);
  if (!cells) return card({ title: t('pack.cells') }, h('p', { class: 'hint' }, t('pack.no_cells')));
  // a scale of its own, but never so fine that noise looks like trouble
  const most = Math.max(15, ...cells.all.map((one) => (one.mv === null ? 0 : Math.abs(one.mv - cells.mean))));
  const mark = (one) => one.cell === cells.high.cell ? h('span', { class: 'mark' }, icon('up', { size: 14 }), h('span', null, t('pack.highest')))
    : one.cell === cells.low.cell ? h('span', { class: 'mark' }, icon('down', { size: 14 }), h('span', null, t('pack.lowest'))) : null;
  return card({ title: t('pack.cells'), hint: t('pack.cells_hint', { mean: volts(cells.mean) }), class: 'cells' },
    h('p', null, t('pack.cells_caption', { high: cells.high.cell, high_v: volts(cells.high.mv), low: cells.low.cell, low_v: volts(cells.low.mv), spread: millivolts(cells.spread) })),
    h('table', { class: old ? 'old-value' : '' },
      h('caption', { class: 'unseen' }, t('pack.cells')),
      h('thead', null, h('tr', null, [t('pack.cell'), t('pack.deviation'), '', t('pack.voltage')].map((name, place) =>
        place === 2 ? h('td', { key: place }) : h('th', { key: place, scope: 'col', class: place === 3 ? 'number' : '' }, name)))),
      h('tbody', null, cells.all.map((one) => {
        const off = one.mv === null ? null : one.mv - cells.mean;
        const share = off === null ? 0 : (Math.abs(off) / most) * 48;
        return h('tr', { key: one.cell },
          h('th', { scope: 'row' }, String(one.cell), ' ', mark(one)),
          h('td', { class: 'number' }, signed(off === null ? null : Math.round(off), 'mV')),
          h('td', { class: 'bar-cell' }, h('div', { class: 'deviation', 'aria-hidden': 'true' },
            off !== null && h('i', { class: off < 0 ? 'below' : '', style: { left: `${off < 0 ? 50 - share : 50}%`, width: `${share}%` } }))),
          h('td', { class: 'number' }, volts(one.mv)));
      }))),
    h('details', null, h('summary', null, t('pack.what_spread')), h('p', null, t('pack.spread_words'))));
}

function heatCard(values, old) {
  return card({ title: t('pack.temperatures') }, facts(
    values.probes_c.map((value, place) => fact(t('pack.probe', { n: place + 1 }), temperature(value, 1), { state: old })),
    values.mosfet_c !== null && fact(t('pack.mosfet'), temperature(values.mosfet_c, 1), { state: old }),
    values.ambient_c !== null && fact(t('pack.ambient'), temperature(values.ambient_c, 1), { state: old })));
}

function spreadCard(spread, chart) {
  const found = spread.value();
  if (!found) return spread.error() ? null : card({ title: t('pack.day') }, loading(1));
  const place = zone();
  const points = found.data.points.map((p) => ({ time: Date.parse(p.time), min: p.min, mean: p.mean, max: p.max }));
  if (!points.length) return card({ title: t('pack.day') }, h('p', { class: 'hint' }, t('history.nothing')));
  const high = points.reduce((best, point) => (point.max > best.max ? point : best));
  const low = points.reduce((best, point) => (point.min < best.min ? point : best));
  const span = { from: found.to - day, to: found.to };
  const name = (words) => ({ name: words, number: true });
  // hours of a clock, whatever the minute is now
  const hours = marks('day', { from: Math.ceil(span.from / 3_600_000) * 3_600_000, to: span.to }, place, 3);
  return card({ title: t('pack.day') }, chart({
    id: 'spread', title: t('pack.day'), from: span.from, to: span.to,
    caption: t('pack.day_caption', { high: millivolts(high.max), high_at: clock(high.time, place), low: millivolts(low.min), low_at: clock(low.time, place) }),
    panels: [{ kind: 'band', points, height: 130, low: 0, high: Math.max(30, high.max * 1.1), format: (value) => `${number(value)} mV` }],
    marks: hours.map((at) => ({ at, text: String(fields(at, place).hour).padStart(2, '0') })),
    gaps: found.data.gaps.map((gap) => ({ from: Date.parse(gap.from), to: Date.parse(gap.to) })),
    read: (time) => {
      const point = points.find((one) => one.time === time);
      return [h('strong', null, clock(time, place)), ' · ', millivolts(point?.mean)];
    },
    rows: () => ({
      columns: [t('history.time'), name(t('history.lowest')), name(t('history.mean')), name(t('history.highest'))],
      rows: Array.from({ length: 24 }, (_, n) => span.from + n * 3_600_000).map((from) => {
        const some = points.filter((point) => point.time >= from && point.time < from + 3_600_000);
        return [clock(from, place), ...(some.length
          ? [Math.min(...some.map((p) => p.min)), some.reduce((sum, p) => sum + p.mean, 0) / some.length, Math.max(...some.map((p) => p.max))].map(millivolts)
          : [none, none, none])];
      }),
    }),
    csv: () => ({ name: 'amphora-spread.csv', text: csvOf([['time', 'min_mv', 'mean_mv', 'max_mv'], ...points.map((p) => [new Date(p.time).toISOString(), p.min, p.mean, p.max])]) }),
  }));
}

import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { clock, date, energy, moment, none, number, percent, power } from '../core/format.js';
import { fields, marks, neighbour, period } from '../core/zone.js';
import { t } from '../core/words.js';
import { can, currentGateway, currentID, gateways, now, zone } from '../core/state.js';
import { barChart, csvOf, timeChart, usualStep } from '../parts/chart.js';
import { icon } from '../parts/icons.js';
import { banner, button, card, choice, empty, failed, loading, page } from '../parts/basics.js';

const kinds = ['day', 'week', 'month', 'year'];
const hour = 3_600_000;

/** The points of a document with moments as numbers, in the unit that `factor` makes of it. */
const read = (document, factor) => document.points.map((point) => ({
  time: Date.parse(point.time), min: point.min * factor, mean: point.mean * factor, max: point.max * factor, samples: point.samples,
}));

export default function history() {
  const asked = new URLSearchParams(location.search);
  const kind = signal(kinds.includes(asked.get('by')) ? asked.get('by') : 'day');
  const shown = signal(null);
  const data = resource(load);
  const chart = timeChart();
  const bars = barChart();
  let loadedFor = null;

  async function load(id, chosen, span) {
    const query = `from=${new Date(span.from).toISOString()}&to=${new Date(span.to).toISOString()}`;
    const of = (quantity) => get(`/v1/gateways/${id}/history?quantity=${quantity}&${query}&pixels=480`);
    const by = chosen === 'year' ? 'month' : 'day';
    const sums = can('energy') ? get(`/v1/gateways/${id}/energy?${query}&by=${by}`).catch(() => null) : null;
    const [soc, watts] = await Promise.all([of('soc_cpct'), of('power_mw')]);
    const gaps = soc.data.gaps.map((gap) => ({ from: Date.parse(gap.from), to: Date.parse(gap.to), cause: gap.cause }));
    return {
      kind: chosen, span, soc: read(soc.data, 0.01), power: read(watts.data, 0.001), gaps, isBehind: soc.data.is_behind,
      storedAt: soc.storedAt, energy: (await sums)?.data ?? null,
    };
  }

  function pick(chosen, span) {
    kind.set(chosen);
    shown.set(span);
    const day = fields(span.from + hour * 12, zone());
    const text = `${day.year}-${String(day.month).padStart(2, '0')}-${String(day.day).padStart(2, '0')}`;
    window.history.replaceState({}, '', `${location.pathname}?by=${chosen}&day=${text}`);
  }

  return () => {
    if (!gateways.value()) return gateways.error() ? failed(gateways.error(), gateways.load) : loading(3);
    const id = currentID();
    const place = zone();
    if (!shown()) {
      const named = Date.parse(`${asked.get('day')}T12:00:00Z`);
      shown.set(period(kind(), Number.isFinite(named) ? named : Date.now(), place));
    }
    const span = shown();
    const key = `${id} ${kind()} ${span.from}`;
    // what is not over goes on growing
    const fresh = span.to > now.peek() ? `${key} ${Math.floor(now() / 60_000)}` : key;
    if (fresh !== loadedFor) {
      loadedFor = fresh;
      untracked(() => data.load(id, kind.peek(), span));
    }
    const found = data.value()?.span === span ? data.value() : null;
    return page({ title: t('history.title'), class: 'history' },
      choice({
        name: 'kind', legend: t('history.kind'), value: kind(), options: kinds.map((one) => [one, t(`history.${one}`)]),
        onchange: (chosen) => pick(chosen, period(chosen, Math.min(Date.now(), span.to - hour), place)),
      }),
      h('div', { class: 'period' },
        button({ class: 'round', kind: 'quiet', icon: 'left', 'aria-label': t('history.before'), onclick: () => pick(kind(), neighbour(kind(), span, -1, place)) }),
        h('h2', { 'aria-live': 'polite' }, nameOf(kind(), span, place)),
        button({ class: 'round', kind: 'quiet', icon: 'right', 'aria-label': t('history.after'), disabled: span.to > Date.now(), onclick: () => pick(kind(), neighbour(kind(), span, 1, place)) })),
      dayNote(kind(), span),
      !found && data.error() ? failed(data.error(), () => { loadedFor = null; data.load(id, kind(), span); })
      : !found ? loading(3) : show(found, place, chart, bars));
  };
}

/** What a period is called. */
function nameOf(kind, { from, to }, place) {
  const middle = from + (to - from) / 2;
  switch (kind) {
    case 'week': return `${date(from, place, { day: 'numeric', month: 'short' })} – ${date(to - hour, place, { day: 'numeric', month: 'short', year: 'numeric' })}`;
    case 'month': return date(middle, place, { month: 'long', year: 'numeric' });
    case 'year': return date(middle, place, { year: 'numeric' });
    default: return date(middle, place, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  }
}

function dayNote(kind, { from, to }) {
  const hours = kind === 'day' ? Math.round((to - from) / hour) : 24;
  return hours === 24 ? null : h('p', { class: 'row hint', id: 'day-length' }, icon('clock', { size: 18 }), t(hours === 25 ? 'history.long' : 'history.short'));
}

function show(found, place, chart, bars) {
  const { span, kind, soc, gaps } = found;
  if (!soc.length && !found.power.length) {
    return empty({ icon: 'history', title: t('history.nothing') }, gapList(gaps, place));
  }
  return h('div', { class: 'page' },
    found.storedAt && banner({ kind: 'offline', title: t('history.kept', { at: moment(found.storedAt) }) }),
    found.isBehind && banner({ kind: 'info', title: t('history.behind') }),
    card({ title: t('history.chart') }, curves(found, place, chart), gapList(gaps, place)),
    found.energy && energyCard(found, place, bars));
}

const stamp = (kind, time, place) =>
  kind === 'day' ? clock(time, place)
  : kind === 'year' ? date(time, place, { day: 'numeric', month: 'short' })
  : date(time, place, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** The lowest, mean and highest of each day, at its noon. */
function byDay(points, span, place) {
  const edges = marks('month', span, place);
  return edges.flatMap((from, n) => {
    const to = edges[n + 1] ?? span.to;
    const some = points.filter((point) => point.time >= from && point.time < to);
    if (!some.length) return [];
    return [{
      time: from + (to - from) / 2, min: Math.min(...some.map((p) => p.min)), max: Math.max(...some.map((p) => p.max)),
      mean: some.reduce((sum, p) => sum + p.mean, 0) / some.length,
    }];
  });
}

function curves({ kind, span, soc, power: watts, gaps }, place, chart) {
  const isLong = kind === 'month' || kind === 'year';
  const band = isLong ? byDay(soc, span, place) : soc;
  const peak = Math.max(500, ...watts.map((point) => Math.abs(point.mean)));
  const [high, low] = [Math.max(0, ...watts.map((p) => p.mean)), Math.min(0, ...watts.map((p) => p.mean))];
  const inKilo = peak >= 1000;
  const unit = inKilo ? 1000 : 1;
  const highest = soc.reduce((best, point) => (!best || point.max > best.max ? point : best), null);
  const lowest = soc.reduce((best, point) => (!best || point.min < best.min ? point : best), null);
  const at = (time) => stamp(kind, time, place);
  const caption = highest ? t('history.caption', {
    high: percent(highest.max), high_at: at(highest.time), low: percent(lowest.min), low_at: at(lowest.time),
  }) : t('history.nothing');
  const step = Math.max(usualStep(soc), (span.to - span.from) / 120);
  const near = (points, time) => points.find((point) => Math.abs(point.time - time) < step);
  return chart({
    id: 'curves', title: t('history.chart'), caption, from: span.from, to: span.to,
    panels: [
      { kind: 'band', points: band, height: 150, low: 0, high: 100, ticks: [0, 50, 100], step: isLong ? 30 * hour : step, format: (value) => `${number(value)} %` },
      {
        kind: 'signed', points: watts.map((point) => ({ ...point, mean: point.mean / unit })), height: 130,
        low: (low < 0 ? Math.min(low * 1.08, -peak / 8) : 0) / unit, high: Math.max(high * 1.08, peak / 8) / unit, step,
        format: (value, digits) => `${number(value, digits)} ${inKilo ? 'kW' : 'W'}`,
      },
    ],
    marks: labels(kind, span, place),
    gaps,
    legend: [['band', t('history.soc')], ['up', t('history.charging')], ['down', t('history.discharging')], ...(gaps.length ? [['gap', t('history.gap')]] : [])],
    read: (time) => {
      const charge = near(isLong ? band : soc, time);
      const flow = near(watts, time);
      if (isLong) {
        const day = date(time, place, { weekday: 'short', day: 'numeric', month: 'short' });
        return [h('strong', null, day), ' · ', t('battery.between', { a: percent(charge?.min), b: percent(charge?.max) })];
      }
      return [h('strong', null, at(time)), ' · ', percent(charge?.mean), ' · ',
        flow ? `${power(flow.mean)} ${t(flow.mean > 30 ? 'flow.charging' : flow.mean < -30 ? 'flow.discharging' : 'flow.idle')}` : none];
    },
    rows: () => tableOf(kind, span, soc, watts, place),
    csv: () => ({
      name: `amphora-${currentGateway()?.id ?? 'battery'}-${new Date(span.from).toISOString().slice(0, 10)}-${kind}.csv`,
      text: csvOf([
        ['time', 'soc_min_pct', 'soc_mean_pct', 'soc_max_pct', 'power_min_w', 'power_mean_w', 'power_max_w'],
        ...merged(soc, watts).map(([time, a, b]) => [
          new Date(time).toISOString(), a?.min.toFixed(2), a?.mean.toFixed(2), a?.max.toFixed(2), b?.min.toFixed(1), b?.mean.toFixed(1), b?.max.toFixed(1),
        ]),
      ]),
    }),
  });
}

function merged(soc, watts) {
  const all = new Map();
  for (const point of soc) all.set(point.time, [point.time, point, null]);
  for (const point of watts) {
    const row = all.get(point.time) ?? [point.time, null, null];
    row[2] = point;
    all.set(point.time, row);
  }
  return [...all.values()].sort((a, b) => a[0] - b[0]);
}

function labels(kind, span, place) {
  return marks(kind, span, place, 3).map((at) => ({
    at,
    text: kind === 'day' ? String(fields(at, place).hour).padStart(2, '0')
      : kind === 'week' ? date(at, place, { weekday: 'short' })
      : kind === 'month' ? date(at, place, { day: 'numeric' }) : date(at, place, { month: 'narrow' }),
  }));
}

/** The chart in rows: hours of a day, quarters of the days of a week, days, months. */
function tableOf(kind, span, soc, watts, place) {
  const edges = kind === 'week' || kind === 'day'
    ? Array.from({ length: Math.ceil((span.to - span.from) / (kind === 'day' ? hour : 6 * hour)) }, (_, n) => span.from + n * (kind === 'day' ? hour : 6 * hour))
    : marks(kind, span, place);
  const rows = edges.map((from, n) => {
    const to = edges[n + 1] ?? span.to;
    const [a, b] = [soc, watts].map((points) => points.filter((point) => point.time >= from && point.time < to));
    const mean = (points) => (points.length ? points.reduce((sum, point) => sum + point.mean, 0) / points.length : null);
    const watt = mean(b);
    return [
      kind === 'month' ? date(from, place, { day: 'numeric', month: 'short' }) : kind === 'year' ? date(from, place, { month: 'long' }) : stamp(kind, from, place),
      a.length ? percent(Math.min(...a.map((point) => point.min))) : none, percent(mean(a)),
      a.length ? percent(Math.max(...a.map((point) => point.max))) : none,
      watt === null ? none : `${power(watt)} ${t(watt > 30 ? 'flow.charging' : watt < -30 ? 'flow.discharging' : 'flow.idle')}`,
    ];
  });
  const name = (words) => ({ name: words, number: true });
  return {
    columns: [t('history.time'), name(`${t('history.soc')}: ${t('history.lowest')}`), name(t('history.mean')), name(t('history.highest')), name(t('history.power'))],
    rows,
  };
}

function gapList(gaps, place) {
  const long = gaps.filter((gap) => gap.to - gap.from > 5 * 60_000);
  if (!long.length) return null;
  return h('details', null, h('summary', null, `${t('history.gaps')} (${number(long.length)})`),
    h('ul', { class: 'stack gaps' }, long.slice(-20).reverse().map((gap) => h('li', { key: gap.from }, t('gap.line', {
      from: moment(gap.from, place), to: moment(gap.to, place), cause: t(`gap.${gap.cause}`),
    })))));
}

function energyCard({ kind, energy: sums, span }, place, bars) {
  const { items, total } = sums;
  const words = t('history.energy_caption', { in: energy(total.charged_wh), out: energy(total.discharged_wh) });
  const cycles = total.full_cycles === null || total.full_cycles === undefined ? null : t('history.cycles', { n: number(total.full_cycles, 1) });
  if (kind === 'day') {
    return card({ title: t('history.energy'), hint: cycles }, h('div', { class: 'pair' },
      h('div', { class: 'sum in' }, h('span', { class: 'what' }, icon('down', { size: 18 }), t('history.in')), h('span', { class: 'big' }, energy(total.charged_wh))),
      h('div', { class: 'sum out' }, h('span', { class: 'what' }, icon('up', { size: 18 }), t('history.out')), h('span', { class: 'big' }, energy(total.discharged_wh)))));
  }
  const name = (item) => {
    const at = Date.parse(item.start);
    return kind === 'year' ? date(at, place, { month: 'long' }) : date(at, place, { weekday: 'short', day: 'numeric', month: 'short' });
  };
  return card({ title: t('history.energy'), hint: cycles }, bars({
    id: 'energy', title: t('history.energy'), caption: words,
    items: items.map((item) => {
      const at = Date.parse(item.start);
      return { item, up: (item.charged_wh ?? 0) / 1000, down: (item.discharged_wh ?? 0) / 1000, text: kind === 'year' ? date(at, place, { month: 'narrow' }) : kind === 'week' ? date(at, place, { weekday: 'short' }) : date(at, place, { day: 'numeric' }) };
    }),
    format: number,
    read: ({ item }) => [h('strong', null, name(item)), ' · ', t('history.energy_caption', { in: energy(item.charged_wh), out: energy(item.discharged_wh) })],
    legend: [['up', `${t('history.in')} (kWh)`], ['down', `${t('history.out')} (kWh)`]],
    rows: () => ({
      columns: [t('history.time'), { name: t('history.in'), number: true }, { name: t('history.out'), number: true }],
      rows: items.map((item) => [name(item), energy(item.charged_wh), energy(item.discharged_wh)]),
    }),
    csv: () => ({
      name: `amphora-energy-${new Date(span.from).toISOString().slice(0, 10)}-${kind}.csv`,
      text: csvOf([['start', 'end', 'charged_wh', 'discharged_wh', 'full_cycles'],
        ...items.map((item) => [item.start, item.end, item.charged_wh, item.discharged_wh, item.full_cycles])]),
    }),
  }));
}

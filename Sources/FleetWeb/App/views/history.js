import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { clock, date, energy, moment, none, number, percent } from '../core/format.js';
import { fields, marks, neighbour, period } from '../core/zone.js';
import { t } from '../core/words.js';
import { can, currentGateway, currentID, gateways, now, zone } from '../core/state.js';
import { barChart, csvOf, timeChart, usualStep } from '../parts/chart.js';
import { beside, flowWords, placed, readOther, sums } from '../parts/compare.js';
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
  /** Whether the period before is shown too. */
  const both = signal(asked.get('compare') === 'before');
  const data = resource(load);
  const chart = timeChart();
  const bars = barChart();
  let loadedFor = null;

  async function load(id, chosen, span, before, place) {
    const [found, other] = await Promise.all([one(id, chosen, span), before && one(id, chosen, before).catch((problem) => ({ problem }))]);
    if (!other || other.problem) return { ...found, other };
    const [soc, watts] = [byDayOf(chosen, other.soc, before, place), other.power].map((points) => placed(points, chosen, before, span, place));
    return { ...found, other: { ...other, lines: { soc, watts } } };
  }

  async function one(id, chosen, span) {
    const query = `from=${new Date(span.from).toISOString()}&to=${new Date(span.to).toISOString()}`;
    const of = (quantity) => get(`/v1/gateways/${id}/history?quantity=${quantity}&${query}&pixels=480`);
    const by = chosen === 'year' ? 'month' : 'day';
    const flows = can('energy') ? get(`/v1/gateways/${id}/energy?${query}&by=${by}`).catch(() => null) : null;
    const [soc, watts] = await Promise.all([of('soc_cpct'), of('power_mw')]);
    const gaps = soc.data.gaps.map((gap) => ({ from: Date.parse(gap.from), to: Date.parse(gap.to), cause: gap.cause }));
    return {
      kind: chosen, span, soc: read(soc.data, 0.01), power: read(watts.data, 0.001), gaps, isBehind: soc.data.is_behind,
      storedAt: soc.storedAt, energy: (await flows)?.data ?? null,
    };
  }

  function pick(chosen, span, compared = both.peek()) {
    kind.set(chosen);
    shown.set(span);
    both.set(compared);
    const day = fields(span.from + hour * 12, zone());
    const text = `${day.year}-${String(day.month).padStart(2, '0')}-${String(day.day).padStart(2, '0')}`;
    window.history.replaceState({}, '', `${location.pathname}?by=${chosen}&day=${text}${compared ? '&compare=before' : ''}`);
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
    const before = both() ? neighbour(kind(), span, -1, place) : null;
    const key = `${id} ${kind()} ${span.from} ${both()}`;
    // what is not over goes on growing
    const fresh = span.to > now.peek() ? `${key} ${Math.floor(now() / 60_000)}` : key;
    if (fresh !== loadedFor) {
      loadedFor = fresh;
      untracked(() => data.load(id, kind.peek(), span, before, place));
    }
    const found = data.value()?.span === span && Boolean(data.value().other) === both() ? data.value() : null;
    return page({ title: t('history.title'), class: 'history' },
      choice({
        name: 'kind', legend: t('history.kind'), value: kind(), options: kinds.map((one) => [one, t(`history.${one}`)]),
        onchange: (chosen) => pick(chosen, period(chosen, Math.min(Date.now(), span.to - hour), place)),
      }),
      h('div', { class: 'period' },
        button({ class: 'round', kind: 'quiet', icon: 'left', 'aria-label': t('history.before'), onclick: () => pick(kind(), neighbour(kind(), span, -1, place)) }),
        h('h2', { 'aria-live': 'polite' }, nameOf(kind(), span, place)),
        button({ class: 'round', kind: 'quiet', icon: 'right', 'aria-label': t('history.after'), disabled: span.to > Date.now(), onclick: () => pick(kind(), neighbour(kind(), span, 1, place)) })),
      h('label', { class: 'switch', key: 'compare' },
        h('input', { type: 'checkbox', role: 'switch', id: 'compare', checked: both(), onchange: (event) => pick(kind(), span, event.target.checked) }),
        h('span', null, t(`history.compare_${kind()}`))),
      dayNote(kind(), span),
      before && dayNote(kind(), before, nameOf(kind(), before, place)),
      !found && data.error() ? failed(data.error(), () => { loadedFor = null; data.load(id, kind(), span, before, place); })
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

function dayNote(kind, { from, to }, name) {
  const hours = kind === 'day' ? Math.round((to - from) / hour) : 24;
  return hours === 24 ? null : h('p', { class: 'row hint', id: name ? 'other-length' : 'day-length', key: name ?? 'length' }, icon('clock', { size: 18 }),
    name ? t(hours === 25 ? 'history.other_long' : 'history.other_short', { name }) : t(hours === 25 ? 'history.long' : 'history.short'));
}

function show(found, place, chart, bars) {
  const { span, kind, soc, gaps } = found;
  if (!soc.length && !found.power.length) {
    return empty({ icon: 'history', title: t('history.nothing') }, gapList(gaps, place));
  }
  return h('div', { class: 'page' },
    found.storedAt && banner({ kind: 'offline', title: t('history.kept', { at: moment(found.storedAt) }) }),
    found.isBehind && banner({ kind: 'info', title: t('history.behind') }),
    otherNote(found, place),
    card({ title: t('history.chart') }, curves(found, place, chart), gapList(gaps, place)),
    found.energy && energyCard(found, place, bars));
}

/** What is to be said of the period before. */
function otherNote({ other, span }) {
  if (!other) return null;
  if (other.problem) return banner({ kind: 'warning', title: t('history.other_failed'), key: 'other' });
  if (!other.soc.length && !other.power.length) return banner({ kind: 'info', title: t('history.other_none'), key: 'other' });
  return span.to > Date.now() && h('p', { class: 'row hint', id: 'open', key: 'other' }, icon('info', { size: 18 }), t('history.open'));
}

const isLong = (kind) => kind === 'month' || kind === 'year';
/** The points that are drawn: those of a month or a year day by day. */
const byDayOf = (kind, points, span, place) => (isLong(kind) ? byDay(points, span, place) : points);

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

function curves({ kind, span, soc, power: watts, gaps, other }, place, chart) {
  const lines = other?.lines;
  const otherName = lines && nameOf(kind, other.span, place);
  const band = byDayOf(kind, soc, span, place);
  const means = [...watts, ...(lines?.watts.there ?? [])].map((point) => point.mean);
  const peak = Math.max(500, ...means.map(Math.abs));
  const [high, low] = [Math.max(0, ...means), Math.min(0, ...means)];
  const inKilo = peak >= 1000;
  const unit = inKilo ? 1000 : 1;
  const highest = soc.reduce((best, point) => (!best || point.max > best.max ? point : best), null);
  const lowest = soc.reduce((best, point) => (!best || point.min < best.min ? point : best), null);
  const at = (time) => stamp(kind, time, place);
  const said = highest ? t('history.caption', {
    high: percent(highest.max), high_at: at(highest.time), low: percent(lowest.min), low_at: at(lowest.time),
  }) : t('history.nothing');
  const ends = other?.soc?.length && { high: Math.max(...other.soc.map((p) => p.max)), low: Math.min(...other.soc.map((p) => p.min)) };
  const caption = ends ? `${said} ${t('history.caption_other', { name: otherName, high: percent(ends.high), low: percent(ends.low) })}` : said;
  const step = Math.max(usualStep(soc), (span.to - span.from) / 120);
  const near = (points, time) => points.find((point) => Math.abs(point.time - time) < step);
  return chart({
    id: 'curves', title: t('history.chart'), caption, from: span.from, to: span.to,
    panels: [
      { kind: 'band', points: band, height: 150, low: 0, high: 100, ticks: [0, 50, 100], step: isLong(kind) ? 30 * hour : step, format: (value) => `${number(value)} %`, other: lines?.soc.there },
      {
        kind: 'signed', points: watts.map((point) => ({ ...point, mean: point.mean / unit })), height: 130,
        low: (low < 0 ? Math.min(low * 1.08, -peak / 8) : 0) / unit, high: Math.max(high * 1.08, peak / 8) / unit, step,
        format: (value, digits) => `${number(value, digits)} ${inKilo ? 'kW' : 'W'}`, other: lines?.watts.there.map((point) => ({ ...point, mean: point.mean / unit })),
      },
    ],
    marks: labels(kind, span, place),
    gaps,
    legend: [['band', t('history.soc')], ['up', t('history.charging')], ['down', t('history.discharging')], ...(gaps.length ? [['gap', t('history.gap')]] : []), ...(lines ? [['other', otherName]] : [])],
    read: (time) => {
      const charge = near(isLong(kind) ? band : soc, time);
      const flow = near(watts, time);
      const too = lines ? readOther(otherName, near(lines.soc.there, time), near(lines.watts.there, time)) : null;
      if (isLong(kind)) {
        const day = date(time, place, { weekday: 'short', day: 'numeric', month: 'short' });
        return [h('strong', null, day), ' · ', t('battery.between', { a: percent(charge?.min), b: percent(charge?.max) }), too];
      }
      return [h('strong', null, at(time)), ' · ', percent(charge?.mean), ' · ',
        flowWords(flow?.mean), too];
    },
    rows: () => tableOf(kind, span, soc, watts, place, lines && { ...lines, name: otherName, span: other.span }),
    csv: () => ({
      name: `amphora-${currentGateway()?.id ?? 'battery'}-${new Date(span.from).toISOString().slice(0, 10)}-${kind}.csv`,
      text: csvOf([
        ['time', 'soc_min_pct', 'soc_mean_pct', 'soc_max_pct', 'power_min_w', 'power_mean_w', 'power_max_w', ...(lines ? ['period'] : [])],
        ...merged(soc, watts).map((row) => [...csvRow(row), ...(lines ? ['shown'] : [])]),
        ...(lines ? merged(other.soc, other.power).map((row) => [...csvRow(row), 'before']) : []),
      ]),
    }),
  });
}

const csvRow = ([time, a, b]) => [
  new Date(time).toISOString(), a?.min.toFixed(2), a?.mean.toFixed(2), a?.max.toFixed(2), b?.min.toFixed(1), b?.mean.toFixed(1), b?.max.toFixed(1),
];

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
function tableOf(kind, span, soc, watts, place, other) {
  const rowEdges = (span) => (kind === 'week' || kind === 'day'
    ? Array.from({ length: Math.ceil((span.to - span.from) / (kind === 'day' ? hour : 6 * hour)) }, (_, n) => span.from + n * (kind === 'day' ? hour : 6 * hour))
    : marks(kind, span, place));
  const mean = (points) => (points.length ? points.reduce((sum, point) => sum + point.mean, 0) / points.length : null);
  const within = (points, from, to) => points.filter((point) => point.time >= from && point.time < to);
  const row = (from, to, [a, b], too) => {
    const watt = mean(b);
    return [
      kind === 'month' ? date(from, place, { day: 'numeric', month: 'short' }) : kind === 'year' ? date(from, place, { month: 'long' }) : stamp(kind, from, place),
      a.length ? percent(Math.min(...a.map((point) => point.min))) : none, percent(mean(a)),
      a.length ? percent(Math.max(...a.map((point) => point.max))) : none,
      flowWords(watt), ...(too ? [percent(mean(too[0])), flowWords(mean(too[1]))] : []),
    ];
  };
  const edges = rowEdges(span);
  const rows = edges.map((from, n) => {
    const to = edges[n + 1] ?? span.to;
    return row(from, to, [within(soc, from, to), within(watts, from, to)], other && [within(other.soc.there, from, to), within(other.watts.there, from, to)]);
  });
  // what only the other period has, such as its 31st or the hour that this day leaves out
  const others = other ? rowEdges(other.span) : [];
  others.forEach((from, n) => {
    const to = others[n + 1] ?? other.span.to;
    const left = [within(other.soc.left, from, to), within(other.watts.left, from, to)];
    if (left[0].length || left[1].length) rows.push(row(from, to, [[], []], left));
  });
  const name = (words) => ({ name: words, number: true });
  return {
    columns: [t('history.time'), name(`${t('history.soc')}: ${t('history.lowest')}`), name(t('history.mean')), name(t('history.highest')), name(t('history.power')),
      ...(other ? [name(`${other.name}: ${t('history.soc')}`), name(`${other.name}: ${t('history.power')}`)] : [])],
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

function energyCard({ kind, energy: flows, span, other }, place, bars) {
  const { items, total } = flows;
  const words = t('history.energy_caption', { in: energy(total.charged_wh), out: energy(total.discharged_wh) });
  const cycles = total.full_cycles === null || total.full_cycles === undefined ? null : t('history.cycles', { n: number(total.full_cycles, 1) });
  const before = other?.energy ?? null;
  const otherName = before && nameOf(kind, other.span, place);
  const both = before && sums(total, before.total, otherName);
  if (kind === 'day') return card({ title: t('history.energy'), hint: cycles }, both ?? sums(total));
  const name = (item) => {
    const at = Date.parse(item.start);
    return kind === 'year' ? date(at, place, { month: 'long' }) : date(at, place, { weekday: 'short', day: 'numeric', month: 'short' });
  };
  const pairs = before ? beside(items, before.items, kind, other.span, span, place) : items.map((item) => [item, null]);
  const inAndOut = (item) => t('history.energy_caption', { in: energy(item?.charged_wh), out: energy(item?.discharged_wh) });
  return card({ title: t('history.energy'), hint: cycles }, both, bars({
    id: 'energy', title: t('history.energy'), caption: before ? `${words} ${otherName}: ${inAndOut(before.total)}` : words,
    items: pairs.filter(([item]) => item).map(([item, last]) => {
      const at = Date.parse(item.start);
      return {
        item, last, up: (item.charged_wh ?? 0) / 1000, down: (item.discharged_wh ?? 0) / 1000,
        upBefore: last ? (last.charged_wh ?? 0) / 1000 : null, downBefore: last ? (last.discharged_wh ?? 0) / 1000 : null,
        text: kind === 'year' ? date(at, place, { month: 'narrow' }) : kind === 'week' ? date(at, place, { weekday: 'short' }) : date(at, place, { day: 'numeric' }),
      };
    }),
    format: number,
    read: ({ item, last }) => [h('strong', null, name(item)), ' · ', inAndOut(item), last && ` ${name(last)}: ${inAndOut(last)}`],
    legend: [['up', `${t('history.in')} (kWh)`], ['down', `${t('history.out')} (kWh)`], ...(before ? [['other', otherName]] : [])],
    rows: () => ({
      columns: [t('history.time'), { name: t('history.in'), number: true }, { name: t('history.out'), number: true },
        ...(before ? [otherName, { name: `${otherName}: ${t('history.in')}`, number: true }, { name: `${otherName}: ${t('history.out')}`, number: true }] : [])],
      rows: pairs.map(([item, last]) => [item ? name(item) : none, energy(item?.charged_wh), energy(item?.discharged_wh),
        ...(before ? [last ? name(last) : none, energy(last?.charged_wh), energy(last?.discharged_wh)] : [])]),
    }),
    csv: () => ({
      name: `amphora-energy-${new Date(span.from).toISOString().slice(0, 10)}-${kind}.csv`,
      text: csvOf([['start', 'end', 'charged_wh', 'discharged_wh', 'full_cycles', ...(before ? ['period'] : [])],
        ...[[items, 'shown'], [before?.items ?? [], 'before']].flatMap(([list, period]) => list.map((item) =>
          [item.start, item.end, item.charged_wh, item.discharged_wh, item.full_cycles, ...(before ? [period] : [])]))]),
    }),
  }));
}

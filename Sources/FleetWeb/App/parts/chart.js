// Charts as SVG, each with a caption, the same as a table, a file for spreadsheets, and values by pointer and keys.

import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { t } from '../core/words.js';
import { button, table } from './basics.js';

const left = 44;
const right = 8;

/** Where a moment lies on a chart this wide. */
const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from || 1)) * (high - low);

/** Values at which a line is drawn: a few round ones from `low` to `high`. */
export function ticks(low, high, most = 4) {
  const rough = (high - low || 1) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toFixed(9)));
  return found;
}

/** The points of a series cut where values are missing for longer than `most` ms. */
function runs(points, most) {
  const found = [];
  for (const point of points) {
    const last = found.at(-1);
    if (!last || point.time - last.at(-1).time > most) found.push([point]);
    else last.push(point);
  }
  return found;
}

const n1 = (value) => value.toFixed(1);
const path = (points, x, y) => points.map((p, i) => `${i ? 'L' : 'M'}${n1(x(p.time))} ${n1(y(p))}`).join('');

/** A stretch of the time between samples, beyond which a line would claim what nobody measured. */
export function usualStep(points) {
  if (points.length < 3) return 3_600_000;
  const steps = points.slice(1).map((point, place) => point.time - points[place].time).sort((a, b) => a - b);
  return Math.max(60_000, steps[Math.floor(steps.length / 2)]) * 3;
}

/**
 * A figure of panels over one axis of time.
 *
 * `panels`: { kind: 'band' | 'signed', points: [{time, min, mean, max}], height, low, high, format, other } where `other`
 * are points of another period, drawn as a dashed line ; `marks`:
 * [{at, text}] ; `gaps`: [{from, to, words}] ; `read(time)`: the words for a moment ; `table`: {caption, columns, rows};
 * `csv`: () => { name, text }. `width` is that of the screen in px, which sets how many marks fit.
 */
export function timeChart() {
  const cursor = signal(null);
  const isTable = signal(false);
  const width = signal(680);
  let watcher = null;

  const draw = ({ id, title, panels, from, to, marks, gaps = [], read, caption, rows, csv, legend }) => {
    const w = width();
    const x = scale(from, to, left, w - right);
    const ordered = panels[0].points;
    const parts = [];
    let top = 10;
    for (const panel of panels) {
      parts.push(...drawPanel(panel, top, x, w));
      panel.top = top;
      top += panel.height + 18;
    }
    const bottom = top - 18;
    const height = bottom + 24;
    const step = Math.max(1, Math.ceil((marks.length * 46) / (w - left - right)));
    const at = cursor();
    return h('figure', { class: 'chart', key: id, 'aria-labelledby': `${id}-caption` },
      h('figcaption', { id: `${id}-caption` }, caption),
      h('output', { class: 'readout', 'aria-live': at === null ? 'off' : 'polite' }, at !== null ? read(at) : ordered.length ? read(ordered.at(-1).time) : ''),
      h('div', {
        class: 'plot', tabindex: '0', role: 'img', 'aria-label': `${title}. ${caption}`, 'aria-describedby': `${id}-keys`,
        onkeydown: (event) => keys(event, ordered, cursor),
        onpointermove: (event) => point(event, ordered, from, to, w, cursor),
        onpointerdown: (event) => point(event, ordered, from, to, w, cursor),
        onpointerleave: () => cursor.set(null), onblur: () => cursor.set(null),
        ref: (element) => {
          watcher?.disconnect();
          watcher = new ResizeObserver(([entry]) => width.set(Math.max(280, Math.round(entry.contentRect.width))));
          watcher.observe(element);
        },
      },
        h('svg', { viewBox: `0 0 ${w} ${height}`, 'aria-hidden': 'true' },
          h('defs', null, h('pattern', { id: 'gap-lines', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
            h('line', { class: 'gap-line', x1: 0, y1: 0, x2: 0, y2: 6 }))),
          gaps.map((gap) => {
            const [a, b] = [Math.max(x(gap.from), left), Math.min(x(gap.to), w - right)];
            return b - a > 0.5 && h('rect', { class: 'gap', x: n1(a), y: 10, width: n1(b - a), height: bottom - 10 });
          }),
          parts,
          marks.filter((_, place) => place % step === 0).map((mark, place) => h('g', { key: `m${place}` },
            h('line', { class: 'rule', x1: n1(x(mark.at)), x2: n1(x(mark.at)), y1: bottom, y2: bottom + 5 }),
            h('text', { x: n1(Math.min(Math.max(x(mark.at), left + 2), w - right - 2)), y: bottom + 18, 'text-anchor': 'middle' }, mark.text))),
          at !== null && h('line', { class: 'hair', x1: n1(x(at)), x2: n1(x(at)), y1: 10, y2: bottom }))),
      h('p', { class: 'unseen', id: `${id}-keys` }, t('history.keys')),
      legend && h('div', { class: 'legend', 'aria-hidden': 'true' }, legend.map(([kind, words]) =>
        h('span', { key: kind }, h('i', { class: kind }), words))),
      tools(isTable, csv),
      isTable() && table({ caption: title, ...rows() }));
  };
  return draw;
}

function drawPanel(panel, top, x, w) {
  const { points, low, high, height, format, kind, step } = panel;
  const y = scale(low, high, top + height, top);
  const values = panel.ticks ?? ticks(low, high, height > 140 ? 4 : 3);
  const digits = values.some((value) => value % 1) ? 1 : 0;
  const lines = values.map((value) => h('g', { key: `t${top}${value}` },
    h('line', { class: value === 0 && low < 0 ? 'zero' : 'rule', x1: left, x2: w - right, y1: n1(y(value)), y2: n1(y(value)) }),
    h('text', { x: left - 8, y: n1(y(value) + 4), 'text-anchor': 'end' }, format(value, digits))));
  const shapes = runs(points, step ?? usualStep(points)).flatMap((run, place) => {
    if (kind === 'band') {
      const back = [...run].reverse();
      const isWide = run.some((p) => y(p.min) - y(p.max) > 1);
      return [
        isWide && h('path', { class: 'band', d: `${path(run, x, (p) => y(p.max))}${path(back, x, (p) => y(p.min)).replace('M', 'L')}Z` }),
        h('path', { class: 'line', d: run.length > 1 ? path(run, x, (p) => y(p.mean)) : `M${n1(x(run[0].time))} ${n1(y(run[0].mean))}h1` }),
      ];
    }
    const zero = y(0);
    const area = (of) => {
      const first = n1(x(run[0].time));
      const last = n1(x(run.at(-1).time) + (run.length === 1 ? 1.5 : 0));
      return `M${first} ${n1(zero)}${path(run, x, (p) => y(of(p.mean))).replace('M', 'L')}L${last} ${n1(zero)}Z`;
    };
    return [
      h('path', { class: 'area up', d: area((value) => Math.max(0, value)) }),
      h('path', { class: 'area down', d: area((value) => Math.min(0, value)) }),
    ];
  });
  const other = runs(panel.other ?? [], step ?? usualStep(panel.other ?? [])).map((run, place) => h('path', {
    class: 'other', key: `o${top}${place}`, d: run.length > 1 ? path(run, x, (p) => y(p.mean)) : `M${n1(x(run[0].time))} ${n1(y(run[0].mean))}h1`,
  }));
  const name = panel.name && h('text', { x: left, y: top - 1, key: `n${top}` }, panel.name);
  return [lines, shapes, other, name];
}

function nearest(points, time) {
  let best = null;
  for (const point of points) {
    if (best === null || Math.abs(point.time - time) < Math.abs(best - time)) best = point.time;
  }
  return best;
}

function point(event, points, from, to, w, cursor) {
  const box = event.currentTarget.getBoundingClientRect();
  const place = ((event.clientX - box.left) / box.width) * w;
  cursor.set(nearest(points, from + ((place - left) / (w - left - right)) * (to - from)));
}

function keys(event, points, cursor) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity };
  if (!(event.key in steps) || !points.length) return;
  event.preventDefault();
  const now = points.findIndex((one) => one.time === cursor.peek());
  // the values of the newest point are read already while nobody asks for another
  const wanted = (now < 0 ? points.length - 1 : now) + steps[event.key];
  cursor.set(points[Math.min(points.length - 1, Math.max(0, wanted))].time);
}

function tools(isTable, csv) {
  return h('div', { class: 'tools' },
    button({ kind: 'quiet', icon: 'table', 'aria-expanded': String(isTable()), onclick: () => isTable.update((on) => !on) },
      isTable() ? t('history.chart_again') : t('history.table')),
    csv && button({ kind: 'quiet', icon: 'download', onclick: () => download(csv()) }, t('history.csv')));
}

/**
 * Bars for energy: `items` are { text, up, down } in the same unit; both grow from one line. What they were in another
 * period, `upBefore` and `downBefore`, is a dashed mark over each.
 */
export function barChart() {
  const isTable = signal(false);
  const chosen = signal(null);
  const width = signal(680);
  return ({ id, title, caption, items, format, read, rows, csv, legend }) => {
    const w = width();
    const height = 168;
    const most = Math.max(1, ...items.map((item) => Math.max(item.up, item.down, item.upBefore ?? 0, item.downBefore ?? 0)));
    const y = scale(0, most, height, 12);
    const slot = (w - left - right) / Math.max(1, items.length);
    const bar = Math.min(18, Math.max(1.5, slot * 0.34));
    const step = Math.max(1, Math.ceil(40 / slot));
    const at = chosen();
    const levels = ticks(0, most, 3);
    return h('figure', { class: 'chart', key: id, 'aria-labelledby': `${id}-caption` },
      h('figcaption', { id: `${id}-caption` }, caption),
      h('output', { class: 'readout', 'aria-live': at === null ? 'off' : 'polite' }, items.length ? read(items[at] ?? items.at(-1)) : ''),
      h('div', {
        class: 'plot', tabindex: '0', role: 'img', 'aria-label': `${title}. ${caption}`, 'aria-describedby': `${id}-keys`,
        ref: (element) => new ResizeObserver(([entry]) => width.set(Math.max(280, Math.round(entry.contentRect.width)))).observe(element),
        onkeydown: (event) => {
          const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 };
          if (!(event.key in steps)) return;
          event.preventDefault();
          chosen.update((now) => Math.min(items.length - 1, Math.max(0, (now ?? items.length - 1) + steps[event.key])));
        },
        onpointermove: (event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const place = Math.floor((((event.clientX - box.left) / box.width) * w - left) / slot);
          chosen.set(place >= 0 && place < items.length ? place : null);
        },
        onpointerleave: () => chosen.set(null), onblur: () => chosen.set(null),
      },
        h('svg', { viewBox: `0 0 ${w} ${height + 24}`, 'aria-hidden': 'true' },
          levels.map((value) => h('g', { key: `t${value}` },
            h('line', { class: value ? 'rule' : 'zero', x1: left, x2: w - right, y1: n1(y(value)), y2: n1(y(value)) }),
            h('text', { x: left - 8, y: n1(y(value) + 4), 'text-anchor': 'end' }, format(value, levels.some((one) => one % 1) ? 1 : 0)))),
          items.map((item, place) => {
            const middle = left + slot * (place + 0.5);
            return h('g', { key: `b${place}`, opacity: at === null || at === place ? 1 : 0.45 },
              h('rect', { class: 'up', x: n1(middle - bar - 0.75), width: n1(bar), y: n1(y(item.up)), height: n1(height - y(item.up)), rx: Math.min(3, bar / 3) }),
              h('rect', { class: 'down', x: n1(middle + 0.75), width: n1(bar), y: n1(y(item.down)), height: n1(height - y(item.down)), rx: Math.min(3, bar / 3) }),
              [['upBefore', middle - bar - 0.75], ['downBefore', middle + 0.75]].map(([name, from]) => Number.isFinite(item[name]) && h('line', {
                key: name, class: 'other', x1: n1(from - 1), x2: n1(from + bar + 1), y1: n1(y(item[name])), y2: n1(y(item[name])),
              })),
              place % step === 0 && h('text', { x: n1(middle), y: height + 18, 'text-anchor': 'middle' }, item.text));
          }))),
      h('p', { class: 'unseen', id: `${id}-keys` }, t('history.keys')),
      legend && h('div', { class: 'legend', 'aria-hidden': 'true' }, legend.map(([kind, words]) =>
        h('span', { key: kind }, h('i', { class: kind }), words))),
      tools(isTable, csv),
      isTable() && table({ caption: title, ...rows() }));
  };
}

/** Hands a text to the reader as a file. */
export function download({ name, text }) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Rows as CSV by RFC 4180. */
export const csvOf = (rows) => rows.map((row) => row.map((cell) => {
  const text = String(cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}).join(',')).join('\r\n') + '\r\n';


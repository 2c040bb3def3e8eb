import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { ago, millivolts, none, signed, volts } from '../core/format.js';
import { t } from '../core/words.js';
import { bank, currentGateway, currentID } from '../core/state.js';
import { cellsOf } from '../parts/packs.js';
import { csvOf, download } from '../parts/chart.js';
import { icon } from '../parts/icons.js';
import { banner, button, card, choice, empty, failed, loading, page, table } from '../parts/basics.js';
import { tools } from '../parts/desk.js';

/** Below this difference cells look alike, mV: what is less is noise of the measurement. */
const least = 15;

export default function heat() {
  const order = signal('number');
  const isTable = signal(false);
  /** The cell that is read: { pack, cell }. */
  const read = signal(null);

  return () => {
    const state = bank();
    const id = currentID();
    const house = currentGateway();
    const title = t('screen.heat');
    if (state.state === 'loading') return page({ title }, loading(3));
    if (state.state === 'failed') return page({ title }, failed(state.problem, () => location.reload()));
    const rows = state.packs.map((pack) => ({ ...pack, cells: cellsOf(pack.values) }));
    const known = rows.filter((row) => row.cells);
    const lead = house?.label || id;
    if (!known.length) return page({ title, lead }, tools(id), empty({ icon: 'heat', title: t('heat.none') }, h('p', null, t('heat.none_words'))));
    // silent packs show their own old values, but do not move what is normal now
    const current = known.some((row) => row.isLive) ? known.filter((row) => row.isLive) : known;
    const all = current.flatMap((row) => row.cells.all.filter((one) => one.mv !== null).map((one) => ({ ...one, pack: row.pack })));
    const mean = all.reduce((sum, one) => sum + one.mv, 0) / all.length;
    const high = all.reduce((best, one) => (one.mv > best.mv ? one : best));
    const low = all.reduce((best, one) => (one.mv < best.mv ? one : best));
    const scale = Math.max(least, high.mv - mean, mean - low.mv);
    const sorted = [...rows].sort(order() === 'spread'
      ? (a, b) => (b.cells?.spread ?? -1) - (a.cells?.spread ?? -1) || a.pack - b.pack : (a, b) => a.pack - b.pack);
    const width = Math.max(...known.map((row) => row.cells.all.length));
    const map = { rows: sorted, width, mean, scale, high, low, read, id };
    return page({ title, lead: `${lead} · ${t('heat.mean', { mean: volts(mean) })}` },
      tools(id),
      state.state !== 'live' && state.age !== null && banner({ kind: 'stale', title: t('gw.stale', { ago: ago(state.age) }), key: 'stale' }),
      h('div', { class: 'row spread', key: 'ways' },
        choice({ name: 'order', legend: t('heat.order'), value: order(), onchange: order.set,
          options: [['number', t('heat.by_number')], ['spread', t('heat.by_spread')]] }),
        h('div', { class: 'row' },
          button({ kind: 'quiet', icon: 'table', 'aria-expanded': String(isTable()), onclick: () => isTable.set(!isTable()) },
            isTable() ? t('history.chart_again') : t('history.table')),
          button({ kind: 'quiet', icon: 'download', onclick: () => download(file(sorted, mean, id)) }, t('history.csv')))),
      card({ class: 'heat-card', key: 'map' },
        h('p', null, t('heat.caption', {
          high: t('heat.place', { pack: high.pack, cell: high.cell }), high_v: signed(Math.round(high.mv - mean), 'mV'),
          low: t('heat.place', { pack: low.pack, cell: low.cell }), low_v: signed(Math.round(low.mv - mean), 'mV'), spread: millivolts(high.mv - low.mv),
        })),
        grid(map), readout(map), legend(scale)),
      isTable() && card({ title: t('heat.table'), key: 'table' }, twin(sorted, width)));
  };
}

/** One cell of the map can be reached by Tab, the others by arrow keys from there. */
function grid({ rows, width, mean, scale, high, low, read }) {
  const here = read() ?? { pack: rows[0].pack, cell: 1 };
  const show = (pack, cell) => read.set({ pack, cell });
  function move(event) {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -width], End: [0, width] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const row = Math.max(0, rows.findIndex((one) => one.pack === here.pack));
    const pack = rows[Math.min(rows.length - 1, Math.max(0, row + step[0]))].pack;
    const cell = Math.min(width, Math.max(1, here.cell + step[1]));
    show(pack, cell);
    event.currentTarget.querySelector(`[data-place="${pack}-${cell}"]`)?.focus();
  }
  return h('table', { class: 'heat', role: 'grid', 'aria-label': t('heat.map'), 'aria-describedby': 'heat-read', onkeydown: move },
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, h('span', { class: 'full' }, t('gw.pack'))),
      Array.from({ length: width }, (_, at) => h('th', { scope: 'col', key: at }, String(at + 1))),
      h('th', { scope: 'col', class: 'width' }, t('heat.spread')))),
    h('tbody', null, rows.map((row) => h('tr', { key: row.pack, class: row.isLive ? '' : 'old' },
      h('th', { scope: 'row' }, h('span', { class: 'full' }, t('gw.pack'), ' '), String(row.pack), !row.isLive && icon('clock', { size: 14, label: t('pack.old') })),
      Array.from({ length: width }, (_, at) => {
        const cell = at + 1;
        const mv = row.cells?.all[at]?.mv ?? null;
        const off = mv === null ? null : Math.round(mv - mean);
        const isHigh = high.pack === row.pack && high.cell === cell;
        const isLow = low.pack === row.pack && low.cell === cell;
        const isHere = here.pack === row.pack && here.cell === cell;
        return h('td', {
          key: cell, 'data-place': `${row.pack}-${cell}`, tabindex: isHere ? '0' : '-1', role: 'gridcell',
          class: `${off === null ? 'none' : off < 0 ? 'below' : 'above'} ${isHigh || isLow ? 'most' : ''} ${read() && isHere ? 'here' : ''}`,
          style: { '--share': String(off === null ? 0 : Math.min(1, Math.abs(off) / scale)) },
          onclick: (event) => { show(row.pack, cell); event.currentTarget.focus(); }, onfocus: () => show(row.pack, cell),
        },
        h('span', { class: 'full' }, off === null ? none : sign(off)),
        h('span', { class: 'brief', 'aria-hidden': 'true' }, off === null ? '·' : isHigh ? '▲' : isLow ? '▼' : Math.abs(off) < scale / 2 ? '' : off < 0 ? '−' : '+'));
      }),
      h('td', { class: 'width' }, row.cells ? String(row.cells.spread) : none)))));
}

const sign = (off) => (off > 0 ? `+${off}` : off < 0 ? `−${-off}` : '0');

/** What the cell that is looked at says, in words. */
function readout({ rows, mean, read, id }) {
  const at = read();
  const row = at && rows.find((one) => one.pack === at.pack);
  const mv = row?.cells?.all[at.cell - 1]?.mv ?? null;
  return h('p', { class: 'heat-read', id: 'heat-read', role: 'status' },
    !row ? t('heat.hint')
    : [h('strong', null, t('heat.place', { pack: at.pack, cell: at.cell })), mv === null ? ` · ${t('heat.unread')}`
      : ` · ${volts(mv)} · ${signed(Math.round(mv - mean), 'mV')} · ${t('heat.of_pack', { off: signed(Math.round(mv - row.cells.mean), 'mV') })}`,
    row.isLive ? '' : ` · ${t('pack.old')} `, ' ',
    h('a', { href: `/g/${encodeURIComponent(id)}/battery/${at.pack}` }, t('heat.to_pack'))]);
}

function legend(scale) {
  const ends = Math.round(scale);
  return h('div', { class: 'heat-legend', 'aria-hidden': 'true' },
    h('span', null, `−${ends} mV`), h('i'), h('span', null, `+${ends} mV`),
    h('span', { class: 'brief' }, '▲ ▼ ', t('heat.most')));
}

function twin(rows, width) {
  const number = (name) => ({ name, number: true });
  return table({
    caption: t('heat.table'),
    columns: [t('gw.pack'), number(t('heat.spread')), number(t('history.mean')), ...Array.from({ length: width }, (_, at) => number(String(at + 1)))],
    rows: rows.map((row) => [`${row.pack}${row.isLive ? '' : ` (${t('pack.old')})`}`, millivolts(row.cells?.spread), volts(row.cells?.mean),
      ...Array.from({ length: width }, (_, at) => volts(row.cells?.all[at]?.mv ?? null))]),
  });
}

function file(rows, mean, id) {
  const lines = rows.flatMap((row) => (row.cells?.all ?? []).map((one) => [row.pack, row.serial ?? '', one.cell,
    one.mv ?? '', one.mv === null ? '' : (one.mv - mean).toFixed(1), row.age ?? '', row.isLive ? 'live' : 'old']));
  return { name: `amphora-cells-${id}.csv`, text: csvOf([['pack', 'serial', 'cell', 'mv', 'deviation_mv', 'age_ms', 'state'], ...lines]) };
}

import { h } from '../core/dom.js';
import { ago, amperes, inUnit, millivolts, percent, quantity, range, temperature, unitName } from '../core/format.js';
import { t } from '../core/words.js';
import { bank, currentID } from '../core/state.js';
import { byAttention, cellsOf, reportsOf, spreadWords, stateOf, temperaturesOf } from '../parts/packs.js';
import { card, chip, empty, facts, fact, failed, loading, page } from '../parts/basics.js';
import { reasonOf } from './home.js';

/** From this spread on a pack is named as the one furthest apart, mV. */
const notable = 20;

export default function battery() {
  return () => {
    const state = bank();
    if (state.state === 'loading') return loading(4);
    if (state.state === 'failed') return failed(state.problem, () => location.reload());
    const packs = byAttention(state.packs);
    return page({ title: t('battery.title'), lead: packs.length ? health(state, packs) : null },
      state.values && values(state),
      packs.length
        ? h('section', { class: 'stack' },
          h('div', { class: 'card-head' }, h('h2', null, t('battery.packs')), h('span', { class: 'hint' }, t('battery.order'))),
          h('ul', { class: 'packs' }, packs.map((pack) => h('li', { key: pack.pack }, row(pack)))))
        : empty({ icon: 'battery', title: t('battery.none') }, h('p', null, t('home.never_words'))));
  };
}

/** How the battery is, in a sentence. */
function health(state, packs) {
  if (state.state !== 'live') return t('home.unseen');
  const missing = packs.filter((pack) => pack.status !== 'online').length;
  if (missing) return t('battery.missing', { n: missing });
  const alarmed = packs.filter((pack) => reportsOf(pack.values)).length;
  if (alarmed) return t('battery.alarmed', { n: alarmed });
  const widest = packs.map((pack) => ({ pack: pack.pack, cells: cellsOf(pack.values) })).filter((one) => one.cells)
    .reduce((best, one) => (!best || one.cells.spread > best.cells.spread ? one : best), null);
  return widest && widest.cells.spread >= notable
    ? t('battery.spread', { pack: widest.pack, spread: millivolts(widest.cells.spread) }) : t('battery.good');
}

const warmth = (celsius) => (celsius === null ? null : inUnit(celsius));
const kilo = (mv) => (mv === null ? null : mv / 1000);

function values(state) {
  const { values } = state;
  const old = { state: state.state === 'live' ? '' : 'old' };
  const limit = (one) => (one ? { ...old, note: reasonOf(one) } : old);
  return card({},
    facts(
      fact(t('battery.soc'), percent(values.soc_pct), old),
      fact(t('battery.health'), percent(values.soh_pct), old),
      fact(t('battery.voltage'), quantity(values.voltage_v, 1, 'V'), old),
      fact(t('battery.current'), amperes(values.current_a), old),
      fact(t('battery.temperature'), range(warmth(values.temperature_min_c), warmth(values.temperature_max_c), 0, unitName()), old),
      fact(t('battery.cells'), range(kilo(values.cell_min_mv), kilo(values.cell_max_mv), 3, 'V'), old)),
    h('details', null, h('summary', null, t('battery.limits')),
      facts(
        fact(t('battery.may_charge'), amperes(values.charge_limit?.current_a), limit(values.charge_limit)),
        fact(t('battery.may_discharge'), amperes(values.discharge_limit?.current_a), limit(values.discharge_limit)))));
}

function row(pack) {
  const { values } = pack;
  const { kind, words } = stateOf(pack);
  const cells = cellsOf(values);
  const heat = temperaturesOf(values);
  const old = pack.isLive ? '' : 'old';
  return h('a', { class: 'pack', href: `/g/${currentID()}/battery/${pack.pack}` },
    h('div', { class: 'first' }, h('b', null, t('pack.name', { pack: pack.pack })), chip(kind, words)),
    h('div', { class: 'values' },
      h('span', { class: old ? 'old-value' : '' }, percent(values?.soc_pct)),
      h('span', { class: `meter ${old}`, 'aria-hidden': 'true' }, h('i', { style: { width: `${values?.soc_pct ?? 0}%` } })),
      h('span', { class: old ? 'old-value' : '' }, heat ? temperature(heat.high) : '')),
    h('div', { class: 'second' },
      h('span', null, pack.serial ?? ''),
      h('span', null, pack.isLive ? spreadWords(cells) : pack.age === null ? '' : ago(pack.age))),
    pack.isLive && cells && spreadBar(cells));
}

/** Where the cells lie within 100 mV around their mean. */
function spreadBar(cells) {
  const place = (mv) => Math.min(100, Math.max(0, 50 + (mv - cells.mean)));
  const [a, b] = [place(cells.low.mv), place(cells.high.mv)];
  return h('div', { class: 'deviation slim', 'aria-hidden': 'true' }, h('i', { style: { left: `${a}%`, width: `${Math.max(1, b - a)}%` } }));
}

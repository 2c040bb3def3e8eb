import { h } from '../core/dom.js';
import { resource, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { amperes, clock, energy, moment, none, number, percent, power, span } from '../core/format.js';
import { period } from '../core/zone.js';
import { t } from '../core/words.js';
import { bank, can, currentID, gateways, now, openAlarms, texts, zone } from '../core/state.js';
import { alarmCard, worstFirst } from '../parts/alarm.js';
import { icon } from '../parts/icons.js';
import { card, chip, empty, failed, loading, page } from '../parts/basics.js';

/** Below this the battery neither charges nor supplies in words, W. */
const idleWatts = 30;
const minute = 60_000;

const usable = (values) => {
  const wh = (ah) => (ah === null || values.voltage_v === null ? null : ah * values.voltage_v);
  return { now: wh(values.remaining_ah), full: wh(values.full_ah) };
};

const wayOf = (watts) =>
  watts === null || watts === undefined ? 'unknown' : watts > idleWatts ? 'charging' : watts < -idleWatts ? 'discharging' : 'idle';

export default function home(params) {
  const today = resource(async (id) => {
    const { from, to } = period('day', Date.now(), zone());
    const query = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&by=day`;
    return (await get(`/v1/gateways/${id}/energy?${query}`)).data;
  });
  const outlook = resource(async (id) => (await get(`/v1/gateways/${id}/outlook`)).data);
  let asked = 0;
  let askedID = null;

  function refresh() {
    const id = currentID();
    if (!id || !gateways.value.peek() || (id === askedID && Date.now() - asked < minute)) return;
    [asked, askedID] = [Date.now(), id];
    untracked(() => {
      if (can('energy')) today.load(id);
      if (can('outlook')) outlook.load(id);
    });
  }

  return () => {
    const list = gateways.value();
    if (!list) return gateways.error() ? failed(gateways.error(), gateways.load) : loading(3);
    if (!list.items.length) {
      return page({ title: t('screen.home') }, empty({ icon: 'battery', title: t('home.none') },
        h('p', null, t(can('claims') ? 'home.none_words' : 'home.none_yet')),
        can('claims') && h('a', { class: 'button primary', href: '/claim' }, t('more.claim'))));
    }
    if (!params.id && list.items.length > 1) return houses(list.items);
    now();
    refresh();
    return one(today, outlook);
  };
}

function houses(items) {
  return page({ title: t('home.houses') }, h('div', { class: 'grid' }, items.map((house) =>
    h('a', { class: 'card house', href: `/g/${house.id}`, key: house.id },
      h('div', { class: 'row spread' }, h('h2', null, house.label || house.id),
        house.open_alarms > 0 ? chip(house.worst_level === 'warning' ? 'warning' : house.worst_level === 'information' ? 'info' : 'danger', t('alarms.open', { n: house.open_alarms }))
        : house.freshness === 'live' ? chip('ok', t('fresh.live')) : chip('stale', t(house.freshness === 'never' ? 'fresh.never' : 'fresh.stale'))),
      h('div', { class: 'row spread' }, h('strong', { class: 'lasts' }, percent(house.soc_pct)),
        h('span', { class: 'hint' }, t(`flow.${wayOf(house.power_w)}`), ' ', house.power_w === null ? '' : power(house.power_w))),
      h('div', { class: `meter ${house.freshness === 'live' ? '' : 'old'}`, 'aria-hidden': 'true' }, h('i', { style: { width: `${house.soc_pct ?? 0}%` } }))))));
}

function one(today, outlook) {
  const state = bank();
  const id = currentID();
  const alarms = (openAlarms.value()?.items ?? []).filter((alarm) => alarm.gateway === id);
  if (state.state === 'loading') return loading(4);
  if (state.state === 'failed') return failed(state.problem, () => location.reload());
  const [headline, sentence] = headlineOf(state, alarms, outlook.value());
  return h('div', { class: 'page' },
    h('div', { class: 'headline' }, h('h1', { tabindex: '-1' }, headline), sentence && h('p', null, sentence)),
    worstFirst(alarms).map((alarm) => alarmCard(alarm)),
    state.values
      ? h('div', { class: 'home' }, chargeCard(state), h('div', { class: 'side' },
        lasting(state, outlook.value()), energyCard(today), packsCard(state)))
      : empty({ icon: 'battery', title: t('home.never') }, h('p', null, t('home.never_words'))));
}

/** The answer to "is it all right?", and what the battery does. */
export function headlineOf(state, alarms, outlook) {
  const { values } = state;
  if (state.state === 'never') return [t('home.never'), null];
  if (state.state !== 'live') {
    return [t('home.unseen'), state.made ? t('home.unseen_since', { at: moment(state.made, zone()) }) : null];
  }
  const worst = (level) => alarms.some((alarm) => alarm.level === level);
  const missing = values.packs_configured - values.packs_online;
  const head = worst('fault') ? t('home.fault')
    : worst('protection') ? t('home.protection')
    : missing > 0 ? t('home.missing', { n: missing })
    : worst('warning') ? t('home.warning')
    : values.mode === 'stopped' ? t('home.stopped')
    : values.mode === 'starting' ? t('home.starting') : t('home.fine');
  return [head, doing(values, outlook)];
}

function doing(values, outlook) {
  const way = wayOf(values.power_w);
  if (way === 'charging') {
    const range = outlook?.state === 'charging' ? outlook.to_full_min : null;
    if (range && range[1] < 1200) return t('home.full_at', { at: quarter(range) });
    return t('home.charging', { power: power(values.power_w) });
  }
  if (way === 'discharging') {
    const range = outlook?.state === 'discharging' ? outlook.to_empty_min : null;
    if (range && range[1] < 1200) return t('home.empty_at', { at: quarter(range) });
    return t('home.discharging', { power: power(values.power_w) });
  }
  if (way === 'idle') return values.soc_pct > 99 ? t('home.full') : t('home.idle', { soc: percent(values.soc_pct) });
  return null;
}

/** The quarter of an hour in the middle of a range of minutes from now: nobody knows it better than that. */
function quarter(range) {
  const middle = Date.now() + ((range[0] + range[1]) / 2) * minute;
  return clock(Math.round(middle / (15 * minute)) * 15 * minute, zone());
}

function chargeCard(state) {
  const { values } = state;
  const isOld = state.state !== 'live';
  const soc = values.soc_pct;
  const { now: left, full } = usable(values);
  const radius = 54;
  const round = 2 * Math.PI * radius;
  const words = isOld && state.made
    ? t('home.ring_old', { at: moment(state.made, zone()), soc: percent(soc) })
    : t('home.ring', { soc: percent(soc), now: energy(left), full: energy(full) });
  return card({ class: 'charge-card', 'aria-label': t('screen.battery') },
    h('div', { class: `ring ${isOld ? 'old' : soc !== null && soc < 15 ? 'low' : ''}`, role: 'img', 'aria-label': words },
      h('svg', { viewBox: '0 0 128 128', 'aria-hidden': 'true' },
        h('circle', { class: 'track', cx: 64, cy: 64, r: radius, 'stroke-width': 10 }),
        soc !== null && soc > 0 && h('circle', {
          class: 'arc', cx: 64, cy: 64, r: radius, 'stroke-width': 10, transform: 'rotate(-90 64 64)',
          'stroke-dasharray': round.toFixed(1), 'stroke-dashoffset': (round * (1 - Math.min(100, soc) / 100)).toFixed(1),
        })),
      h('div', { class: 'inside' },
        h('div', { class: 'big' }, soc === null ? none : number(soc), h('small', null, '%')),
        h('div', { class: 'under' }, isOld && state.made ? moment(state.made, zone()) : full === null ? '' : t('home.usable', { now: energy(left), full: energy(full) })))),
    flow(values, isOld));
}

function flow(values, isOld) {
  const way = isOld ? 'unknown' : wayOf(values.power_w);
  return h('div', { class: `flow ${way}` },
    h('div', { class: 'end' }, h('span', null, icon('home')), t('flow.home')),
    h('div', { class: 'way' },
      h('strong', null, isOld ? none : power(values.power_w)),
      h('svg', { viewBox: '0 0 160 12', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        h('line', { class: 'wire', x1: 2, x2: 158, y1: 6, y2: 6 }),
        (way === 'charging' || way === 'discharging') && h('line', { class: 'pulse', x1: 2, x2: 158, y1: 6, y2: 6 })),
      h('small', null, way === 'charging' ? icon('right', { size: 14 }) : way === 'discharging' ? icon('left', { size: 14 }) : null, ' ', t(`flow.${way}`))),
    h('div', { class: 'end' }, h('span', null, icon('battery')), t('flow.battery')));
}

function lasting(state, outlook) {
  if (state.state !== 'live' || !outlook) return null;
  const [range, title] = outlook.state === 'charging' ? [outlook.to_full_min, t('home.lasts_full')]
    : outlook.state === 'discharging' ? [outlook.to_empty_min, t('home.lasts_empty')] : [null, null];
  if (!range) return null;
  return card({ title, hint: t('home.lasts_hint') }, h('p', { class: 'lasts' }, span(range[0], range[1])));
}

function energyCard(today) {
  const total = today.value()?.total;
  if (!total) return null;
  return card({ title: t('home.today') }, h('div', { class: 'pair' },
    h('div', { class: 'sum in' }, h('span', { class: 'what' }, icon('down', { size: 18 }), t('home.in')), h('span', { class: 'big' }, energy(total.charged_wh))),
    h('div', { class: 'sum out' }, h('span', { class: 'what' }, icon('up', { size: 18 }), t('home.out')), h('span', { class: 'big' }, energy(total.discharged_wh)))));
}

function packsCard(state) {
  const { values } = state;
  const all = values.packs_online >= values.packs_configured;
  return card({ class: 'tight' }, h('a', { class: 'link-row', href: `/g/${currentID()}/battery` },
    h('span', { class: 'row' }, icon('battery'),
      h('strong', null, t('home.packs', { online: state.state === 'live' ? values.packs_online : none, n: values.packs_configured })),
      state.state === 'live' && (all ? chip('ok', t('pack.online')) : chip('warning', t('home.missing', { n: values.packs_configured - values.packs_online })))),
    icon('right', { size: 20 })),
    limits(state));
}

/** Why it is not more, when a limit holds the battery back from what it does. */
function limits(state) {
  if (state.state !== 'live') return null;
  const { values } = state;
  const way = wayOf(values.power_w);
  const found = way === 'discharging' || way === 'idle' && (values.soc_pct ?? 0) < 50
    ? [values.discharge_limit, 'home.limited_discharge'] : [values.charge_limit, 'home.limited_charge'];
  const [limit, key] = found;
  if (!limit) return null;
  return h('details', { class: 'limit' },
    h('summary', null, t(key, { current: amperes(limit.current_a) })),
    h('p', null, reasonOf(limit)));
}

/** Why a limit is no higher, in words. */
export function reasonOf(limit) {
  const rule = texts.value()?.rules?.[limit.rule] ?? limit.rule;
  return rule.replaceAll('{pack}', limit.pack ?? '').replaceAll('{cell}', limit.cell ?? '');
}


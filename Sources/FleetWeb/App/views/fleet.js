import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { none, number, percent, power } from '../core/format.js';
import { t } from '../core/words.js';
import { can, may, now, role } from '../core/state.js';
import { go } from '../core/router.js';
import { icon } from '../parts/icons.js';
import { button, empty, failed, loading, page } from '../parts/basics.js';
import { freshChip, freshnessOf, keptNote, levelChip, since, tile, walk } from '../parts/desk.js';

/** Gateways of one page, and how many at most are looked at again every so often. */
const pageSize = 100;
const most = 500;
/** How long somebody may rest between two letters before the server is asked, ms. */
const pause = 200;
const levels = ['fault', 'protection', 'warning', 'information'];
const shows = ['live', 'no_data', 'never', 'open', ...levels];

const offersGroups = () => can('groups') && may('configure');

export default function fleet() {
  const asked = new URLSearchParams(location.search);
  const show = signal(shows.includes(asked.get('show')) ? asked.get('show') : null);
  const words = signal(asked.get('q') ?? '');
  const group = signal(offersGroups() && /^[a-z0-9-]{1,64}$/u.test(asked.get('group') ?? '') ? asked.get('group') : '');
  const groups = resource(async () => get('/v1/groups?limit=500'));
  const summary = resource(async () => get('/v1/summary'));
  // the server filters, for it knows ten thousand gateways and the page a hundred
  const list = resource(async (wanted, before) => {
    const of = group.peek();
    const filter = question(show.peek(), words.peek(), of);
    const items = before ? [...before.items] : [];
    let next = before ? before.next : '';
    let storedAt = null;
    do {
      const found = await get(`/v1/gateways?order=alarm&limit=${pageSize}${filter}${next ? `&cursor=${encodeURIComponent(next)}` : ''}`, { keep: !filter });
      const known = new Set(items.map((one) => one.id));
      // the order may change between two pages
      items.push(...found.data.items.filter((one) => !known.has(one.id)));
      next = found.data.next_cursor;
      storedAt = storedAt ?? found.storedAt;
    } while (next && items.length < wanted);
    return { items, next, of, storedAt, at: storedAt ?? Date.now() };
  });
  let at = 0;
  let timer;

  function remember(wait = 0) {
    const query = new URLSearchParams();
    if (show.peek()) query.set('show', show.peek());
    if (words.peek()) query.set('q', words.peek());
    if (group.peek()) query.set('group', group.peek());
    const text = query.toString();
    history.replaceState({}, '', text ? `/fleet?${text}` : '/fleet');
    clearTimeout(timer);
    timer = setTimeout(() => list.load(1), wait);
  }
  function choose(one) {
    show.set(show.peek() === one ? null : one);
    remember();
  }

  function gather(one) {
    group.set(one);
    remember();
  }

  return () => {
    if (now() - at > 20_000) {
      at = now();
      untracked(() => {
        if (can('summary')) summary.load();
        if (offersGroups()) groups.load();
        if (!list.busy.peek()) list.load(Math.min(most, list.value.peek()?.items.length ?? 1));
      });
    }
    const found = list.value();
    if (!found) return page({ title: t('screen.fleet') }, list.error() ? failed(list.error(), () => list.load(1)) : loading(5));
    const isFiltered = Boolean(show() || words() || group());
    if (!found.items.length && !isFiltered) {
      return page({ title: t('screen.fleet') }, empty({ icon: 'fleet', title: t('fleet.none') }, h('p', null, t('fleet.none_words'))));
    }
    // what is there already fits at once, or does not, until the server has answered; of groups it says nothing
    const shown = found.of === group() ? found.items.filter((one) => fits(one, show(), words(), found.at)) : null;
    return page({ title: t('screen.fleet'), lead: lead(summary.value()?.data, found), class: 'fleet' },
      keptNote(found.storedAt),
      can('summary') && summary.value() && counters(summary.value().data, show(), choose),
      h('search', { class: 'filter', key: 'filter' },
        h('label', { for: 'words' }, icon('search', { size: 20 }), h('span', { class: 'unseen' }, t('fleet.filter'))),
        h('input', {
          id: 'words', type: 'search', autocomplete: 'off', placeholder: t('fleet.filter'), value: words(),
          maxlength: 100, oninput: (event) => { words.set(event.target.value); remember(pause); },
          onkeydown: (event) => {
            if (event.key !== 'ArrowDown') return;
            event.preventDefault();
            document.querySelector('.gateway-list a')?.focus();
          },
        }),
        grouping(groups.value()?.data.items ?? [], group(), gather),
        isFiltered && button({ kind: 'quiet', icon: 'close', onclick: () => { show.set(null); words.set(''); gather(''); } }, t('fleet.all'))),
      h('p', { class: 'hint counted', role: 'status', key: 'counted' },
        !shown ? '' : isFiltered ? t('fleet.shown_of', { n: shown.length, all: number(summary.value()?.data.gateways ?? found.items.length) }) : t('fleet.sorted')),
      !shown ? !list.error() && loading(5) : shown.length
        ? h('ul', { class: 'gateway-list', key: 'list', onkeydown: (event) => walk(event, '.gateway-row') },
          shown.map((one) => row(one, found.at)))
        : empty({ icon: 'search', title: t('fleet.no_match') }, h('p', null, t('fleet.no_match_words'))),
      shown && found.next && h('div', { class: 'centre', key: 'next' },
        button({ disabled: list.busy(), onclick: () => list.load(found.items.length + 1, found) }, t('alarms.more'))),
      list.error() && h('p', { class: 'error', role: 'alert', key: 'error' }, icon('warning', { size: 18 }), t('fleet.old')),
      ['operator', 'admin'].includes(role()) && h('p', { class: 'more-ways', key: 'ways' },
        h('a', { href: '/audit' }, t('screen.audit')), role() === 'admin' && h('a', { href: '/users' }, t('screen.users'))));
  };
}

/** What the server is asked for, to follow other parameters. */
function question(show, words, group) {
  const query = new URLSearchParams();
  // more are refused
  const some = words.split(/\s+/u).filter(Boolean).slice(0, 8).join(' ');
  if (some) query.set('search', some);
  if (group) query.set('group', group);
  if (levels.includes(show)) query.set('worst_level', show);
  if (show === 'open') query.set('alarms', 'unacknowledged');
  const freshness = { live: 'live', no_data: 'stale', never: 'never' }[show];
  if (freshness) query.set('freshness', freshness);
  const text = query.toString();
  return text && `&${text}`;
}

/** Which group, where there are some; one from an address stands there although nobody has it. */
function grouping(groups, chosen, gather) {
  const options = groups.map((one) => [one.name, `${one.name} (${number(one.gateways)})`]);
  if (chosen && !groups.some((one) => one.name === chosen)) options.push([chosen, chosen]);
  return options.length > 0 && h('select', { key: 'group', value: chosen, 'aria-label': t('fleet.group'), onchange: (event) => gather(event.target.value) },
    h('option', { key: '', value: '' }, t('fleet.groups')), options.map(([name, words]) => h('option', { key: name, value: name }, words)));
}

function lead(summary, found) {
  if (!summary) return t('fleet.count', { n: found.items.length });
  const worst = summary.alarms.fault + summary.alarms.protection;
  const count = t('fleet.count', { n: summary.gateways });
  if (worst) return `${count} ${t('fleet.serious', { n: worst })}`;
  const silent = summary.silent + summary.stale;
  return silent ? `${count} ${t('fleet.silent', { n: silent })}` : `${count} ${t('fleet.fine')}`;
}

function counters(summary, show, choose) {
  const one = (key, kind, name, value, words) => tile({
    kind: value ? kind : 'none', icon: name, value: number(value), words, pressed: show === key, onclick: () => choose(key),
  });
  const { alarms } = summary;
  return h('div', { class: 'tiles', role: 'group', 'aria-label': t('fleet.counters'), key: 'tiles' },
    one('live', 'ok', 'ok', summary.live, t('fresh.live')),
    one('no_data', 'warning', 'clock', summary.silent + summary.stale, t('desk.no_data')),
    one('never', 'info', 'info', summary.never, t('desk.never')),
    one('fault', 'danger', 'danger', alarms.fault, t('fleet.faults')),
    one('protection', 'danger', 'danger', alarms.protection, t('fleet.protections')),
    one('warning', 'warning', 'warning', alarms.warning, t('fleet.warnings')),
    one('open', 'info', 'bell', summary.unacknowledged, t('fleet.unacknowledged')));
}

function fits(one, show, words, at) {
  const state = freshnessOf(one, at);
  if (show === 'live' && state !== 'live') return false;
  if (show === 'no_data' && state !== 'stale') return false;
  if (show === 'never' && state !== 'never') return false;
  if (show === 'open' && !one.unacknowledged_alarms) return false;
  if (levels.includes(show) && one.worst_level !== show) return false;
  const text = `${one.label} ${one.id} ${one.region} ${one.model}`.toLocaleLowerCase();
  return words.toLocaleLowerCase().split(/\s+/u).every((word) => text.includes(word));
}

function row(one, at) {
  const state = freshnessOf(one, at);
  const isLive = state === 'live';
  const path = `/gateway/${encodeURIComponent(one.id)}`;
  const missing = isLive && one.packs_online < one.packs_configured;
  const way = !isLive || one.power_w === null ? none
    : Math.abs(one.power_w) < 20 ? t('fleet.idle') : one.power_w > 0 ? t('fleet.charging') : t('fleet.supplying');
  return h('li', { key: one.id },
    h('a', { class: 'gateway-row', href: path, onkeydown: (event) => { if (event.key === ' ') { event.preventDefault(); go(path); } } },
      h('span', { class: 'what' }, h('b', null, one.label || one.id),
        h('small', null, [one.label && one.id, one.region].filter(Boolean).join(' · '))),
      h('span', { class: 'state' }, one.worst_level && levelChip(one.worst_level), state !== 'live' || !one.worst_level ? freshChip(state) : null,
        one.open_alarms > 1 && h('small', null, t('fleet.alarms', { n: one.open_alarms }))),
      h('span', { class: `charge ${isLive ? '' : 'old'}` }, h('span', { class: 'unseen' }, `${t('battery.soc')}: `),
        h('b', null, percent(isLive ? one.soc_pct : null)),
        h('span', { class: 'meter', 'aria-hidden': 'true' }, h('i', { style: { width: `${isLive ? one.soc_pct ?? 0 : 0}%` } }))),
      h('span', { class: 'watts' }, h('b', null, isLive ? power(one.power_w) : none), h('small', null, way)),
      h('span', { class: `of ${missing ? 'short' : ''}` },
        missing && icon('warning', { size: 16 }),
        isLive ? t('fleet.packs', { n: one.packs_online ?? 0, all: one.packs_configured ?? 0 }) : none),
      h('span', { class: 'age' }, state === 'never' ? none : since(one.newest)),
      icon('right', { size: 18 })));
}

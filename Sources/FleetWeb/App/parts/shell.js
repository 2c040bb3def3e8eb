// What stands around every screen: the house's name, how fresh its data are, and the way to the other screens.

import { h } from '../core/dom.js';
import { icon } from './icons.js';
import { banner, button } from './basics.js';
import { ago, moment } from '../core/format.js';
import { t } from '../core/words.js';
import { go, isWithin, route } from '../core/router.js';
import { bank, currentGateway, currentID, freshFor, gateways, now, openAlarms, parted, role, session, zone } from '../core/state.js';
import { reachable } from '../core/api.js';

/** The ways to go for a role: { path, icon, word, isHere }. Those with `phone` stand in the bar of a phone. */
export function ways() {
  const id = currentID();
  const house = (end) => (id ? `/g/${id}${end}` : '/');
  const isPro = ['installer', 'operator', 'admin'].includes(role());
  const isOperator = ['operator', 'admin'].includes(role());
  const found = [];
  // a gateway serves itself alone
  const isFleet = session()?.server !== 'gateway';
  if (isPro && isFleet) found.push({ path: '/fleet', icon: 'fleet', word: t('nav.fleet'), phone: true });
  if (isOperator) {
    found.push({ path: '/causes', icon: 'causes', word: t('nav.causes'), phone: true });
    found.push({ path: '/rollouts', icon: 'rollout', word: t('nav.rollouts'), phone: true, also: '/roll-out' });
    found.push({ path: '/audit', icon: 'audit', word: t('nav.audit') });
    if (role() === 'admin') found.push({ path: '/users', icon: 'users', word: t('nav.users') });
  } else {
    const many = (gateways.value()?.items.length ?? 0) > 1;
    found.push({ path: many || isPro ? house('') : '/', icon: 'home', word: t('nav.home'), phone: true, exact: true, also: house('') });
    found.push({ path: house('/history'), icon: 'history', word: t('nav.history'), phone: true });
    found.push({ path: house('/battery'), icon: 'battery', word: t('nav.battery'), phone: true });
    if (isPro) found.push({ path: house('/diagnose'), icon: 'diagnose', word: t('nav.diagnose'), phone: !isFleet });
    found.push({ path: '/alarms', icon: 'bell', word: t('nav.alarms') });
  }
  found.push({ path: '/more', icon: 'more', word: t('nav.more'), phone: true });
  return found;
}

function isHere(way) {
  if (way.exact) return route().path === way.path || route().path === way.also;
  return isWithin(way.path) || route().path === way.also;
}

/** Everything: `content` is the screen. */
export function shell(content) {
  if (!session() || route().screen?.open) return h('div', { class: 'frame bare', key: 'bare' }, h('main', { id: 'main' }, content));
  return h('div', { class: 'frame', key: 'full' },
    h('a', { class: 'skip', href: '#main', onclick: toMain }, t('skip')),
    head(),
    navigation(),
    h('main', { id: 'main' }, notices(), content));
}

function toMain(event) {
  event.preventDefault();
  document.querySelector('#main h1')?.focus();
}

function head() {
  const houses = gateways.value()?.items ?? [];
  const here = currentGateway();
  const isHouse = !['operator', 'admin'].includes(role()) || /^\/(g|gateway)\/\{id\}/.test(route().screen?.path ?? '');
  const open = (openAlarms.value()?.items ?? []).length;
  const name = here?.label || here?.id || currentID() || 'Amphora';
  return h('header', { class: 'top' },
    h('div', { class: 'who' },
      houses.length > 1 && isHouse && houses.length <= 50
        ? h('label', { class: 'picker' },
          h('span', { class: 'unseen' }, t('house')),
          h('select', { value: currentID() ?? '', onchange: (event) => pick(event.target.value) },
            houses.map((one) => h('option', { key: one.id, value: one.id }, one.label || one.id))))
        : h('span', { class: 'name' }, isHouse ? name : 'Amphora'),
      isHouse && currentID() && freshness()),
    h('a', { class: 'bell', href: '/alarms', 'aria-label': open ? t('alarms.open', { n: open }) : t('alarms.none_open') },
      icon('bell'), open > 0 && h('span', { class: 'count', 'aria-hidden': 'true' }, String(open))));
}

function pick(id) {
  const path = route().screen?.path ?? '/';
  go(path.startsWith('/g/{id}') ? path.replace('{id}', id).replace(/\/\{.*$/, '') : `/g/${id}`);
}

/** How old what is shown is: a word when it is fresh, an age when it is not. */
export function freshness() {
  const { state, age } = bank();
  switch (state) {
    case 'loading': return h('span', { class: 'fresh' }, t('fresh.loading'));
    case 'failed': case 'never': return h('span', { class: 'fresh' }, t('fresh.never'));
    case 'offline': return h('span', { class: 'fresh old' }, icon('offline', { size: 16 }), t('fresh.offline'));
    case 'stale': return h('span', { class: 'fresh old' }, icon('clock', { size: 16 }), age === null ? t('fresh.stale') : ago(age));
    default:
      return age > freshFor
        ? h('span', { class: 'fresh old' }, icon('clock', { size: 16 }), ago(age))
        : h('span', { class: 'fresh live' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), t('fresh.live'));
  }
}

/** Banners that hold for every screen. */
function notices() {
  const { state, made } = bank();
  const at = made ? moment(made, zone(), now.peek()) : null;
  if (!reachable()) {
    const words = navigator.onLine ? t('offline.server') : t('offline.phone');
    return banner({ kind: 'offline', title: words, id: 'offline', key: 'offline' },
      h('p', null, at ? t('offline.showing', { at }) : t('offline.nothing')));
  }
  const gone = parted();
  if (gone) {
    return banner({ kind: 'info', title: t(gone.by ? 'guests.parted' : 'guests.lost', { house: gone.house, who: gone.by }), id: 'parted', key: 'parted' },
      h('p', null, t('guests.parted_words')), button({ onclick: () => parted.set(null) }, t('close')));
  }
  const isHouse = route().screen?.path.startsWith('/g/') || route().path === '/';
  if (state === 'stale' && isHouse) {
    return banner({ kind: 'stale', title: t('stale.title', { at: at ?? '' }), id: 'stale', key: 'stale' },
      h('details', null, h('summary', null, t('stale.what')),
        h('ol', null, [1, 2, 3, 4].map((step) => h('li', { key: step }, t(`stale.step${step}`))))));
  }
  return null;
}

function navigation() {
  return h('nav', { class: 'tabs', 'aria-label': t('nav.label') },
    h('div', { class: 'brand', 'aria-hidden': 'true' }, 'Amphora'),
    h('ul', null, ways().map((way) =>
      h('li', { key: way.icon, class: way.phone ? '' : 'wide' },
        h('a', { href: way.path, 'aria-current': isHere(way) ? 'page' : null },
          icon(way.icon), h('span', null, way.word))))));
}


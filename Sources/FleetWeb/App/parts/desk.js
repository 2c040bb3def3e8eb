// What the screens of installers and operators have in common.

import { h } from '../core/dom.js';
import { ago, none } from '../core/format.js';
import { t } from '../core/words.js';
import { longestLive, now, texts } from '../core/state.js';
import { reachable } from '../core/api.js';
import { route } from '../core/router.js';
import { icon } from './icons.js';
import { banner, chip, empty, kindOf, page } from './basics.js';
import { levelWord } from './alarm.js';

/** What stands where this server has no such thing. */
export const notHere = (title) => page({ title },
  empty({ icon: 'info', title: t('desk.not_here') }, h('p', null, t('desk.not_here_words'))));

/** Says that what is shown was kept from before; null when it is of now. */
export const keptNote = (storedAt) => storedAt
  && banner({ kind: 'offline', title: t('desk.kept', { ago: ago(now() - storedAt) }), key: 'kept' });

/**
 * How a gateway of a list is: 'live', 'stale' or 'never'. What was fetched too long ago, or cannot be fetched
 * again, is not live whatever the list said.
 */
export function freshnessOf(gateway, fetchedAt) {
  if (gateway.freshness !== 'live') return gateway.freshness;
  return reachable() && now() - fetchedAt <= longestLive ? 'live' : 'stale';
}

/** How fresh, as a chip. */
export function freshChip(state) {
  if (state === 'live') return chip('ok', t('fresh.live'));
  if (state === 'never') return chip('info', t('desk.never'));
  return chip('stale', t('desk.no_data'));
}

export const levelChip = (level) => chip(kindOf(level), levelWord(level));

/** When something was, as an age that grows. */
export const since = (time) => (time ? ago(Math.max(0, now() - Date.parse(time))) : none);

/** The title, meaning and advice of a kind of alarm, for no pack in particular. */
export function causeWords(code) {
  const codes = texts.value()?.codes ?? {};
  const words = codes[code] ?? { title: code, meaning: '', advice: '' };
  const plain = (text) => text.replaceAll('{pack}', 'n').replaceAll('{cell}', 'n');
  // 'Pack {pack}: a cell is too full' is of one pack; the cause is what follows
  const title = words.title.replace(/^[^:]*\{pack\}[^:]*:\s*/u, '');
  return { title: plain(title.charAt(0).toLocaleUpperCase() + title.slice(1)), meaning: plain(words.meaning), advice: plain(words.advice) };
}

/** The ways between the screens of one house. */
export function tools(id) {
  const at = `/g/${encodeURIComponent(id)}`;
  const ways = [
    [`/gateway/${encodeURIComponent(id)}`, 'fleet', t('desk.overview')], [`${at}/diagnose`, 'diagnose', t('nav.diagnose')],
    [`${at}/heat`, 'heat', t('screen.heat')], [`${at}/report`, 'report', t('screen.report')],
    [`${at}/history`, 'history', t('nav.history')], [`${at}/battery`, 'battery', t('nav.battery')],
  ];
  return h('nav', { class: 'tool-ways', 'aria-label': t('desk.tools'), key: 'tools' }, ways.map(([path, name, words]) =>
    h('a', { key: path, href: path, 'aria-current': route().path === path ? 'page' : null }, icon(name, { size: 18 }), words)));
}

/** A number with a word under it; with `onclick` it is a switch. */
export function tile({ kind, icon: name, value, words, pressed, onclick }) {
  const inside = [icon(name, { size: 22 }), h('b', null, value), h('span', null, words)];
  return onclick
    ? h('button', { type: 'button', class: `tile ${kind}`, 'aria-pressed': String(Boolean(pressed)), onclick, key: words }, inside)
    : h('div', { class: `tile ${kind}`, key: words }, inside);
}

/** A judgement in words: { kind, title, words }. */
export const verdict = ({ kind, title, words, key }) => h('li', { class: `verdict ${kind}`, key },
  icon({ ok: 'ok', info: 'info', warning: 'warning', danger: 'danger', stale: 'clock' }[kind] ?? 'info', { size: 22, label: t(`verdict.${kind}`) }),
  h('div', null, h('strong', null, title), words && h('p', null, words)));

/** Moves the focus among `selector` within the element of an event by arrow keys, Home and End. */
export function walk(event, selector) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  if (!(event.key in steps)) return;
  const all = [...event.currentTarget.querySelectorAll(selector)];
  const here = all.indexOf(document.activeElement);
  if (here < 0) return;
  event.preventDefault();
  all[Math.min(all.length - 1, Math.max(0, here + steps[event.key]))].focus();
}

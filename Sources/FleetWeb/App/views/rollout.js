import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get, onceKey, send } from '../core/api.js';
import { date, number } from '../core/format.js';
import { t } from '../core/words.js';
import { can, gateways, may, now, session } from '../core/state.js';
import { icon } from '../parts/icons.js';
import { banner, button, card, chip, failed, field, loading, page } from '../parts/basics.js';
import { keptNote, notHere, since } from '../parts/desk.js';
import { confirm, stateChip, totalOf, waveBar, word } from '../parts/rollout.js';
import { said } from '../parts/said.js';
import { packTable } from './gateway.js';

/** What may be decided in which state. */
const choices = {
  proposed: ['approve', 'abort'], scheduled: ['pause', 'abort'], running: ['pause', 'abort'], held: ['approve', 'abort'],
  paused: ['resume', 'abort'],
};
const looks = { approve: ['primary', 'ok'], resume: ['primary', 'rollout'], pause: ['plain', 'pause'], abort: ['danger', 'close'] };
const kinds = { proven: 'ok', good: 'ok', failed: 'danger', unreturned: 'danger', waiting: 'info' };

export default function rollout({ rollout: id }) {
  const path = `/v1/rollouts/${encodeURIComponent(id)}`;
  /** Pages that were asked for beyond the first. */
  const more = signal({ items: [], next: undefined });
  const detail = resource(async () => get(`${path}?limit=100`));
  /** What is about to be decided: { what, key, busy, problem }. */
  const decision = signal(null);
  const note = signal('');
  let at = 0;

  async function decide() {
    const { what, key } = decision.peek();
    decision.update((one) => ({ ...one, busy: true, problem: null }));
    try {
      await send('POST', `${path}/${what}`, note.peek() ? { note: note.peek() } : {}, key);
      decision.set(null);
      note.set('');
      more.set({ items: [], next: undefined });
      detail.load();
    } catch (problem) {
      decision.update((one) => ({ ...one, busy: false, problem }));
    }
  }
  async function next(cursor) {
    const found = await get(`${path}?limit=100&cursor=${encodeURIComponent(cursor)}`);
    more.update((before) => ({ items: [...before.items, ...found.data.gateways], next: found.data.next_cursor }));
  }

  return () => {
    const title = id;
    if (!can('rollouts')) return notHere(t('screen.rollout'));
    if (now() - at > 3000) {
      at = now();
      untracked(() => { if (!detail.busy.peek()) detail.load(); });
    }
    const found = detail.value();
    if (!found) return page({ title }, detail.error() ? failed(detail.error(), () => detail.load()) : loading(4));
    const it = found.data;
    const total = totalOf(it.waves);
    // whoever made it cannot approve it, and is told who can
    const isOwn = it.author === session()?.user?.name;
    const open = (choices[it.state] ?? []).filter((what) => what !== 'approve' || !isOwn);
    const asks = (choices[it.state] ?? []).includes('approve');
    return page({ title: it.rollout, lead: `${it.set} ${it.version}${it.author ? ` · ${t('ro.by', { who: it.author })}` : ''}`,
      actions: stateChip(it.state) },
    h('a', { class: 'button quiet back', href: '/rollouts', key: 'back' }, icon('left', { size: 20 }), t('screen.rollouts')),
    keptNote(found.storedAt),
    detail.error() && banner({ kind: 'stale', title: t('fleet.old'), key: 'old' }),
    it.reason && banner({ kind: ['held', 'returned', 'returning'].includes(it.state) ? 'warning' : 'info', title: said(it.reason_said, it.reason), key: 'reason' }),
    it.note && h('p', { class: 'hint', key: 'note' }, it.note),
    card({ class: 'rollout-now', key: 'now' },
      h('div', { class: 'row spread' },
        h('div', null, h('b', { class: 'huge' }, t('ro.proven_of', { done: number(total.proven), all: number(total.gateways) })),
          h('p', { class: 'hint', role: 'status' }, `${word('ro.state', it.state)} · ${t('ro.wave_of', { n: it.wave, all: it.waves.length })} · ${since(it.since)}`)),
        may('roll_out') && open.length > 0 && h('div', { class: 'actions' }, open.map((what) =>
          button({ key: what, kind: looks[what][0], icon: looks[what][1], onclick: () => decision.set({ what, key: onceKey() }) }, t(`ro.${what}`))))),
      waveBar(total),
      asks && may('roll_out') && h('p', { class: 'row hint', id: 'approval' }, icon('users', { size: 18 }), t(isOwn ? 'ro.others_approve' : 'ro.you_approve', { who: it.author }))),
    h('ol', { class: 'waves', key: 'waves' }, it.waves.map((wave, place) => waveCard(wave, place, it))),
    attempts([...it.gateways, ...more().items], more().next === undefined ? it.next_cursor : more().next, next),
    it.history?.length > 0 && card({ title: t('ro.history'), key: 'history' }, h('ol', { class: 'lines' }, [...it.history].reverse().map((one, place) =>
      h('li', { key: place }, h('strong', null, word('ro.done', one.what.toLowerCase())), h('span', null, one.author), one.detail && h('span', null, one.detail_said?.length ? said(one.detail_said) : one.detail),
        h('span', { class: 'hint' }, date(Date.parse(one.time), undefined, { dateStyle: 'medium', timeStyle: 'short' })))))),
    confirm({
      open: decision(), onclose: () => decision.set(null), onsubmit: decide, kind: decision()?.what === 'abort' ? 'danger' : 'primary',
      title: decision() && t(`ro.ask_${decision().what}`), go: decision() && t(`ro.${decision().what}`),
    }, decision() && [
      h('p', { id: 'what' }, consequence(decision().what, it, total)), h('p', { class: 'hint' }, t(`ro.mean_${decision().what}`)),
      field({ id: 'why', label: t('ro.why'), maxlength: '500', autocomplete: 'off', value: note(), oninput: (event) => note.set(event.target.value) })]));
  };
}

/** What a decision does, to how many houses. */
function consequence(what, it, total) {
  const set = `${it.set} ${it.version}`;
  const rest = total.gateways - total.attempted;
  const say = (key, n) => (n > 0 ? t(`ro.do.${key}`, { n, count: number(n), set }) : '');
  switch (what) {
    case 'approve': {
      // the first of a new one, else the wave after the one that waits
      const next = it.state === 'held' ? it.waves[it.wave] : it.waves[0];
      if (!next) return say('finish', total.attempted);
      return `${say('next', next.gateways)} ${it.approval === 'each' ? '' : say('then', Math.max(0, rest - next.gateways))}`.trim();
    }
    case 'pause': return `${say('watch', total.attempted)} ${say('wait', rest)}`;
    case 'resume': return say('go', rest);
    default: return total.attempted ? `${say('back', total.attempted)} ${say('nothing', rest)}` : say('nothing', rest);
  }
}

function waveCard(wave, place, it) {
  const total = totalOf([wave]);
  const isNow = place + 1 === it.wave && !it.is_over;
  const isDone = total.proven + total.failed >= total.gateways && total.gateways > 0;
  const kind = total.failed ? 'warning' : isDone ? 'ok' : 'info';
  // of one that was ended nothing waits and nothing is under way
  const isEnded = it.is_over && !isDone;
  const words = isEnded ? word('ro.state', it.state) : !total.attempted ? t('ro.waits') : isDone ? t('ro.wave_done') : t('ro.under_way');
  return h('li', { key: place, class: `card wave ${isNow ? 'now' : ''}`, 'aria-current': isNow ? 'step' : null },
    h('div', { class: 'row spread' }, h('h2', null, t('ro.wave', { n: place + 1 })), chip(kind, words, isEnded ? 'close' : !total.attempted ? 'clock' : null)),
    waveBar(total),
    h('p', null, t('ro.proven_of', { done: number(total.proven), all: number(total.gateways) })),
    Object.entries(total.failures).length > 0 && h('ul', { class: 'reasons' }, Object.entries(total.failures).map(([failure, count]) =>
      h('li', { key: failure }, icon('warning', { size: 16 }), h('span', null, `${number(count)} × ${word('ro.failure', failure)}`)))));
}

const attention = { failed: 0, unreturned: 0, recalling: 1, recalled: 1, returned: 2, told: 3, delivered: 3, applied: 3, assigned: 3, good: 4, proven: 5, waiting: 6 };

function attempts(items, cursor, next) {
  const rows = [...items].sort((a, b) => (attention[a.state] ?? 3) - (attention[b.state] ?? 3) || a.wave - b.wave);
  const number_ = (name) => ({ name, number: true });
  return card({ title: t('ro.gateways'), hint: t('battery.order'), key: 'attempts' },
    packTable(t('ro.gateways'), [t('screen.gateway'), t('gw.state'), number_(t('ro.wave_short')), t('ro.reason'), number_(t('ro.since'))],
      rows.map((one) => [
        h('a', { class: 'pack-way', href: `/gateway/${encodeURIComponent(one.gateway)}` }, gateways.value()?.items.find((it) => it.id === one.gateway)?.label || one.gateway),
        chip(kinds[one.state] ?? 'info', word('ro.attempt', one.state), kinds[one.state] ? null : 'rollout'),
        String(one.wave),
        one.failure || one.words ? [one.failure && `${word('ro.failure', one.failure)}${one.words ? ': ' : ''}`, said(one.words_said, one.words)] : '–',
        since(one.since)])),
    cursor && h('div', { class: 'centre' }, button({ onclick: () => next(cursor) }, t('alarms.more'))));
}

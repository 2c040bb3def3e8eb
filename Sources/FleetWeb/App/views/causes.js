import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get, onceKey, send } from '../core/api.js';
import { number } from '../core/format.js';
import { problemWords, t } from '../core/words.js';
import { gateways, may, now, openAlarms } from '../core/state.js';
import { icon } from '../parts/icons.js';
import { button, empty, failed, kindOf, loading, page } from '../parts/basics.js';
import { causeWords, keptNote, levelChip, since } from '../parts/desk.js';

const ranks = { fault: 3, protection: 2, warning: 1 };
const idOf = (cause) => `${cause.code} ${cause.level}`;

export default function causes() {
  const list = resource(async () => get('/v1/alarm-causes'));
  /** What was asked of a cause: id -> { items, next, error }. */
  const inside = signal({});
  /** What is being acknowledged: { id, done, all, problem, isOver }. */
  const work = signal(null);
  const keys = new Map();
  let at = 0;

  async function open(cause, { more = false } = {}) {
    const id = idOf(cause);
    const before = inside.peek()[id];
    inside.update((all) => ({ ...all, [id]: { ...before, error: null, isOpen: true } }));
    try {
      const cursor = more && before?.next ? `&cursor=${encodeURIComponent(before.next)}` : '';
      const found = await get(`/v1/alarms?state=open&code=${cause.code}&limit=100${cursor}`);
      const items = found.data.items.filter((one) => one.level === cause.level);
      inside.update((all) => ({ ...all, [id]: { items: more ? [...(before?.items ?? []), ...items] : items, next: found.data.next_cursor, isOpen: true } }));
    } catch (error) {
      inside.update((all) => ({ ...all, [id]: { ...before, error, isOpen: true } }));
    }
  }

  /** Looks after every alarm of a cause, one by one; what was done stays done when one fails. */
  async function lookAfter(cause) {
    const id = idOf(cause);
    work.set({ id, done: 0, all: cause.unacknowledged });
    try {
      let cursor = '';
      let done = 0;
      do {
        const found = (await get(`/v1/alarms?state=open&code=${cause.code}&limit=200${cursor}`)).data;
        for (const { gateway, code, level, pack, raised, acknowledged } of found.items) {
          if (level !== cause.level || acknowledged) continue;
          const name = [gateway, code, level, pack, raised].join(' ');
          if (!keys.has(name)) keys.set(name, onceKey());
          await send('POST', '/v1/alarms/acknowledge', { gateway, code, level, pack }, keys.get(name));
          keys.delete(name);
          done += 1;
          work.set({ id, done, all: Math.max(done, cause.unacknowledged) });
        }
        cursor = found.next_cursor ? `&cursor=${encodeURIComponent(found.next_cursor)}` : '';
      } while (cursor);
      work.set({ id, done, all: done, isOver: true });
    } catch (problem) {
      work.update((one) => ({ ...one, problem }));
    }
    list.load();
    openAlarms.load();
    if (inside.peek()[id]?.isOpen) open(cause);
  }

  return () => {
    if (now() - at > 15_000) {
      at = now();
      untracked(() => list.load());
    }
    const found = list.value();
    if (!found) return page({ title: t('screen.causes') }, list.error() ? failed(list.error(), () => list.load()) : loading(4));
    const items = [...found.data.items].sort((a, b) => (ranks[b.level] ?? 0) - (ranks[a.level] ?? 0) || b.gateways - a.gateways || b.alarms - a.alarms);
    if (!items.length) {
      return page({ title: t('screen.causes'), lead: t('causes.lead') },
        empty({ icon: 'ok', title: t('causes.none'), class: 'empty good' }, h('p', null, t('causes.none_words'))));
    }
    return page({ title: t('screen.causes'), lead: t('causes.lead') }, keptNote(found.storedAt),
      h('ul', { class: 'causes' }, items.map((cause) => one(cause, inside()[idOf(cause)], work(), open, lookAfter, inside))));
  };
}

function one(cause, inside, work, open, lookAfter, store) {
  const words = causeWords(cause.code);
  const id = idOf(cause);
  const mine = work?.id === id ? work : null;
  const isBusy = work && !work.isOver && !work.problem;
  return h('li', { key: id, class: `card alarm cause ${kindOf(cause.level)}` },
    h('div', { class: 'row spread' }, levelChip(cause.level), h('span', { class: 'since' }, t('causes.since', { ago: since(cause.oldest) }))),
    h('div', { class: 'cause-body' },
      h('div', { class: 'stack' }, h('h2', null, words.title), words.meaning && h('p', null, words.meaning),
        words.advice && h('p', { class: 'hint' }, words.advice)),
      h('div', { class: 'reach' }, h('b', null, number(cause.gateways)), h('span', null, t('causes.gateways', { n: cause.gateways })),
        h('small', null, t('causes.alarms', { n: cause.alarms })))),
    h('div', { class: 'row' },
      cause.unacknowledged > 0 && may('acknowledge')
        ? button({ icon: 'ok', disabled: isBusy, onclick: () => lookAfter(cause) },
          cause.unacknowledged === 1 ? t('alarms.acknowledge') : t('causes.look_after', { n: cause.unacknowledged }))
        : cause.unacknowledged === 0 && h('span', { class: 'row hint' }, icon('ok', { size: 18 }), t('causes.looked_after')),
      h('span', { class: 'hint', role: 'status' }, mine && !mine.problem ? t('causes.progress', { done: number(mine.done), all: number(mine.all) }) : ''),
      mine?.problem && h('span', { class: 'error', role: 'alert' }, icon('warning', { size: 18 }), problemWords(mine.problem))),
    h('details', { ontoggle: (event) => {
      if (event.target.open) open(cause);
      else store.update((all) => ({ ...all, [id]: { ...all[id], isOpen: false } }));
    } }, h('summary', null, t('causes.which')),
      !inside ? null
      : inside.error ? h('p', { class: 'error' }, problemWords(inside.error))
      : !inside.items ? inside.isOpen && loading(1)
      : h('ul', { class: 'lines' }, inside.items.map((alarm) => {
        const house = gateways.value()?.items.find((item) => item.id === alarm.gateway);
        return h('li', { key: `${alarm.gateway} ${alarm.pack} ${alarm.raised}` },
          h('a', { href: `/gateway/${encodeURIComponent(alarm.gateway)}` }, house?.label || alarm.gateway),
          h('span', null, alarm.pack ? t('pack.name', { pack: alarm.pack }) : t('alarms.bank')),
          h('span', { class: 'hint' }, since(alarm.raised)),
          h('span', { class: 'hint' }, alarm.acknowledged ? t('alarms.acknowledged', { who: alarm.acknowledged_by ?? '' }) : t('causes.nobody')));
      })),
      inside?.next && button({ kind: 'quiet', onclick: () => open(cause, { more: true }) }, t('alarms.more'))));
}

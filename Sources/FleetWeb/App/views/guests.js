// Who else sees the house: its owner lets people in and takes that back, a guest sees whose house it is and leaves.

import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get, onceKey, send } from '../core/api.js';
import { moment } from '../core/format.js';
import { problemWords, t } from '../core/words.js';
import { can, currentGateway, gateways, reload, session } from '../core/state.js';
import { go } from '../core/router.js';
import { icon } from '../parts/icons.js';
import { banner, button, card, empty, failed, loading, page } from '../parts/basics.js';
import { keptNote, notHere } from '../parts/desk.js';
import { confirm } from '../parts/rollout.js';

export default function guests(params) {
  const path = `/v1/gateways/${encodeURIComponent(params.id)}/guests`;
  const list = resource(async () => {
    const found = await get(path);
    return { items: found.data.items, storedAt: found.storedAt };
  });
  /** The invitation that was just made, with its code; it is shown this once. */
  const made = signal(null);
  const making = signal({ busy: false, problem: null });
  const copied = signal(false);
  /** { item, busy, problem } while it is asked whether to end something. */
  const question = signal(null);
  let isAsked = false;
  // one key for one invitation until it is answered, so that asking again after a lost answer counts once
  let key = null;

  async function invite() {
    key ??= onceKey();
    making.set({ busy: true, problem: null });
    try {
      made.set(await send('POST', path, undefined, key));
      key = null;
      copied.set(false);
      making.set({ busy: false, problem: null });
      // behind what draws it
      queueMicrotask(() => document.getElementById('link')?.focus());
    } catch (problem) {
      // what was used or taken back meanwhile is not asked for again
      if (problem.status === 409) key = null;
      making.set({ busy: false, problem });
    }
    list.load();
  }

  async function copy() {
    const input = document.getElementById('link');
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      // a page that is not encrypted may not; what is selected is copied by the keyboard
      if (!document.execCommand('copy')) return;
    }
    copied.set(true);
  }

  async function end() {
    const { item } = question.peek();
    const isOwn = item.user === session.peek()?.user?.name;
    question.set({ item, busy: true, problem: null });
    try {
      const query = item.user ? `user=${encodeURIComponent(item.user)}` : `invitation=${item.invitation}`;
      await send('DELETE', `${path}?${query}`);
    } catch (problem) {
      // somebody else was faster
      if (problem.status !== 404) return question.set({ item, busy: false, problem });
    }
    question.set(null);
    if (made.peek()?.invitation === item.invitation) made.set(null);
    if (!isOwn) return list.load();
    await reload();
    go('/', { replace: true });
  }

  return () => {
    const house = currentGateway();
    const title = t('screen.guests');
    if (!can('guests')) return notHere(title);
    if (!house) return gateways.value() ? page({ title }, empty({ icon: 'search', title: t('missing.words') })) : loading(3);
    if (!isAsked) {
      isAsked = true;
      untracked(() => list.load());
    }
    const found = list.value();
    const name = house.label || house.id;
    if (!found) return page({ title }, list.error() ? failed(list.error(), () => list.load()) : loading(3));
    return page({ title: house.shared_by ? t('guests.visiting') : title, lead: name }, keptNote(found.storedAt),
      house.shared_by ? visit(house, found.items, question) : [
        sharing(made(), making(), copied(), invite, copy, house),
        people(found.items, question, house),
      ],
      ask(question, end, name));
  };
}

/** What a guest sees: whose house it is, and the way out. */
function visit(house, items, question) {
  const own = items.find((item) => item.user === session()?.user?.name);
  return card({ title: t('guests.by', { who: house.shared_by }), key: 'visit' },
    own && h('p', { class: 'hint' }, t('guests.since', { at: at(own.since, house) })),
    h('p', null, t('guests.visit_words')),
    own && h('div', null, button({ icon: 'out', onclick: () => question.set({ item: own }) }, t('guests.leave'))));
}

/** The way to let somebody in, and the link that was made. */
function sharing(made, { busy, problem }, copied, invite, copy, house) {
  return card({ title: t('guests.share'), key: 'share' },
    h('p', null, t('guests.share_words')), h('p', { class: 'hint' }, t('guests.share_installer')),
    problem && banner({ kind: 'danger', title: problemWords(problem) }),
    made && h('div', { class: 'field', key: made.invitation },
      h('label', { for: 'link' }, t('guests.link')),
      h('input', {
        id: 'link', readonly: true, value: `${location.origin}/guest#code=${made.code.replaceAll('-', '')}`,
        'aria-describedby': 'link-hint', onfocus: (event) => event.target.select(),
      }),
      h('p', { class: 'hint', id: 'link-hint' }, t('guests.link_hint', { at: at(made.expires, house), code: made.code })),
      h('div', { class: 'row' }, button({ kind: 'primary', onclick: copy }, t('guests.copy')),
        h('span', { role: 'status', class: 'row' }, copied && [icon('ok', { size: 18 }), t('guests.copied')]))),
    h('div', null, button({ kind: made ? 'plain' : 'primary', icon: 'plus', disabled: busy, onclick: invite }, t(made ? 'guests.another' : 'guests.make'))));
}

/** Everybody who was let in, and who may come still. */
function people(items, question, house) {
  return card({ title: t('guests.people'), key: 'people' },
    items.length ? h('ul', { class: 'lines' }, items.map((item) => h('li', { key: item.user ?? item.invitation },
      h('strong', null, item.user ?? t('guests.open')),
      h('span', { class: 'hint' }, item.user ? t('guests.since_by', { at: at(item.since, house), who: item.given_by })
        : t('guests.until', { at: at(item.expires, house) })),
      button({ 'aria-label': t('guests.end_of', { who: item.user ?? t('guests.open') }), onclick: () => question.set({ item }) }, t('guests.end')))))
    : h('p', { class: 'hint' }, t('guests.none')));
}

function ask(question, end, name) {
  const open = question();
  const kind = !open ? null : open.item.invitation ? 'open' : open.item.user === session()?.user?.name ? 'own' : 'guest';
  return confirm({
    open, onclose: () => question.set(null), onsubmit: end, kind: 'danger',
    title: open && t(`guests.ask_${kind}`, { who: open.item.user, house: name }),
    go: open && t(kind === 'own' ? 'guests.leave' : 'guests.end'),
  }, open && h('p', null, t(`guests.mean_${kind}`)));
}

const at = (time, house) => moment(Date.parse(time), house.zone || undefined);

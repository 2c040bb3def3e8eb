import { h } from '../core/dom.js';
import { resource, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { none } from '../core/format.js';
import { t } from '../core/words.js';
import { can } from '../core/state.js';
import { button, card, chip, empty, failed, loading, page } from '../parts/basics.js';
import { keptNote, notHere } from '../parts/desk.js';
import { packTable } from './gateway.js';
import { word } from '../parts/rollout.js';

const kinds = { owner: 'info', installer: 'info', operator: 'ok', admin: 'warning' };
const signs = { owner: 'home', installer: 'diagnose', operator: 'fleet', admin: 'users' };

export default function users() {
  const list = resource(async (before) => {
    const found = await get(`/v1/users${before?.next ? `?cursor=${encodeURIComponent(before.next)}` : ''}`);
    return { items: [...(before?.items ?? []), ...found.data.items], next: found.data.next_cursor, storedAt: found.storedAt };
  });
  let isAsked = false;

  return () => {
    const title = t('screen.users');
    if (!can('users')) return notHere(title);
    if (!isAsked) {
      isAsked = true;
      untracked(() => list.load());
    }
    const found = list.value();
    if (!found) return page({ title }, list.error() ? failed(list.error(), () => list.load()) : loading(4));
    if (!found.items.length) return page({ title }, empty({ icon: 'users', title: t('users.none') }));
    return page({ title, lead: t('users.count', { n: found.items.length }) }, keptNote(found.storedAt),
      card({ key: 'list' }, packTable(title, [t('users.name'), t('users.role'), t('users.homes'), t('gw.state')],
        found.items.map((one) => [
          one.name, chip(kinds[one.role] ?? 'info', word('role', one.role), signs[one.role]),
          ['operator', 'admin'].includes(one.role) ? t('users.all_homes') : one.gateways.join(', ') || none,
          one.has_password ? chip('ok', t('users.active')) : chip('warning', t('users.invited'))]))),
      found.next && h('div', { class: 'centre', key: 'next' }, button({ disabled: list.busy(), onclick: () => list.load(found) }, t('alarms.more'))),
      card({ title: t('users.invite'), key: 'invite' }, h('p', null, t('users.invite_words')),
        h('code', { class: 'command' }, 'amphora-fleet users invite NAME --address ADDRESS')));
  };
}

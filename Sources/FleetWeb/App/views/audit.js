import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { date, none } from '../core/format.js';
import { t } from '../core/words.js';
import { can } from '../core/state.js';
import { icon } from '../parts/icons.js';
import { button, card, empty, failed, loading, page } from '../parts/basics.js';
import { keptNote, notHere } from '../parts/desk.js';
import { word } from '../parts/rollout.js';
import { said } from '../parts/said.js';
import { packTable } from './gateway.js';

const roles = ['role_given', 'user_added'];

/** What else there is to say: a sentence, a role, or a name as it is. */
function detailOf(one) {
  if (one.detail_said?.length) return said(one.detail_said);
  return (roles.includes(one.action) ? word('role', one.detail) : one.detail) || none;
}

export default function audit() {
  const words = signal('');
  const list = resource(async (before) => {
    const found = await get(`/v1/audit${before?.next ? `?cursor=${encodeURIComponent(before.next)}` : ''}`);
    return { items: [...(before?.items ?? []), ...found.data.items], next: found.data.next_cursor, storedAt: found.storedAt };
  });
  let isAsked = false;

  return () => {
    const title = t('screen.audit');
    if (!can('audit')) return notHere(title);
    if (!isAsked) {
      isAsked = true;
      untracked(() => list.load());
    }
    const found = list.value();
    if (!found) return page({ title }, list.error() ? failed(list.error(), () => list.load()) : loading(4));
    if (!found.items.length) return page({ title }, empty({ icon: 'audit', title: t('audit.none') }));
    const wanted = words().toLocaleLowerCase();
    const shown = found.items.filter((one) => [one.author, one.subject, one.detail, one.action, word('audit.action', one.action)].join(' ').toLocaleLowerCase().includes(wanted));
    return page({ title, lead: t('audit.lead'), actions: button({ onclick: () => list.load() }, t('audit.again')) }, keptNote(found.storedAt),
      h('search', { class: 'filter', key: 'filter' },
        h('label', { for: 'words' }, icon('search', { size: 20 }), h('span', { class: 'unseen' }, t('audit.filter'))),
        h('input', { id: 'words', type: 'search', autocomplete: 'off', placeholder: t('audit.filter'), value: words(), oninput: (event) => words.set(event.target.value) })),
      h('p', { class: 'hint counted', role: 'status', key: 'counted' }, t('fleet.shown_of', { n: shown.length, all: String(found.items.length) })),
      card({ key: 'list' }, packTable(t('screen.audit'), [t('history.time'), t('audit.who'), t('audit.what'), t('audit.subject'), t('audit.detail')],
        shown.map((one) => [
          date(Date.parse(one.made), undefined, { dateStyle: 'short', timeStyle: 'medium' }),
          one.author || none, word('audit.action', one.action), one.subject || none, detailOf(one)]))),
      found.next && h('div', { class: 'centre', key: 'next' }, button({ disabled: list.busy(), onclick: () => list.load(found) }, t('alarms.more'))));
  };
}

import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { fetchJSON } from '../core/api.js';
import { t } from '../core/words.js';
import { gateways, openAlarms } from '../core/state.js';
import { alarmCard, worstFirst } from '../parts/alarm.js';
import { button, choice, empty, failed, loading, page } from '../parts/basics.js';

export default function alarms() {
  const which = signal('open');
  const past = resource(async (cursor, before = []) => {
    const found = await fetchJSON(`/v1/alarms?state=all&limit=50${cursor ? `&cursor=${cursor}` : ''}`);
    return { items: [...before, ...found.items], next: found.next_cursor };
  });

  return () => {
    const isAll = which() === 'all';
    const source = isAll ? past : openAlarms;
    const found = source.value();
    // what was raised or acknowledged meanwhile shows among the past too
    const showHouse = (gateways.value()?.items.length ?? 0) > 1;
    return page({ title: t('alarms.title'), lead: openAlarms.value()?.items.length ? t('alarms.open', { n: openAlarms.value().items.length }) : null },
      choice({
        name: 'which', legend: t('alarms.which'), value: which(),
        options: [['open', t('alarms.show_open')], ['all', t('alarms.show_all')]],
        onchange: (chosen) => {
          which.set(chosen);
          if (chosen === 'all') untracked(() => past.load());
        },
      }),
      found === null ? (source.error() ? failed(source.error(), () => source.load()) : loading(3))
      : !found.items.length ? empty({ icon: 'ok', title: isAll ? t('alarms.nothing') : t('alarms.none_open'), class: 'good' }, h('p', null, t('alarms.nothing_words')))
      : h('div', { class: 'alarm-list' },
        (isAll ? found.items : worstFirst(found.items)).map((alarm) => alarmCard(current(alarm), { showHouse })),
        isAll && found.next && button({ onclick: () => past.load(found.next, found.items), disabled: past.busy() }, t('alarms.more'))));
  };
}

/** The same alarm as the list of open ones knows it, which is told of changes. */
function current(alarm) {
  return openAlarms.value()?.items.find((one) =>
    one.gateway === alarm.gateway && one.code === alarm.code && one.pack === alarm.pack && one.raised === alarm.raised) ?? alarm;
}

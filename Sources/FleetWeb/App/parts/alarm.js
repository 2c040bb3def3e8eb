// An alarm in words: what it is, what it means, what to do, and who looks after it.

import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { onceKey } from '../core/api.js';
import { moment } from '../core/format.js';
import { has, problemWords, t } from '../core/words.js';
import { acknowledge, gateways, isGuestOf, may, texts } from '../core/state.js';
import { icon } from './icons.js';
import { button, chip, fact, facts, kindOf } from './basics.js';

const busy = signal(null);
const problem = signal(null);
// one key for one alarm until it is answered, so that asking again after a lost answer counts once
const keys = new Map();

const idOf = (alarm) => [alarm.gateway, alarm.code, alarm.level, alarm.pack, alarm.raised].join(' ');

/** The title and meaning of an alarm in the reader's language, what was done about it, what to do, and who acts. */
export function wordsOf(alarm) {
  const codes = texts.value()?.codes ?? {};
  const words = codes[alarm.code] ?? codes.unknown ?? { title: alarm.text || alarm.code, meaning: '', advice: '' };
  const fill = (text) => text.replaceAll('{pack}', alarm.pack).replaceAll('{cell}', '?');
  const { consequences = {}, who = {} } = texts.value() ?? {};
  return {
    title: fill(words.title), meaning: fill(words.meaning), advice: fill(words.advice),
    done: fill(consequences[alarm.consequence] ?? ''), who: who[alarm.who] ?? '',
  };
}

export function levelWord(level) {
  return texts.value()?.levels?.[level] ?? (has(`level.${level}`) ? t(`level.${level}`) : level);
}

async function look(alarm) {
  const id = idOf(alarm);
  if (!keys.has(id)) keys.set(id, onceKey());
  busy.set(id);
  problem.set(null);
  try {
    await acknowledge(alarm, keys.get(id));
    keys.delete(id);
  } catch (found) {
    problem.set({ id, found });
  } finally {
    busy.set(null);
  }
}

/** A card; `showHouse` names the house, `level` is that of its heading. */
export function alarmCard(alarm, { showHouse = false, level = 2 } = {}) {
  const id = idOf(alarm);
  const words = wordsOf(alarm);
  const isOpen = alarm.ending === 'open';
  const house = gateways.value()?.items.find((one) => one.id === alarm.gateway);
  const at = (time) => moment(Date.parse(time), house?.zone);
  return h('article', { class: `card alarm ${isOpen ? kindOf(alarm.level) : 'ended'}`, key: id },
    h('div', { class: 'row spread' },
      chip(isOpen ? kindOf(alarm.level) : 'info', levelWord(alarm.level)),
      h('span', { class: 'since' }, isOpen ? t('alarms.since', { at: at(alarm.raised) })
        : `${at(alarm.raised)} – ${alarm.cleared ? at(alarm.cleared) : t('alarms.restart')}`)),
    h('div', { class: 'stack' },
      h(`h${level}`, null, words.title),
      words.meaning && h('p', null, words.meaning),
      isOpen && words.done && h('p', null, words.done),
      isOpen && words.advice && h('p', { class: 'advice' }, words.advice),
      isOpen && words.who && h('p', { class: 'hint' }, words.who)),
    alarm.acknowledged
      ? h('p', { class: 'row hint' }, icon('ok', { size: 18 }), t('alarms.acknowledged', { who: alarm.acknowledged_by ?? '' }))
      : isOpen && may('acknowledge') && !isGuestOf(house) && h('div', null,
        button({ onclick: () => look(alarm), disabled: busy() === id, icon: 'ok' }, t('alarms.acknowledge')),
        problem()?.id === id && h('p', { class: 'error', role: 'alert' }, problemWords(problem().found))),
    h('details', null, h('summary', null, t('alarms.details')),
      facts(
        showHouse && fact(t('alarms.house'), house?.label || alarm.gateway),
        fact(t('alarms.pack'), alarm.pack ? String(alarm.pack) : t('alarms.bank')),
        fact(t('alarms.times'), t('alarms.times_n', { n: alarm.times })),
        fact(t('alarms.raised'), at(alarm.raised)),
        alarm.times > 1 && fact(t('alarms.last'), at(alarm.last_raised)),
        fact(t('alarms.code'), h('code', null, alarm.code))),
      alarm.text && h('p', { class: 'hint' }, `${t('alarms.words')}: `, h('span', { lang: 'en' }, alarm.text))));
}

const ranks = { fault: 3, protection: 2, warning: 1 };

/** The worst first, then the newest. */
export function worstFirst(alarms) {
  return [...alarms].sort((a, b) => (ranks[b.level] ?? 0) - (ranks[a.level] ?? 0) || Date.parse(b.raised) - Date.parse(a.raised));
}

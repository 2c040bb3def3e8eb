// What the server says in sentences, in the language of the reader.

import { h } from '../core/dom.js';
import { has, t } from '../core/words.js';
import { causeWords } from './desk.js';

/** Names of members that stand in a form, by their labels. */
const labels = {
  watch_s: 'new.watch', patience_s: 'new.patience', waves: 'new.own', window: 'new.window', name: 'new.name', note: 'ro.why',
  return_to: 'new.return', set: 'diag.set',
};

/** Words that came in English as they are: whoever reads them aloud knows by that how to. */
export const english = (text) => h('span', { lang: 'en' }, text);

/** Lists of the server with a word for each, joined as they came. */
const each = (list, find) => list.split(', ').map((one) => find(one.replaceAll("'", ''))).join(', ');

/** A word of the first group that has one. */
const oneOf = (value, ...groups) => {
  const found = groups.find((group) => has(`${group}.${value}`));
  return found ? t(`${found}.${value}`) : value;
};

/** The values of a sentence, those that are codes in words. */
function valuesOf({ code, values }) {
  const found = { ...values };
  if (found.state) found.state = oneOf(found.state, 'ro.state', 'ro.attempt');
  if (found.bus) found.bus = oneOf(found.bus, 'diag.bus_state');
  if (found.name) found.name = labels[found.name] ? t(labels[found.name]) : found.name;
  if (code === 'state_allows') found.allowed = each(found.allowed, (one) => oneOf(one, 'ro'));
  if (found.alarms || found.alarm) found.alarms = each(found.alarms ?? found.alarm, (one) => causeWords(one).title);
  return found;
}

/** The sentences of a text; `text` is the whole of it, for a server that does not send any. */
export function said(statements, text) {
  if (!statements?.length) return text ? [english(text)] : [];
  return statements.map((one, place) => {
    const words = one.code && has(`said.${one.code}`) ? t(`said.${one.code}`, valuesOf(one)) : english(one.text);
    return place === 0 ? words : [' ', words];
  });
}

// The app's words in the language of whoever reads them.

import { h } from './dom.js';
import { signal } from './store.js';
import { load as loadPart } from './parts.js';

export const languages = { en: 'English', de: 'Deutsch', fr: 'Français' };
/** The language that is shown. */
export const language = signal(null);
let words = {};
let plurals = new Intl.PluralRules('en');

/** What the reader asked for, else what the browser does. */
export function preferredLanguage() {
  const asked = read('language');
  if (asked in languages) return asked;
  for (const tag of navigator.languages ?? [navigator.language]) {
    const short = tag.slice(0, 2).toLowerCase();
    if (short in languages) return short;
  }
  return 'en';
}

/** The tag by which numbers and dates are written: the browser's own where it speaks this language. */
export function locale() {
  const shown = language() ?? 'en';
  return (navigator.languages ?? []).find((tag) => tag.slice(0, 2).toLowerCase() === shown) ?? shown;
}

export async function speak(code) {
  const found = await loadPart(`words/${code}.js`);
  words = found.default;
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  language.set(code);
}

/**
 * The words of a key with `{name}` filled in. Where the value `n` is given and the key has forms such as
 * `packs.one`, the one for that number.
 */
export function t(key, values = {}) {
  language();
  let text = words[key];
  if (values.n !== undefined) {
    const form = words[`${key}.${plurals.select(values.n)}`] ?? words[`${key}.other`];
    text = form ?? text;
  }
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether there are words of a key. */
export function has(key) {
  return key in words;
}

/** What went wrong, in words for people; of a kind that is not known here the server's own, which are English. */
export function problemWords(problem) {
  const type = problem?.type ?? 'unknown';
  const { detail, values } = problem?.document ?? {};
  if (has(`problem.${type}`)) return t(`problem.${type}`, { seconds: problem?.after ?? 60, ...values });
  return detail ? h('span', { lang: 'en' }, detail) : t('problem.unknown');
}

export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function write(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch { /* then it holds until the page is closed */ }
}

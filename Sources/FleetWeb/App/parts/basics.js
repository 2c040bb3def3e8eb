// The small parts that every screen is made of.

import { h } from '../core/dom.js';
import { icon } from './icons.js';
import { problemWords, t } from '../core/words.js';

/** A screen: its heading and what it shows. `actions` stand beside the heading. */
export function page({ title, lead, actions, class: extra }, ...content) {
  return h('div', { class: `page ${extra ?? ''}` },
    h('div', { class: 'page-head' },
      h('div', null, h('h1', { tabindex: '-1' }, title), lead && h('p', { class: 'lead' }, lead)),
      actions && h('div', { class: 'actions' }, actions)),
    content);
}

/** A framed part of a screen. */
export function card({ title, hint, class: extra, level = 2, ...props }, ...content) {
  return h('section', { class: `card ${extra ?? ''}`, ...props },
    title && h('div', { class: 'card-head' }, h(`h${level}`, null, title), hint && h('span', { class: 'hint' }, hint)),
    content);
}

/** A message with an icon and a word: `kind` is 'ok', 'info', 'warning', 'danger', 'stale' or 'offline'. */
export function banner({ kind = 'info', title, ...props }, ...content) {
  const icons = { ok: 'ok', info: 'info', warning: 'warning', danger: 'danger', stale: 'clock', offline: 'offline' };
  return h('div', { class: `banner ${kind}`, role: kind === 'danger' ? 'alert' : 'status', ...props },
    icon(icons[kind]), h('div', null, title && h('strong', null, title), content));
}

/** What stands where nothing is. */
export function empty({ icon: name = 'info', title, class: extra, ...props }, ...content) {
  return h('div', { ...props, class: `empty ${extra ?? ''}` }, icon(name, { size: 40 }), h('h2', null, title), content);
}

/** Grey shapes while something is on its way. */
export function loading(rows = 3) {
  return h('div', { class: 'skeletons', role: 'status', 'aria-label': t('loading') },
    Array.from({ length: rows }, (_, place) => h('div', { class: 'skeleton', key: place })));
}

/** Something failed: words, and a way to try again. */
export function failed(problem, again) {
  return empty({ icon: 'warning', title: t('failed.title') },
    h('p', null, problemWords(problem)),
    again && button({ onclick: () => again() }, t('again')));
}

/** A button; `kind` is 'primary', 'plain', 'quiet' or 'danger'. */
export function button({ kind = 'plain', icon: name, class: extra, ...props }, ...content) {
  return h('button', { type: 'button', ...props, class: `button ${kind} ${extra ?? ''}` }, name && icon(name, { size: 20 }), content);
}

/** A labelled value. `state` 'old' greys it. */
export function fact(name, value, { note, state } = {}) {
  return h('div', { class: `fact ${state ?? ''}` }, h('dt', null, name), h('dd', null, value, note && h('small', null, note)));
}
export const facts = (...content) => h('dl', { class: 'facts' }, content);

/** A choice of a few, as radio buttons that look like one bar. */
export function choice({ name, legend, options, value, onchange, showLegend = false }) {
  return h('fieldset', { class: 'choice' },
    h('legend', { class: showLegend ? '' : 'unseen' }, legend),
    h('div', { class: 'choice-bar' }, options.map(([key, words]) =>
      h('label', { key, class: key === value ? 'on' : '' },
        h('input', { type: 'radio', name, value: key, checked: key === value, onchange: () => onchange(key) }),
        h('span', null, words)))));
}

/** An input with its label, a hint and what is wrong with it. */
export function field({ id, label, hint, error, ...props }) {
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || null;
  return h('div', { class: `field ${error ? 'wrong' : ''}` },
    h('label', { for: id }, label),
    h('input', { id, name: id, 'aria-describedby': described, 'aria-invalid': error ? 'true' : null, ...props }),
    hint && h('p', { class: 'hint', id: `${id}-hint` }, hint),
    error && h('p', { class: 'error', id: `${id}-error` }, icon('warning', { size: 18 }), error));
}

/** A table with a caption; `rows` are lists of cells, the first of each is its heading. */
export function table({ caption, columns, rows, showCaption = false, class: extra }) {
  return h('div', { class: `table-frame ${extra ?? ''}`, tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', null,
      h('caption', { class: showCaption ? '' : 'unseen' }, caption),
      h('thead', null, h('tr', null, columns.map((column, place) =>
        h('th', { scope: 'col', key: place, class: column.number ? 'number' : '' }, column.name ?? column)))),
      h('tbody', null, rows.map((row, place) => h('tr', { key: place }, row.map((cell, at) =>
        at === 0 ? h('th', { scope: 'row', key: at }, cell)
        : h('td', { key: at, class: columns[at]?.number ? 'number' : '' }, cell)))))));
}

/** A word with an icon on a tinted ground; `kind` as for banners. */
export function chip(kind, words, name) {
  const icons = { ok: 'ok', info: 'info', warning: 'warning', danger: 'danger', stale: 'clock', offline: 'offline' };
  return h('span', { class: `chip ${kind}` }, icon(name ?? icons[kind] ?? 'info', { size: 16 }), words);
}

/** How bad an alarm is, as the kind of a banner. */
export const kindOf = (level) =>
  level === 'fault' || level === 'protection' ? 'danger' : level === 'warning' ? 'warning' : 'info';

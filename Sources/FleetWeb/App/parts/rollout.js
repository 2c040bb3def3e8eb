// How rollouts and their waves look.

import { h } from '../core/dom.js';
import { number } from '../core/format.js';
import { has, problemWords, t } from '../core/words.js';
import { button, chip } from './basics.js';
import { icon } from './icons.js';
import { said } from './said.js';

const kinds = {
  proposed: 'info', scheduled: 'info', running: 'ok', held: 'warning', paused: 'stale', returning: 'warning', complete: 'ok',
  returned: 'danger', aborted: 'warning',
};

/** A state of a rollout, in a word. */
export const stateChip = (state) => chip(kinds[state] ?? 'info', word('ro.state', state), { running: 'rollout', paused: 'pause', proposed: 'clock', scheduled: 'clock' }[state]);

/** A word of a group, or the value itself when there is none yet. */
export const word = (group, value) => (has(`${group}.${value}`) ? t(`${group}.${value}`) : value);

const failuresOf = (wave) => Object.values(wave.failures ?? {}).reduce((sum, one) => sum + one, 0);

/** One wave, or all: { gateways, attempted, proven, failed, failures }. */
export function totalOf(waves) {
  const found = { gateways: 0, attempted: 0, proven: 0, failed: 0, failures: {} };
  for (const wave of waves) {
    for (const name of ['gateways', 'attempted', 'proven']) found[name] += wave[name];
    found.failed += failuresOf(wave);
    for (const [kind, count] of Object.entries(wave.failures ?? {})) found.failures[kind] = (found.failures[kind] ?? 0) + count;
  }
  return found;
}

/** How far: proven, under way, failed, of all. Beside it stand the numbers. */
export function waveBar({ gateways, attempted, proven, failed }) {
  const share = (count) => ({ width: `${gateways ? (count / gateways) * 100 : 0}%` });
  return h('span', { class: 'wave-bar', 'aria-hidden': 'true' },
    h('i', { class: 'proven', style: share(proven) }),
    h('i', { class: 'way', style: share(Math.max(0, attempted - proven - failed)) }),
    h('i', { class: 'failed', style: share(failed) }));
}

/** The sizes of waves, one after the other. */
export const waveNames = (sizes) => sizes.map((size) => number(size)).join(' → ');

/** What a server said is wrong, line by line. */
export const problemLines = (problem) => (problem.document?.errors?.length
  ? h('ul', { class: 'stack' }, problem.document.errors.map((one) => h('li', { key: one.pointer + one.message }, said(one.said, one.message))))
  : h('p', null, problemWords(problem)));

/** The dialog that is on the screen. */
let shown = null;

/** Asks before something is done to houses; `open` is { busy, problem } while it is asked, else null. */
export function confirm({ open, title, go, kind, onsubmit, onclose }, ...content) {
  if (!open && shown?.open) queueMicrotask(() => shown.close());
  return h('dialog', { key: 'box', 'aria-labelledby': 'ask', ref: (element) => { shown = element; }, onclose },
    open && h('form', { class: 'stack', ref: () => queueMicrotask(() => shown?.isConnected && !shown.open && shown.showModal()), onsubmit: (event) => { event.preventDefault(); onsubmit(); } },
      h('h2', { id: 'ask' }, title), content,
      open.problem && h('div', { class: 'error', role: 'alert' }, icon('warning', { size: 18 }), problemLines(open.problem)),
      h('div', { class: 'row' },
        button({ kind, type: 'submit', disabled: open.busy }, go),
        button({ onclick: () => shown?.close() }, t('cancel')))));
}

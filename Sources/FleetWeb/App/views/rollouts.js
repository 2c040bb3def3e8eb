import { h } from '../core/dom.js';
import { resource, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { number } from '../core/format.js';
import { t } from '../core/words.js';
import { can, may, now } from '../core/state.js';
import { icon } from '../parts/icons.js';
import { empty, failed, loading, page } from '../parts/basics.js';
import { keptNote, notHere, since } from '../parts/desk.js';
import { stateChip, totalOf, waveBar } from '../parts/rollout.js';
import { said } from '../parts/said.js';

export default function rollouts() {
  const list = resource(async () => get('/v1/rollouts'));
  let at = 0;
  return () => {
    const title = t('screen.rollouts');
    if (!can('rollouts')) return notHere(title);
    if (now() - at > 10_000) {
      at = now();
      untracked(() => list.load());
    }
    const found = list.value();
    if (!found) return page({ title }, list.error() ? failed(list.error(), () => list.load()) : loading(4));
    const { items } = found.data;
    const actions = may('roll_out') && h('a', { class: 'button primary', href: '/roll-out' }, icon('plus', { size: 20 }), t('screen.roll_out'));
    if (!items.length) return page({ title }, empty({ icon: 'rollout', title: t('ro.none') }, h('p', null, t('ro.none_words')), actions));
    const running = items.filter((one) => !one.is_over);
    const over = items.filter((one) => one.is_over);
    return page({ title, actions, lead: running.length ? t('ro.running', { n: running.length }) : t('ro.none_running') }, keptNote(found.storedAt),
      running.length > 0 && h('ul', { class: 'rollout-list', key: 'running' }, running.map(one)),
      over.length > 0 && h('section', { class: 'stack', key: 'over' }, h('h2', null, t('ro.over')), h('ul', { class: 'rollout-list' }, over.map(one))));
  };
}

function one(rollout) {
  const total = totalOf(rollout.waves);
  return h('li', { key: rollout.rollout },
    h('a', { class: 'card rollout-card', href: `/rollouts/${encodeURIComponent(rollout.rollout)}` },
      h('span', { class: 'row spread' }, h('b', null, rollout.rollout), stateChip(rollout.state)),
      h('span', { class: 'hint' }, `${rollout.set} ${rollout.version} · ${since(rollout.since)}`),
      waveBar(total),
      h('span', { class: 'row spread hint' }, h('span', null, t('ro.proven_of', { done: number(total.proven), all: number(total.gateways) })),
        total.failed > 0 && h('strong', { class: 'bad' }, t('ro.failed', { n: total.failed }))),
      rollout.reason && h('span', { class: 'reason' }, said(rollout.reason_said, rollout.reason))));
}

import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get, onceKey, send } from '../core/api.js';
import { moment, number } from '../core/format.js';
import { go } from '../core/router.js';
import { t } from '../core/words.js';
import { can, gateways, may, now } from '../core/state.js';
import { icon } from '../parts/icons.js';
import { banner, button, card, choice, empty, failed, field, loading, page } from '../parts/basics.js';
import { keptNote, notHere } from '../parts/desk.js';
import { confirm, problemLines, waveNames, word } from '../parts/rollout.js';
import { said } from '../parts/said.js';

/** How gateways are cut into waves; the last is written by hand. */
const cuts = { usual: '1%,10%,all', one: '1,all', once: 'all' };
const targets = ['all', 'groups', 'tags', 'regions', 'models', 'gateways'];

export default function rollOut() {
  const sets = resource(async () => get('/v1/profile-sets'));
  /** What homes have in common, to be suggested. */
  const shared = { groups: resource(async () => get('/v1/groups?limit=500')), tags: resource(async () => get('/v1/tags?limit=500')) };
  const wanted = signal({ set: '', target: 'all', word: '', homes: [], cut: 'usual', waves: '', watch: '30', patience: '24', approval: 'once', from: '', to: '', back: '', name: '', note: '' });
  /** What it would do: { body, found } of what was asked, or { problem }. */
  const preview = signal(null);
  const busy = signal(false);
  const asking = signal(null);
  let isAsked = false;

  const change = (patch) => {
    wanted.update((one) => ({ ...one, ...patch }));
    // what was seen is not what would be done any more
    preview.set(null);
  };

  async function look(event) {
    event.preventDefault();
    const body = bodyOf(wanted.peek());
    busy.set(true);
    preview.set(null);
    try {
      preview.set({ body, found: await send('POST', '/v1/rollout-previews', body) });
      // once it is drawn
      setTimeout(() => document.getElementById('preview')?.focus(), 0);
    } catch (problem) {
      preview.set({ problem });
    } finally {
      busy.set(false);
    }
  }

  async function start() {
    const { body, key } = asking.peek();
    asking.update((one) => ({ ...one, busy: true, problem: null }));
    try {
      const made = await send('POST', '/v1/rollouts', body, key);
      asking.set(null);
      go(`/rollouts/${encodeURIComponent(made.rollout)}`, { replace: true });
    } catch (problem) {
      asking.update((one) => ({ ...one, busy: false, problem }));
    }
  }

  return () => {
    const title = t('screen.roll_out');
    if (!can('rollouts') || !may('roll_out')) return notHere(title);
    if (!isAsked) {
      isAsked = true;
      untracked(() => {
        sets.load();
        if (can('groups') && may('configure')) for (const one of Object.values(shared)) one.load();
      });
    }
    const found = sets.value();
    if (!found) return page({ title }, sets.error() ? failed(sets.error(), () => sets.load()) : loading(4));
    const back = h('a', { class: 'button quiet back', href: '/rollouts', key: 'back' }, icon('left', { size: 20 }), t('screen.rollouts'));
    const { items } = found.data;
    const broken = damagedNote(found.data.damaged ?? []);
    if (!items.length) return page({ title }, back, broken, empty({ icon: 'rollout', title: t('new.none') }, h('p', null, t('new.none_words'))));
    const it = wanted();
    const chosen = items.find((one) => nameOf(one) === it.set) ?? items[0];
    if (it.set === '') untracked(() => wanted.set({ ...it, set: nameOf(chosen) }));
    const seen = preview();
    return page({ title, lead: t('new.lead') }, back, keptNote(found.storedAt), broken,
      h('form', { class: 'stack', key: 'form', onsubmit: look },
        card({ title: t('new.what') }, h('div', { class: 'form' },
          select({ id: 'set', label: t('diag.set'), hint: t('new.release', { n: number(chosen.release) }), value: nameOf(chosen), options: items.map((one) => [nameOf(one), nameOf(one)]), onchange: (set) => change({ set, back: '' }) }))),
        card({ title: t('new.whom') }, whom(it, shared, change)),
        card({ title: t('new.waves') }, h('div', { class: 'form' },
          select({ id: 'cut', label: t('new.cut'), hint: t('new.cut_hint'), value: it.cut, options: [...Object.keys(cuts), 'own'].map((one) => [one, t(`new.cut_${one}`)]), onchange: (cut) => change({ cut }) }),
          it.cut === 'own' && field({ id: 'waves', label: t('new.own'), hint: t('new.own_hint'), value: it.waves, required: true, autocomplete: 'off', spellcheck: 'false', oninput: (event) => change({ waves: event.target.value }) }),
          field({ id: 'watch', label: t('new.watch'), hint: t('new.watch_hint'), type: 'number', min: '0.1', max: '43200', step: 'any', required: true, value: it.watch, oninput: (event) => change({ watch: event.target.value }) }),
          choice({ name: 'approval', legend: t('new.approval'), showLegend: true, value: it.approval, options: [['once', t('new.once')], ['each', t('new.each')]], onchange: (approval) => change({ approval }) }),
          h('details', null, h('summary', null, t('new.more')), h('div', { class: 'form' },
            field({ id: 'patience', label: t('new.patience'), type: 'number', min: '1', max: '8760', step: 'any', required: true, value: it.patience, oninput: (event) => change({ patience: event.target.value }) }),
            h('fieldset', { class: 'choice' }, h('legend', null, t('new.window')), h('div', { class: 'row' }, ['from', 'to'].map((end) =>
              h('label', { key: end, class: 'row' }, t(`more.${end}`), h('input', { type: 'time', class: 'time', value: it[end], onchange: (event) => change({ [end]: event.target.value }) })))),
              h('p', { class: 'hint' }, t('new.window_hint'))),
            select({ id: 'return', label: t('new.return'), hint: t('new.return_hint'), value: it.back || 'none', options: [['none', t('new.return_none')], ...items.filter((one) => one.set === chosen.set && one.version !== chosen.version).map((one) => [one.version, nameOf(one)])], onchange: (version) => change({ back: version === 'none' ? '' : version }) }),
            field({ id: 'rollout-name', label: t('new.name'), hint: t('new.name_hint'), maxlength: '64', autocomplete: 'off', spellcheck: 'false', value: it.name, oninput: (event) => change({ name: event.target.value }) }),
            field({ id: 'note', label: t('ro.why'), maxlength: '500', autocomplete: 'off', value: it.note, oninput: (event) => change({ note: event.target.value }) }))))),
        h('div', null, button({ kind: seen?.found ? 'plain' : 'primary', type: 'submit', icon: 'search', disabled: busy() }, t('new.look')))),
      seen?.problem && banner({ kind: 'danger', title: t('new.refused'), key: 'refused' }, problemLines(seen.problem)),
      seen?.found && outcome(seen.found, () => asking.set({ body: seen.body, key: onceKey(), found: seen.found })),
      confirm({
        open: asking(), onclose: () => asking.set(null), onsubmit: start, go: t('new.go'), kind: 'primary',
        title: asking() && t('new.ask', { n: asking().found.gateways, count: number(asking().found.gateways), set: `${asking().found.set} ${asking().found.version}` }),
      }, asking() && h('p', null, t('new.mean', { n: asking().found.waves.length, waves: waveNames(asking().found.waves) })), h('p', null, t('new.mean_approve'))));
  };
}

/** Which sets nobody gets because their archives are damaged; null when there are none. */
const damagedNote = (sets) => sets.length > 0 && banner({ kind: 'warning', title: t('new.damaged', { n: sets.length }), key: 'damaged' },
  h('ul', { class: 'stack' }, sets.map((one) => h('li', { key: nameOf(one) }, `${nameOf(one)}: ${word('new', one.problem)}`))), h('p', null, t('new.damaged_words')));

const nameOf = (set) => `${set.set} ${set.version}`;

/** The document of the contract for what the form says. */
function bodyOf(it) {
  const [set, version] = it.set.split(' ');
  const values = it.target === 'gateways' ? it.homes : it.word.split(',').map((one) => one.trim()).filter(Boolean);
  const body = {
    set, version, waves: it.cut === 'own' ? it.waves.replaceAll(' ', '') : cuts[it.cut],
    watch_s: Math.max(1, Math.round(Number(it.watch) * 60)), patience_s: Math.max(60, Math.round(Number(it.patience) * 3600)), approval: it.approval,
  };
  if (it.target !== 'all') body.target = { [it.target]: values };
  if (it.from && it.to) body.window = `${it.from}-${it.to}`;
  if (it.back) body.return_to = it.back;
  if (it.name.trim()) body.name = it.name.trim();
  if (it.note.trim()) body.note = it.note.trim();
  return body;
}

function select({ id, label, hint, options, value, onchange }) {
  return h('div', { class: 'field', key: id }, h('label', { for: id }, label),
    h('select', { id, value, 'aria-describedby': hint ? `${id}-hint` : null, onchange: (event) => onchange(event.target.value) },
      options.map(([key, words]) => h('option', { key, value: key }, words))),
    hint && h('p', { class: 'hint', id: `${id}-hint` }, hint));
}

/** Which houses: all, those with something in common, or some by name. */
function whom(it, shared, change) {
  const all = gateways.value()?.items ?? [];
  const known = { regions: [...new Set(all.map((one) => one.region).filter(Boolean))].sort(), models: [...new Set(all.map((one) => one.model).filter(Boolean))].sort() };
  const offered = targets.filter((one) => !(one in known) || known[one].length);
  const pick = (target) => change({ target, word: known[target]?.[0] ?? '' });
  return h('div', { class: 'form' },
    select({ id: 'target', label: t('new.target'), value: it.target, options: offered.map((one) => [one, t(`new.target_${one}`)]), onchange: pick }),
    it.target in known && select({ id: 'word', label: t(`new.target_${it.target}`), value: it.word, options: known[it.target].map((one) => [one, one]), onchange: (word) => change({ word }) }),
    it.target in shared && field({ id: 'word', label: t(`new.target_${it.target}`), hint: t('new.word_hint'), value: it.word, required: true, autocomplete: 'off', spellcheck: 'false', list: 'word-list', oninput: (event) => change({ word: event.target.value }) }),
    it.target in shared && suggestions('word-list', it.word, shared[it.target].value()?.data.items ?? []),
    it.target === 'gateways' && h('fieldset', { class: 'choice' }, h('legend', null, t('new.homes', { n: number(it.homes.length) })),
      h('div', { class: 'pick', tabindex: '0', role: 'group', 'aria-label': t('new.target_gateways') }, all.map((one) =>
        h('label', { key: one.id, class: 'check' },
          h('input', { type: 'checkbox', checked: it.homes.includes(one.id), onchange: (event) => change({ homes: event.target.checked ? [...it.homes, one.id] : it.homes.filter((id) => id !== one.id) }) }),
          h('span', null, one.label || one.id))))));
}

/** What could stand behind the last comma of a field; a browser puts a suggestion in place of the whole text. */
function suggestions(id, text, found) {
  const before = text.split(',').slice(0, -1).map((one) => one.trim());
  return h('datalist', { id, key: id }, found.filter((one) => !before.includes(one.name)).map((one) =>
    h('option', { key: one.name, value: [...before, one.name].join(', '), label: `${one.name} · ${t('new.houses', { n: one.gateways, count: number(one.gateways) })}` })));
}

/** What it would do, and the way to do it. */
function outcome(found, begin) {
  const names = found.first_wave.map((id) => gateways.value()?.items.find((one) => one.id === id)?.label || id);
  const left = ['current', 'misfits', 'busy'].filter((one) => found[one] > 0);
  const care = ['unseen', 'without_return'].filter((one) => found[one] > 0);
  const line = (one, kind) => h('li', { key: one }, icon(kind, { size: 16 }), h('span', null, t(`new.${one}`, { n: found[one], count: number(found[one]) })));
  const late = found.zones.filter((one) => one.opens && Date.parse(one.opens) > now() + 60_000);
  return h('section', { class: 'card', id: 'preview', tabindex: '-1', key: 'preview', 'aria-labelledby': 'preview-title' },
    h('h2', { id: 'preview-title' }, t('new.gets', { n: found.gateways, count: number(found.gateways), set: `${found.set} ${found.version}` })),
    found.faults.length > 0 && banner({ kind: 'danger', title: t('new.refused') }, h('ul', { class: 'stack' }, (found.faults_said ?? found.faults.map((text) => ({ text, values: {} }))).map((one, place) => h('li', { key: place }, said([one]))))),
    found.waves.length > 0 && h('ol', { class: 'wave-plan' }, found.waves.map((size, place) =>
      h('li', { key: place }, h('strong', null, t('ro.wave', { n: place + 1 })), h('span', null, t('new.houses', { n: size, count: number(size) })),
        place === 0 && h('small', { class: 'hint' }, names.slice(0, 12).join(', ') + (size > 12 ? ' …' : ''))))),
    left.length > 0 && h('div', null, h('h3', null, t('new.left_out')), h('ul', { class: 'reasons' }, left.map((one) => line(one, 'info')))),
    care.length > 0 && h('div', null, h('h3', null, t('new.care')), h('ul', { class: 'reasons' }, care.map((one) => line(one, 'warning')))),
    late.length > 0 && h('ul', { class: 'reasons' }, late.map((one) => h('li', { key: one.zone }, icon('clock', { size: 16 }), h('span', null, t('new.opens', { zone: one.zone, at: moment(Date.parse(one.opens), one.zone) }))))),
    found.faults.length === 0 && h('div', null, button({ kind: 'primary', icon: 'rollout', onclick: begin }, t('new.begin'))));
}

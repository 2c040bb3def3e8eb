import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { fetchJSON, send } from '../core/api.js';
import { setTemperatureUnit, temperatureUnit } from '../core/format.js';
import { install, installing, lookAtPush, pushing, switchPush } from '../core/install.js';
import { language, languages, problemWords, read, speak, t, write } from '../core/words.js';
import { can, currentGateway, openAlarms, role, session, signOut } from '../core/state.js';
import { icon } from '../parts/icons.js';
import { button, card, choice, fact, facts, field, page } from '../parts/basics.js';

const theme = signal(read('theme') ?? 'system');

function setTheme(chosen) {
  write('theme', chosen === 'system' ? null : chosen);
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  theme.set(chosen);
}

export default function more() {
  const wishes = resource(() => fetchJSON('/v1/session/preferences'));
  const saved = signal(null);
  const problem = signal(null);
  if (can('push') || can('mail')) untracked(() => wishes.load());
  lookAtPush();

  async function change(patch) {
    problem.set(null);
    try {
      wishes.value.set(await send('PATCH', '/v1/session/preferences', patch) ?? { ...wishes.value.peek(), ...patch });
      saved.set(Object.keys(patch)[0]);
    } catch (found) {
      problem.set(found);
    }
  }

  async function tongue(code) {
    write('language', code);
    await speak(code);
    if (can('push') || can('mail')) send('PATCH', '/v1/session/preferences', { language: code }).catch(() => {});
  }

  return () => page({ title: t('more.title') },
    card({},
      link('/alarms', 'bell', t('more.alarms'), openAlarms.value()?.items.length),
      can('claims') && link('/claim', 'plus', t('more.claim')),
      can('export') && link('/data', 'download', t('data.title')),
      sharing()),
    card({ title: t('more.show') },
      h('div', { class: 'setting' }, h('label', { for: 'language' }, t('more.language')),
        h('select', { id: 'language', value: language(), onchange: (event) => tongue(event.target.value) },
          Object.entries(languages).map(([code, name]) => h('option', { key: code, value: code, lang: code }, name)))),
      choice({
        name: 'theme', legend: t('more.theme'), showLegend: true, value: theme(),
        options: [['system', t('more.system')], ['light', t('more.light')], ['dark', t('more.dark')]], onchange: setTheme,
      }),
      choice({
        name: 'temperature', legend: t('more.temperature'), showLegend: true, value: temperatureUnit(),
        options: [['c', '°C'], ['f', '°F']], onchange: setTemperatureUnit,
      })),
    (can('push') || can('mail')) && notifications(wishes, change, saved, problem),
    card({ title: t('more.install') }, h('p', null, installing() === 'installed' ? t('more.installed')
      // browsers give a page that is not encrypted no worker
      : t('serviceWorker' in navigator ? 'more.install_words' : 'more.install_plain')),
      installing() === 'possible' && h('div', null, button({ kind: 'primary', onclick: install }, t('more.install_go'))),
      installing() === 'ios' && h('p', { class: 'hint' }, t('more.install_ios'))),
    card({ title: t('more.about') },
      facts(
        fact(t('more.user'), session()?.user?.name ?? '–', { note: t(`role.${role()}`) }),
        currentGateway() && fact(t('house'), currentGateway().label || currentGateway().id),
        fact(t('more.version'), version())),
      h('div', null, button({ icon: 'out', onclick: leave }, t('more.out')))));
}

/** The way to those who see the house, for who may let others in and for guests. */
function sharing() {
  const house = currentGateway();
  if (!can('guests') || !house || !(house.shared_by || ['owner', 'admin'].includes(role()))) return null;
  return link(`/g/${house.id}/guests`, 'users', t(house.shared_by ? 'guests.visiting' : 'screen.guests'));
}

/** Whoever signs out is told of nothing on this device any more. */
async function leave() {
  if (pushing() === 'on') await switchPush(false).catch(() => {});
  await signOut();
}

const version = () => new URL(import.meta.url).pathname.split('/')[2]?.slice(0, 8) ?? '–';

function link(path, name, words, count) {
  return h('a', { class: 'link-row', href: path },
    h('span', { class: 'row' }, icon(name), h('strong', null, words), count > 0 && h('span', { class: 'chip warning' }, String(count))),
    icon('right', { size: 20 }));
}

function notifications(wishes, change, saved, problem) {
  const found = wishes.value();
  return card({ title: t('more.notify'), hint: saved() ? t('more.saved') : null },
    can('push') && h('div', { class: 'setting' },
      pushing() === 'none' || pushing() === 'denied'
        ? [h('span', null, t('more.push')), h('span', { class: 'hint' }, t(`more.push_${pushing()}`))]
        : h('label', { class: 'switch' },
          h('input', {
            type: 'checkbox', role: 'switch', checked: pushing() === 'on',
            onchange: (event) => switchPush(event.target.checked).catch((failure) => problem.set(failure)),
          }), h('span', null, t('more.push')))),
    found && h('div', { class: 'setting' }, h('label', { for: 'levels' }, t('more.levels')),
      h('select', { id: 'levels', value: found.levels, onchange: (event) => change({ levels: event.target.value }) },
        ['information', 'warning', 'protection', 'fault'].map((level) => h('option', { key: level, value: level }, t(`level.${level}`))))),
    found && can('mail') && h('form', { class: 'form', onsubmit: (event) => {
      event.preventDefault();
      change({ mail: new FormData(event.target).get('mail').trim() || null });
    } }, field({ id: 'mail', label: t('more.mail'), type: 'email', value: found.mail ?? '', autocomplete: 'email' }), h('div', null, button({ type: 'submit' }, t('save')))),
    found && h('div', { class: 'setting' },
      h('label', { class: 'switch' },
        h('input', { type: 'checkbox', role: 'switch', checked: Boolean(found.quiet), onchange: (event) => change({ quiet: event.target.checked ? { from: '22:00', to: '07:00' } : null }) }),
        h('span', null, t('more.quiet'))),
      found.quiet && h('div', { class: 'row' }, ['from', 'to'].map((end) => h('label', { key: end, class: 'row' }, t(`more.${end}`),
        h('input', { type: 'time', class: 'time', value: found.quiet[end], onchange: (event) => event.target.value && change({ quiet: { ...found.quiet, [end]: event.target.value } }) }))))),
    problem() && h('p', { class: 'error', role: 'alert' }, problemWords(problem())));
}

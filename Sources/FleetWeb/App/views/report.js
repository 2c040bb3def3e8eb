import { h } from '../core/dom.js';
import { resource, signal, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { ago, amperes, date, millivolts, none, number, percent, temperature, volts } from '../core/format.js';
import { t } from '../core/words.js';
import { bank, currentGateway, currentID, openAlarms, session, zone } from '../core/state.js';
import { levelWord, wordsOf, worstFirst } from '../parts/alarm.js';
import { cellsOf, stateOf, temperaturesOf } from '../parts/packs.js';
import { download } from '../parts/chart.js';
import { verdictsOf } from '../parts/verdicts.js';
import { banner, button, empty, fact, facts, failed, field, loading, page } from '../parts/basics.js';
import { tools, verdict } from '../parts/desk.js';
import { packTable } from './gateway.js';
import { reasonOf } from './home.js';

export default function report({ id }) {
  const alarms = resource(async () => get(`/v1/alarms?state=open&gateway=${encodeURIComponent(id)}&limit=100`));
  const who = signal(session.peek()?.user?.name ?? '');
  const note = signal('');
  let seen = null;

  return () => {
    if (seen !== openAlarms.value() || !alarms.value.peek()) {
      seen = openAlarms.value();
      untracked(() => { if (!alarms.busy.peek()) alarms.load(); });
    }
    const state = bank();
    const title = t('screen.report');
    if (state.state === 'loading' || (!alarms.value() && !alarms.error())) return page({ title: t('screen.report') }, loading(4));
    if (state.state === 'failed') return page({ title }, failed(state.problem, () => location.reload()));
    if (!state.values) return page({ title }, tools(id), empty({ icon: 'report', title: t('desk.never') }, h('p', null, t('gw.never_words'))));
    // a report that leaves out alarms because they could not be asked for would be a lie
    if (!alarms.value()) return page({ title }, tools(id), failed(alarms.error(), () => alarms.load()));
    const found = {
      state, id, house: currentGateway(), who: who(), note: note(), made: state.made,
      alarms: worstFirst(alarms.value().data.items), verdicts: verdictsOf(state, worstFirst(alarms.value().data.items)),
    };
    return page({ title: t('screen.report'), lead: t('report.lead'), class: 'report-page',
      actions: [button({ icon: 'download', onclick: () => download(file(found)) }, 'JSON'),
        button({ kind: 'primary', icon: 'report', onclick: () => print() }, t('report.print'))] },
    tools(id),
    h('div', { class: 'grid report-form', key: 'form' },
      field({ id: 'who', label: t('report.who'), value: who(), autocomplete: 'name', maxlength: '80', oninput: (event) => who.set(event.target.value) }),
      field({ id: 'note', label: t('report.note'), value: note(), autocomplete: 'off', maxlength: '300', oninput: (event) => note.set(event.target.value) })),
    state.state !== 'live' && banner({ kind: 'stale', title: t('report.old', { ago: state.age === null ? none : ago(state.age) }), key: 'old' }),
    paper(found));
  };
}

function paper({ state, id, house, who, note, alarms, verdicts, made }) {
  const { values } = state;
  const place = zone();
  const full = (ms) => date(ms, place, { dateStyle: 'long', timeStyle: 'short' });
  const number_ = (name) => ({ name, number: true });
  const limit = (one) => (one ? { note: reasonOf(one) } : {});
  return h('article', { class: 'card paper', key: 'paper' },
    h('header', { class: 'paper-head' },
      h('div', null, h('p', { class: 'paper-brand' }, 'Amphora'), h('h2', null, t('report.title')), h('p', { class: 'lead' }, house?.label || id)),
      h('p', { class: 'hint' }, full(made))),
    section(t('report.site'), facts(
      fact(t('report.house'), house?.label || none), fact(t('report.gateway'), id), fact(t('report.model'), house?.model || none),
      fact(t('report.zone'), house?.zone || none), fact(t('battery.packs'), `${values.packs_online} / ${values.packs_configured}`),
      fact(t('report.who'), who || none))),
    section(t('report.bank'), facts(
      fact(t('battery.soc'), percent(values.soc_pct, 1)), fact(t('battery.health'), percent(values.soh_pct, 1)),
      fact(t('battery.capacity'), values.full_ah === null ? none : `${number(values.full_ah)}\u202fAh`),
      fact(t('battery.voltage'), values.voltage_v === null ? none : `${number(values.voltage_v, 2)}\u202fV`),
      fact(t('battery.temperature'), values.temperature_min_c === null ? none : t('battery.between', { a: temperature(values.temperature_min_c, 1), b: temperature(values.temperature_max_c, 1) })),
      fact(t('battery.cells'), values.cell_min_mv === null ? none : t('battery.between', { a: volts(values.cell_min_mv), b: volts(values.cell_max_mv) })))),
    section(t('battery.limits'), h('dl', { class: 'facts wide-facts' },
      fact(t('battery.may_charge'), amperes(values.charge_limit?.current_a), limit(values.charge_limit)),
      fact(t('battery.may_discharge'), amperes(values.discharge_limit?.current_a), limit(values.discharge_limit)))),
    section(t('battery.packs'), packTable(t('battery.packs'), [t('report.position'), t('battery.serial'), t('gw.state'), number_(t('battery.soc')),
      number_(t('battery.voltage')), number_(t('heat.spread')), number_(t('battery.temperature')), number_(t('battery.cycles'))],
    state.packs.map((pack) => {
      const heat = temperaturesOf(pack.values);
      return [String(pack.pack), h('span', { class: 'solid' }, pack.serial ?? none), stateOf(pack).words, percent(pack.values?.soc_pct),
        pack.values && pack.values.voltage_v !== null ? `${number(pack.values.voltage_v, 2)}\u202fV` : none, millivolts(cellsOf(pack.values)?.spread),
        heat ? t('battery.between', { a: temperature(heat.low), b: temperature(heat.high) }) : none, number(pack.values?.cycles)];
    }), state.packs.map((pack) => !pack.isLive))),
    section(t('alarms.title'), alarms.length
      ? h('ul', { class: 'lines' }, alarms.map((alarm) => h('li', { key: `${alarm.code} ${alarm.pack} ${alarm.level}` },
        h('strong', null, wordsOf(alarm).title), h('span', null, levelWord(alarm.level)), h('span', { class: 'hint' }, full(Date.parse(alarm.raised))))))
      : h('p', null, t('alarms.none_open'))),
    section(t('diag.verdicts'), h('ul', { class: 'verdicts' }, verdicts.map(verdict))),
    note && section(t('report.note'), h('p', null, note)),
    h('div', { class: 'signs' }, h('div', null, h('span', null, t('report.sign_installer'))), h('div', null, h('span', null, t('report.sign_owner')))));
}

const section = (title, ...content) => h('section', { key: title, class: 'paper-part' }, h('h3', null, title), content);

/** The report as a file for programs, with values as they were measured. */
function file({ state, id, house, who, note, alarms, verdicts, made }) {
  const document = {
    schema: 'amphora/commissioning-report/v1', made: new Date().toISOString(), measured: new Date(made).toISOString(),
    freshness: state.state, gateway: { id, label: house?.label ?? '', model: house?.model ?? '', zone: house?.zone ?? '' }, installer: who, note,
    bank: state.values,
    packs: state.packs.map((pack) => ({
      position: pack.pack, serial: pack.serial, status: pack.status, age_ms: pack.age, is_live: pack.isLive,
      spread_mv: cellsOf(pack.values)?.spread ?? null, values: pack.values,
    })),
    alarms, verdicts: verdicts.map(({ kind, title, words }) => ({ kind, title, words: words ?? '' })),
  };
  return { name: `amphora-report-${id}-${document.measured.slice(0, 10)}.json`, text: JSON.stringify(document, null, 2) };
}

import { h } from '../core/dom.js';
import { resource, untracked } from '../core/store.js';
import { get } from '../core/api.js';
import { ago, inUnit, millivolts, moment, none, number, percent, temperature } from '../core/format.js';
import { has, t } from '../core/words.js';
import { bank, can, currentGateway, currentID, now, openAlarms, session, zone } from '../core/state.js';
import { alarmCard, worstFirst } from '../parts/alarm.js';
import { byAttention, cellsOf, stateOf, temperaturesOf } from '../parts/packs.js';
import { verdictsOf } from '../parts/verdicts.js';
import { banner, card, chip, fact, facts, failed, loading, page } from '../parts/basics.js';
import { tools, verdict } from '../parts/desk.js';
import { english } from '../parts/said.js';
import { packTable } from './gateway.js';

export default function diagnose({ id }) {
  const deep = resource(async () => get(`/v1/gateways/${encodeURIComponent(id)}/diagnose`));
  const alarms = resource(async () => get(`/v1/alarms?state=open&gateway=${encodeURIComponent(id)}&limit=100`));
  let at = 0;
  let seen = null;

  return () => {
    const isLocal = session()?.server === 'gateway' && can('diagnose');
    if (isLocal && now() - at > 3000) {
      at = now();
      untracked(() => { if (!deep.busy.peek()) deep.load(); });
    }
    if (seen !== openAlarms.value() || !alarms.value.peek()) {
      seen = openAlarms.value();
      untracked(() => { if (!alarms.busy.peek()) alarms.load(); });
    }
    const state = bank();
    const title = t('screen.diagnose');
    const lead = currentGateway()?.label || currentID();
    if (state.state === 'loading') return page({ title, lead }, loading(4));
    if (state.state === 'failed') return page({ title, lead }, failed(state.problem, () => location.reload()));
    const open = worstFirst(alarms.value()?.data.items ?? []);
    const found = [...(isLocal && deep.value() ? deepVerdicts(deep.value().data) : []), ...verdictsOf(state, open)];
    const bad = found.filter((one) => ['danger', 'warning', 'stale'].includes(one.kind)).length;
    return page({ title, lead: `${lead} · ${bad ? t('diag.found', { n: bad }) : t('diag.well')}` },
      tools(id),
      card({ title: t('diag.verdicts'), hint: state.made ? t('diag.measured', { at: moment(state.made, zone()) }) : null, key: 'verdicts' },
        h('ul', { class: 'verdicts' }, found.map(verdict))),
      open.map((alarm) => alarmCard(alarm)),
      state.packs.length > 0 && packs(state, id),
      isLocal ? deeper(deep)
      : card({ title: t('diag.lines'), key: 'deep' }, h('p', { class: 'hint' }, t('diag.on_site'))));
  };
}

function packs(state, id) {
  const sorted = byAttention(state.packs);
  const number_ = (name) => ({ name, number: true });
  const columns = [t('gw.pack'), t('gw.state'), t('battery.serial'), number_(t('diag.age')), number_(t('battery.soc')),
    number_(t('battery.voltage')), number_(t('heat.spread')), number_(t('battery.temperature')), t('diag.reports')];
  return card({ title: t('battery.packs'), hint: t('battery.order'), key: 'packs' }, packTable(t('battery.packs'), columns, sorted.map((pack) => {
    const { kind, words } = stateOf(pack);
    const { values } = pack;
    const heat = temperaturesOf(values);
    const reports = values ? [...values.faults, ...values.protections, ...values.warnings] : [];
    return [
      h('a', { class: 'pack-way', href: `/g/${encodeURIComponent(id)}/battery/${pack.pack}` }, t('pack.name', { pack: pack.pack })), chip(kind, words), h('span', { class: 'solid' }, pack.serial ?? none),
      pack.age === null ? none : ago(pack.age), percent(values?.soc_pct),
      values && values.voltage_v !== null ? `${number(values.voltage_v, 2)}\u202fV` : none, millivolts(cellsOf(values)?.spread),
      heat ? `${number(inUnit(heat.low))}–${temperature(heat.high)}` : none,
      reports.length ? reports.map((code) => h('code', { key: code }, code, ' ')) : none,
    ];
  }), sorted.map((pack) => !pack.isLive)));
}

const word = (group, value) => (has(`${group}.${value}`) ? t(`${group}.${value}`) : String(value ?? none));

/** What only the gateway itself can say: of its lines, its bus and its link. */
function deepVerdicts(document) {
  const found = [];
  for (const line of document.lines ?? []) {
    const ill = (line.units ?? []).filter((unit) => unit.state !== 'answering');
    const isUp = ['polling', 'listening'].includes(line.state);
    found.push({
      key: `line-${line.name}`, kind: !isUp || ill.length ? 'warning' : 'ok',
      title: t('diag.line', { name: line.name, state: word('diag.state', line.state) }),
      words: line.trouble ? [t('said.english'), ' ', english(line.trouble)] : (ill.length ? t('diag.units_ill', { units: ill.map((unit) => unit.unit).join(', ') }) : t('diag.units_well', { n: (line.units ?? []).length })),
    });
  }
  const { inverter, link, outbox } = document;
  if (inverter) {
    const isWell = inverter.bus === 'active' && inverter.keep_alive !== 'silent';
    found.push({ key: 'bus', kind: isWell ? 'ok' : 'warning', title: t('diag.bus', { state: word('diag.bus_state', inverter.bus) }),
      words: t('diag.frames', { sent: number(inverter.frames_sent), received: number(inverter.frames_received) }) });
  }
  if (link && link.state !== 'off') {
    found.push({ key: 'link', kind: link.state === 'connected' ? 'ok' : 'warning', title: t('diag.link', { state: word('diag.link_state', link.state) }),
      words: link.problem ? [t('said.english'), ' ', english(link.problem)] : t('diag.backlog', { n: link.backlog ?? 0 }) });
  }
  if (outbox?.problem) found.push({ key: 'outbox', kind: 'warning', title: t('diag.outbox'), words: [t('said.english'), ' ', english(outbox.problem)] });
  return found;
}

function deeper(deep) {
  const document = deep.value()?.data;
  if (!document) return deep.error() ? card({ title: t('diag.lines'), key: 'deep' }, failed(deep.error(), () => deep.load())) : loading(1);
  const number_ = (name) => ({ name, number: true });
  return [
    deep.error() && banner({ kind: 'stale', title: t('fleet.old'), key: 'deep-old' }),
    card({ title: t('diag.gateway'), key: 'deep-gateway' }, facts(
      fact(t('more.version'), document.version), fact(t('diag.set'), document.profile_set || none),
      fact(t('diag.uptime'), number(document.uptime_s / 3600, 1), { note: t('diag.hours') }),
      fact(t('diag.profile'), document.inverter?.profile ?? none))),
    ...(document.lines ?? []).map((line) => card({ title: line.name, hint: line.endpoint, key: `deep-${line.name}` },
      packTable(line.name, [t('diag.unit'), t('gw.state'), number_(t('gw.pack')), number_(t('diag.requests')), number_(t('diag.share')),
        number_(t('diag.timeouts')), number_(t('diag.crc')), number_(t('diag.reply')), t('diag.trouble')],
      (line.units ?? []).map((unit) => [String(unit.unit), word('diag.unit_state', unit.state), String(unit.pack ?? none), number(unit.requests),
        unit.requests ? percent((unit.replies / unit.requests) * 100, 1) : none, number(unit.timeouts), number(unit.crc_errors),
        unit.reply_ms ? `${number(unit.reply_ms.last)} / ${number(unit.reply_ms.longest)} ms` : none, unit.trouble ? english(unit.trouble) : none])))),
  ];
}

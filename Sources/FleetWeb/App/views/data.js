import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { pushing, switchPush } from '../core/install.js';
import { gateways, role, signOut } from '../core/state.js';
import { go } from '../core/router.js';
import { t } from '../core/words.js';
import { icon } from '../parts/icons.js';
import { button, card, field, page } from '../parts/basics.js';
import { confirm } from '../parts/rollout.js';

/** What the fleet holds of whoever is signed in: they take it with them, and they go. */
export default function data() {
  // what is being asked: { house } or { account: true }, and { busy, problem } of the answer
  const open = signal(null);
  const ask = (what) => open.set({ ...what, busy: false, problem: null });

  async function submit() {
    const { house } = open.peek();
    const password = document.getElementById('password').value;
    open.set({ ...open.peek(), busy: true, problem: null });
    try {
      if (house) await send('POST', `/v1/gateways/${encodeURIComponent(house.id)}/release`, { password });
      else await send('POST', '/v1/session/deletion', { password });
    } catch (problem) {
      return open.set({ ...open.peek(), busy: false, problem });
    }
    open.set(null);
    if (house) {
      await gateways.load();
      return go('/', { replace: true });
    }
    // nobody is told of anything on this device any more
    if (pushing.peek() === 'on') await switchPush(false).catch(() => {});
    // the session is over already
    await signOut().catch(() => {});
  }

  return () => {
    const asked = open();
    // who looks after a whole fleet owns none of its houses, and a guest is let into one by somebody else
    const houses = ['owner', 'installer'].includes(role()) ? (gateways.value()?.items ?? []).filter((house) => !house.shared_by) : [];
    const name = (house) => house.label || house.id;
    return page({ title: t('data.title'), lead: t('data.lead') },
      card({ title: t('data.download') }, h('p', null, t('data.download_words')),
        h('div', null, h('a', { class: 'button primary', href: '/v1/session/export', download: '' }, icon('download', { size: 20 }), t('data.download_go')))),
      houses.length > 0 && card({ title: t('data.release') }, h('p', null, t('data.release_words')),
        h('div', { class: 'stack' }, houses.map((house) =>
          h('div', { key: house.id }, button({ onclick: () => ask({ house }) }, t('data.release_go', { house: name(house) })))))),
      card({ title: t('data.delete') }, h('p', null, t('data.delete_words')),
        h('div', null, button({ kind: 'danger', onclick: () => ask({ account: true }) }, t('data.delete_go')))),
      confirm({
        open: asked, kind: 'danger', onsubmit: submit, onclose: () => open.set(null),
        title: asked?.house ? t('data.release_ask', { house: name(asked.house) }) : t('data.delete_ask'),
        go: asked?.house ? t('data.release_yes') : t('data.delete_yes'),
      },
        asked?.house && h('p', null, t('data.release_words')),
        asked?.account && [
          h('h3', { key: 'goes' }, t('data.goes')),
          h('ul', { key: 'gone', class: 'stack' }, [1, 2, 3, 4].map((line) => h('li', { key: line }, t(`data.goes${line}`)))),
          h('h3', { key: 'stays' }, t('data.stays')),
          h('ul', { key: 'stay', class: 'stack' }, [1, 2].map((line) => h('li', { key: line }, t(`data.stays${line}`)))),
        ],
        h('p', null, h('strong', null, t('data.undone'))),
        asked && field({ id: 'password', label: t('data.password'), type: 'password', autocomplete: 'current-password', required: true })));
  };
}

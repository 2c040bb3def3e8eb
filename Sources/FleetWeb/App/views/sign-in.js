import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { begin } from '../core/state.js';
import { languages, language, problemWords, speak, t, write } from '../core/words.js';
import { banner, button, field } from '../parts/basics.js';
import { reachable } from '../core/api.js';

/** The name of the app above a form of its own. */
export function door(title, lead, ...content) {
  return h('div', { class: 'door' },
    h('img', { class: 'mark', src: new URL('../icons/icon.svg', import.meta.url).pathname, alt: '', width: 56, height: 56 }),
    h('h1', { tabindex: '-1' }, title), lead && h('p', { class: 'lead' }, lead),
    content,
    h('p', { class: 'tongues' }, Object.entries(languages).map(([code, name]) =>
      h('button', {
        type: 'button', key: code, class: 'tongue', lang: code, 'aria-pressed': String(language() === code),
        onclick: () => { write('language', code); speak(code); },
      }, name))));
}

export default function signIn() {
  const problem = signal(null);
  const busy = signal(false);

  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    busy.set(true);
    problem.set(null);
    try {
      await begin(await send('POST', '/v1/session', { name: form.get('name').trim(), password: form.get('password') }));
    } catch (found) {
      problem.set(found);
      document.getElementById('password')?.select();
    } finally {
      busy.set(false);
    }
  }

  return () => door(t('sign_in.title'), t('sign_in.lead'),
    !reachable() && banner({ kind: 'offline', title: t('offline.server') }),
    problem() && banner({ kind: 'danger', title: problemWords(problem()) }),
    h('form', { onsubmit: submit, class: 'form' },
      field({ id: 'name', label: t('sign_in.name'), autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' }),
      field({ id: 'password', label: t('sign_in.password'), type: 'password', autocomplete: 'current-password', required: true }),
      button({ kind: 'primary wide', type: 'submit', disabled: busy() }, busy() ? t('sign_in.busy') : t('sign_in.go'))),
    h('p', { class: 'hint centre' }, t('sign_in.forgot')));
}

import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { begin } from '../core/state.js';
import { go } from '../core/router.js';
import { problemWords, t } from '../core/words.js';
import { banner, button, field } from '../parts/basics.js';
import { door } from './sign-in.js';

const least = 10;

export default function firstUse() {
  // the code stands behind the # so that no server and no log on the way sees it
  const code = new URLSearchParams(location.hash.slice(1)).get('first-use') ?? sessionStorage.getItem('first-use');
  const problem = signal(null);
  const wrong = signal(null);
  const busy = signal(false);

  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const password = form.get('new-password');
    if ([...password].length < least) return wrong.set(t('first_use.short', { least }));
    if (password !== form.get('again')) return wrong.set(t('first_use.differ'));
    wrong.set(null);
    busy.set(true);
    try {
      const found = await send('POST', '/v1/session/first-use', code ? { code, password } : { password });
      sessionStorage.removeItem('first-use');
      await begin(found);
      go('/', { replace: true });
    } catch (found) {
      problem.set(found);
    } finally {
      busy.set(false);
    }
  }

  return () => door(t('first_use.title'), t('first_use.lead'),
    problem() && banner({ kind: 'danger', title: problemWords(problem()) }),
    h('form', { onsubmit: submit, class: 'form' },
      field({ id: 'new-password', label: t('first_use.password'), type: 'password', autocomplete: 'new-password', required: true, hint: t('first_use.hint', { least }), error: wrong() }),
      field({ id: 'again', label: t('first_use.again'), type: 'password', autocomplete: 'new-password', required: true }),
      button({ kind: 'primary wide', type: 'submit', disabled: busy() }, t('first_use.go'))));
}

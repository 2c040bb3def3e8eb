import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { gateways } from '../core/state.js';
import { go } from '../core/router.js';
import { problemWords, t } from '../core/words.js';
import { banner, button, card, field, page } from '../parts/basics.js';

export default function claim() {
  const problem = signal(null);
  const busy = signal(false);
  const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? '';

  async function submit(event) {
    event.preventDefault();
    busy.set(true);
    problem.set(null);
    try {
      const found = await send('POST', '/v1/claims', { code: new FormData(event.target).get('code').trim() });
      await gateways.load();
      go(`/g/${found.gateway}`);
    } catch (found) {
      problem.set(found);
    } finally {
      busy.set(false);
    }
  }

  return () => page({ title: t('claim.title'), lead: t('claim.lead') },
    card({},
      problem() && banner({ kind: 'danger', title: problemWords(problem()) }),
      h('form', { onsubmit: submit, class: 'form' },
        field({ id: 'code', label: t('claim.code'), hint: t('claim.hint'), value: code, required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' }),
        button({ kind: 'primary', type: 'submit', disabled: busy() }, t('claim.go')))));
}

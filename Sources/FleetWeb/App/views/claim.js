import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { gateways } from '../core/state.js';
import { go } from '../core/router.js';
import { has, problemWords, t } from '../core/words.js';
import { banner, button, card, field, page } from '../parts/basics.js';

export default function claim() {
  const problem = signal(null);
  const busy = signal(false);
  const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? '';

  async function submit(event) {
    event.preventDefault();
    const input = event.target.elements.code;
    busy.set(true);
    problem.set(null);
    try {
      const found = await send('POST', '/v1/claims', { code: input.value.trim() });
      await gateways.load();
      go(`/g/${found.gateway}`, { replace: true });
    } catch (found) {
      problem.set(found);
      // whoever mistyped goes on typing
      input.focus();
      input.select();
    } finally {
      busy.set(false);
    }
  }

  return () => {
    const found = problem();
    const isWrong = ['code_invalid', 'body_invalid'].includes(found?.type);
    return page({ title: t('claim.title'), lead: t('claim.lead') },
      card({},
        found && banner({ kind: 'danger', title: isWrong ? t('claim.wrong') : problemWords(found) },
          isWrong ? h('ul', { class: 'stack' }, [1, 2, 3].map((step) => h('li', { key: step }, t(`claim.step${step}`))))
          : has(`claim.${found.type}`) && h('p', null, t(`claim.${found.type}`))),
        h('form', { onsubmit: submit, class: 'form' },
          field({
            id: 'code', label: t('claim.code'), hint: t('claim.hint'), error: isWrong && t('claim.check'), value: code, required: true,
            maxlength: '64', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
          }),
          button({ kind: 'primary', type: 'submit', disabled: busy() }, t('claim.go')))));
  };
}

// Where a link leads with which somebody lets the reader see their house.

import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { reload } from '../core/state.js';
import { go } from '../core/router.js';
import { problemWords, t } from '../core/words.js';
import { banner, button, card, field, page } from '../parts/basics.js';

export default function guest() {
  const problem = signal(null);
  const busy = signal(false);
  const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? '';

  async function submit(event) {
    event.preventDefault();
    const input = event.target.elements.code;
    busy.set(true);
    problem.set(null);
    try {
      const found = await send('POST', '/v1/guests', { code: input.value.trim() });
      await reload();
      go(`/g/${found.gateway}`, { replace: true });
    } catch (found) {
      problem.set(found);
      input.focus();
      input.select();
    } finally {
      busy.set(false);
    }
  }

  return () => {
    const found = problem();
    const isWrong = ['code_invalid', 'body_invalid'].includes(found?.type);
    return page({ title: t('screen.guest'), lead: t('guest.lead') },
      card({},
        found && banner({ kind: 'danger', title: isWrong ? t('guest.wrong') : problemWords(found) },
          isWrong && h('p', null, t('guest.wrong_words'))),
        h('form', { onsubmit: submit, class: 'form' },
          field({
            id: 'code', label: t('claim.code'), hint: t('guest.hint'), error: isWrong && t('claim.check'), value: code, required: true,
            maxlength: '64', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
          }),
          button({ kind: 'primary', type: 'submit', disabled: busy() }, t('guest.go')))));
  };
}

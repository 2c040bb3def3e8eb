// A form with a code that opens a house, typed or from behind the # of the address, where no server and no log sees it.

import { h } from '../core/dom.js';
import { signal } from '../core/store.js';
import { send } from '../core/api.js';
import { go } from '../core/router.js';
import { problemWords, t } from '../core/words.js';
import { banner, button, card, field } from './basics.js';

/**
 * What draws the form. `path` takes the code and names the gateway, `then` is run before it is shown; `hint`, `act` and
 * `wrong` are words, and `help` gives what to do about a problem, told whether the code is wrong.
 */
export function codeForm({ path, then, hint, act, wrong, help }) {
  const problem = signal(null);
  const busy = signal(false);
  const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? '';

  async function submit(event) {
    event.preventDefault();
    const input = event.target.elements.code;
    busy.set(true);
    problem.set(null);
    try {
      const found = await send('POST', path, { code: input.value.trim() });
      await then();
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
    return card({},
      found && banner({ kind: 'danger', title: isWrong ? t(wrong) : problemWords(found) }, help(found, isWrong)),
      h('form', { onsubmit: submit, class: 'form' },
        field({
          id: 'code', label: t('claim.code'), hint: t(hint), error: isWrong && t('claim.check'), value: code, required: true,
          maxlength: '64', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
        }),
        button({ kind: 'primary', type: 'submit', disabled: busy() }, t(act))));
  };
}

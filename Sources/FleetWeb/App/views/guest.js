// Where a link leads with which somebody lets the reader see their house.

import { h } from '../core/dom.js';
import { reload } from '../core/state.js';
import { t } from '../core/words.js';
import { page } from '../parts/basics.js';
import { codeForm } from '../parts/code-form.js';

export default function guest() {
  const form = codeForm({
    path: '/v1/guests', then: reload, hint: 'guest.hint', act: 'guest.go', wrong: 'guest.wrong',
    help: (found, isWrong) => isWrong && h('p', null, t('guest.wrong_words')),
  });
  return () => page({ title: t('screen.guest'), lead: t('guest.lead') }, form());
}

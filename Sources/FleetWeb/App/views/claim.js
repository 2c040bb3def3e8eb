import { h } from '../core/dom.js';
import { gateways } from '../core/state.js';
import { has, t } from '../core/words.js';
import { page } from '../parts/basics.js';
import { codeForm } from '../parts/code-form.js';

export default function claim() {
  const form = codeForm({
    path: '/v1/claims', then: () => gateways.load(), hint: 'claim.hint', act: 'claim.go', wrong: 'claim.wrong',
    help: (found, isWrong) =>
      (isWrong ? h('ul', { class: 'stack' }, [1, 2, 3].map((step) => h('li', { key: step }, t(`claim.step${step}`))))
        : has(`claim.${found.type}`) && h('p', null, t(`claim.${found.type}`))),
  });
  return () => page({ title: t('claim.title'), lead: t('claim.lead') }, form());
}
